/**
 * `npx --yes pnpm@12 prove:election [minutes] [candidates]`: searches every schedule, step by step of time, as far as the
 * minutes reach; default 10 for two candidates, and 10 for three.
 */
import { searchElection } from './election-search.ts'
import type { Schedule } from './election-world.ts'

const minutes = Number(process.argv[2] ?? 10)
if (!(minutes > 0)) throw new Error(`${process.argv[2]}: a number of minutes, such as 10`)

const config = { leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 5000, claimDelay: 0, requestTimeout: 4500 }
const step = 4900
const disturbances: Readonly<Record<string, Schedule['disturbances']>> = {
  'one restart': { kinds: ['restart'], count: 1 },
  'one sleep': { kinds: ['sleep'], count: 1 },
  'one change by a person': { kinds: ['person'], count: 1 },
  'no disturbance': { kinds: [], count: 0 },
}
const worlds = [
  [1, 1.49],
  [1, 1.2, 1.49],
].filter(rates => rates.length === Number(process.argv[3] ?? rates.length))

for (const rates of worlds) {
  const until = performance.now() + minutes * 60_000
  for (const [i, [name, disturbances_]] of Object.entries(disturbances).entries()) {
    const end = performance.now() + (until - performance.now()) / (Object.keys(disturbances).length - i)
    for (let steps = 1; ; steps++) {
      const begun = performance.now()
      const schedule = { rates, config, step, steps, disturbances: disturbances_ }
      const { states, transitions, counterexample } = searchElection(schedule)
      const seconds = (performance.now() - begun) / 1000
      console.log(
        `${rates.length} candidates, ${name}: every schedule of ${(steps * step) / 1000} s,`,
        `${states} states, ${transitions} transitions, in ${seconds.toFixed(0)} s`,
      )
      if (counterexample) {
        process.exitCode = 1
        console.log(`broken: ${counterexample.invariant}\n  ${counterexample.events.join('\n  ')}`)
        break
      }
      if (performance.now() + 6 * seconds * 1000 > end) break // the next one takes four to ten times as long
    }
  }
}
