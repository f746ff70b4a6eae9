/** The plot of docs/performance.md, from its first table: a group per task, a line per kind of message, a mark per peer. */
import { frame, text } from '@softspoken/test-support/svg'
import { dateOf, rowsOf } from './rows.ts'

const WIDTH = 860
const LEFT = 96
const RIGHT = 24
const LINE = 19
const GROUP = 30
const TOP = 24

/** The logarithmic axis: our rate divided by theirs. */
const TICKS = [0.1, 0.3, 1, 3, 10, 30] as const

/** A shape and a fill for each peer, in the order of the table's columns. */
const marks = [
  (x: number, y: number) => `<circle cx="${x}" cy="${y}" r="4.5"/>`,
  (x: number, y: number) => `<rect x="${x - 4}" y="${y - 4}" width="8" height="8"/>`,
  (x: number, y: number) => `<path d="M${x} ${y - 5}l5 9h-10z"/>`,
  (x: number, y: number) => `<path d="M${x} ${y + 5}l5 -9h-10z"/>`,
  (x: number, y: number) => `<path d="M${x} ${y - 5}l5 5l-5 5l-5 -5z"/>`,
]

export function performancePlot(page: string): string {
  const [head = ''] = /^\| Node .*\|$/m.exec(page) ?? []
  const [node = '', ...peers] = head.split('|').slice(1, -1)
  const parts: string[] = []
  let y = TOP
  for (const [i, peer] of peers.entries()) {
    const x = LEFT + i * 120 + 8
    parts.push(`<g class="mark${i}">${marks[i]!(x, 12)}</g>`, text(x + 12, 16, peer.trim(), 'peer')) // five peers
  }
  parts.push(text(WIDTH - RIGHT, 16, 'right: ours is faster', 'name'))
  let group = ''
  for (const [what = '', ...cells] of rowsOf(page, head)) {
    const [task = '', message = ''] = what.split(', ')
    if (task !== group) {
      y += GROUP
      parts.push(text(LEFT, y - 9, task, 'head'))
      group = task
    }
    const middle = y + LINE / 2
    parts.push(
      text(LEFT - 8, middle + 4, message, 'name'),
      `<path class="line" d="M${LEFT} ${y + LINE}H${WIDTH - RIGHT}"/>`,
    )
    for (const [i, cell] of cells.entries()) {
      const range = /([\d.]+) \(([\d.]+) to ([\d.]+)\)/.exec(cell)
      if (range === null) continue // not measured
      const [median, low, high] = range.slice(1).map(value => position(Number(value))) as [number, number, number]
      parts.push(
        `<g class="mark${i}"><path class="span" d="M${low} ${middle}H${high}"/>${marks[i]!(median, middle)}</g>`,
      )
    }
    y += LINE
  }
  const axis = TICKS.map(tick => text(position(tick), y + 18, tick === 1 ? 'as fast' : `${tick} ×`, 'time'))
  parts.unshift(`<path class="even" d="M${position(1)} ${TOP + 8}V${y + 4}"/>`)
  return frame({
    title: `Our rate divided by that of codecs in Rust, on ${node.trim()}; measured on ${dateOf(page)}`,
    width: WIDTH,
    height: y + 28,
    style: [
      '.even { stroke: var(--ink); stroke-dasharray: 3 3 }',
      '.span { stroke-width: 1.5 }',
      '.mark0 { fill: var(--ours); stroke: var(--ours) }',
      '.mark1 { fill: var(--back); stroke: var(--ink); stroke-width: 1.5 }',
      '.mark2 { fill: var(--soft); stroke: var(--soft) }',
      '.mark3 { fill: var(--back); stroke: var(--ours); stroke-width: 1.5 }',
      '.mark4 { fill: var(--ink); stroke: var(--ink) }',
    ].join('\n'),
    parts: [...parts, ...axis],
  })
}

function position(ratio: number): number {
  const part = Math.log(Math.min(TICKS[5], Math.max(TICKS[0], ratio)) / TICKS[0]) / Math.log(TICKS[5] / TICKS[0])
  return Number((LEFT + part * (WIDTH - LEFT - RIGHT)).toFixed(1))
}
