/** How long an agent says that take-overs and withdrawals took, in virtual time. */
import { ScriptedPeer, VirtualClock } from '@softspoken/session/testing'
import { expect, it } from 'vitest'
import type { Election, Leadership } from '../election/election.ts'
import { VipAgent } from './agent.ts'
import { Durations, type TakeOver, type Withdrawal } from './durations.ts'
import type { AgentOptions } from './options.ts'
import { type AgentConfig, type AgentInput, type AgentState, newAgent } from './state.ts'
import { agentStep } from './step.ts'

const VIP = '198.51.100.10/32'

/** Yields what the test says. A leadership without an end is one of an hour. */
class TestElection implements Election {
  readonly leaseDuration = 15
  #news: Leadership | undefined
  #wake = (): void => {}
  says(news: Leadership): void {
    this.#news = news
    this.#wake()
  }
  async *campaign(signal: AbortSignal): AsyncGenerator<Leadership> {
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    while (!signal.aborted) {
      const news = this.#news
      this.#news = undefined
      if (news) yield news
      else await new Promise<void>(done => (this.#wake = done))
    }
  }
}

class Run {
  readonly clock = new VirtualClock()
  readonly router = new ScriptedPeer({ clock: this.clock, as: 64515 }) // iBGP: 5 s between two advertisements
  readonly election = new TestElection()
  readonly agent: VipAgent
  isHealthy = true
  hasRouter = true
  #events: string[] = []

  constructor(given: (run: Run) => Partial<AgentOptions> = () => ({})) {
    const { clock } = this
    const silent = (): void => {}
    this.agent = new VipAgent(
      {
        vips: [VIP],
        announcer: {
          ...{ local: { as: 64515, id: '10.0.5.11' }, peers: [this.router.peer], nextHop: '203.0.113.11', clock },
          ...{ random: () => 1, dial: config => this.#dial(config) },
        },
        health: { check: () => this.#check(), interval: 1, rise: 1, fall: 3, clock, holdDown: false },
        address: {
          set: () => new Promise(done => clock.setTimeout(done, 200)),
          remove: () => new Promise(done => clock.setTimeout(done, 100)),
        },
        log: { debug: silent, info: silent, warn: silent, error: silent },
        ...given(this),
      },
      { network: { interfaceOf: () => 'eth0', hasCarrier: () => true, hasAddress: () => true, watch: () => () => {} } },
    )
    const note = (what: string, seconds: number): void => void this.#events.push(`${what} ${seconds.toFixed(1)}`)
    this.agent.on('take-over', ({ part, cause, seconds }: TakeOver) => note(`+${part} ${cause}`, seconds))
    this.agent.on('withdrawal', ({ part, reason, seconds }: Withdrawal) => note(`-${part} ${reason}`, seconds))
  }
  pass(seconds: number): Promise<void> {
    return this.clock.advance(seconds)
  }
  async says(news: Leadership): Promise<void> {
    this.election.says(news)
    await this.pass(0)
  }
  leads(given: Partial<Extract<Leadership, { leader: true }>> = {}): Promise<void> {
    return this.says({ leader: true, epoch: 1, until: this.clock.now() + 3_600_000, ...given })
  }
  take(): string[] {
    return this.#events.splice(0)
  }
  #dial(config: Parameters<ScriptedPeer['dial']>[0]) {
    if (!this.hasRouter) throw new Error('no route to it')
    return this.router.dial(config)
  }
  async #check(): Promise<void> {
    if (!this.isHealthy) throw new Error('HTTP 500')
  }
}
const inLeaderMode = (run: Run): Partial<AgentOptions> => ({ election: run.election, mode: 'leader' })
const inStandbyMode = (run: Run): Partial<AgentOptions> => ({ election: run.election })

it.each([
  ['released', true],
  ['expired', false],
] as const)('a take-over counts from when no other node led: %s', async (cause, released) => {
  const run = new Run(inLeaderMode)
  await run.says({ leader: false, holder: 'other' })
  await run.pass(5)
  await run.says({ leader: false })
  await run.pass(2) // the write of the Lease
  await run.leads({ previous: { released } })
  await run.pass(1)
  expect(run.take()).toEqual([`+address ${cause} 2.2`, `+route ${cause} 2.2`])
})
it('a take-over without another leader has the reason why this node did not serve', async () => {
  const run = new Run(inLeaderMode)
  await run.pass(5)
  await run.leads({ previous: { released: false } })
  await run.pass(1)
  expect(run.take()).toEqual(['+address starting 5.1', '+route starting 5.1'])
})
it('the wait of a cordoned node, the last resort, is no part of its take-over', async () => {
  const run = new Run(run => ({
    ...inLeaderMode(run),
    election: Object.assign(run.election, { lastResort() {} }),
    drainOnCordon: async () => true,
  }))
  await run.pass(2)
  await run.says({ leader: false })
  await run.pass(20)
  await run.leads({ previous: { released: true } })
  await run.pass(1)
  expect(run.take()).toEqual(['+address cordoned 0.2', '+route cordoned 0.2'])
})
it('another leader that appears meanwhile ends what had begun', async () => {
  const run = new Run(inLeaderMode)
  await run.pass(5)
  await run.says({ leader: false, holder: 'other' })
  await run.pass(5)
  await run.leads()
  await run.pass(1)
  expect(run.take()).toEqual(['+address not-leader 0.2', '+route not-leader 0.2'])
})
it('a standby that leads has taken over when its MED is sent', async () => {
  const run = new Run(inStandbyMode)
  await run.says({ leader: false, holder: 'other' })
  await run.pass(2)
  await run.leads({ previous: { released: true } })
  await run.pass(10)
  expect(run.take()).toEqual(['+route released 3.3']) // 5 s after that of the standby, which was sent at 0.3 s
})
it('without an election a take-over begins when the service is healthy', async () => {
  const run = new Run(run => {
    run.isHealthy = false
    run.hasRouter = false
    return {}
  })
  await run.pass(5)
  run.isHealthy = true
  await run.pass(5)
  expect(run.take()).toEqual(['+address unhealthy 0.2'])
  run.hasRouter = true
  await run.pass(120)
  expect(run.take()).toEqual([expect.stringMatching(/^\+route unhealthy [1-9]\d*\.\d$/)])
})
it('a failing service counts from the first failed check; the address has the drain', async () => {
  const run = new Run()
  await run.pass(2.5)
  run.take()
  run.isHealthy = false
  await run.pass(10)
  expect(run.take()).toEqual(['-route unhealthy 2.0', '-address unhealthy 5.1'])
  run.isHealthy = true
  await run.pass(2)
  expect(run.take()[0]).toBe('+address unhealthy 0.2')
})
it('one failed check is forgotten after one that passed', async () => {
  const run = new Run()
  await run.pass(2.5)
  run.take()
  run.isHealthy = false
  await run.pass(1)
  run.isHealthy = true
  await run.pass(5)
  run.isHealthy = false
  await run.pass(3)
  expect(run.take()).toEqual(['-route unhealthy 2.0'])
})
it('a lease that has ended counts from its end', async () => {
  const run = new Run(inLeaderMode)
  await run.leads({ until: run.clock.now() + 3000 })
  await run.pass(2)
  run.take()
  await run.pass(5)
  expect(run.take()).toEqual(['-route lease-ended 0.0', expect.stringMatching(/^-address election-lost [0-3]\.\d$/)])
  await run.leads()
  await run.pass(6)
  expect(run.take()).toEqual(['+address election-lost 0.2', expect.stringMatching(/^\+route election-lost \d\.\d$/)])
})
it('a drained leader counts from the call until the hand-over and the drain are over', async () => {
  const run = new Run(inLeaderMode)
  await run.leads()
  await run.pass(2)
  run.take()
  run.agent.drain('work')
  await run.pass(20)
  const [route, address, ...others] = run.take()
  expect(route).toMatch(/^-route drained [0-4]\.\d$/)
  expect(address).toMatch(/^-address drained [3-7]\.\d$/)
  expect(others).toEqual([])
})
it('the planned end has the reason stopping', async () => {
  const run = new Run()
  await run.pass(2)
  run.take()
  void run.agent.stop()
  await run.pass(10)
  expect(run.take()).toEqual(['-route stopping 0.0', '-address stopping 3.1'])
})
it('a node that never advertised has withdrawn nothing', async () => {
  const run = new Run(run => {
    run.isHealthy = false
    return {}
  })
  await run.pass(10)
  void run.agent.stop()
  await run.pass(10)
  expect(run.take()).toEqual([])
})
it('a session that comes back is no take-over', async () => {
  const run = new Run()
  await run.pass(2)
  run.take()
  run.router.connection.close()
  await run.pass(200)
  expect(run.take()).toEqual([])
})

/** The state machine of an agent with its durations, step by step: what happens, and when. */
class Steps {
  isSent = true
  #now = 0
  #state: AgentState
  readonly #events: string[] = []
  readonly durations: Durations

  constructor(given: Partial<AgentConfig> = {}) {
    const config: AgentConfig = {
      ...{ mode: 'leader', managesAddress: true, requireAddress: false, destroyConnections: false, segment: undefined },
      ...{ hasSessions: true, sessionGrace: 3000, drainTime: 0, gracefulShutdownTime: 0, lastResortTime: undefined },
      ...given,
    }
    this.#state = newAgent(config)
    this.durations = new Durations(config, {
      now: () => this.#now,
      isSent: () => this.isSent,
      tookOver: ({ part, cause, seconds }) => this.#events.push(`+${part} ${cause} ${seconds}`),
      withdrew: ({ part, reason, seconds }) => this.#events.push(`-${part} ${reason} ${seconds}`),
    })
  }
  at(seconds: number, ...inputs: readonly AgentInput[]): this {
    this.#now = seconds * 1000
    for (const input of inputs) {
      const [state, actions] = agentStep(this.#state, input, this.#now)
      this.#state = state
      this.durations.stepped(state, actions, this.#now)
    }
    return this
  }
  /** What the durations said until now. */
  get events(): string[] {
    return this.#events.splice(0)
  }
  /** The announcer says so when the last peer was sent the withdrawal. */
  withdrawn(): this {
    this.durations.routeWithdrawn()
    return this
  }
}
const healthy = (until = 3600): AgentInput => ({ type: 'health', up: true, until: until * 1000 })
const unhealthy: AgentInput = { type: 'health', up: false, detail: 'HTTP 500' }
const sessions = (established: number): AgentInput => ({ type: 'sessions', established })
const carrier = (up: boolean): AgentInput => ({ type: 'carrier', up })
const leads = (until = 3600, released?: boolean): AgentInput => ({
  type: 'leadership',
  leadership: {
    leader: true,
    epoch: 1,
    until: until * 1000,
    ...(released !== undefined && { previous: { released } }),
  },
})
const follows = (holder?: string): AgentInput => ({
  type: 'leadership',
  leadership: { leader: false, ...(holder !== undefined && { holder }) },
})
const set = (until = 3600): AgentInput => ({ type: 'address-set', until: until * 1000 })
const failed: AgentInput = { type: 'address-failed', detail: 'EPERM' }
const removed: AgentInput = { type: 'address-removed' }
const drains = (is: boolean): AgentInput => ({
  ...{ type: 'drain', source: 'call' },
  drain: is ? { reason: 'drained', detail: '' } : undefined,
})
const tick: AgentInput = { type: 'tick' }

/** A leader that has all parts since 1 s. */
function leader(given: Partial<AgentConfig> = {}): Steps {
  const steps = new Steps(given).at(1, removed, sessions(1), carrier(true), healthy(), leads(), set())
  expect(steps.events).toEqual(['+address starting 0', '+route starting 0'])
  return steps
}

it('a health lease that was noticed late counts from its end', () => {
  const steps = new Steps({ mode: 'all-nodes', managesAddress: false }).at(0, healthy(10)).at(13, tick).withdrawn()
  expect(steps.events).toEqual(['+route starting 0', '-route unhealthy 3'])
})
it('a lost session counts from its loss, and not from the end of its grace', () => {
  const steps = leader().at(10, sessions(0)).at(13, tick).at(13.5).withdrawn().at(14, removed)
  expect(steps.events).toEqual(['-route no-session 3.5', '-address no-session 4'])
})
it('a lost carrier counts from its loss, and not from the end of its grace', () => {
  const steps = leader().at(10, carrier(false)).at(11, tick).at(11.5).withdrawn().at(12, removed)
  expect(steps.events).toEqual(['-route no-carrier 1.5', '-address no-carrier 2'])
})
it('a leadership that was noticed late counts from its end', () => {
  const steps = leader().at(10, leads(20)).at(26, tick).withdrawn().at(27, removed)
  expect(steps.events).toEqual(['-route election-lost 6', '-address election-lost 7'])
})
it('an address whose lifetime ended counts from its end', () => {
  const steps = new Steps({ mode: 'all-nodes' }).at(1, removed, healthy(20), set(20))
  steps.at(10, healthy()) // the step that renews it hangs
  expect(steps.events).toEqual(['+address starting 0', '+route starting 0'])
  expect(steps.at(26, tick).withdrawn().events).toEqual(['-route lease-ended 6'])
})
it('a drain counts from its call, for the address, too', () => {
  const steps = leader().at(10, drains(true)).at(11, follows('other')).at(11.5, tick).at(12).withdrawn()
  expect(steps.at(13, removed).events).toEqual(['-route drained 2', '-address drained 3'])
})
it('the planned end counts from its call', () => {
  const steps = leader({ drainTime: 3000 }).at(10, { type: 'stop' }).at(11, follows('other')).at(11.5, tick)
  expect(steps.at(12).withdrawn().at(14.5, tick).at(15, removed).events).toEqual([
    '-route stopping 2',
    '-address stopping 5',
  ])
})
it('the first reason counts for an address whose removal failed at first', () => {
  const steps = leader()
    .at(10, unhealthy)
    .withdrawn()
    .at(11, failed)
    .at(11.5, drains(true))
    .at(12, tick)
    .at(13, removed)
  expect(steps.events).toEqual(['-route unhealthy 0', '-address unhealthy 3'])
})
it('a removal that was taken back has no reason left for the next one', () => {
  const steps = leader().at(10, unhealthy).withdrawn().at(11, removed).at(20, healthy(), leads(), set())
  expect(steps.events).toEqual([
    ...['-route unhealthy 0', '-address unhealthy 1'],
    ...['+address unhealthy 0', '+route unhealthy 0'],
  ])
  expect(steps.at(30, drains(true)).at(31, follows('other')).at(31.5, tick).at(32, removed).events).toEqual([
    '-address drained 2',
  ])
})
it('a reason that ended counts anew when it comes back', () => {
  const steps = leader().at(10, sessions(0)).at(11, sessions(1)).at(20, sessions(0)).at(23, tick).withdrawn()
  expect(steps.events).toEqual(['-route no-session 3'])
})
it('the reason of a loss that ended does not make the next one longer', () => {
  const steps = leader().at(10, sessions(0)).at(13, tick).withdrawn().at(13.5, removed)
  expect(steps.events).toEqual(['-route no-session 3', '-address no-session 3.5'])
  steps.at(20, sessions(1), { type: 'campaign-ended' }, leads(), set())
  expect(steps.events).toEqual(['+address no-session 0', '+route no-session 0'])
  expect(steps.at(30, sessions(0)).at(33, tick).withdrawn().events).toEqual(['-route no-session 3'])
})
it('what comes after the removal of an address began does not change its reason', () => {
  const steps = leader({ mode: 'all-nodes', drainTime: 3000 }).at(10, unhealthy).withdrawn().at(13, tick)
  expect(steps.at(13.5, drains(true)).at(14, removed).events).toEqual(['-route unhealthy 0', '-address unhealthy 4'])
})
it('an address that comes too late is no take-over', () => {
  const steps = new Steps({ mode: 'all-nodes' }).at(1, removed, healthy()).at(2, unhealthy).at(3, set())
  expect(steps.events).toEqual([])
})
it('failed checks count from the first of them, and a passed one ends the row', () => {
  const steps = leader()
  for (const [at, hasPassed] of [
    [10, false],
    [11, true],
    [12, false],
    [13, false],
  ] as const) {
    steps.at(at)
    steps.durations.checked(hasPassed)
  }
  expect(steps.at(14, unhealthy).withdrawn().events).toEqual(['-route unhealthy 2'])
})
it('a withdrawal is reported once, and only if a route was withdrawn', () => {
  const steps = leader().withdrawn()
  expect(steps.events).toEqual([])
  expect(steps.at(10, unhealthy).withdrawn().withdrawn().events).toEqual(['-route unhealthy 0'])
})
it('a route has taken over when a peer has its present content, and once', () => {
  const steps = new Steps({ mode: 'standby' })
  steps.isSent = false
  steps.at(1, removed, sessions(1), healthy(), follows('other'), set()).at(10, follows()).at(12, leads(3600, true))
  expect(steps.events).toEqual([])
  steps.at(15).durations.routeSent()
  expect(steps.events).toEqual([])
  steps.isSent = true
  steps.at(16).durations.routeSent()
  steps.at(17).durations.routeSent()
  expect(steps.events).toEqual(['+route released 6'])
})
it('a standby that does not lead takes over nothing', () => {
  const steps = new Steps({ mode: 'standby' }).at(1, removed, sessions(1), healthy(), follows(), set()).at(9, tick)
  steps.durations.routeSent()
  expect(steps.events).toEqual([])
})
it.each([
  ['released', true],
  ['expired', false],
] as const)('the cause %s is of a node that waited for another leader alone', (cause, released) => {
  const steps = new Steps().at(1, removed, sessions(1), healthy(), follows('other')).at(5, follows())
  expect(steps.at(7, leads(3600, released)).at(8, set()).events).toEqual([`+address ${cause} 3`, `+route ${cause} 3`])
  const drained = new Steps().at(1, removed, sessions(1), drains(true), healthy()).at(5, drains(false), follows())
  expect(drained.at(7, leads(3600, released)).at(8, set()).events).toEqual(['+address drained 3', '+route drained 3'])
})
it('a node that lost its leadership waits for it until another node leads', () => {
  const steps = leader().at(10, leads(20)).at(20, tick).at(21, removed)
  expect(steps.withdrawn().events).toEqual(['-address election-lost 1', '-route election-lost 1'])
  expect(steps.at(30, leads()).at(31, set()).events).toEqual(['+address election-lost 1', '+route election-lost 1'])
  steps.at(40, follows()).at(41, removed).at(50, follows('other')).at(60, follows()).at(62, leads()).at(63, set())
  expect(steps.events.slice(-2)).toEqual(['+address not-leader 3', '+route not-leader 3'])
})
it('an address that stayed is no part of a take-over', () => {
  const steps = leader({ mode: 'standby' }).at(10, follows('other')).at(20, follows()).at(21, leads(3600, false))
  expect(steps.events).toEqual(['+route expired 1'])
})
it('a leader whose VIP is in use takes over when that ends', () => {
  const steps = new Steps({ segment: { claimInUse: false, claimDelay: 0 } })
  const link: AgentInput = { type: 'link', mac: '02:00:5e:00:00:01', carrier: true }
  const heard: AgentInput = { type: 'heard', mac: '02:00:5e:00:00:02' }
  steps.at(1, removed, sessions(1), link, healthy(), follows('other')).at(5, follows()).at(6, leads(), heard)
  for (let at = 6.05; at < 20; at += 0.05) steps.at(Math.round(at * 1000) / 1000, tick)
  const took = 'address-in-use 3.8' // the claim is tried again after 10 s, with two probes
  expect(steps.at(20, set()).events).toEqual([`+segment ${took}`, `+address ${took}`, `+route ${took}`])
})
