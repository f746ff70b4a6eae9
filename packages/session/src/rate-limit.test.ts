import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RateLimit } from './rate-limit.ts'

it('a limit allows a burst, then one per interval, and a burst after a pause', () => {
  const limit = new RateLimit(3, 2)
  const allowed = (from: number, to: number, step: number) => {
    let count = 0
    for (let now = from; now < to; now += step) if (limit.take(now)) count++
    return count
  }
  expect(allowed(5000, 5001, 0.1)).toBe(3)
  expect(allowed(5001, 15_500, 10)).toBe(5)
  expect(allowed(60_000, 60_001, 0.1)).toBe(3)
})
it('a limit never allows more than the burst plus one per interval', () => {
  const gaps = fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 10 }), (steps, burst, interval) => {
      const limit = new RateLimit(burst, interval)
      let now = 0
      const taken = steps.flatMap(step => {
        now += step * 1000
        return limit.take(now) ? [now] : []
      })
      for (const [i, from] of taken.entries())
        for (const [j, to] of taken.entries())
          if (j >= i) expect(j - i + 1).toBeLessThanOrEqual(burst + (to - from) / 1000 / interval + 1e-6)
    }),
  )
})

it('a burst of one is allowed at once, and again after exactly the interval', () => {
  const limit = new RateLimit(1, 6)
  expect([0, 5999, 6000, 12_000].map(now => limit.take(now))).toEqual([true, false, true, true])
})
