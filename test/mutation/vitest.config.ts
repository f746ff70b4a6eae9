/** For mutants: one file loads all tests, and a runner of our own runs them when it is asked to. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/mutation/load-tests.ts'],
    runner: 'test/mutation/vitest-runner.ts',
    pool: 'threads',
    isolate: false,
    testTimeout: 15_000, // far more than any of them takes; one that hangs fails
  },
})
