/**
 * `npx --yes pnpm@12 prove:frames [--write]`: the most frames for one VIP in each cell of the table of docs/leases.md, with a sequence of
 * inputs that sends them. A minute. If the times of the search, which are 50 ms apart, do not reach what any times could, the cell
 * has both. `--write` writes the table; without it, the exit code is 1 if the table differs.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { FRAMES } from '../src/segment/budget.ts'
import type { SegmentState } from '../src/segment/state.ts'
import { framesOf, graphOf, mostOf, type RowName, rows, spans, type Witness } from './frame-search.ts'

const page = new URL('../../../docs/leases.md', import.meta.url)
const table = [
  '| while | ARP, ten seconds | ARP, a minute | NDP, ten seconds | NDP, a minute |',
  '|---|---|---|---|---|',
]
const protocols = Object.keys(FRAMES) as (keyof typeof FRAMES)[] // its own keys
for (const row of Object.keys(rows) as RowName[]) {
  const [exact, relaxed] = [graphOf(row, false), graphOf(row, true)]
  console.log(`${row}: ${exact.states.length} states; ${relaxed.states.length} if each time is anywhere in its 50 ms`)
  const cells: string[] = []
  for (const protocol of protocols) {
    const found = mostOf(exact, rows[row], framesOf(protocol), { keep: true })
    const most = mostOf(relaxed, rows[row], framesOf(protocol))
    for (const [i, span] of spans.entries()) {
      const [least, atMost] = [found[i]?.frames, most[i]?.frames]
      const cell = least === atMost ? `${least}` : `${least} to ${atMost}`
      cells.push(cell)
      console.log(`  ${protocol}, ${span / 1000} s: ${cell}`)
      if (found[i]) console.log(`    ${lines(found[i].witness()).join('\n    ')}`)
    }
  }
  table.push(`| ${[row, ...cells].join(' | ')} |`)
}
const before = readFileSync(page, 'utf8')
const after = before.replace(/\| while [\s\S]*?\n(?=\n)/, `${table.join('\n')}\n`)
if (process.argv[2] === '--write') writeFileSync(page, after)
else if (after !== before) process.exitCode = 1

function lines({ from, events }: Witness): string[] {
  const ofTime = new Map<number, string[]>()
  for (const { at, input, probes, announcements } of events) {
    const sent = [...Array(probes).fill('probe'), ...Array(announcements).fill('announcement')]
    const what = input === 'time passes' ? sent.join(', ') : [input, ...sent].join(': ')
    ofTime.set(at, [...(ofTime.get(at) ?? []), what])
  }
  return [stateName(from), ...[...ofTime].map(([at, what]) => `${at / 1000} s: ${what.filter(Boolean).join(', ')}`)]
}
function stateName({ phase, lastBurstAt, lastClaimAt, burst }: SegmentState): string {
  const ago = (time: number, most: number) => (-time > most ? 'long ago' : `${-time / 1000} s ago`)
  const left = burst ? `, ${burst.sent} announcements of it sent` : ''
  return `${phase}; the last burst began ${ago(lastBurstAt, 10_000)}${left}; the last claim ${ago(lastClaimAt, 1000)}`
}
