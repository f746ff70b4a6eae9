/** The two plugins of Stryker: which mutants it leaves out, and how it runs tests. */
import { relative } from 'node:path'
import { BroadcastChannel } from 'node:worker_threads'
import type { Ignorer } from '@stryker-mutator/api/ignore'
import { declareClassPlugin, declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin'
import {
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  TestStatus,
} from '@stryker-mutator/api/test-runner'
import { createVitest, type Vitest } from 'vitest/node'
import { type Answer, CHANNEL, type Question } from './messages.ts'
import { shouldIgnore } from './sentences.ts'

class LoadedTests implements TestRunner {
  readonly #channel = new BroadcastChannel(CHANNEL)
  #vitest: Vitest | undefined
  #ended: Promise<unknown> | undefined

  /** Otherwise a new process would start for each mutant that is also reached while tests are loaded. Only what runs in a test is changed. */
  capabilities() {
    return { reloadEnvironment: true }
  }
  async init(): Promise<void> {
    this.#vitest = await createVitest('test', { config: 'test/mutation/vitest.config.ts', watch: false })
    const loaded = this.#answer('loaded')
    this.#ended = this.#vitest.start()
    await Promise.race([loaded, this.#ended.then(() => Promise.reject(new Error('the tests could not be loaded')))])
  }
  async dispose(): Promise<void> {
    this.#ask({ type: 'end' })
    await this.#ended
    await this.#vitest?.close()
    this.#channel.close()
  }

  async dryRun(): Promise<DryRunResult> {
    const answer = this.#answer('ran-all')
    this.#ask({ type: 'run-all' })
    const { outcomes, coverage } = await answer
    const tests = outcomes.map(({ id, milliseconds, failure }): TestResult => {
      const test = { id, name: id, fileName: id.split(' > ', 1)[0]!, timeSpentMs: milliseconds }
      return failure === undefined
        ? { ...test, status: TestStatus.Success }
        : { ...test, status: TestStatus.Failed, failureMessage: failure }
    })
    return { status: DryRunStatus.Complete, tests, mutantCoverage: coverage }
  }

  async mutantRun({ activeMutant, testFilter, hitLimit }: MutantRunOptions): Promise<MutantRunResult> {
    const answer = this.#answer('ran-mutant')
    const { id: mutant, fileName } = activeMutant
    const file = relative(process.cwd(), fileName)
    this.#ask({ type: 'run-mutant', mutant, file, ids: testFilter, hitLimit })
    const { count, failed, isClean, endless } = await answer
    if (endless) return { status: MutantRunStatus.Timeout }
    if (failed === undefined) return { status: MutantRunStatus.Survived, nrOfTests: count }
    if (isClean === false) await this.#reload()
    return {
      status: MutantRunStatus.Killed,
      killedBy: [failed.id],
      failureMessage: failed.failure,
      nrOfTests: count,
    }
  }

  /** A test that failed left something behind, because of which it fails without the mutant, too. */
  async #reload(): Promise<void> {
    this.#ask({ type: 'end' })
    await this.#ended
    await this.#vitest?.close()
    await this.init()
  }
  #ask(question: Question): void {
    this.#channel.postMessage(question)
  }
  #answer<type extends Answer['type']>(type: type): Promise<Extract<Answer, { type: type }>> {
    return new Promise(done => {
      this.#channel.onmessage = event => {
        const { data } = event as { data: Answer }
        if (data.type === type) done(data as Extract<Answer, { type: type }>) // it has that type
      }
    })
  }
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, 'loaded-tests', LoadedTests),
  declareValuePlugin(PluginKind.Ignore, 'sentences', { shouldIgnore } as Ignorer),
]
