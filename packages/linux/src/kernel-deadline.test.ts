import { expect, it } from 'vitest'
import { itimerspec, sigevent } from './kernel-deadline.ts'

it('sigevent has the signal at 8 and SIGEV_SIGNAL at 12 (glibc, musl)', () => {
  const struct = sigevent(9)
  expect(struct).toHaveLength(64)
  expect([...new Int32Array(struct.buffer)].slice(0, 4)).toEqual([0, 0, 9, 0])
})
it.each([
  [0, [0n, 0n]],
  [1.25, [1n, 250_000_000n]],
  [1e-12, [0n, 1n]], // 0 would disarm the timer
  [0.999_999_999_9, [1n, 0n]],
  [86_400, [86_400n, 0n]],
])('itimerspec of %d s has no interval', (seconds, time) => {
  expect([...new BigInt64Array(itimerspec(seconds).buffer)]).toEqual([0n, 0n, ...time])
})
