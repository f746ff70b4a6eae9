/** How long an agent says that take-overs and withdrawals took, in virtual time. */
import { ScriptedPeer, VirtualClock } from '@softspoken/session/testing'
import { expect, it } from 'vitest'
import type { Election, Leadership } from '../election/election.ts'
import { VipAgent } from './agent.ts'
import { Durations, type TakeOver, type Withdrawal } from './durations.ts'
import type { AgentOptions } from './options.ts'
import { type AgentConfig, type AgentInput, newAgent } from './state.ts'
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
it('a health lease that was noticed late counts from its end', () => {
  const withdrawals: Withdrawal[] = []
  let now = 0
  const config: AgentConfig = {
    ...{
      mode: 'all-nodes',
      managesAddress: false,
      requireAddress: false,
      destroyConnections: false,
      segment: undefined,
    },
    ...{ hasSessions: true, sessionGrace: 3000, drainTime: 0, gracefulShutdownTime: 0, lastResortTime: undefined },
  }
  const options = { isSent: () => true, tookOver: () => {}, withdrew: (one: Withdrawal) => withdrawals.push(one) }
  const durations = new Durations(config, { now: () => now, ...options })
  let state = newAgent(config)
  const feed = (input: AgentInput): void => {
    const [next, actions] = agentStep(state, input, now)
    state = next
    durations.stepped(state, actions, now)
  }
  feed({ type: 'health', up: true, until: 10_000 })
  now = 13_000 // the event loop was busy
  feed({ type: 'tick' })
  durations.routeWithdrawn()
  expect(withdrawals).toEqual([{ part: 'route', reason: 'unhealthy', seconds: 3 }])
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
