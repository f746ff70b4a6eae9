import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as budget from './budget.ts'

const page = readFileSync(new URL('../../../../docs/leases.md', import.meta.url), 'utf8')
const seconds = (milliseconds: number): string => `${milliseconds / 1000}`

/** The cells of the row of the frame budget. */
function row(what: string): string {
  const line = page.slice(page.indexOf('### The frame budget')).split('\n')
  const found = line.find(text => text.startsWith(`| ${what} |`))
  if (found === undefined) throw new Error(`docs/leases.md has no row for ${what}`)
  return found
}

test('docs/leases.md has the numbers of the frame budget', () => {
  const { PROBES, BURST, FRAMES } = budget
  expect(row('probe')).toContain(`0 and ${PROBES.spacing} ms`)
  expect(row('probe')).toContain(`decided at ${PROBES.decideAfter} ms`)
  expect(row('announcement')).toContain(`ARP: ${FRAMES.arp}, a request and a reply. NDP: ${FRAMES.ndp},`)
  const [arp, ndp] = [BURST.length * FRAMES.arp, BURST.length * FRAMES.ndp]
  expect(row('burst')).toContain(`${BURST.length} announcements: ${arp} frames of ARP, or ${ndp} of NDP`)
  const times = BURST.map(seconds)
  expect(row('burst')).toContain(`${times.slice(0, -1).join(', ')} and ${times.at(-1)} s after its start`)
  expect(row('burst')).toContain(`one start in ${seconds(budget.BURST_INTERVAL)} s`)
  expect(row('claim less than 10 s after the start of a burst')).toContain('1 announcement')
  expect(row('refresh')).toContain(`1 announcement | ${seconds(budget.REFRESH_INTERVAL)} s after`)
  expect(row('claim')).toContain(`${PROBES.count} probes at most`)
  expect(row('claim')).toContain(`one start in ${seconds(budget.CLAIM_INTERVAL)} s`)
  expect(row('claim')).toContain(`${seconds(budget.BLOCKED_INTERVAL)} s after a claim that was blocked`)
  expect(page).toContain(`the Lease is read at once, at most once in ${seconds(budget.LOOK_INTERVAL)} s`)
})
test('mostFrames() adds the rows of the frame budget', () => {
  // Two claims, of which one began before: 2 probes and the first announcement each; the burst, and one refresh.
  expect(budget.mostFrames(10_000, 1, 'arp')).toBe(2 * 2 + (4 + 1 + 2) * 2)
  expect(budget.mostFrames(10_000, 1, 'ndp')).toBe(2 * 2 + (4 + 1 + 2))
  expect(budget.mostFrames(60_000, 0, 'arp')).toBe(2 + (6 * 4 + 1 + 1) * 2)
})
