/** What the program shows of itself, by path. Nothing here can change anything: a client may read, and do no more. */
import { readFileSync } from 'node:fs'
import type { Announcer, AnnouncerStatus, HealthGate } from '@softspoken/announcer'
import { registerMetrics } from '@softspoken/announcer/prometheus'
import { Counter, Registry } from 'prom-client'
import { escapeControls } from '../log/escape-controls.ts'
import { RecentEvents } from './recent-events.ts'

export interface Answer {
  readonly status?: number
  readonly type: string
  readonly body: Buffer
}
export type Site = ReadonlyMap<string, () => Answer | Promise<Answer>>

const SHARED = 1000 // milliseconds that one rendering serves all

/** Until there is an announcer. */
export function emptySite(): Site {
  const starting = () => text('not ready: the program is starting', 503)
  return new Map([...['/readyz', '/metrics', '/status', '/events'].map(path => [path, starting] as const), ...constant])
}

/** `droppedLines` counts the lines of the log that could not be written. */
export function siteOf(
  announcer: Announcer,
  gates: Readonly<Record<string, HealthGate>>,
  droppedLines: () => number,
): Site {
  const registry = new Registry()
  registerMetrics(announcer, registry, gates)
  new Counter({
    name: 'softspoken_log_lines_dropped_total',
    help: 'Lines of the log that could not be written.',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(droppedLines())
    },
  })
  const recent = new RecentEvents(announcer, gates)
  const health = () => Object.fromEntries(Object.entries(gates).map(([name, gate]) => [name, gate.status()]))
  return new Map<string, () => Answer | Promise<Answer>>([
    ['/metrics', shared(async () => ({ type: registry.contentType, body: Buffer.from(await registry.metrics()) }))],
    ['/readyz', () => readiness(announcer.status())], // never shared: a route that is withdrawn is not ready at once
    ['/status', shared(() => json({ ...announcer.status(), health: health() }))],
    ['/events', shared(() => json(recent.events))],
    ...constant,
  ])
}

/** One rendering serves all who ask while it runs, and within a second of its start. */
function shared(make: () => Answer | Promise<Answer>): () => Promise<Answer> {
  let last: { readonly answer: Promise<Answer>; readonly until: number } | undefined
  let running = false
  return () => {
    if (last !== undefined && (running || performance.now() < last.until)) return last.answer
    running = true
    const answer = Promise.resolve()
      .then(make)
      .finally(() => {
        running = false
      })
    last = { answer, until: performance.now() + SHARED }
    return answer
  }
}

/** Ready while every route is wanted, and has been sent on an established session. */
function readiness(status: AnnouncerStatus): Answer {
  const why = notReady(status)
  return why === undefined ? text('ready') : text(`not ready: ${why}`, 503)
}
function notReady({ announcements, withheld, peers }: AnnouncerStatus): string | undefined {
  const [first] = Object.entries(withheld)
  if (first) return `${first[0]} is withheld, ${first[1].detail}`
  if (announcements.length === 0) return 'nothing is announced'
  if (peers.every(({ state }) => state !== 'Established')) return 'no session is established'
  const unsent = announcements.find(prefix => !peers.some(({ sent }) => sent.includes(prefix)))
  return unsent && `${unsent} has been sent to no peer`
}

/** The page's own files, read when they are first asked for. */
function page(file: string, type: string): () => Answer {
  let answer: Answer | undefined
  return () => {
    answer ??= { type: `${type}; charset=utf-8`, body: readFileSync(new URL(`page/${file}`, import.meta.url)) }
    return answer
  }
}
const constant = [
  ['/', page('index.html', 'text/html')],
  ['/page.css', page('page.css', 'text/css')],
  ['/page.js', page('page.js', 'text/javascript')],
  ['/healthz', () => text('the process lives')],
] as const

export function text(body: string, status = 200): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: Buffer.from(escapeControls(`${body}\n`)) }
}
function json(value: unknown): Answer {
  return {
    type: 'application/json',
    body: Buffer.from(escapeControls(`${JSON.stringify(value, octetsAsHex)}\n`)),
  }
}
function octetsAsHex(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}
