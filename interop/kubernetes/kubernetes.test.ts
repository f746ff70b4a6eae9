import { beforeAll, describe, expect, inject, it } from 'vitest'
import { inContainer } from './container.ts'
import { scenarios } from './scenarios/all.ts'

interface Result {
  readonly title: string
  readonly failure?: string
  readonly logs?: string
}

describe.skipIf(!inject('kubernetes'))('a control plane of three nodes with a real API server', () => {
  const results = new Map<string, Result>()
  // One container runs all scenarios, one after the other, because starting one takes longer than most of them.
  beforeAll(async () => {
    for await (const line of inContainer('scenario-program.ts', [])) {
      const result = JSON.parse(line) as Result
      results.set(result.title, result)
    }
  }, 1_800_000)

  it.each(scenarios.filter(({ inCi = true }) => inCi).map(({ title }) => title))('%s', title => {
    const { failure, logs } = results.get(title) ?? { failure: 'it did not run' }
    expect(failure, logs).toBeUndefined()
  })
})
