import { beforeAll, describe, inject, it } from 'vitest'
import { inContainer } from './container.ts'
import { scenarios } from './scenarios/all.ts'
import { segmentScenarios } from './segment/scenarios/all.ts'

interface Result {
  readonly title: string
  readonly failure?: string
  readonly logs?: string
}

// One container runs all scenarios, one after the other, because starting one takes longer than most of them.
describe.skipIf(!inject('kubernetes')).each([
  [
    'a control plane of three nodes with a real API server',
    'scenario-program.ts',
    scenarios.filter(({ inCi = true }) => inCi),
  ],
  ['three nodes that hold VIPs by ARP and neighbor discovery', 'segment/scenario-program.ts', segmentScenarios],
] as const)('%s', (_, program, all) => {
  const results = new Map<string, Result>()
  beforeAll(async () => {
    for await (const line of inContainer(program, [])) {
      const result = JSON.parse(line) as Result
      results.set(result.title, result)
    }
  }, 3_600_000)

  it.each(all.map(({ title }) => title))('%s', title => {
    const { failure, logs }: Partial<Result> = results.get(title) ?? { failure: 'it did not run' }
    if (failure !== undefined) throw new Error(`${failure}\n${logs ?? ''}`)
  })
})
