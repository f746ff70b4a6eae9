/** Random histories of an agent: each duration is one that can be, and a part goes only after it was there. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Durations } from './durations.ts'
import { type AgentConfig, type AgentInput, type AgentState, type Mode, newAgent } from './state.ts'
import { agentStep } from './step.ts'

/** What happens. `until` is the end of a lease. A step of the address may end up to 4 s after its lease. */
const inputs = {
  passed: (_, until) => ({ type: 'health', up: true, until }),
  failed: () => ({ type: 'health', up: false, detail: '' }),
  established: () => ({ type: 'sessions', established: 1 }),
  down: () => ({ type: 'sessions', established: 0 }),
  carrier: () => ({ type: 'carrier', up: true }),
  noCarrier: () => ({ type: 'carrier', up: false }),
  link: () => ({ type: 'link', mac: '02:00:5e:00:00:01', carrier: true }),
  heard: () => ({ type: 'heard', mac: '02:00:5e:00:00:02' }),
  leads: (_, until) => ({ type: 'leadership', leadership: { leader: true, epoch: 1, until } }),
  other: () => ({ type: 'leadership', leadership: { leader: false, holder: 'other' } }),
  none: () => ({ type: 'leadership', leadership: { leader: false } }),
  ended: () => ({ type: 'campaign-ended' }),
  step: ({ address }, until) =>
    address.busy === 'set' ? { type: 'address-set', until: until - 5000 } : { type: 'address-removed' },
  stepFails: () => ({ type: 'address-failed', detail: '' }),
  gone: () => ({ type: 'address-gone' }),
  drain: () => ({ type: 'drain', source: 'call', drain: { reason: 'drained', detail: '' } }),
  resume: () => ({ type: 'drain', source: 'call', drain: undefined }),
  cordon: () => ({ type: 'drain', source: 'cordon', drain: { reason: 'cordoned', detail: '' } }),
  uncordon: () => ({ type: 'drain', source: 'cordon', drain: undefined }),
  jump: () => ({ type: 'clock-jumped' }),
  tick: () => ({ type: 'tick' }),
} as const satisfies Record<string, (state: AgentState, until: number) => AgentInput>

const event = fc.record({
  what: fc.constantFrom(...(Object.keys(inputs) as (keyof typeof inputs)[])), // its keys
  after: fc.nat({ max: 4000 }), // milliseconds
  lasts: fc.integer({ min: 1000, max: 20_000 }),
})

it('a duration is finite and not negative, and a part that goes was there', () => {
  let times = 0
  fc.assert(
    fc.property(
      fc.constantFrom<Mode | 'arp'>('all-nodes', 'standby', 'leader', 'arp'),
      fc.array(event, { maxLength: 100 }),
      (mode, events) => {
        const run = new Run(mode)
        for (const one of [...start, ...events]) run.feed(one)
        run.end()
        times += run.times
      },
    ),
    { numRuns: 300 },
  )
  expect(times).toBeGreaterThan(300)
})
const start = (['step', 'established', 'link', 'passed', 'leads', 'step'] as const).map(what => ({
  ...{ what, after: 10, lasts: 20_000 },
}))

class Run {
  times = 0
  #now = 100_000
  #state: AgentState
  #wasAdvertised = false
  #hadAddress = false
  readonly #durations: Durations

  constructor(mode: Mode | 'arp') {
    const config: AgentConfig = {
      ...{ mode: mode === 'arp' ? 'leader' : mode, managesAddress: true, requireAddress: false },
      ...{ segment: mode === 'arp' ? { claimInUse: false, claimDelay: 1000 } : undefined, hasSessions: true },
      ...{ sessionGrace: 3000, drainTime: 3000, gracefulShutdownTime: 0, lastResortTime: 11_000 },
      destroyConnections: false,
    }
    this.#state = newAgent(config)
    this.#durations = new Durations(config, {
      ...{ now: () => this.#now, isSent: () => true },
      tookOver: ({ seconds }) => this.#check(seconds),
      withdrew: ({ part, seconds }) => {
        this.#check(seconds)
        expect(part === 'route' ? this.#wasAdvertised : this.#hadAddress, part).toBe(true)
        if (part === 'address') this.#hadAddress = false
      },
    })
  }
  feed({ what, after, lasts }: { what: keyof typeof inputs; after: number; lasts: number }): void {
    this.#now += after
    if (what === 'passed' || what === 'failed') this.#durations.checked(what === 'passed')
    this.#step(inputs[what](this.#state, this.#now + lasts))
  }
  end(): void {
    this.#step({ type: 'stop' })
  }

  #step(input: AgentInput): void {
    const [state, actions] = agentStep(this.#state, input, this.#now)
    const isAdvertised = this.#state.route !== undefined
    this.#wasAdvertised ||= isAdvertised
    this.#hadAddress ||= state.address.status === 'present'
    this.#state = state
    this.#durations.stepped(state, actions, this.#now)
    // The announcer says so only of a route that was announced.
    if (isAdvertised && actions.some(({ type }) => type === 'withdraw' || type === 'drain'))
      this.#durations.routeWithdrawn()
  }
  #check(seconds: number): void {
    this.times++
    expect(seconds).toBeGreaterThanOrEqual(0)
    expect(seconds).toBeLessThanOrEqual(this.#now / 1000)
  }
}
