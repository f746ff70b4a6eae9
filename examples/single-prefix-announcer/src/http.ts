/** What the program shows of itself over HTTP. Nothing here can change anything: whoever may look can do no more. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Announcer, AnnouncerStatus, HealthGate } from '@softspoken/announcer'
import { registerMetrics } from '@softspoken/announcer/prometheus'
import { Registry } from 'prom-client'
import { httpAddress } from './http-address.ts'
import { RecentEvents } from './recent-events.ts'

interface Answer {
  readonly status?: number
  readonly type: string
  readonly body: string | Buffer
}
type Site = Readonly<Record<string, () => Answer | Promise<Answer>>>

/**
 * Serves `/` for people, `/metrics`, `/healthz`, `/readyz`, `/status` and `/events` on an address and port as
 * `127.0.0.1:9179` or `[::1]:9179`; port 0 takes a free one. Call it right after the announcer and its gates are made:
 * what happened before is neither counted nor shown.
 * @throws RangeError for what is no address and port. Rejects where they cannot be had.
 */
export async function serve(
  announcer: Announcer,
  address: string,
  gates: Readonly<Record<string, HealthGate>> = {},
): Promise<AsyncDisposable & { readonly port: number }> {
  const { host, port } = httpAddress(address)
  const site = siteOf(announcer, gates)
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => void answer(site, request, response))
  server.listen(port, host)
  await once(server, 'listening')
  server.on('error', () => {}) // one connection that cannot be accepted must not end a program that announces a route
  return {
    port: (server.address() as AddressInfo).port, // a TCP server's address has one
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      if (server.listening) await new Promise(done => server.close(done))
    },
  }
}

function siteOf(announcer: Announcer, gates: Readonly<Record<string, HealthGate>>): Site {
  const registry = new Registry()
  registerMetrics(announcer, registry, gates)
  const recent = new RecentEvents(announcer, gates)
  const health = () => Object.fromEntries(Object.entries(gates).map(([name, gate]) => [name, gate.status()]))
  return {
    '/': page('index.html', 'text/html'),
    '/page.css': page('page.css', 'text/css'),
    '/page.js': page('page.js', 'text/javascript'),
    '/metrics': async () => ({ type: registry.contentType, body: await registry.metrics() }),
    '/healthz': () => text('the process lives'),
    '/readyz': () => readiness(announcer.status()),
    '/status': () => json({ ...announcer.status(), health: health() }),
    '/events': () => json(recent.events),
  }
}

/** Whatever goes wrong here stays here. */
async function answer(site: Site, { method, url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
  const make = Object.hasOwn(site, pathOf(url)) ? site[pathOf(url)] : undefined
  const {
    status = 200,
    type,
    body,
  } = method !== 'GET' && method !== 'HEAD'
    ? text('only GET and HEAD', 405)
    : make === undefined
      ? text('not found', 404)
      : await Promise.resolve()
          .then(make)
          .catch((error: unknown) => text(String(error), 500))
  if (status === 405) response.setHeader('Allow', 'GET, HEAD')
  response.writeHead(status, { ...safe, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(body)
}
function pathOf(url: string): string {
  return url.replace(/[?#].*/s, '')
}

/** For browsers: nothing but our own files, in nobody's frame, kept nowhere. */
const safe = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
}

/** Ready while every route is wanted, and has been sent on a session that stands. */
function readiness(status: AnnouncerStatus): Answer {
  const why = notReady(status)
  return why === undefined ? text('ready') : text(`not ready: ${why}`, 503)
}
function notReady({ announcements, withheld, peers }: AnnouncerStatus): string | undefined {
  const [first] = Object.entries(withheld)
  if (first) return `${first[0]} is withheld, ${first[1]}`
  if (announcements.length === 0) return 'nothing is announced'
  if (peers.every(({ state }) => state !== 'Established')) return 'no session is established'
  const unsent = announcements.find(prefix => !peers.some(({ sent }) => sent.includes(prefix)))
  return unsent && `${unsent} has been sent to no peer`
}

function page(file: string, type: string): () => Answer {
  const body = readFileSync(new URL(`page/${file}`, import.meta.url))
  return () => ({ type: `${type}; charset=utf-8`, body })
}
function text(body: string, status = 200): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` }
}
function json(value: unknown): Answer {
  return { type: 'application/json', body: `${JSON.stringify(value, octetsAsHex)}\n` }
}
function octetsAsHex(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}
