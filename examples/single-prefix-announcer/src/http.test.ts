/** The program's HTTP server as a client finds it, with an announcer and a router on loopback. */
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { Announcer, HealthGate } from '@softspoken/announcer'
import { Listener, Session } from '@softspoken/session'
import { afterEach, describe, expect, test } from 'vitest'
import { serve } from './http.ts'

const VIP = '198.51.100.10/32'
const paths = ['/', '/page.css', '/page.js', '/metrics', '/healthz', '/readyz', '/status', '/events']

const toClose: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

describe('what is asked for', () => {
  test.each(paths)('%s answers GET and HEAD, with the headers that a browser needs', async path => {
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
    expect(announcer.status().announcements).toEqual([VIP])
  })

  test.each(['/nothing', '/constructor', '/../http.ts', '/page/index.html', '//', '/%2e%2e/http.ts'])(
    '%s is not found',
    async path => {
      const { port } = await announcing()
      const status = await new Promise(done =>
        request({ host: '127.0.0.1', port, path }, ({ statusCode }) => done(statusCode)).end(),
      )
      expect(status).toBe(404)
    },
  )

  test('is listed in docs/operations.md', () => {
    const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
    const listed = [...page.matchAll(/^\| `(\/\w*)`/gm)].map(([, path]) => path)
    expect(listed.sort()).toEqual(paths.filter(path => !path.startsWith('/page')).sort())
  })

  test('may have a query', async () => {
    const { ask } = await announcing()
    expect((await ask('/healthz?verbose')).status).toBe(200)
  })
})

describe('/healthz and /readyz', () => {
  test('tell a process that lives from a route that was sent', async () => {
    const { ask, announcer } = await announcing()
    expect((await ask('/healthz')).status).toBe(200)
    expect(await said(ask('/readyz'))).toEqual([503, 'not ready: no session is established\n'])
    await toRouter(announcer)
    await expect.poll(async () => await said(ask('/readyz'))).toEqual([200, 'ready\n'])
    void announcer.drain()
    expect(await said(ask('/readyz'))).toEqual([503, 'not ready: nothing is announced\n'])
    expect((await ask('/healthz')).status).toBe(200)
  })

  test('say why a route is withheld', async () => {
    const gate = new HealthGate({ check: () => new Promise(() => {}) })
    const { ask } = await announcing({ gate })
    expect(await said(ask('/readyz'))).toEqual([
      503,
      `not ready: ${VIP} is withheld, health: no check has passed yet\n`,
    ])
    gate.close()
  })

  test('say what cannot be sent to anybody', async () => {
    const { ask, announcer } = await announcing({ nextHop: undefined })
    await toRouter(announcer)
    await expect.poll(() => announcer.sessions[0]?.state).toBe('Established')
    expect(await said(ask('/readyz'))).toEqual([503, `not ready: ${VIP} has been sent to no peer\n`])
  })
})

describe('for machines', () => {
  test('/metrics is what Prometheus reads, health gates included', async () => {
    const gate = new HealthGate({ check: async () => {} })
    const { ask } = await announcing({ gate })
    const answer = await ask('/metrics')
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const text = await answer.text()
    expect(text).toContain(`softspoken_bgp_route_wanted{prefix="${VIP}"} 0\n`)
    expect(text).toContain('softspoken_bgp_health_up{gate="check"} 0\n')
    gate.close()
  })

  test('/status is status(), with octets as hex', async () => {
    const { ask, announcer } = await announcing()
    const router = await toRouter(announcer)
    await expect.poll(() => announcer.sessions[0]?.state).toBe('Established')
    await router.stop('b')
    await expect.poll(() => announcer.sessions[0]?.state).toBe('Idle')
    expect(await (await ask('/status')).json()).toMatchObject({
      announcements: [VIP],
      health: {},
      peers: [{ state: 'Idle', sent: [], lastError: { received: { code: 6, subcode: 2, data: '0162' } } }],
    })
  })

  test('/events has the latest first, and what repeats itself once', async () => {
    const { ask, announcer } = await announcing()
    const [session] = announcer.sessions
    for (let failure = 0; failure < 3; failure++) {
      session?.emit('dial', { type: 'dial', failures: failure })
      session?.emit('down', { type: 'down', why: 'connection refused', from: 'Connect' })
    }
    announcer.emit('withdrawn', { prefix: VIP, why: 'the lease ran out' })
    expect(await (await ask('/events')).json()).toMatchObject([
      { kind: 'bad', text: `${VIP} withdrawn: the lease ran out`, times: 1 },
      { kind: 'bad', text: 'session with 127.0.0.1 down: connection refused', times: 3 },
      { kind: 'note', text: 'dials 127.0.0.1', times: 3 },
    ])
  })

  test('/events tells of a malformed UPDATE of the router (RFC 7606 §6)', async () => {
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

  test('/events keeps a hundred', async () => {
    const { ask, announcer } = await announcing()
    for (let at = 0; at < 150; at++) announcer.emit('sent', { prefix: VIP, peer: `192.0.2.${at}` })
    const events = (await (await ask('/events')).json()) as { text: string }[]
    expect(events).toHaveLength(100)
    expect([events[0]?.text, events[99]?.text]).toEqual([`${VIP} sent to 192.0.2.149`, `${VIP} sent to 192.0.2.50`])
  })
})

describe('the page', () => {
  test('has a place for each thing that its script fills, and nothing inline that its policy would forbid', async () => {
    const { ask } = await announcing()
    const html = await (await ask('/')).text()
    const script = await (await ask('/page.js')).text()
    const filled = [...script.matchAll(/(?:byId|put)\(\s*'([\w-]+)'/g)].map(([, id]) => id)
    expect(new Set(filled)).toEqual(
      new Set(['name', 'headline', 'detail', 'routes', 'sessions', 'health-section', 'health', 'timeline']),
    )
    for (const id of filled) expect(html).toContain(`id="${id}"`)
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/)
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">')
    expect(html).not.toMatch(/<style|<script>|\son\w+=|\sstyle=|<form|https?:/)
    for (const [, file] of html.matchAll(/(?:src|href)="([\w./]+)"/g))
      expect((await ask(`/${file}`)).status).not.toBe(404)
    expect(script).not.toMatch(/innerHTML\s*=[^=]|eval|insertAdjacentHTML/)
  })
  test('is light and dark', async () => {
    const { ask } = await announcing()
    expect(await (await ask('/page.css')).text()).toContain('prefers-color-scheme: dark')
  })
})

describe('the address', () => {
  test.each(['9179', ':9179', 'localhost:9179', '127.0.0.1', '::1:9179', '127.0.0.1:65536', '[127.0.0.1]:9179', '*:1'])(
    '%s is refused in words',
    async address => {
      const { announcer } = await announcing()
      await expect(serve(announcer, address)).rejects.toThrow(
        new RangeError(
          `http: '${address}' is not allowed, it must be an address and a port, as 127.0.0.1:9179 or [::1]:9179`,
        ),
      )
    },
  )
  test('that is taken is an error, and not a port of its own choice', async () => {
    const { announcer, port } = await announcing()
    await expect(serve(announcer, `127.0.0.1:${port}`)).rejects.toThrow('EADDRINUSE')
  })
  test('is let go of when the server is disposed of, clients or no clients', async () => {
    const { announcer, ask, port } = await announcing()
    await ask('/healthz')
    await toClose.pop()?.[Symbol.asyncDispose]()
    await expect(ask('/healthz')).rejects.toThrow()
    const again = await serve(announcer, `127.0.0.1:${port}`)
    toClose.push(again)
    expect(again.port).toBe(port)
  })
})

interface Announcing {
  readonly announcer: Announcer
  readonly port: number
  ask(path: string, init?: RequestInit): Promise<Response>
}
/** An announcer of one route that dials nobody yet, and its server. Without a next hop, none can be found here. */
async function announcing(given: { gate?: HealthGate; nextHop?: undefined } = {}): Promise<Announcing> {
  const { gate } = given
  const announcer = new Announcer({
    local: { as: 64515, id: '10.0.5.11' },
    peers: [{ as: 65000, address: '127.0.0.1' }],
    ...(!('nextHop' in given) && { nextHop: '10.0.5.11' }),
    drainTime: 0,
    firstDialDelay: 60,
  })
  toClose.push(announcer)
  announcer.announce(VIP, { ...(gate && { gate }) })
  const server = await serve(announcer, '127.0.0.1:0', gate && { check: gate })
  toClose.push(server)
  const { port } = server
  return { announcer, port, ask: (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init) }
}

/** The router comes to us. */
async function toRouter(announcer: Announcer): Promise<Session> {
  const listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(announcer.sessions[0]!) // it has one peer
  const port = await listener.listen()
  const router = new Session({
    local: { as: 65000, id: '10.0.5.1' },
    peer: { as: 64515, address: '127.0.0.1', port },
  }).start()
  toClose.push(listener, router)
  return router
}

async function said(asked: Promise<Response>): Promise<[number, string]> {
  const answer = await asked
  return [answer.status, await answer.text()]
}
