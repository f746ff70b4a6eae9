/** The plot of docs/failover.md, from its first table: a group per mode, a line per fault, how long the client had no answer. */
import { frame, text } from '@softspoken/test-support/svg'
import { dateOf, rowsOf } from './rows.ts'

const WIDTH = 860
const LEFT = 240
const RIGHT = 60
const LINE = 19
const GROUP = 30
const TOP = 24
/** Seconds. What is longer is a number at the end of its line. */
const LAST = 8

const HEAD = '| mode | fault | BIRD: route |'
/** The columns of the gaps, and how each is marked. */
const series = [
  { name: 'Softspoken, BIRD as router', column: 3, style: 'bird' },
  { name: 'Softspoken, FRR as router', column: 5, style: 'frr' },
  { name: 'kube-vip, three runs', column: 7, style: 'other' },
] as const

export function failoverPlot(page: string): string {
  const rows = rowsOf(page, HEAD)
  const parts: string[] = []
  let y = TOP
  for (const [i, { name, style }] of series.entries())
    parts.push(mark(style, LEFT + i * 190 + 6, 12), text(LEFT + i * 190 + 18, 16, name, 'peer'))
  for (const mode of new Set(rows.map(([mode]) => mode))) {
    y += GROUP
    parts.push(text(LEFT, y - 9, `mode ${mode}: seconds without an answer`, 'head'))
    for (const row of rows.filter(([first]) => first === mode)) {
      const middle = y + LINE / 2
      const fault = (row[1] ?? '').replace(' (all its cables cut)', '')
      parts.push(
        text(LEFT - 10, middle + 4, fault, 'name'),
        `<path class="line" d="M${LEFT} ${y + LINE}H${WIDTH - RIGHT}"/>`,
      )
      const longer: string[] = []
      for (const { column, style } of series)
        for (const gap of gapsIn(row[column] ?? '')) {
          if (gap <= LAST) parts.push(mark(style, position(gap), middle))
          else longer.push(gap === Number.POSITIVE_INFINITY ? 'no end' : gap.toFixed(0))
        }
      if (longer.length > 0) parts.push(text(WIDTH - RIGHT + 6, middle + 4, [...new Set(longer)].join(', '), 'count'))
      y += LINE
    }
  }
  for (let second = 0; second <= LAST; second += 2)
    parts.push(text(position(second), y + 18, second === LAST ? `${second} s` : String(second), 'time'))
  return frame({
    title: `How long a client gets no answer after a fault, by mode; measured on ${dateOf(page.slice(0, page.indexOf(HEAD)))}`,
    width: WIDTH,
    height: y + 28,
    style: [
      '.bird { fill: var(--back); stroke: var(--ours); stroke-width: 2 }',
      '.frr { fill: var(--ours); stroke: var(--ours) }',
      '.other { fill: none; stroke: var(--ink); stroke-width: 1.5 }',
    ].join('\n'),
    parts,
  })
}

/** The median of a cell such as `5.67 (5.26 to 5.68)`, or each run of `6.8, 6.3, 6.9`. */
function gapsIn(cell: string): number[] {
  if (cell === 'no end seen') return [Number.POSITIVE_INFINITY]
  return (cell.replace(/ \(.*/, '').match(/[\d.]+/g) ?? []).map(Number)
}

function mark(style: 'bird' | 'frr' | 'other', x: number, y: number): string {
  if (style === 'other') return `<path class="other" d="M${x - 4} ${y - 4}l8 8m0 -8l-8 8"/>`
  return `<circle class="${style}" cx="${x}" cy="${y}" r="${style === 'bird' ? 5.5 : 2.5}"/>`
}

function position(seconds: number): number {
  return Number((LEFT + (seconds / LAST) * (WIDTH - LEFT - RIGHT)).toFixed(1))
}
