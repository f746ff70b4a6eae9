/** For mutants: one file loads all tests, and a runner of our own runs them when it is asked to. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/mutation/load-tests.ts'],
    runner: 'test/mutation/vitest-runner.ts',
    pool: 'threads',
    isolate: false,
    testTimeout: 5000, // a test that hangs fails before Stryker ends the process, which loads all tests again
    hookTimeout: 5000,
  },
})
