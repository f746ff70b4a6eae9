/** The lines are those of a run in which n3, the leader, was stopped and then cut off, and n2 was ended later. */
import { describe, expect, it } from 'vitest'
import type { Mode } from '../softspoken.ts'
import { judge } from './judge.ts'
import type { FaultSpan, Observed } from './observed.ts'
import { schedule } from './schedule.ts'

const VIP = '198.51.100.100'
const second = (text: string): number => Date.parse(`2026-11-26T18:${text}Z`)
const begin: Observed = { kind: 'begin', at: second('43:43.730'), versions: [] }
const end: Observed = { kind: 'end', at: second('44:20.000'), recovered: 0 }
const fault = (kind: FaultSpan['fault'], node: FaultSpan['node'], at: string, until: string): FaultSpan => ({
  kind: 'fault',
  fault: kind,
  node,
  at: second(at),
  until: second(until),
})
const route = (line: string): Observed => ({ kind: 'route', line })

const used3 = route(`[2026-11-26T18:43:42.620912] ${VIP} via 203.0.113.13 dev br0 proto bird metric 32 `)
const has3 = route(`[2026-11-26T18:43:42.621067] ${VIP} via 203.0.113.13 dev br0 table 103 proto bird metric 999999 `)
const used2 = route(`[2026-11-26T18:43:54.530838] ${VIP} via 203.0.113.12 dev br0 proto bird metric 32 `)
const has2 = route(`[2026-11-26T18:43:54.531522] ${VIP} via 203.0.113.12 dev br0 table 102 proto bird metric 999998 `)
const lost3 = (time: string): Observed =>
  route(`[2026-11-26T18:${time}] Deleted ${VIP} via 203.0.113.13 dev br0 table 103 proto bird metric 999999 `)
const used1 = route(`[2026-11-26T18:44:03.962917] ${VIP} via 203.0.113.11 dev br0 proto bird metric 32 `)
const has1 = route(`[2026-11-26T18:44:03.964642] ${VIP} via 203.0.113.11 dev br0 table 101 proto bird metric 999997 `)
const lost2 = route(
  `[2026-11-26T18:44:04.465133] Deleted ${VIP} via 203.0.113.12 dev br0 table 102 proto bird metric 999998 `,
)
const unused1 = route(`[2026-11-26T18:44:11.007223] Deleted ${VIP} via 203.0.113.11 dev br0 proto bird metric 32 `)
const lost1 = route(
  `[2026-11-26T18:44:11.008369] Deleted ${VIP} via 203.0.113.11 dev br0 table 101 proto bird metric 999997 `,
)
const stopped = fault('stop', 'n3', '43:48.668', '44:00.450')
const ended = fault('term', 'n2', '44:03.887', '44:11.852')

/** The run, with the end of n3's route at this time. */
function run(lostAt: string, ...more: readonly Observed[]): readonly Observed[] {
  const rest = [used1, has1, lost2, unused1, lost1]
  return [used3, has3, begin, used2, has2, lost3(lostAt), ...rest, stopped, ended, end, ...more]
}
const textsOf = (observed: readonly Observed[], mode: Mode = 'leader') =>
  judge(observed, VIP, mode).breaks.map(({ text }) => text)
const lengths = (spans: readonly { at: number; until: number; cause: unknown }[]) =>
  spans.map(({ at, until, cause }) => [Math.round(until - at), cause])

describe('judge()', () => {
  it('a hand-over and a stopped leader break nothing', () => {
    const verdict = judge(run('43:55.005171'), VIP, 'leader')
    expect(verdict).toMatchObject({ breaks: [], leaders: 3, recovered: 0 })
    expect(lengths(verdict.overlaps)).toEqual([
      [474, 'stop'],
      [500, 'term'],
    ])
    expect(lengths(verdict.absences)).toEqual([[8993, undefined]])
  })

  it('a leader that does not stop leading breaks the promise', () => {
    const text = 'n3 advertised for 1.47 s beside n2, a later leader; 1 s is allowed'
    const runs = run('43:56.000000').filter(one => one !== stopped)
    expect(textsOf(runs)).toEqual([text])
    expect(textsOf(runs, 'standby')).toEqual([])
  })
  it('a stopped leader that the kernel does not end breaks the promise', () => {
    const text = 'n3 advertised for 6.47 s beside n2, a later leader; 6 s are allowed'
    expect(textsOf(run('44:01.000000'))).toEqual([text])
    expect(textsOf(run('44:01.000000'), 'standby')).toEqual([text])
  })
  it('a hand-over that takes too long breaks the promise', () => {
    const late = route(
      `[2026-11-26T18:44:10.500000] Deleted ${VIP} via 203.0.113.12 dev br0 table 102 proto bird metric 999998 `,
    )
    const text = 'n2 advertised for 6.54 s beside n1, a later leader; 6 s are allowed'
    expect(textsOf(run('43:55.005171').map(one => (one === lost2 ? late : one)))).toEqual([text])
  })
  it('the lines of a real agent that leads 10 s too long break the promise', () => {
    const lines = [
      `[2026-11-26T18:54:31.902978] ${VIP} via 203.0.113.12 dev br0 proto bird metric 32 `,
      `[2026-11-26T18:54:31.903045] ${VIP} via 203.0.113.12 dev br0 table 102 proto bird metric 999999 `,
      `[2026-11-26T18:54:55.877699] ${VIP} via 203.0.113.11 dev br0 proto bird metric 32 `,
      `[2026-11-26T18:54:55.877738] ${VIP} via 203.0.113.11 dev br0 table 101 proto bird metric 999998 `,
      `[2026-11-26T18:55:00.166311] ${VIP} via 203.0.113.12 dev br0 proto bird metric 32 `,
      `[2026-11-26T18:55:00.166502] Deleted ${VIP} via 203.0.113.11 dev br0 table 101 proto bird metric 999998 `,
    ]
    const faults = [fault('api', 'n2', '54:49.429', '55:05.590'), fault('kill', 'n1', '55:00.159', '55:10.213')]
    const observed = [begin, ...lines.map(route), ...faults, { kind: 'end', at: second('55:05.000') } as const]
    expect(textsOf(observed)).toEqual(['n2 advertised for 4.29 s beside n1, a later leader; 1 s is allowed'])
  })
  it('an earlier route may last for the hold time if its node is cut off', () => {
    const cut = fault('router', 'n3', '43:50.323', '43:54.911')
    const connected = run('44:01.000000', cut).filter(one => one !== stopped)
    expect(textsOf(connected)).toEqual([])
    expect(textsOf(run('44:03.500000', fault('router', 'n2', '43:50.323', '43:54.911')))).toHaveLength(1)
  })
  it('a route that outlives the hold time breaks the promise', () => {
    const cut = fault('router', 'n3', '43:50.323', '43:54.911')
    const others: readonly Observed[] = [used1, has1, lost2]
    const later = run('44:05.000000', cut).filter(one => !others.includes(one))
    const text = 'n3 advertised for 10.47 s beside n2, a later leader; 10 s are allowed'
    expect(textsOf(later.filter(one => one !== stopped))).toEqual([text])
    expect(textsOf(later)).toEqual([]) // it may also have been stopped while it was cut off
  })

  it('two nodes with the MED of one leader break the promise', () => {
    const same = route(
      `[2026-11-26T18:43:55.500000] ${VIP} via 203.0.113.11 dev br0 table 101 proto bird metric 999998 `,
    )
    const at = run('43:55.005171').indexOf(used1)
    expect(textsOf(run('43:55.005171').toSpliced(at, 0, same))).toContain(
      'n2 and n1 advertised with MED 999998, which only one leader may have',
    )
  })
  it('a router that prefers an earlier leader breaks the promise', () => {
    const kept = run('43:57.000000').filter(one => one !== used2)
    expect(textsOf(kept)).toContain('the router used n3 for 9.43 s, which is not the latest leader')
  })
  it('two standby routes with one MED break nothing', () => {
    const standby = [101, 102].map(table =>
      route(
        `[2026-11-26T18:43:43.000000] ${VIP} via 203.0.113.1${table - 100} dev br0 table ${table} proto bird metric 1000000 `,
      ),
    )
    const verdict = judge([used3, has3, ...standby, begin, end], VIP, 'leader')
    expect(verdict).toMatchObject({ breaks: [], overlaps: [], leaders: 1 })
  })

  describe('requests', () => {
    const packet = (seconds: string, port: string, from: string, flags: string): Observed => {
      const addresses = flags === '[S]' ? `203.0.113.130.${from} > ${VIP}.8080` : `${VIP}.8080 > 203.0.113.130.${from}`
      const line = `${second(`43:${seconds}`) / 1000} ${port} IP ${addresses}: Flags ${flags}, seq 1515819903, length 0`
      return { kind: 'packet', line }
    }
    const asked = (seconds: string, from: string) => packet(seconds, 'p-cl  In ', from, '[S]')
    const got = (seconds: string, node: string, from: string) => packet(seconds, `p-${node}  P  `, from, '[S.]')

    it('the time without an answer is until the next request with an answer', () => {
      const packets = [
        ...[asked('48.600', '40000'), got('48.601', 'n3', '40000')],
        ...[asked('48.700', '40001'), asked('48.750', '40002'), got('49.300', 'n3', '40002')],
        ...[asked('50.000', '40003'), got('50.001', 'n3', '40003')],
      ]
      const verdict = judge([...run('43:55.005171'), ...packets], VIP, 'leader')
      expect(verdict).toMatchObject({ requests: 4, unanswered: 2, breaks: [] })
      expect(lengths(verdict.gaps)).toEqual([[1300, 'stop']])
    })
    it('an answer of a node that is not preferred breaks the promise', () => {
      const packets = [asked('48.700', '40001'), got('48.701', 'n1', '40001')]
      expect(textsOf([...run('43:55.005171'), ...packets])).toEqual(['n1 answered a request, and was not preferred'])
    })
    it('a packet on another interface of the router does not count', () => {
      const packets = ['br0   Out', 'p-n3  Out', 'p-cl  Out'].map(port => packet('48.700', port, '40001', '[S]'))
      expect(judge([...run('43:55.005171'), ...packets], VIP, 'leader').requests).toBe(0)
    })
  })
})

describe('schedule()', () => {
  it('a seed gives the same faults each time, and another seed gives others', () => {
    expect(schedule(7, 600)).toEqual(schedule(7, 600))
    expect(schedule(7, 600)).not.toEqual(schedule(8, 600))
  })
  it('faults overlap, and each kind occurs', () => {
    const all = schedule(7, 1800)
    expect(all.some(({ at }, i) => at < (all[i - 1]?.until ?? 0))).toBe(true)
    expect(new Set(all.map(({ kind }) => kind)).size).toBe(10)
  })
})
