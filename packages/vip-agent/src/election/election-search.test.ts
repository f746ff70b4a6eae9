/** Every schedule of two candidates for 10 s; `npx --yes pnpm@12 prove:election` goes further. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { searchElection } from '../../tools/election-search.ts'
import type { Disturbance, Schedule } from '../../tools/election-world.ts'

/** Faults in the shipped code. */
const fault = vi.hoisted(() => ({
  none: { early: 0, ownIdentityLeads: false, deletedIsFree: false, keepsWrites: false, sleep: 2000 },
  now: { early: 0, ownIdentityLeads: false, deletedIsFree: false, keepsWrites: false, sleep: 2000 },
}))
vi.mock(import('./observe.ts'), async original => {
  const { observe, ...others } = await original()
  return {
    ...others,
    observe: (before, lease, t) => {
      const state = observe(before, lease, t)
      const { observed, config, leading } = state
      if (!observed) return state
      const { early, ownIdentityLeads, deletedIsFree, keepsWrites } = fault.now
      const isOwn = ownIdentityLeads && lease?.holder === config.identity
      const claimAt = deletedIsFree && lease === undefined ? t.now : observed.claimAt - early
      return {
        ...state,
        writes: keepsWrites ? before.writes : state.writes,
        observed: { ...observed, claimAt },
        leading: leading ?? (isOwn ? { epoch: lease.epoch, until: t.now + config.renewDeadline } : undefined),
      }
    },
  }
})
vi.mock(import('../clocks.ts'), async original => {
  const clocks = await original()
  return Object.defineProperty({ ...clocks }, 'JUMP', { get: () => fault.now.sleep as 2000, enumerable: true })
})
afterEach(() => {
  fault.now = fault.none
})

const schedule: Schedule = {
  rates: [1, 1.49],
  config: { leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 5000, claimDelay: 0, requestTimeout: 4500 },
  step: 4900, // two of them end just before a leadership does
  steps: 2,
  disturbances: { kinds: [], count: 0 },
}
const oneStep: Schedule = { ...schedule, step: 9900, steps: 1 } // it ends just before a leadership does
const one = (kind: Disturbance): Schedule['disturbances'] => ({ kinds: [kind], count: 1 })

describe('every schedule of two candidates', { timeout: 120_000 }, () => {
  it.each([[[1, 1.49]], [[1.49, 1]]])('no schedule has two leaders, with clocks of the rates %j', rates => {
    const { counterexample, states } = searchElection({ ...schedule, rates })
    expect(counterexample).toBeUndefined()
    expect(states).toBeGreaterThan(5000)
  })
  it.each<Disturbance>(['restart', 'sleep', 'person'])('none has two leaders, with one disturbance: %s', kind => {
    const { counterexample, states } = searchElection({ ...oneStep, disturbances: one(kind) })
    expect(counterexample).toBeUndefined()
    expect(states).toBeGreaterThan(5000)
  })

  it('a clock that runs faster than the theorem allows has two leaders', () => {
    const { counterexample } = searchElection({ ...schedule, rates: [1, 1.55] })
    expect(counterexample?.invariant).toBe('two lead at once')
    expect(counterexample?.events.at(-1)).toBe('node-1: its answer')
  })
  it.each<Disturbance>(['restart', 'sleep', 'person'])(
    'a clock that is too fast has two leaders, with one disturbance: %s',
    kind => {
      const { counterexample } = searchElection({ ...oneStep, rates: [1, 1.55], disturbances: one(kind) })
      expect(counterexample?.invariant).toBe('two lead at once')
    },
  )
  it('a clock that is too fast has two leaders, with three candidates', () => {
    const { counterexample } = searchElection({ ...oneStep, rates: [1, 1.2, 1.55] })
    expect(counterexample?.invariant).toBe('two lead at once')
  })
  it('the search finds a candidate that claims too early', () => {
    fault.now = { ...fault.none, early: 5500 }
    expect(searchElection({ ...schedule, rates: [1, 1] }).counterexample?.invariant).toBe('two lead at once')
  })
  it('the search finds a process that leads on with the epoch of an earlier one', () => {
    fault.now = { ...fault.none, ownIdentityLeads: true }
    const given = { ...schedule, steps: 1, disturbances: one('restart') }
    expect(searchElection(given).counterexample?.invariant).toBe('an epoch does not rise')
  })
  it('the search finds a candidate that takes a deleted Lease at once', () => {
    fault.now = { ...fault.none, deletedIsFree: true }
    const given = { ...schedule, steps: 1, disturbances: one('person') }
    expect(searchElection(given).counterexample?.invariant).toBe('two lead at once')
  })
  it('the search finds a candidate that leads with a create that came late', () => {
    fault.now = { ...fault.none, keepsWrites: true }
    const config = { ...schedule.config, retryPeriod: 2000 }
    const given = { ...schedule, config, disturbances: one('person') }
    expect(searchElection(given).counterexample?.invariant).toBe('an epoch does not rise')
  })
  it('the search finds a leader that does not count a sleep', () => {
    fault.now = { ...fault.none, sleep: schedule.config.renewDeadline }
    // A leader that sleeps for one of these steps leads until after the second.
    const given = { ...schedule, step: 7400, disturbances: one('sleep') }
    expect(searchElection(given).counterexample?.invariant).toBe('two lead at once')
  })
})
