/** What `status` prints, made from a captured /status of an announcer with two routers, one of which does not answer. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type StatusReport, statusText } from './status-text.ts'

const captured = readFileSync(new URL('samples/status.json', import.meta.url), 'utf8')
const report = (): StatusReport => JSON.parse(captured)

type Agent = NonNullable<StatusReport['agent']>
const failure = (detail: string): NonNullable<Agent['lastElectionFailure']> =>
  ({ reason: 'timeout', detail }) as unknown as NonNullable<Agent['lastElectionFailure']> // the rest is not shown

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
  /** What is printed of the node, between the verdict and the routes. */
  function nodeLines(given: Partial<Agent>): readonly string[] {
    const agent = { nodeName: 'node-1', part: 'stands by', mode: 'leader', role: 'waiting', serves: {}, leases: {} }
    const text = shown({ ...report(), agent: { ...agent, address: { present: false }, ...given } as Agent })
    return text.split('\n\n')[1]!.trimEnd().split('\n').slice(3)
  }
  const seen = { holder: 'node-2', epoch: 7, acquiredAt: '2026-11-21T10:58:40.000Z', secondsSinceChange: 1 }
  const lease = 'kube-system/vip'
  test.each<[string, Partial<Agent>, string[]]>([
    ['nothing more of a node without an election', {}, []],
    ['the interface that has the VIP', { address: { present: true, interface: 'lo' } }, ['address  on lo']],
    ['a VIP that another program added', { address: { present: true } }, ['address  on this node']],
    ['an interface without the VIP', { address: { present: false, interface: 'lo' } }, ['address  not on lo']],
    ['the deadline of the kernel', { leases: { kernelDeadline: 3.4 } }, ['kernel   ends a hanging process in 3 s']],
    ['a failure', { lastElectionFailure: failure('a') }, ['election a']],
    ['a failure once', { why: 'a', lastElectionFailure: failure('a') }, ['mode     leader']],
    [
      'a Lease that was not read yet',
      { election: { lease, requestFailures: {} } } as Partial<Agent>,
      [`lease    ${lease}`],
    ],
    [
      'a Lease that was read 5 s ago',
      { election: { lease, seen: { ...seen, secondsSinceSeen: 5 }, requestFailures: {} } } as Partial<Agent>,
      ['leader   node-2, epoch 7, for 2 s', `lease    ${lease}, written 1 s ago`],
    ],
    [
      'a Lease that was not read for longer',
      { election: { lease, seen: { ...seen, secondsSinceSeen: 6 }, requestFailures: {} } } as Partial<Agent>,
      ['leader   node-2, epoch 7, for 2 s', `lease    ${lease}, written 1 s ago; last look 6 s ago`],
    ],
    [
      'a segment without conflicts',
      { arp: { holds: true, conflicts: 0, framesSent: 1 } } as Partial<Agent>,
      ['segment  claimed'],
    ],
    [
      'why a segment is not claimed',
      { arp: { holds: false, conflicts: 0, framesSent: 1, why: { detail: 'not the leader' } } } as Partial<Agent>,
      ['segment  not claimed: not the leader'],
    ],
    [
      'a route that no probe has asked yet',
      {
        vips: { '198.51.100.10/32': { accepted: 'unknown', reason: 'waiting', detail: 'no probe yet' } },
      } as Partial<Agent>,
      ['accepted unknown: no probe yet'],
    ],
  ])('shows %s', (_, given, lines) => {
    expect(nodeLines(given)).toEqual(lines)
  })
  test('has the advice below the verdict', () => {
    const verdict = { ...report().verdict, advice: 'look at the router' }
    expect(shown({ ...report(), verdict })).toMatch(/^Partly withheld: .*\n {2}do: look at the router\n\n/)
  })
  test('shows a route of two routers since the first got it, with all its communities', () => {
    const { peers, ...rest } = report()
    const route = '198.51.100.10/32'
    const attributes = { origin: 'igp', asPath: [], nextHop: '10.0.5.11', largeCommunities: ['64515:1:2'] } as const
    const advertised = {
      '127.0.0.2': { [route]: { since: '2026-11-21T10:58:40.000Z', attributes } },
      '127.0.0.3': {
        [route]: {
          since: '2026-11-21T10:58:30.000Z',
          attributes: { ...attributes, nextHop: undefined, mpReach: { nextHop: '2001:db8::1' }, communities: ['1:1'] },
        },
      },
    } as unknown as StatusReport['advertised']
    const both = peers.map(one => ({ ...one, sent: [route] }))
    const text = shown({ ...rest, announcements: [route], withheld: {}, peers: both, advertised })
    expect(text).toMatch(/^ROUTE +STATE +TO +NEXT HOP +FOR +VALID FOR\n/m)
    expect(text).toMatch(/32 +sent +127\.0\.0\.2, 127\.0\.0\.3 +10\.0\.5\.11, 2001:db8::1 +12 s +19 s\n/)
    expect(text).toContain('\n  communities 64515:1:2, 1:1\n\n')
  })
  test('shows no age of less than nothing if the clocks differ', () => {
    expect(statusText(report(), Date.parse('2026-11-21T10:00:00.000Z'))).toContain('  0 s ago: connection refused')
  })
  test('shows no former failure of an established session, and one without a hint', () => {
    const { peers, ...rest } = report()
    const [first, second] = peers
    const { hint: _, ...lastFailure } = second!.lastFailure!
    const text = shown({
      ...rest,
      peers: [
        { ...first!, lastFailure: second!.lastFailure! },
        { ...second!, lastFailure },
      ],
    })
    expect(text).not.toContain('hint')
    expect(text.match(/connection refused/g)).toHaveLength(1)
    expect(text).toContain('port 37943\n\nHEALTH')
  })
  test.each([
    [true, 0, ''],
    [true, 2, '  2 failed in a row\n'],
    [false, 1, '  1 passed in a row\n'],
  ])('shows of a gate that is up (%s) its streak of %i', (up, streak, line) => {
    const health = { apiserver: { up, streak, secondsLeft: 19 } } as unknown as StatusReport['health']
    expect(shown({ ...report(), health })).toContain(
      `STATE  VALID FOR\napiserver  ${up ? 'up  ' : 'down'}   19 s\n${line}\nsoftspoken`,
    )
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
    const sent = { med: 7, origin: 'igp', communities: ['64515:1'] } as const
    const next = { localPref: 200, origin: 'igp', communities: ['64515:2'] } as const
    const several = { '198.51.100.10/32': { sent, next, secondsLeft: 4.2 } }
    expect(shown({ ...rest, peers: [{ ...first!, queued: several }, second!] })).toContain(
      ': med none instead of 7, communities ["64515:2"] instead of ["64515:1"], localPref 200 instead of none, in 4 s\n',
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
    [172_799, '47 h'],
    [172_800, '2 d'],
    [259_199, '2 d'],
  ])('shows %i seconds as %s', (secondsInState, words) => {
    const [peer] = report().peers
    expect(shown({ ...report(), peers: [{ ...peer!, secondsInState }] })).toContain(`Established  ${words} `)
  })
})
