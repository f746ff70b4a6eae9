import { expect, it } from 'vitest'
import type { ProgramOptions } from './options.ts'
import { stopTimeLimit } from './stop-time.ts'

const options: ProgramOptions = { prefix: ['198.51.100.10/32'], logLevel: 'info' }

it.each<[Partial<ProgramOptions>, number]>([
  [{}, 10],
  [{ drainTime: 0 }, 7],
  [{ drainTime: 20, gracefulShutdownTime: 5 }, 32],
  [{ mode: 'leader' }, 14],
])('with %j a stop takes %d s at most', (given, seconds) => {
  expect(stopTimeLimit({ ...options, ...given })).toBe(seconds)
})
