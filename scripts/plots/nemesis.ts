/** The plot of docs/nemesis.md, from its table of durations: a histogram per mode and per thing that was measured. */
import { frame, text } from '@softspoken/test-support/svg'
import { dateOf, numberIn, rowsOf } from './rows.ts'

const WIDTH = 860
const LEFT = 96
const RIGHT = 40
const LINE = 17
const GROUP = 30
const TOP = 24
/** The space between the two modes. */
const BETWEEN = 30

const HEAD = '| seconds |'
const modes = ['leader', 'standby'] as const
/** The column of each in the part of a mode. */
const measures = ["two leaders' routes in the router", 'no route in the router', 'no answer for the client'] as const

export function nemesisPlot(page: string): string {
  const rows = rowsOf(page, HEAD)
  const width = (WIDTH - LEFT - RIGHT - BETWEEN) / modes.length
  const parts: string[] = []
  const left = (mode: number): number => LEFT + mode * (width + BETWEEN)
  for (const [i, mode] of modes.entries()) parts.push(text(left(i), 16, `mode ${mode}`, 'head'))
  let y = TOP
  for (const [measure, title] of measures.entries()) {
    y += GROUP
    parts.push(text(LEFT, y - 7, `${title}: how many times, by seconds`, 'peer'))
    const columns = modes.map((_, mode) => 1 + mode * measures.length + measure)
    const most = Math.max(1, ...rows.flatMap(row => columns.map(column => numberIn(row[column]))))
    for (const row of rows) {
      parts.push(text(LEFT - 8, y + 12, row[0] ?? '', 'name'))
      for (const [mode, column] of columns.entries()) {
        const count = numberIn(row[column])
        const length = (count / most) * (width - 30)
        if (count === 0) continue
        parts.push(
          `<rect class="bar" x="${left(mode).toFixed(1)}" y="${y + 2}" width="${length.toFixed(1)}" height="${LINE - 5}"/>`,
          text(Number((left(mode) + length + 5).toFixed(1)), y + 12, String(count), 'count'),
        )
      }
      parts.push(`<path class="line" d="M${LEFT} ${y + LINE - 1}H${WIDTH - RIGHT}"/>`)
      y += LINE
    }
  }
  return frame({
    title: `How long the router had the routes of two leaders, or none, while faults happened at random; measured on ${dateOf(page)}`,
    width: WIDTH,
    height: y + 12,
    style: '.bar { fill: var(--ours) }\n.count { font-size: 10px }',
    parts,
  })
}
