import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'
import './test/support/closed-pipe.ts' // for `… test:unit | head -3`

const unit = [
  'packages/*/src/**/*.test.ts',
  'examples/*/src/**/*.test.ts',
  'test/**/*.test.ts',
  'scripts/*.test.ts',
  'interop/{lab,measure,kubernetes/{client,nemesis}}/**/*.test.ts',
]

/** When a test that hangs is given up, on a busy machine. */
const testTimeout = 60_000

/** Tests that start programs, or that wait in real seconds. */
const processes = ['{packages,examples}/*/src/**/*.process.test.ts', 'test/process/*.test.ts']

export default defineConfig({
  test: {
    reporters: ['default', './test/support/running-files.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          testTimeout,
          include: unit,
          exclude: [...configDefaults.exclude, ...processes],
          maxWorkers: '100%', // one fewer by default, which on two cores is one
          isolate: false,
          setupFiles: ['test/support/mocked-modules.ts'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'process',
          testTimeout,
          include: processes,
          maxWorkers: 2 * availableParallelism(), // they wait most of the time
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'interop',
          include: ['interop/{behaviours,faults}/*.test.ts'],
          maxConcurrency: 12, // as many as a lab has routers
          globalSetup: ['interop/lab/setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          retry: 1, // Docker on a busy machine now and then refuses what it grants a second later; CI names who needed it
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'kubernetes',
          include: ['interop/kubernetes/*.test.ts'],
          globalSetup: ['interop/kubernetes/setup.ts'],
          sequence: { groupOrder: 3 }, // alone, because it looks for gaps of 50 ms
        },
      },
    ],
  },
})
