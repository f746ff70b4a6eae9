import { describe, expect, it } from 'vitest'
import { plot } from './plot.ts'
import { intoPage, median, p95, type Report } from './report.ts'

const cost = { holdTime: 90, keepalives: 2.3, packets: 4.5, octets: 343, received: 2.2 }
const report: Report = {
  date: '2026-01-31',
  machine: 'A processor, 2 cores',
  idleMinutes: 5,
  timeout: 3,
  announcers: [
    {
      name: 'Softspoken',
      version: '1.2.3',
      method: '`announce()`',
      established: [180, 190, 170],
      routed: [190, 200, 180],
      departures: { TERM: [4, 6], KILL: [2] },
      announced: [1, 2, 3],
      withdrawn: [1],
      clientOnly: [],
      runtime: { name: 'Node', started: [85] },
      installed: 130,
      cpu: 0.06,
      processes: [{ name: 'node', cpu: 1, rss: 51_200, pss: 40_960 }],
      cost,
      bare: { rss: 40_960, pss: 30_720 },
    },
    {
      name: 'FRR',
      version: '10.3',
      method: '`vtysh`',
      established: [2_000],
      routed: [2_100],
      departures: { TERM: [undefined, undefined], KILL: [1] },
      announced: [40],
      withdrawn: [0.5],
      clientOnly: [30],
      installed: 110,
      cpu: 0.3,
      processes: [
        { name: 'zebra', cpu: 1, rss: 10_240, pss: 5_120 },
        { name: 'bgpd', cpu: 1, rss: 10_240, pss: 10_240 },
      ],
      cost,
    },
  ],
  waited: [{ name: 'FRR', signal: 'TERM', seconds: 121 }],
}
const page = 'By hand.\n\n<!-- measured -->\nformer\n<!-- /measured -->\n\nBy hand, too.\n'
const made = intoPage(page, report)
const lines = made.split('\n')

describe('the comparison page', () => {
  it('keeps the text outside the markers', () => {
    expect(made).toMatch(
      /^By hand\.\n\n<!-- measured -->\n\nMeasured on 2026-01-31 .*<!-- \/measured -->\n\nBy hand, too\.\n$/s,
    )
    expect(made).not.toContain('former')
    expect(intoPage(made, report)).toBe(made)
  })
  it('has medians, 95th percentiles and their ratio to ours', () => {
    expect(lines).toContain('| Softspoken | 180 | 190 | 1 | 190 | 200 | 1 | 3 |')
    expect(lines).toContain('| FRR | 2000 | 2000 | 11.1 | 2100 | 2100 | 11.1 | 1 |')
  })
  it('has the client’s part of the time of a call', () => {
    expect(lines).toContain('| Softspoken | `announce()` | 2 | 3 | 1 | 1 | 1 | 1 | - | - |')
    expect(lines).toContain('| FRR | `vtysh` | 40 | 40 | 20 | 0.5 | 0.5 | 0.5 | 30 | 75 % |')
  })
  it('has the one longer measurement if the timeout was too short', () => {
    expect(lines).toContain('| FRR | 121000 | 121000 | 24200 | 1 | 1 | 0.5 |')
    expect(made).toContain(
      'FRR’s route stays for more than 3 s after SIGTERM, so that time was measured only once: 121.0 s.',
    )
  })
  it('has the sum over all processes of a daemon', () => {
    expect(lines).toContain('| FRR | 90 s | 4.5 | 343 | 0.300 | 0.1000 % | 20.0 | 15.0 | 2 | 110 |')
  })
  it('compares our times with our goals', () => {
    expect(lines).toContain('| start to Established, median | 80 ms | 180 ms | missed |')
    expect(lines).toContain('| RSS, idle | 50 MiB | 50 MiB | held |')
    expect(lines).toContain('| CPU, idle | 0.05 % | 0.02 % | held |')
    const [ours, ...others] = report.announcers
    const quick = { ...report, announcers: [{ ...ours!, established: [80] }, ...others] }
    expect(intoPage(page, quick)).toContain('| start to Established, median | 80 ms | 80 ms | held |')
  })
})

describe('median() and p95()', () => {
  it('return the middle value and the 95th percentile', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect([median([3, 1, 2]), median([4, 1]), median(hundred)]).toEqual([2, 2.5, 50.5])
    expect([p95(hundred), p95([7]), p95([1, 2, 3])]).toEqual([95, 7, 3])
  })
})

describe('the comparison plot', () => {
  const svg = plot(report)

  it('has a line per announcer in each of five groups', () => {
    expect(svg.match(/class="head"/g)).toHaveLength(5)
    expect(svg.match(/<circle class="dot/g)).toHaveLength(10)
  })
  it('has the median left of the 95th percentile, on one logarithmic axis', () => {
    const at = (label: string) => Number(new RegExp(`class="time" x="([\\d.]+)"[^>]*>${label}<`).exec(svg)?.[1])
    expect(at('1 ms') - at('0.1 ms')).toBeCloseTo(at('100 s') - at('10 s'), 0)
    const [, from, to] = /class="span ours" d="M([\d.]+) \d+H([\d.]+)"/.exec(svg) ?? []
    expect(Number(from)).toBeLessThan(Number(to))
  })
  it('has colours for dark mode', () => {
    expect(svg).toContain('prefers-color-scheme: dark')
  })
})
