/**
 * A reporter for Vitest: keeps the names of the test files that run now in the file that RUNNING_TEST_FILES names. An
 * endless loop hangs Vitest without a message, because its timeouts do not run; `.ci/run` then prints these names.
 */
import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

const list = process.env.RUNNING_TEST_FILES

export default class RunningFiles implements Reporter {
  readonly #running = new Set<string>()

  onTestModuleQueued({ relativeModuleId }: TestModule): void {
    this.#running.add(relativeModuleId)
    this.#write()
  }
  onTestModuleEnd({ relativeModuleId }: TestModule): void {
    this.#running.delete(relativeModuleId)
    this.#write()
  }
  #write(): void {
    if (list !== undefined) writeFileSync(list, [...this.#running, ''].join('\n'))
  }
}
