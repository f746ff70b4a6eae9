import { describe, expect, it } from 'vitest'
import { makeOutages } from './outages.ts'
import { plot } from './plot.ts'
import { recoveryPlot } from './recovery-plot.ts'
import { intoPage, type Report } from './report.ts'
import { rejections } from './responses.ts'

const report: Report = {
  date: '2026-01-31',
  machine: 'A processor, 2 cores',
  minutes: 10,
  versions: { Softspoken: '1.2.3', BIRD: '2.17.5' },
  rows: ['Softspoken', 'BIRD'].flatMap(speaker =>
    rejections.map(response => ({
      speaker,
      response,
      dials: speaker === 'BIRD' ? [5] : [0, 60, 180],
      syns: 4,
      opens: 2,
    })),
  ),
  recoveries: ['Softspoken', 'BIRD'].flatMap(speaker =>
    makeOutages(2).map((outage, i) => ({
      ...outage,
      speaker,
      after: outage.kind === 'shutdown' ? undefined : speaker === 'BIRD' ? 100 + 10 * (i % 2) : 5,
    })),
  ),
  steady: [{ speaker: 'BIRD', holdTime: 240, keepalives: 0.8, packets: 1.7, octets: 123.4, received: 1 }],
}

describe('the politeness page', () => {
  const page = 'By hand.\n\n<!-- measured -->\nformer\n<!-- /measured -->\n\nBy hand, too.\n'

  it('keeps the text outside the markers', () => {
    const made = intoPage(page, report)
    expect(made).toMatch(
      /^By hand\.\n\n<!-- measured -->\n\nMeasured on 2026-01-31 .*\n\n<!-- \/measured -->\n\nBy hand, too\.\n$/s,
    )
    expect(made).not.toContain('former')
    expect(intoPage(made, report)).toBe(made)
  })
  it('has a row per speaker and a column per response', () => {
    const lines = intoPage(page, report).split('\n')
    expect(lines).toContain(`| Softspoken 1.2.3 |${' 3 / 4 / 2 |'.repeat(rejections.length)}`)
    expect(lines).toContain(`| BIRD 2.17.5 |${' 1 / 4 / 2 |'.repeat(rejections.length)}`)
  })
  it('has the longest wait, also the one until the end', () => {
    const lines = intoPage(page, report).split('\n')
    expect(lines).toContain(`| Softspoken |${' 420 |'.repeat(rejections.length)}`)
    expect(lines).toContain(`| BIRD |${' 595 |'.repeat(rejections.length)}`)
  })
  it('has the suggested traffic next to the measured one (RFC 4271 §4.4)', () => {
    // 0.75 KEEPALIVEs of 85 octets and one acknowledgment of 66 a minute.
    expect(intoPage(page, report)).toContain('| BIRD | 240 s | 0.8 | 0.8 | 1.7 | 1.8 | 123 | 130 |')
  })
  it('has the median and the longest recovery, and none without a route', () => {
    const lines = intoPage(page, report).split('\n')
    const ours = lines.filter(line => line.startsWith('| Softspoken | **'))
    expect(ours).toEqual([
      `| Softspoken |${' **5.0 / 5.0** |'.repeat(5)} **none / none** | **5.0 / 5.0** |`,
      `| Softspoken |${' **5.0 / 5.0** |'.repeat(5)} **none / none** |`,
      `| Softspoken |${' **5.0 / 5.0** |'.repeat(5)} **none / none** | **5.0 / 5.0** |`,
    ])
    expect(lines.filter(line => line.includes('105 / 110'))).toHaveLength(3)
  })
  it('a recovery is not bold if the speaker exceeds our dial budget', () => {
    const rows = report.rows.map(row => ({ ...row, dials: Array.from({ length: 12 }, (_, i) => i) }))
    expect(intoPage(page, { ...report, rows })).not.toContain('**5.0')
  })
  it('a page without markers is an error', () => {
    expect(() => intoPage('By hand.', report)).toThrow('<!-- measured -->')
  })
})

describe('the politeness plot', () => {
  const svg = plot(report.rows, report)

  it('has a line per speaker and response, and a tick per dial', () => {
    const lines = [...svg.matchAll(/class="tick[^"]*" d="([^"]*)"/g)].map(([, d = '']) => d.match(/M/g)?.length)
    expect(lines).toEqual(rejections.flatMap(() => [3, 1]))
  })
  it('has the start at the left and the end at the right', () => {
    const [row] = report.rows
    const edges = plot([{ ...row!, dials: [0, 600] }], report)
    const [, left, right] = /class="tick ours" d="M([\d.]+) \d+v12M([\d.]+) /.exec(edges) ?? []
    expect([left, right]).toEqual(['96.0', '800.0'])
  })
  it('has colours for dark mode', () => {
    expect(svg).toContain('prefers-color-scheme: dark')
  })
})

describe('the plot of recoveries', () => {
  it('has a dot for each recovery after a long outage or a reset', () => {
    const dots = recoveryPlot(report).match(/<circle/g)
    expect(dots).toHaveLength(2 * (6 * 2 + 2))
  })
})
