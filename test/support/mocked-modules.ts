/**
 * A setup file of Vitest. The unit tests of a worker share their modules, because to load them again for each file takes
 * longer than most tests. A file that replaces modules gets its own, and leaves none to the next file.
 */
import { readFileSync } from 'node:fs'
import { afterAll, expect, vi } from 'vitest'

const { testPath } = expect.getState()
if (testPath !== undefined && readFileSync(testPath, 'utf8').includes('vi.mock(')) {
  vi.resetModules()
  afterAll(() => void vi.resetModules())
}
