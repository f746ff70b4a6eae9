/** Plots all times: a group per time, a line per announcer, from the median to the 95th percentile. */
import { frame, text } from '@softspoken/test-support/svg'
import { departures, median, p95, type Report } from './report.ts'

const WIDTH = 860
const LEFT = 96
const RIGHT = 96
const LINE = 17
const GROUP = 30
const TOP = 14

/** The values of the logarithmic axis, in milliseconds. */
const DECADES = [0.1, 1, 10, 100, 1_000, 10_000, 100_000] as const
const LABELS = ['0.1 ms', '1 ms', '10 ms', '0.1 s', '1 s', '10 s', '100 s'] as const

export function plot(report: Report): string {
  const groups: [string, (one: Report['announcers'][number]) => readonly number[]][] = [
    ['from the start of its process to the route in the router’s kernel', ({ routed }) => routed],
    ['from the call to the route in the router’s kernel', ({ announced }) => announced],
    ['from the call to no route', ({ withdrawn }) => withdrawn],
    ['from SIGTERM to no route', one => departures(report, one.name, 'TERM')],
    ['from SIGKILL to no route', one => departures(report, one.name, 'KILL')],
  ]
  const [first, last] = [DECADES[0], DECADES[DECADES.length - 1]!]
  const x = (milliseconds: number) => {
    const part = Math.log(Math.max(milliseconds, first) / first) / Math.log((2.5 * last) / first)
    return (LEFT + part * (WIDTH - LEFT - RIGHT)).toFixed(1)
  }
  const parts: string[] = []
  let y = TOP
  for (const [title, times] of groups) {
    y += GROUP
    parts.push(text(LEFT, y - 11, title, 'head'))
    for (const one of report.announcers) {
      const ours = one.name === 'Softspoken' ? ' ours' : ''
      const [middle, high] = [median(times(one)), p95(times(one))]
      parts.push(
        text(LEFT - 8, y + 12, one.name, `name${ours}`),
        `<path class="line" d="M${LEFT} ${y + LINE - 2}H${WIDTH - RIGHT}"/>`,
        `<path class="span${ours}" d="M${x(middle)} ${y + 8}H${x(high)}"/>`,
        `<circle class="dot${ours}" cx="${x(middle)}" cy="${y + 8}" r="4"/>`,
        text(WIDTH - RIGHT + 8, y + 12, formatTime(middle), `count${ours}`),
      )
      y += LINE
    }
  }
  for (const [i, decade] of DECADES.entries()) parts.push(text(Number(x(decade)), y + 18, LABELS[i]!, 'time')) // one each
  return frame({
    title: `Medians and 95th percentiles of how soon a route comes and goes, by announcer; measured on ${report.date}`,
    width: WIDTH,
    height: y + 28,
    style:
      '.span { stroke: var(--soft); stroke-width: 2 }\n.dot { fill: var(--soft) }\n.span.ours { stroke: var(--ours) }\n.dot.ours { fill: var(--ours) }',
    parts,
  })
}

function formatTime(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Number(milliseconds.toPrecision(2))} ms` : `${(milliseconds / 1_000).toFixed(1)} s`
}
