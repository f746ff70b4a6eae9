/** What `status` prints, made from a captured /status of an announcer with two routers, one of which does not answer. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type StatusReport, statusText } from './status-text.ts'

const captured = readFileSync(new URL('samples/status.json', import.meta.url), 'utf8')
const report = (): StatusReport => JSON.parse(captured)

const now = Date.parse('2026-11-21T10:58:42.000Z')
const shown = (given: StatusReport): string => statusText(given, now)

const table = `\
Partly withheld: 198.51.100.11/32, the lease of 2 s ran out

ROUTE             STATE     TO         NEXT HOP   MED     FOR    VALID FOR
198.51.100.10/32  sent      127.0.0.2  10.0.5.11  999993  3 min  19 s
  communities 64515:1
198.51.100.11/32  withheld  no router
  the lease of 2 s ran out

SESSION WITH  AS     STATE        FOR  HOLD TIME  NEXT DIAL IN  RECEIVED  SENT
127.0.0.2     65000  Established  3 s  90 s                     2         5
127.0.0.3     65000  Idle         3 s             2 s           0         0
  2 s ago: connection refused by 127.0.0.3 port 37943
  hint: nothing listens on 127.0.0.3 port 37943, or an access list rejects us

HEALTH     STATE  VALID FOR
apiserver  up     19 s

softspoken 0.1.0, up for 3 min
`

describe('statusText()', () => {
  test('begins with the verdict; routes, sessions and health have their problems below', () => {
    expect(shown(report())).toBe(table)
  })
  test('shows why a gate is down, and how long it is held down', () => {
    const health = {
      apiserver: { up: false, streak: 0, reason: 'check-failed', detail: 'refused', heldFor: 299.7 },
    } as const
    expect(shown({ ...report(), health })).toContain(
      'HEALTH     STATE  HELD DOWN FOR\napiserver  down   5 min\n  refused\n',
    )
  })
  test('shows the node, the leader by the Lease, and why the node cannot lead', () => {
    const seen = {
      holder: 'node-1',
      epoch: 7,
      acquiredAt: '2026-11-21T07:58:42.000Z',
      secondsSinceChange: 1.4,
      secondsSinceSeen: 0.5,
    }
    const election = { lease: 'kube-system/plndr-cp-lock', seen, secondsSinceRenewal: 1.4, requestFailures: {} }
    const agent: NonNullable<StatusReport['agent']> = {
      ...{ nodeName: 'node-1', part: 'leads', mode: 'standby', role: 'leader', epoch: 7, serves: {} },
      ...{ leases: { election: 8.6 }, address: { interface: 'lo', present: true }, election },
    }
    const wanted = `
node     node-1
part     leads, epoch 7
mode     standby
leader   node-1, epoch 7, for 3 h
lease    kube-system/plndr-cp-lock, written 1 s ago
leads    for 9 s, unless the Lease is renewed
renewed  1 s ago
address  on lo
`
    expect(shown({ ...report(), agent })).toContain(wanted)
    const why = 'no BGP session is established'
    const { epoch: _, ...rest } = agent
    const lost = { ...rest, part: 'cannot lead', why, role: 'waiting', address: { present: false } } as const
    expect(shown({ ...report(), agent: lost })).toContain(`part     cannot lead\nwhy      ${why}\n`)
    const released = { ...election, seen: { ...seen, holder: '' } }
    expect(shown({ ...report(), agent: { ...lost, election: released } })).toContain(
      'leader   none, the Lease is released',
    )
  })
  test('shows whether the VIP is claimed on the segment, or who blocks it', () => {
    const { agent, peers: _, ...rest } = report()
    const arp = { holds: true, conflicts: 2, framesSent: 10 }
    const one: NonNullable<StatusReport['agent']> = {
      ...{ nodeName: 'node-1', part: 'leads', mode: 'leader', role: 'leader', serves: {}, leases: {}, arp },
      ...{ address: { interface: 'eth0', present: true }, ...agent },
    }
    const text = shown({ ...rest, peers: [], agent: one })
    expect(text).toContain('segment  claimed; conflicts: 2\n')
    expect(text).toMatch(/198\.51\.100\.10\/32 +claimed/)
    const blocked = { ...one, arp: { ...arp, holds: false, blockedBy: '02:00:5e:00:00:02' } }
    expect(shown({ ...rest, peers: [], agent: blocked })).toContain('segment  blocked by 02:00:5e:00:00:02;')
  })
  test('shows whether the router took the route, with the evidence and where to look', () => {
    const { agent: _, ...rest } = report()
    const probe = { by: 'node-1', at: '2026-11-21T10:58:40.000Z', holder: 'node-2', failures: 3 }
    const no = {
      accepted: 'no',
      reason: 'timeout',
      detail: 'no answer',
      probe,
      hints: ['on the router: a', 'b'],
    } as const
    const agent = (vips: NonNullable<StatusReport['agent']>['vips']): NonNullable<StatusReport['agent']> => ({
      ...{ nodeName: 'node-1', part: 'stands by', mode: 'leader', role: 'waiting', serves: {}, leases: {} },
      ...{ address: { interface: 'lo', present: false }, ...(vips && { vips }) },
    })
    expect(shown({ ...rest, agent: agent({ '198.51.100.10/32': no }) })).toContain(
      '\naccepted no: no answer, 2 s ago\n         look on the router: a\n         look b\n',
    )
    const off = { accepted: 'unknown', reason: 'off', detail: 'no probe' } as const
    expect(shown({ ...rest, agent: agent({ '198.51.100.10/32': off }) })).not.toContain('accepted')
  })
  test('shows what cannot be sent, and to which router', () => {
    const { peers, ...rest } = report()
    const [first, second] = peers
    const cause = { reason: 'family-not-negotiated', detail: 'the peer does not take ipv4-unicast routes' } as const
    const unsendable = { '198.51.100.10/32': cause }
    const text = shown({ ...rest, peers: [{ ...first!, sent: [], unsendable }, second!] })
    expect(text).toMatch(
      /198\.51\.100\.10\/32 +not sent +no router +19 s\n {2}cannot be sent to 127\.0\.0\.2: the peer does not take/,
    )
  })
  test('shows the former route as sent, and the change that waits for the interval', () => {
    const { peers, ...rest } = report()
    const [first, second] = peers
    const queued = { '198.51.100.10/32': { sent: { med: 999_993 }, next: { med: 1_000_000 }, secondsLeft: 4.2 } }
    expect(shown({ ...rest, peers: [{ ...first!, queued }, second!] })).toContain(
      '\n  queued for 127.0.0.2: med 1000000 instead of 999993, in 4 s\n',
    )
  })
  test('leaves out health without a gate, and routes without a route', () => {
    const none = { announcements: [], withheld: {}, leases: {}, health: {} }
    const text = shown({ ...report(), ...none })
    expect(text).not.toMatch(/^(ROUTE|HEALTH) /m)
    expect(text).toMatch(/^SESSION WITH /m)
  })
  test('replaces control characters', () => {
    const [, peer] = report().peers
    const lastFailure = { detail: 'a\u001b[2Jb\nc\u009bd\u202ee\u2028f', at: '2026-11-21T10:58:39.597Z' }
    const text = shown({ ...report(), peers: [{ ...peer!, lastFailure }] })
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
    expect(shown({ ...report(), peers: [{ ...peer!, secondsInState }] })).toContain(`Established  ${words} `)
  })
})
