/** Plots the recoveries: a group per kind of outage, a line per speaker, a dot per recovery. */
import { frame, text } from '@softspoken/test-support/svg'
import { everyOutage, lengths, outageKinds } from './outages.ts'
import type { Recovery } from './recoveries.ts'

const WIDTH = 860
const LEFT = 96
const RIGHT = 60
const LINE = 17
const GROUP = 30
const TOP = 14
const AXIS = 300 // seconds
const STEP = 60

export function recoveryPlot({ recoveries, date }: { recoveries: readonly Recovery[]; date: string }): string {
  const x = (seconds: number) => (LEFT + (Math.min(seconds, AXIS) / AXIS) * (WIDTH - LEFT - RIGHT)).toFixed(1)
  const speakers = [...new Set(recoveries.map(({ speaker }) => speaker))]
  const parts: string[] = []
  let y = TOP
  for (const kind of everyOutage) {
    y += GROUP
    parts.push(text(LEFT, y - 11, `a router that ${outageKinds[kind].text}`, 'head'))
    const isAtOnce = 'atOnce' in outageKinds[kind]
    for (const speaker of speakers) {
      const ours = speaker === 'Softspoken' ? ' ours' : ''
      const found = recoveries
        .filter(
          one => one.speaker === speaker && one.kind === kind && !one.dials && (isAtOnce || one.length === 'long'),
        )
        .map(({ after = Number.POSITIVE_INFINITY }) => after)
      parts.push(
        text(LEFT - 8, y + 12, speaker, `name${ours}`),
        `<path class="line" d="M${LEFT} ${y + LINE - 8}H${WIDTH - RIGHT}"/>`,
        ...found.map(after => `<circle class="dot${ours}" cx="${x(after)}" cy="${y + LINE - 8}" r="3.5"/>`),
      )
      y += LINE
    }
  }
  for (let seconds = 0; seconds <= AXIS; seconds += STEP)
    parts.push(text(Number(x(seconds)), y + 18, seconds === AXIS ? `${AXIS} s` : String(seconds), 'time'))
  return frame({
    title: `Seconds from a router's recovery, after an outage of ${lengths.long.text}, to the route, by speaker; measured on ${date}`,
    width: WIDTH,
    height: y + 28,
    style: '.dot { fill: var(--soft); fill-opacity: 0.6 }\n.dot.ours { fill: var(--ours) }',
    parts,
  })
}
