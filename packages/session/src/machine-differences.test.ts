/** The table of differences to another machine in docs/rfc.md; `npx --yes pnpm@12 test:machine` plays that machine. */
import { describe, expect, it } from 'vitest'
import { compareAll, type Other } from '../tools/machine-beside.ts'
import { settled } from '../tools/machine-differences.ts'
import { machineFaults, withFault } from '../tools/machine-faults.ts'

/** A machine that ends every session with a word that ours never sends, so that all that ours does differs from it. */
const differsAlways: Other = async lines => lines.map(() => 'unknown idle')

async function oursByInput(): Promise<Set<string>> {
  const settings = [{}, { allowZeroHoldTime: true }]
  const found = await Promise.all(settings.map(options => compareAll(differsAlways, options, 5)))
  const all = found.flatMap(({ differences }) => [...differences.values()])
  return new Set(all.map(({ state, input, ours }) => `${state} | ${input} | ${ours}`))
}
/** Timers are compared only in the same state. */
const withoutTimers = (does: string): string => does.replace(/(, )?\w+Timer runs on$/, '') || 'nothing'

describe('the differences to another state machine', () => {
  it('each row has what our machine does', async () => {
    const ours = await oursByInput()
    for (const { states, input, inputs, ours: does } of settled)
      for (const state of states) {
        const matches = [...ours].filter(one => {
          const [at, name = '', what] = one.split(' | ')
          return at === state && (inputs?.test(name) ?? name === input) && what === withoutTimers(does)
        })
        expect(matches, `${state} | ${input}`).not.toEqual([])
      }
  })
  it.each(machineFaults.filter(({ name }) => !name.includes('hold timer')))(
    'a fault changes it: $name',
    async fault => {
      const right = await oursByInput()
      const wrong = await withFault(fault, oursByInput)
      expect([...wrong].filter(one => !right.has(one))).not.toEqual([])
    },
  )
})
