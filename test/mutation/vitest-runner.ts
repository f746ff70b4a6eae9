/**
 * A runner of Vitest: loads the tests once, then runs those that test-runner.ts asks for, as often as it asks. Vitest by itself
 * loads all modules again for each mutant, which takes longer than the tests.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { BroadcastChannel } from 'node:worker_threads'
import { type RunnerTestCase, type RunnerTestFile, type RunnerTestSuite, TestRunner } from 'vitest'
import { type Answer, CHANNEL, type Coverage, type Outcome, type Question } from './messages.ts'

/** What the changed code reads and writes: https://stryker-mutator.io/docs/stryker-js/api/ */
interface Instrumentation {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  hitCount?: number | undefined
  hitLimit?: number | undefined
  mutantCoverage?: Coverage
}
const instrumentation = ((globalThis as { __stryker__?: Instrumentation }).__stryker__ ??= {})

export default class LoadedTests extends TestRunner {
  async onBeforeRunFiles(files: RunnerTestFile[]): Promise<void> {
    const tests = new Map<string, RunnerTestCase>()
    for (const file of files) {
      if (file.result?.state === 'fail') throw new Error(file.result.errors?.[0]?.message)
      await this.onBeforeRunSuite(file)
      collect(file, '', tests)
    }
    const groups = [...new Set([...tests.values()].flatMap(groupsOf))]
    for (const group of groups) for (const hook of TestRunner.getSuiteHooks(group).beforeAll) await hook(group)
    const channel = new BroadcastChannel(CHANNEL)
    const answer = (message: Answer) => channel.postMessage(message)
    await new Promise<void>(end => {
      channel.onmessage = async event => {
        const question = (event as { data: Question }).data
        if (question.type === 'end') end()
        else if (question.type === 'run-all') answer(await this.#runAll(tests))
        else if (question.type === 'run-mutant')
          answer(await this.#runMutant(likeliestFirst(tests, question.file), question))
      }
      answer({ type: 'loaded' })
    })
    channel.close()
    for (const group of groups.toReversed())
      for (const hook of TestRunner.getSuiteHooks(group).afterAll.toReversed()) await hook(group)
    for (const test of tests.values()) test.mode = 'skip'
  }

  async #runAll(tests: ReadonlyMap<string, RunnerTestCase>): Promise<Answer> {
    const outcomes: Outcome[] = []
    for (const [id, test] of tests) {
      const before = performance.now()
      instrumentation.currentTestId = id
      const failure = await this.#failureOf(test)
      instrumentation.currentTestId = undefined
      outcomes.push({ id, milliseconds: performance.now() - before, failure })
    }
    writeFileSync(
      DURATIONS,
      JSON.stringify(Object.fromEntries(outcomes.map(({ id, milliseconds }) => [id, milliseconds]))),
    )
    return { type: 'ran-all', outcomes, coverage: instrumentation.mutantCoverage ?? { static: {}, perTest: {} } }
  }

  /** Ends with the first test that fails, which must then pass without the mutant: else it left something behind. */
  async #runMutant(
    tests: ReadonlyMap<string, RunnerTestCase>,
    { mutant, ids, hitLimit }: Extract<Question, { type: 'run-mutant' }>,
  ): Promise<Answer> {
    let count = 0
    // Stryker's is a hundred times as often as all tests together reach it; here each test has its own count.
    const most = hitLimit && Math.min(hitLimit, Math.max(10_000, hitLimit / 50))
    const isAsked = new Set(ids)
    for (const [id, test] of tests) {
      if (ids !== undefined && !isAsked.has(id)) continue
      count++
      Object.assign(instrumentation, { activeMutant: mutant, hitCount: 0, hitLimit: most })
      const failure = await this.#failureOf(test)
      const isEndless = most !== undefined && instrumentation.hitCount! > most
      Object.assign(instrumentation, { activeMutant: undefined, hitCount: undefined })
      if (isEndless) return { type: 'ran-mutant', count, endless: true }
      if (failure !== undefined) {
        const isClean = (await this.#failureOf(test)) === undefined
        return { type: 'ran-mutant', count, failed: { id, failure }, isClean }
      }
    }
    return { type: 'ran-mutant', count }
  }

  /** What Vitest does with one test, as far as these tests need it. */
  async #failureOf(test: RunnerTestCase): Promise<string | undefined> {
    let failure: string | undefined
    const attempt = async (run: () => unknown): Promise<void> => {
      try {
        await run()
      } catch (error) {
        failure ??= error instanceof Error ? error.message : String(error)
      }
    }
    test.result = { state: 'run', startTime: 0 }
    const groups = groupsOf(test)
    const cleanups: unknown[] = []
    await attempt(async () => {
      this.onBeforeTryTask(test)
      for (const group of groups)
        for (const hook of TestRunner.getSuiteHooks(group).beforeEach) cleanups.push(await hook(test.context, group))
      await TestRunner.getTestFn(test)()
      this.onAfterTryTask(test)
    })
    for (const group of groups.toReversed())
      for (const hook of TestRunner.getSuiteHooks(group).afterEach.toReversed())
        await attempt(() => hook(test.context, group))
    for (const cleanup of cleanups.toReversed()) if (typeof cleanup === 'function') await attempt(() => cleanup())
    return failure
  }
}

/** Kept in a file, because after an endless loop Stryker starts a new process. */
const DURATIONS = 'durations.json'
/** The tests beside the changed file, then the others; of both, the quickest first. */
function likeliestFirst(tests: ReadonlyMap<string, RunnerTestCase>, file: string): ReadonlyMap<string, RunnerTestCase> {
  const durations = JSON.parse(readFileSync(DURATIONS, 'utf8')) as Record<string, number>
  const beside = file.replace(/\.ts$/, '')
  const order = (id: string) => Number(!id.startsWith(beside))
  return new Map([...tests].sort(([a], [b]) => order(a) - order(b) || durations[a]! - durations[b]!))
}
function collect(group: RunnerTestSuite, name: string, tests: Map<string, RunnerTestCase>): void {
  for (const task of group.tasks) {
    if (task.mode === 'skip' || task.mode === 'todo') continue
    const path = name === '' ? task.name : `${name} > ${task.name}`
    if (task.type === 'suite') collect(task, path, tests)
    else tests.set(tests.has(path) ? `${path} #${tests.size}` : path, task)
  }
}
/** The outermost first. */
function groupsOf({ suite, file }: RunnerTestCase): RunnerTestSuite[] {
  const groups: RunnerTestSuite[] = []
  for (let group = suite; group && group !== file; group = group.suite) groups.unshift(group)
  return [file, ...groups]
}
