/**
 * The most log lines that any sequence of attempts gets through a limit, beside the table of docs/defaults.md. Time passes in
 * steps, and at each moment there are as many attempts as a peer likes. log-budget.test.ts plays a router against the same table.
 */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { LogThrottle } from './log-throttle.ts'
import { RateLimit } from './rate-limit.ts'

type Take = (now: number) => boolean
const limitOf = (burst: number, interval: number) => (): Take => {
  const limit = new RateLimit(burst, interval)
  return now => limit.take(now)
}
const throttle = (): Take => {
  const limit = new LogThrottle()
  return now => limit.take(now) !== undefined
}

const page = readFileSync(new URL('../../../docs/defaults.md', import.meta.url), 'utf8')
const published = (line: string): number[] =>
  (new RegExp(`^\\| \`${line}\`.* \\| (\\d+) \\| (\\d+) \\| (\\d+) \\|$`, 'm').exec(page) ?? []).slice(1).map(Number)

it.each([
  ['session established', limitOf(20, 6), 3000],
  ['route sent', limitOf(20, 6), 6000],
  ['malformed UPDATE', throttle, 15_000],
  ['too many connections of the peer: closed', throttle, 60_000],
])('no sequence causes more lines than the table has: %s', (line, newLimit, step) => {
  expect(SPANS.map(span => mostAllowed(newLimit, step, span))).toEqual(published(line))
})

it.each([
  ['no limit', 'session established', () => () => true, 6000],
  ['a greater burst', 'session established', limitOf(21, 6), 6000],
  ['a shorter interval', 'session established', limitOf(20, 4), 4000],
  ['a limit for each of two lines', 'route sent', () => either(limitOf(20, 6)(), limitOf(20, 6)()), 6000],
  ['a throttle with a shorter interval', 'malformed UPDATE', () => faster(throttle(), 4 / 3), 15_000],
] as [string, string, () => Take, number][])('the search finds a fault: %s', (_, line, newLimit, step) => {
  expect(mostAllowed(newLimit, step, 60_000)).toBeGreaterThan(published(line)[0]!)
})
const either = (one: Take, other: Take) => (now: number) => one(now) || other(now)
const faster = (take: Take, factor: number) => (now: number) => take(now * factor)

// ---- the search

const SPANS = [60_000, 600_000, 3_600_000]
/** More attempts at one moment than a limit allows, and more steps than it needs to allow all of them again. */
const [ATTEMPTS, STEPS] = [41, 41]

/** A limit after these attempts. */
interface State {
  readonly now: number
  readonly attempts: readonly number[]
}

/** The most that is allowed in a span, which begins in any state of the limit. */
function mostAllowed(newLimit: () => Take, step: number, span: number): number {
  const replay = ({ attempts }: State): Take => {
    const take = newLimit()
    for (const at of attempts) take(at)
    return take
  }
  /** Two states are one if they allow as many at once after each wait. */
  const keyOf = (state: State): string => {
    const allowed = Array.from({ length: STEPS }, (_, wait) => {
      const take = replay(state)
      let count = 0
      while (count < ATTEMPTS && take(state.now + wait * step)) count++
      return count
    })
    return allowed.join()
  }
  const later = ({ now, attempts }: State): State => ({ now: now + step, attempts })
  const attempt = ({ now, attempts }: State): State => ({ now, attempts: [...attempts, now] })

  /** Of each state: the state a step later, and the one after an attempt if it is allowed. */
  const next = new Map<string, { readonly later: string; readonly allowed: string | undefined }>()
  const open: State[] = [{ now: 0, attempts: [] }]
  for (const state of open) {
    const key = keyOf(state)
    if (next.has(key)) continue
    const isAllowed = replay(state)(state.now)
    next.set(key, { later: keyOf(later(state)), allowed: isAllowed ? keyOf(attempt(state)) : undefined })
    open.push(later(state), attempt(state))
  }

  // From the last moment of the span to the first: what each state still allows.
  let most = new Map<string, number>([...next.keys()].map(key => [key, 0]))
  for (let left = span; left > 0; left -= step) {
    const before = new Map([...next].map(([key, { later }]) => [key, most.get(later) ?? 0]))
    for (let attempts = 0, isMore = true; attempts < ATTEMPTS && isMore; attempts++) {
      isMore = false
      for (const [key, { allowed }] of next) {
        const count = allowed === undefined ? 0 : 1 + (before.get(allowed) ?? 0)
        if (count <= (before.get(key) ?? 0)) continue
        before.set(key, count)
        isMore = true
      }
    }
    most = before
  }
  return Math.max(...most.values())
}
