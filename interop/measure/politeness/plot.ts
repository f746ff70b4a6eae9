/** Plots all dials: a group per response, a line per speaker, a tick per dial. */
import { frame, text } from '@softspoken/test-support/svg'
import type { Row } from './dials.ts'
import { rejections, responses } from './responses.ts'

const WIDTH = 860
const LEFT = 96
const RIGHT = 60
const LINE = 17
const GROUP = 30
const TOP = 14

export function plot(rows: readonly Row[], { minutes, date }: { minutes: number; date: string }): string {
  const scale = (WIDTH - LEFT - RIGHT) / (minutes * 60)
  const x = (seconds: number) => (LEFT + seconds * scale).toFixed(1)
  const parts: string[] = []
  let y = TOP
  for (const response of rejections) {
    const group = rows.filter(row => row.response === response)
    y += GROUP
    parts.push(text(LEFT, y - 11, `a router that ${responses[response].text}`, 'head'))
    for (const { speaker, dials } of group) {
      const ours = speaker === 'Softspoken' ? ' ours' : ''
      const ticks = dials.map(seconds => `M${x(seconds)} ${y + 2}v${LINE - 5}`).join('')
      parts.push(
        text(LEFT - 8, y + 12, speaker, `name${ours}`),
        `<path class="line" d="M${LEFT} ${y + LINE - 2}H${WIDTH - RIGHT}"/>`,
        `<path class="tick${ours}" d="${ticks}"/>`,
        text(WIDTH - RIGHT + 8, y + 12, String(dials.length), `count${ours}`),
      )
      y += LINE
    }
  }
  const bottom = y + 4
  for (let minute = 0; minute <= minutes; minute++)
    parts.push(text(Number(x(minute * 60)), bottom + 14, minute === minutes ? `${minute} min` : String(minute), 'time'))
  return frame({
    title: `Dials in ${minutes} minutes against a router that rejects them, by speaker; measured on ${date}`,
    width: WIDTH,
    height: bottom + 24,
    style: '.tick { stroke: var(--soft); stroke-width: 1.5 }\n.tick.ours { stroke: var(--ours); stroke-width: 2.5 }',
    parts,
  })
}
