/** The plot of docs/scale.md, from its table of sessions: a group per cost, a line per number of sessions, two bars. */
import { frame, text } from '@softspoken/test-support/svg'
import { dateOf, numberIn, rowsOf } from './rows.ts'

const WIDTH = 860
const LEFT = 110
const RIGHT = 110
const LINE = 24
const GROUP = 30
const TOP = 24

/** What is plotted, each group with an axis of its own. `column` is that of the table. */
const costs = [
  { title: 'all Established in, milliseconds', column: 2 },
  { title: 'CPU, seconds in a minute', column: 3 },
  { title: 'RSS of the process, MiB', column: 6 },
] as const
const places = [
  { name: 'peers in the same process', cell: 'the same process', style: 'near' },
  { name: 'peers in another, through loopback', cell: 'another, through loopback', style: 'far' },
] as const

export function scalePlot(page: string): string {
  const rows = rowsOf(page, '| sessions |')
  const counts = [...new Set(rows.map(([count]) => count ?? ''))]
  const parts: string[] = []
  let y = TOP
  for (const [i, { name, style }] of places.entries()) {
    const x = LEFT + i * 230
    parts.push(`<rect class="${style}" x="${x}" y="7" width="12" height="9"/>`, text(x + 18, 16, name, 'peer'))
  }
  for (const { title, column } of costs) {
    y += GROUP
    parts.push(text(LEFT, y - 7, title, 'head'))
    const most = Math.max(...rows.map(row => numberIn(row[column])))
    for (const count of counts) {
      const values = places.map(({ cell }) => numberIn(rows.find(row => row[0] === count && row[1] === cell)?.[column]))
      parts.push(text(LEFT - 8, y + 15, count === '1' ? '1 session' : count, 'name'))
      for (const [i, value] of values.entries()) {
        const width = Math.max(1, (value / most) * (WIDTH - LEFT - RIGHT)).toFixed(1)
        parts.push(
          `<rect class="${places[i]!.style}" x="${LEFT}" y="${y + 1 + i * 10}" width="${width}" height="9"/>`, // one each
          text(LEFT + Number(width) + 5, y + 10 + i * 10, String(value), 'value'),
        )
      }
      y += LINE
    }
  }
  return frame({
    title: `What sessions cost, by their number; measured on ${dateOf(page.slice(page.indexOf('<!-- scale -->')))}`,
    width: WIDTH,
    height: y + 10,
    style: '.near { fill: var(--soft) }\n.far { fill: var(--ours) }\n.value { font-size: 10px }',
    parts,
  })
}
