/** The tables of `status`, made from a captured /status of an announcer with two routers, one of which does not answer. */
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type StatusReport, status, statusTable } from './status.ts'

const captured = readFileSync(new URL('samples/status.json', import.meta.url), 'utf8')
const report = (): StatusReport => JSON.parse(captured)

const table = `\
ROUTE             STATE     TO         VALID FOR
198.51.100.10/32  sent      127.0.0.2  19 s
198.51.100.11/32  withheld  no router
  the lease of 2 s ran out

SESSION WITH  AS     STATE        FOR  HOLD TIME  NEXT DIAL IN  RECEIVED  SENT
127.0.0.2     65000  Established  3 s  90 s                     2         5
127.0.0.3     65000  Idle         3 s             2 s           0         0
  last failure, 2026-11-21T10:58:39.597Z: connection refused by 127.0.0.3 port 37943
  hint: nothing listens on 127.0.0.3 port 37943, or an access list rejects us

HEALTH     STATE  VALID FOR
apiserver  up     19 s
`

describe('statusTable()', () => {
  test('has routes, sessions and health, each with its problems below', () => {
    expect(statusTable(report())).toBe(table)
  })
  test('shows why a gate is down, and how long it is held down', () => {
    const health = {
      apiserver: { up: false, streak: 0, reason: 'check-failed', detail: 'refused', heldFor: 299.7 },
    } as const
    expect(statusTable({ ...report(), health })).toContain(
      'HEALTH     STATE  HELD DOWN FOR\napiserver  down   5 min\n  refused\n',
    )
  })
  test('shows node, role, epoch and leader, and why the node does not serve', () => {
    const agent: NonNullable<StatusReport['agent']> = {
      ...{ nodeName: 'node-1', mode: 'standby', role: 'leader', epoch: 7, serves: {}, leases: { election: 8.6 } },
      ...{ address: { interface: 'lo', present: true }, election: { secondsSinceRenewal: 1.4 } },
    }
    expect(statusTable({ ...report(), agent })).toContain(
      [
        'NODE    MODE     ROLE    EPOCH  LEADER  ADDRESS ON  LEASE  SINCE RENEWAL',
        'node-1  standby  leader  7      node-1  lo          9 s    1 s\n',
      ].join('\n'),
    )
    const serves = { reason: 'no-session', detail: 'no BGP session is established' } as const
    const lost = { ...agent, role: 'waiting', holder: 'node-2', serves, address: { present: false } } as const
    expect(statusTable({ ...report(), agent: lost })).toMatch(
      /waiting +7 +node-2 +no interface .*\n {2}does not serve: no BGP session is established\n/,
    )
  })
  test('shows what cannot be sent, and to which router', () => {
    const { peers, ...rest } = report()
    const [first, second] = peers
    const cause = { reason: 'family-not-negotiated', detail: 'the peer does not take ipv4-unicast routes' } as const
    const unsendable = { '198.51.100.10/32': cause }
    const text = statusTable({ ...rest, peers: [{ ...first!, sent: [], unsendable }, second!] })
    expect(text).toContain(
      '198.51.100.10/32  not sent  no router  19 s\n  cannot be sent to 127.0.0.2: the peer does not take',
    )
  })
  test('shows the former route as sent, and the change that waits for the interval', () => {
    const { peers, ...rest } = report()
    const [first, second] = peers
    const queued = { '198.51.100.10/32': { sent: { med: 999_993 }, next: { med: 1_000_000 }, secondsLeft: 4.2 } }
    expect(statusTable({ ...rest, peers: [{ ...first!, queued }, second!] })).toContain(
      '198.51.100.10/32  sent      127.0.0.2  19 s\n  queued for 127.0.0.2: med 1000000 instead of 999993, in 4 s\n',
    )
  })
  test('leaves out health without a gate, and routes without a route', () => {
    const none = { announcements: [], withheld: {}, leases: {}, health: {} }
    expect(statusTable({ ...report(), ...none })).toMatch(/^SESSION WITH .*refused[^\n]*\n[^\n]*rejects us\n$/s)
  })
  test('replaces control characters', () => {
    const [peer] = report().peers
    const lastFailure = { detail: 'a\u001b[2Jb\nc\u009bd\u202ee\u2028f', at: '2026-11-21T10:58:39.597Z' }
    const text = statusTable({ ...report(), peers: [{ ...peer!, lastFailure }] })
    expect(text).toContain('a\ufffd[2Jb\ufffdc\ufffdd\ufffde\ufffdf\n')
    expect(text).not.toContain('\u001b')
  })
  test.each([
    [119, '119 s'],
    [120, '2 min'],
    [7199, '119 min'],
    [7200, '2 h'],
    [172_800, '2 d'],
  ])('shows %i seconds as %s', (secondsInState, words) => {
    const [peer] = report().peers
    expect(statusTable({ ...report(), peers: [{ ...peer!, secondsInState }] })).toContain(`Established  ${words} `)
  })
})

describe('status()', () => {
  test('reads /status', async () => {
    await using site = await answering(({ url }, answer) =>
      answer.writeHead(url === '/status' ? 200 : 404).end(captured),
    )
    expect(await status(site.address)).toBe(table)
  })
  test.each<[string, RequestListener]>([
    ['another JSON', (_, answer) => answer.end('{}')],
    ['no JSON', (_, answer) => answer.end('<html>')],
    ['null', (_, answer) => answer.end('null')],
    ['an error', (_, answer) => answer.writeHead(500).end(captured)],
  ])('rejects if the server answers with %s', async (_, listener) => {
    await using site = await answering(listener)
    await expect(status(site.address)).rejects.toThrow(`status: the server at ${site.address} is not softspoken`)
  })
  test('rejects if no server answers', async () => {
    const { address, [Symbol.asyncDispose]: close } = await answering(() => {})
    await close()
    await expect(status(address)).rejects.toThrow(`status: no answer from ${address}: connect ECONNREFUSED ${address}`)
  })
  test('does not show a password', async () => {
    await expect(status('user:word@127.0.0.1:9179')).rejects.toThrow(/^status: the given value is not allowed/)
  })
  test.each(['', '127.0.0.1', '127.0.0.1:port', '[::1:9179', '127.0.0.1:9179/x'])(
    "refuses the address '%s'",
    async address => {
      await expect(status(address)).rejects.toThrow(
        /^status: .* is not allowed, it must be an address and a port, such as 127.0.0.1:9179$/,
      )
    },
  )
})

async function answering(listener: RequestListener): Promise<AsyncDisposable & { readonly address: string }> {
  const server = createServer(listener)
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo // a TCP server's address has one
  return {
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}
