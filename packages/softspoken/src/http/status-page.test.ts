/** The program's HTTP server and each of its paths, with one announcer and router on loopback for all tests. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { type Announcement, Announcer, HealthGate } from '@softspoken/announcer'
import { Listener, Session } from '@softspoken/session'
import { OptionError } from '@softspoken/wire'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { version } from '../version.ts'
import { serve } from './status-page.ts'

const VIP = '198.51.100.10/32'
const paths = ['/', '/page.css', '/page.js', '/metrics', '/healthz', '/readyz', '/status', '/events']

const toClose: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

describe('the HTTP server', () => {
  test.each(paths)('answers GET and HEAD of %s with security headers', async path => {
    const { ask } = await announcing()
    const got = await ask(path)
    const headers = Object.fromEntries(got.headers)
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
    })
    const policy = headers['content-security-policy']
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    const head = await ask(path, { method: 'HEAD' })
    expect(head.status).toBe(got.status)
    expect(head.headers.get('content-type')).toBe(got.headers.get('content-type'))
    expect(await head.text()).toBe('')
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('refuses %s and changes nothing', async method => {
    const { ask, announcer } = await announcing()
    for (const path of [...paths, '/withdraw']) {
      const { status, headers } = await ask(path, { method })
      expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    }
    expect((await ask('/healthz')).headers.get('allow')).toBeNull()
    expect(announcer.status().announcements).toEqual([VIP])
  })

  test.each(['/nothing', '/constructor', '/../http.ts', '/page/index.html', '//', '/%2e%2e/http.ts'])(
    'answers 404 for %s',
    async path => {
      const { port } = await announcing()
      const status = await new Promise(done =>
        request({ host: '127.0.0.1', port, path }, ({ statusCode }) => done(statusCode)).end(),
      )
      expect(status).toBe(404)
    },
  )

  test('has the paths that docs/operations.md lists', () => {
    const page = readFileSync(new URL('../../../../docs/operations.md', import.meta.url), 'utf8')
    const listed = [...page.matchAll(/^\| `(\/\w*)`/gm)].map(([, path]) => path)
    expect(listed.sort()).toEqual(paths.filter(path => !path.startsWith('/page')).sort())
  })

  test('ignores a query', async () => {
    const { ask } = await announcing()
    expect((await ask('/healthz?verbose')).status).toBe(200)
  })
})

describe('/healthz and /readyz', () => {
  test('differ: the process runs, and the route was sent', async () => {
    const { ask, announcer } = await announcing()
    expect((await ask('/healthz')).status).toBe(200)
    expect(await answerOf(ask('/readyz'))).toEqual([503, 'not ready: no session is established\n'])
    await toRouter(announcer)
    await vi.waitFor(async () => expect(await answerOf(ask('/readyz'))).toEqual([200, 'ready\n']))
    void announcer.drain()
    expect(await answerOf(ask('/readyz'))).toEqual([503, 'not ready: nothing is announced\n'])
    expect((await ask('/healthz')).status).toBe(200)
  })

  test('report why a route is withheld', async () => {
    const gate = new HealthGate({ check: () => new Promise(() => {}) })
    const { ask } = await announcing({ gate })
    expect(await answerOf(ask('/readyz'))).toEqual([
      503,
      `not ready: ${VIP} is withheld, health: no check has passed yet\n`,
    ])
    gate.stop()
  })

  test('report how the last session was lost', async () => {
    const { ask, announcer } = await announcing()
    const router = await toRouter(announcer)
    await vi.waitFor(async () => expect(await answerOf(ask('/readyz'))).toEqual([200, 'ready\n']))
    await router.stop()
    const lost = 'no session is established; 127.0.0.1: the peer sent Cease/Administrative Shutdown (6/2)'
    await vi.waitFor(async () => expect(await answerOf(ask('/readyz'))).toEqual([503, `not ready: ${lost}\n`]))
  })

  test('are ready if one of two routers has the route', async () => {
    const { ask, announcer } = await announcing({ peers: ['127.0.0.1', '127.0.0.2'] })
    await toRouter(announcer)
    await vi.waitFor(async () => expect(await answerOf(ask('/readyz'))).toEqual([200, 'ready\n']))
    expect(announcer.sessions.map(({ state }) => state)).toEqual(['Established', 'Idle'])
  })

  test('are ready while a change waits for the interval', async () => {
    const { ask, announcer, announcement } = await announcing()
    await toRouter(announcer)
    await vi.waitFor(async () => expect(await answerOf(ask('/readyz'))).toEqual([200, 'ready\n']))
    announcement.update({ med: 1 })
    expect(await answerOf(ask('/readyz'))).toEqual([200, 'ready\n'])
    expect(announcer.status().peers).toMatchObject([{ sent: [VIP], queued: { [VIP]: { next: { med: 1 } } } }])
  })

  test('report a route that can be sent to no router', async () => {
    const { ask, announcer } = await announcing({ nextHop: undefined })
    await toRouter(announcer)
    await vi.waitFor(() => expect(announcer.sessions[0]?.state).toBe('Established'))
    expect(await answerOf(ask('/readyz'))).toEqual([503, `not ready: ${VIP} has been sent to no peer\n`])
  })
})

describe('the answer of', () => {
  test('/metrics is text for Prometheus, with the health gates', async () => {
    const gate = new HealthGate({ check: async () => {} })
    const { ask } = await announcing({ gate })
    const answer = await ask('/metrics')
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const text = await answer.text()
    expect(text).toContain(`softspoken_bgp_route_desired{prefix="${VIP}"} 0\n`)
    expect(text).toContain('softspoken_bgp_health_up{gate="check"} 0\n')
    gate.stop()
  })

  test('/status is status() with the version, octets as hex and rounded numbers', async () => {
    const { ask, announcer } = await announcing()
    const router = await toRouter(announcer)
    await vi.waitFor(() => expect(announcer.sessions[0]?.state).toBe('Established'))
    await router.stop('b')
    await vi.waitFor(() => expect(announcer.sessions[0]?.state).toBe('Idle'))
    expect(await (await ask('/status')).json()).toMatchObject({
      version,
      uptime: expect.any(Number),
      announcements: [VIP],
      routes: {},
      health: {},
      peers: [{ state: 'Idle', sent: [], lastFailure: { received: { code: 6, subcode: 2, data: '0162' } } }],
    })
  })

  test('/events has the latest event first, and a repeated one once', async () => {
    const { ask, announcer } = await announcing()
    const [session] = announcer.sessions
    for (let failure = 0; failure < 3; failure++) {
      session?.emit('dial', { failures: failure })
      session?.emit('down', { reason: 'refused', detail: 'connection refused', from: 'Connect' })
    }
    announcer.emit('withdrawn', { prefix: VIP, reason: 'lease-expired', detail: 'the lease ran out' })
    expect(await (await ask('/events')).json()).toMatchObject([
      { kind: 'bad', text: `${VIP} withdrawn: the lease ran out`, times: 1 },
      { kind: 'bad', text: 'session with 127.0.0.1 down: connection refused', times: 3 },
      { kind: 'note', text: 'dialled 127.0.0.1', times: 3 },
    ])
  })

  test('/events has a malformed UPDATE of the router (RFC 7606 §6)', async () => {
    const { ask, announcer } = await announcing()
    const faults = ['ORIGIN at octet 23: it is 9', 'LOCAL_PREF at octet 47: from an external peer']
    announcer.sessions[0]?.emit('malformed', {
      type: 'malformed',
      handling: 'treat-as-withdraw',
      faults,
      routes: ['203.0.113.7/32'],
      octets: new Uint8Array(),
      updates: 1,
    })
    expect(await (await ask('/events')).json()).toMatchObject([
      { kind: 'bad', text: `malformed UPDATE from 127.0.0.1, treat-as-withdraw: ${faults.join('; ')}` },
    ])
  })

  test('/events keeps a hundred events', async () => {
    const { ask, announcer } = await announcing()
    for (let at = 0; at < 150; at++) announcer.emit('sent', { prefix: VIP, peer: `192.0.2.${at}`, attributes: {} })
    const events = (await (await ask('/events')).json()) as { text: string }[]
    expect(events).toHaveLength(100)
    expect([events[0]?.text, events[99]?.text]).toEqual([`${VIP} sent to 192.0.2.149`, `${VIP} sent to 192.0.2.50`])
  })
})

describe('the page', () => {
  test('has each element that its script fills, and nothing that its policy forbids', async () => {
    const { ask } = await announcing()
    const html = await (await ask('/')).text()
    const script = await (await ask('/page.js')).text()
    const filled = [...script.matchAll(/(?:byId|put|text|fill)\(\s*'([\w-]+)'/g)].map(([, id]) => id)
    expect(new Set(filled)).toEqual(
      new Set([
        ...['name', 'version', 'headline', 'detail', 'advice', 'node-title', 'node', 'routes', 'routers'],
        ...['health', 'timeline'],
      ]),
    )
    const sections = [...script.matchAll(/fill\('(\w+)'/g)].map(([, id]) => `${id}-section`)
    for (const id of [...filled, ...sections]) expect(html).toContain(`id="${id}"`)
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/)
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">')
    expect(html).not.toMatch(/<style|<script>|\son\w+=|\sstyle=|<form|https?:/)
    for (const [, file] of html.matchAll(/(?:src|href)="([\w./]+)"/g))
      expect((await ask(`/${file}`)).status).not.toBe(404)
    expect(script).not.toMatch(/innerHTML\s*=[^=]|eval|insertAdjacentHTML/)
  })
  test('has a light and a dark scheme', async () => {
    const { ask } = await announcing()
    expect(await (await ask('/page.css')).text()).toContain('prefers-color-scheme: dark')
  })
})

describe('the address of --http', () => {
  test.each(['9179', ':9179', 'localhost:9179', '127.0.0.1', '::1:9179', '127.0.0.1:65536', '[127.0.0.1]:9179', '*:1'])(
    '%s is refused with an OptionError',
    async address => {
      await expect(serve(address)).rejects.toThrow(
        new OptionError('http', address, 'an address and a port, such as 127.0.0.1:9179 or [::1]:9179'),
      )
    },
  )
  describe('that cannot be used', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
    afterEach(() => void vi.useRealTimers())
    test('is tried again with one warning, and a line once the page listens', async () => {
      const { port, close } = await taken()
      const lines: string[] = []
      const note = (fields: object, text: string) => void lines.push(`${text} ${JSON.stringify(fields)}`)
      const page = await serve(`127.0.0.1:${port}`, { log: { debug: note, info: note, warn: note, error: note } })
      toClose.push(page)
      expect(page.port).toBeUndefined()
      for (let tries = 0; tries < 3; tries++) await vi.advanceTimersByTimeAsync(2000)
      expect(lines).toEqual([
        `page cannot listen {"address":"127.0.0.1:${port}","detail":"listen EADDRINUSE: address already in use 127.0.0.1:${port}","retryIn":2}`,
      ])
      await close()
      await vi.advanceTimersByTimeAsync(2000)
      vi.useRealTimers()
      await vi.waitFor(() => expect(page.port).toBe(port))
      expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
      expect(lines.slice(1)).toEqual([`page listens {"address":"127.0.0.1:${port}"}`])
    })
    test.each(['203.0.113.77:9179', '[2001:db8::77]:9179'])(
      '%s, which this host does not have, causes a warning',
      async address => {
        const lines: object[] = []
        const warn = (fields: object) => void lines.push(fields)
        const page = await serve(address, { log: { debug() {}, info() {}, warn, error() {} } })
        toClose.push(page)
        expect(page.port).toBeUndefined()
        expect(lines).toEqual([{ address, detail: expect.stringMatching(/EADDRNOTAVAIL|EAFNOSUPPORT/), retryIn: 2 }])
      },
    )
    test('is not tried again when the page is disposed of', async () => {
      const { port, close } = await taken()
      const page = await serve(`127.0.0.1:${port}`)
      await page[Symbol.asyncDispose]()
      await close()
      await vi.advanceTimersByTimeAsync(4000)
      expect(page.port).toBeUndefined()
    })
    test('is not tried again when the page is disposed of during an attempt', async () => {
      const { port } = await taken()
      const page = await serve(`127.0.0.1:${port}`)
      vi.advanceTimersByTime(2000) // the second attempt begins
      await page[Symbol.asyncDispose]()
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
      expect(vi.getTimerCount()).toBe(0)
    })
  })
  test('is free when the server is disposed of, with and without clients', async () => {
    const { ask, port } = await announcing()
    await ask('/healthz')
    await toClose.pop()?.[Symbol.asyncDispose]()
    await expect(ask('/healthz')).rejects.toThrow()
    const again = await serve(`127.0.0.1:${port}`)
    toClose.push(again)
    expect(again.port).toBe(port)
  })
})

describe('the page of an announcer', () => {
  test('answers 503 before there is an announcer', async () => {
    const page = await serve('127.0.0.1:0')
    toClose.push(page)
    const ask = (path: string) => answerOf(fetch(`http://127.0.0.1:${page.port}${path}`))
    expect(await ask('/healthz')).toEqual([200, 'the process runs\n'])
    for (const path of ['/readyz', '/metrics', '/status', '/events'])
      expect(await ask(path)).toEqual([503, 'not ready: the program is starting\n'])
  })
  test('shows it from its first event on', async () => {
    const { port, close } = await taken()
    await close() // nothing listens there
    const page = await serve('127.0.0.1:0')
    const announcer = new Announcer({
      local: { as: 64515, id: '10.0.5.11' },
      peers: [{ as: 65000, address: '127.0.0.1', port }],
      drainTime: 0,
    })
    page.attach(announcer)
    toClose.push(page, announcer)
    await vi.waitFor(() => expect(announcer.sessions[0]?.state).toBe('Idle'))
    const ask = async (path: string) => await (await fetch(`http://127.0.0.1:${page.port}${path}`)).text()
    expect(JSON.parse(await ask('/events')).map(({ text }: { text: string }) => text)).toEqual([
      expect.stringMatching(/^session with 127\.0\.0\.1 down: connection refused/),
      'dialled 127.0.0.1',
    ])
    expect(await ask('/metrics')).toContain(
      `softspoken_bgp_session_transitions_total{peer="127.0.0.1:${port}",from="Idle",to="Connect"} 1\n`,
    )
  })
})

/** A port that something else listens on. */
async function taken(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port, // a TCP server's address has one
    close: () => new Promise(done => server.close(() => done())),
  }
}

interface Announcing {
  readonly announcer: Announcer
  readonly announcement: Announcement
  readonly port: number
  ask(path: string, init?: RequestInit): Promise<Response>
}
/** An announcer of one route that has not dialled, and its server. Without the option, it finds no next hop here. */
async function announcing(
  given: { gate?: HealthGate; nextHop?: undefined; peers?: readonly string[] } = {},
): Promise<Announcing> {
  const { gate, peers = ['127.0.0.1'] } = given
  const announcer = new Announcer({
    local: { as: 64515, id: '10.0.5.11' },
    peers: peers.map(address => ({ as: 65000, address })),
    ...(!('nextHop' in given) && { nextHop: '10.0.5.11' }),
    drainTime: 0,
    firstDialDelay: 60,
  })
  toClose.push(announcer)
  const announcement = announcer.announce(VIP, { ...(gate && { gate }) })
  const server = await serve('127.0.0.1:0')
  server.attach(announcer, gate && { gates: { check: gate } })
  toClose.push(server)
  const port = Number(server.port)
  return { announcer, announcement, port, ask: (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init) }
}

/** The router dials us. */
async function toRouter(announcer: Announcer): Promise<Session> {
  const listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(announcer.sessions[0]!) // it has a peer
  const port = await listener.listen()
  const router = new Session({
    local: { as: 65000, id: '10.0.5.1' },
    peer: { as: 64515, address: '127.0.0.1', port },
  }).start()
  toClose.push(listener, router)
  return router
}

async function answerOf(response: Promise<Response>): Promise<[number, string]> {
  const answer = await response
  return [answer.status, await answer.text()]
}
