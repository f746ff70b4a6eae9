/**
 * `npx --yes pnpm@12 prove:election [candidates]`: searches every schedule of two and of three candidates, step by step of time.
 * Each row is searched a second time with a clock that is too fast. Then two must lead, or no Lease can expire in the row.
 */
import { searchElection } from './election-search.ts'
import type { Disturbance } from './election-world.ts'

const config = { leaseDuration: 15_000, renewDeadline: 10_000, claimDelay: 0, requestTimeout: 4500 }
/** The default and a longer one; with three candidates the longer one, which makes fewer states. */
const retryPeriods: Readonly<Record<string, readonly number[]>> = { 2: [2000, 5000], 3: [5000] }
/** Just below `leaseDuration` / `renewDeadline`, and beyond it. */
const [FAST, TOO_FAST] = [1.49, 1.55]
/** The clocks of all but the fastest candidate. */
const others: Readonly<Record<string, readonly number[]>> = { 2: [1], 3: [1, 1.2] }

/** Candidates, what happens once, and the steps of time: one of 9.9 s ends just before a leadership does, and two of 4.9 s. */
const rows: readonly [candidates: number, disturbance: Disturbance | 'none', steps: number, step: number][] = [
  [2, 'none', 4, 4900],
  [2, 'none', 2, 9900],
  [2, 'restart', 3, 4900],
  [2, 'restart', 2, 9900],
  [2, 'sleep', 3, 4900],
  [2, 'sleep', 2, 9900],
  [2, 'person', 3, 4900],
  [2, 'person', 2, 9900],
  [3, 'none', 2, 4900],
  [3, 'none', 1, 9900],
  [3, 'person', 1, 9900],
  [3, 'sleep', 1, 9900],
  [3, 'restart', 1, 9900],
]

const [, , asked] = process.argv
const searched = rows.filter(([candidates]) => asked === undefined || asked === `${candidates}`)
if (searched.length === 0) throw new Error(`${asked}: 2 or 3 candidates`)
for (const [candidates, kind, steps, step] of searched)
  for (const period of retryPeriods[candidates] ?? []) {
    const disturbances = kind === 'none' ? { kinds: [], count: 0 } : { kinds: [kind], count: 1 }
    const given = { config: { ...config, retryPeriod: period }, step, steps, disturbances }
    const search = (fastest: number) => searchElection({ ...given, rates: [...(others[candidates] ?? []), fastest] })
    const name = `${candidates} candidates, disturbance ${kind}, ${steps} × ${step / 1000} s, retryPeriod ${period / 1000} s`
    const tooFast = search(TOO_FAST).counterexample?.invariant
    if (tooFast !== 'two lead at once') fail(`${name}: a clock of the rate ${TOO_FAST} has no two leaders`)
    const begun = performance.now()
    const { states, transitions, counterexample } = search(FAST)
    const seconds = ((performance.now() - begun) / 1000).toFixed(0)
    console.log(`${name}: ${states} states, ${transitions} transitions, in ${seconds} s`)
    if (counterexample) fail(`broken: ${counterexample.invariant}\n  ${counterexample.events.join('\n  ')}`)
  }

function fail(text: string): void {
  process.exitCode = 1
  console.log(text)
}
