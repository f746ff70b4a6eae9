/** Agents and a router in virtual time, over connections in memory: the order and the times of what happens. */
import type { Duplex } from 'node:stream'
import type { Logger, SessionConfig } from '@softspoken/session'
import { ScriptedPeer, VirtualClock } from '@softspoken/session/testing'
import { routes } from '@softspoken/wire'
import { describe, expect, it, vi } from 'vitest'
import type { Election, Leadership } from '../election/election.ts'
import type { Look } from '../maintenance/look-at.ts'
import { VipAgent } from './agent.ts'
import type { HostNetwork } from './host-network.ts'
import type { AgentOptions } from './options.ts'
import { runAgent } from './run-agent.ts'

const VIP = '198.51.100.10/32'

/** Yields its leadership every second, each for three seconds. Undefined: it hangs, even if the signal is aborted. */
class TestElection implements Election {
  readonly leaseDuration = 5
  epoch: number | undefined = 1
  hangs = false
  readonly #clock: VirtualClock
  campaigns = 0
  constructor(clock: VirtualClock) {
    this.#clock = clock
  }
  async *campaign(signal: AbortSignal): AsyncGenerator<Leadership> {
    this.campaigns++
    while (!signal.aborted) {
      if (this.hangs) await new Promise(() => {})
      else if (this.epoch === undefined) yield { leader: false, holder: 'other' }
      else yield { leader: true, epoch: this.epoch, until: this.#clock.now() + 3000 }
      await new Promise<void>(done => this.#clock.setTimeout(done, 1000))
    }
    yield { leader: false, holder: 'other' }
  }
}

/** A network with one interface, whose changes the test reports. */
class TestNetwork implements HostNetwork {
  carrier = true
  addresses: string[] = []
  #onChange = (): void => {}
  interfaceOf = () => 'eth0'
  hasCarrier = () => this.carrier
  hasAddress = (address: string) => this.addresses.includes(address)
  watch = (onChange: () => void) => {
    this.#onChange = onChange
    return () => (this.#onChange = () => {})
  }
  change(what: Partial<Pick<TestNetwork, 'carrier' | 'addresses'>>): void {
    Object.assign(this, what)
    this.#onChange()
  }
}

interface Given extends Partial<Omit<AgentOptions, 'address'>> {
  readonly set?: () => Promise<void>
  readonly remove?: () => Promise<void>
  readonly address?: 'none'
  readonly look?: () => Promise<Look>
}

/** An agent on a node, and what reached its router and its interface: `[seconds, what]`. */
class Run {
  readonly clock = new VirtualClock()
  readonly router = new ScriptedPeer({ clock: this.clock, as: 64515 }) // iBGP: 5 s between two advertisements
  readonly network = new TestNetwork()
  readonly election = new TestElection(this.clock)
  isHealthy = true
  readonly story: [at: number, what: string][] = []
  readonly lines: string[] = []
  readonly lifetimes: number[] = []
  readonly deadlines: string[] = []
  deadlineFails = false
  readonly agent: VipAgent
  ended = false

  constructor(given: Given | ((run: Run) => Given) = {}) {
    const { set, remove, look, ...rest } = typeof given === 'function' ? given(this) : given
    const note = (_: object, text: string): void => void this.lines.push(text)
    const log: Logger = { debug: note, info: note, warn: note, error: note }
    const vipInterface = {
      set: async (validLifetime: number) => {
        this.lifetimes.push(validLifetime)
        this.#note('set')
        await set?.()
      },
      remove: async () => {
        this.#note('remove')
        await remove?.()
      },
    }
    this.agent = new VipAgent(
      {
        vips: [VIP],
        announcer: {
          ...{ local: { as: 64515, id: '10.0.5.11' }, peers: [this.router.peer], nextHop: '203.0.113.11' },
          ...{ clock: this.clock, random: () => 1, dial: config => this.#dial(config) },
        },
        health: { check: () => this.#check(), interval: 1, rise: 1, fall: 1, clock: this.clock, holdDown: false },
        address: vipInterface,
        log,
        ...rest,
      },
      {
        network: this.network,
        ...(look && { look }),
        kernelDeadline: {
          arm: seconds => {
            this.deadlines.push(`arm ${Math.round(seconds * 10) / 10}`)
            if (this.deadlineFails) throw new Error('EINVAL')
          },
          disarm: () => void this.deadlines.push('disarm'),
          stop: () => void this.deadlines.push('stop'),
        },
      },
    )
  }
  pass(seconds: number): Promise<void> {
    return this.clock.advance(seconds)
  }
  stop(): void {
    void this.agent.stop().then(() => {
      this.ended = true
      this.#note('end')
    })
  }
  get whats(): string[] {
    return this.story.map(([, what]) => what)
  }
  /** When it happened last. */
  at(what: string): number {
    const found = this.story.findLast(([, one]) => one === what)
    if (found === undefined) throw new Error(`'${what}' did not happen: ${this.whats}`)
    return found[0]
  }
  get med(): number | undefined {
    return this.router.routes.get(VIP)?.attributes.med
  }

  async #check(): Promise<void> {
    if (!this.isHealthy) throw new Error('unhealthy')
  }
  /** A renewal of the address is no news. */
  #note(what: string): void {
    if (what === 'set' && this.whats.findLast(one => one === 'set' || one === 'remove') === 'set') return
    this.story.push([this.clock.now() / 1000, what])
  }
  #dial(config: SessionConfig): Duplex {
    const near = this.router.dial(config)
    const { connection } = this.router
    const { onMessage } = connection
    connection.onMessage = message => {
      if (message.type === 'update') {
        const { announced, withdrawn } = routes(message)
        if (announced.length > 0) this.#note(`MED ${message.attributes.med}`)
        if (withdrawn.length > 0) this.#note('withdrawn')
      }
      if (message.type === 'notification') this.#note('Cease')
      onMessage(message)
    }
    return near
  }
}
const asLeader = (run: Run): Given => ({ election: run.election, mode: 'leader' })
const asStandby = (run: Run): Given => ({ election: run.election })

describe('a leader', () => {
  it('a leader with a healthy service is announced without a gap', async () => {
    const run = new Run(asLeader)
    await run.pass(12)
    expect(run.whats).toEqual(['remove', 'set', 'MED 999999'])
    run.stop()
    await run.pass(10)
    expect(run.whats).toEqual(['remove', 'set', 'MED 999999', 'withdrawn', 'remove', 'Cease', 'end'])
  })
  it('the address of a leader has the rest of the election lease', async () => {
    const run = new Run(asLeader)
    await run.pass(12)
    expect(new Set(run.lifetimes)).toEqual(new Set([3]))
  })
  it('a leader with a new epoch sends its new MED and keeps the VIP', async () => {
    const run = new Run(asLeader)
    await run.pass(6)
    run.election.epoch = 4
    await run.pass(6)
    expect(run.whats).toEqual(['remove', 'set', 'MED 999999', 'MED 999996'])
  })
  it('a lost election withdraws at once; the VIP goes when its lifetime ends', async () => {
    const run = new Run(asLeader)
    await run.pass(3.5)
    run.election.epoch = undefined
    await run.pass(6)
    expect(run.whats).toEqual(['remove', 'set', 'MED 999999', 'withdrawn', 'remove'])
    expect(run.at('withdrawn')).toBeCloseTo(4, 1)
    expect(run.at('remove')).toBeCloseTo(6, 0)
  })
  it('a leader that leads again within the drain keeps the VIP', async () => {
    const run = new Run(asLeader)
    await run.pass(6)
    run.election.epoch = undefined
    await run.pass(1.5)
    run.election.epoch = 2
    await run.pass(8)
    expect(run.whats).toEqual(['remove', 'set', 'MED 999999', 'withdrawn', 'MED 999998'])
  })
  it('a node whose session comes from the VIP itself never leads', async () => {
    const own = '192.0.2.1' // of the scripted peer's connections
    const run = new Run(node => ({ ...asLeader(node), vips: [`${own}/32`] }))
    await run.pass(30)
    const detail = `the BGP session comes from the VIP ${own} itself: give localAddress, another address of this node`
    expect(run.agent.status()).toMatchObject({ role: 'waiting', serves: { reason: 'no-session', detail } })
    expect(run.whats).toEqual(['remove'])
  })
  describe.each(['leader', 'standby'] as const)('without a session that can carry the VIP, in %s mode', mode => {
    // The router takes IPv4 routes alone.
    const setUp = (vips: readonly string[]): { run: Run; router: ScriptedPeer } => {
      let router: ScriptedPeer | undefined
      const run = new Run(({ clock, ...node }) => {
        const capabilities = [
          { name: 'multiprotocol', afi: 1, safi: 1 },
          { name: 'four-octet-as', as: 64515 },
        ] as const
        router = new ScriptedPeer({ clock, as: 64515, open: { capabilities } })
        const local = { as: 64515, id: '10.0.5.11' }
        const nextHop = { ipv4: '203.0.113.11', ipv6: '2001:db8:113::11' }
        return {
          ...{ election: node.election, mode, vips },
          announcer: {
            ...{ local, peers: [router.peer], families: ['ipv4-unicast', 'ipv6-unicast'], nextHop },
            ...{ clock, random: () => 1, dial: router.dial },
          },
        }
      })
      return { run, router: router! }
    }
    it('the leader resigns at once, and tries it again a minute later', async () => {
      const { run, router } = setUp(['2001:db8::10/128'])
      await run.pass(10)
      const detail = expect.stringContaining('the peer does not take ipv6-unicast routes')
      expect(run.agent.status()).toMatchObject({
        role: mode === 'leader' ? 'waiting' : 'standby',
        serves: { reason: 'route-unsendable', detail },
      })
      expect(run.election.campaigns).toBe(1)
      await run.pass(65)
      expect(run.election.campaigns).toBe(mode === 'leader' ? 2 : 1)
      router.close()
      await run.pass(70)
      expect(run.election.campaigns).toBe(mode === 'leader' ? 3 : 2)
      expect(run.agent.status().serves.reason).toBe('route-unsendable')
    })
    it('the leader leads on if it can carry one of two VIPs', async () => {
      const { run, router } = setUp(['2001:db8::10/128', VIP])
      await run.pass(30)
      expect(run.agent.status()).toMatchObject({ role: 'leader', serves: {} })
      expect(router.routes.get(VIP)?.attributes.med).toBe(999_999)
    })
  })
  it('a leader whose last session is lost resigns after a fifth of its lease', async () => {
    const run = new Run(asLeader)
    await run.pass(5)
    run.router.onDial = 'ignore'
    run.router.close()
    const lost = run.clock.now() / 1000
    await run.pass(8)
    expect(run.agent.status()).toMatchObject({ role: 'waiting', serves: { reason: 'no-session' } })
    expect(run.at('remove')).toBeLessThanOrEqual(lost + 1 + 3 + 1)
    run.router.onDial = 'answer'
    await run.pass(60)
    expect(run.agent.status()).toMatchObject({ role: 'leader', serves: {} })
    expect(run.election.campaigns).toBe(2)
  })
  it('a leader whose interface has no carrier resigns after a second, and comes back', async () => {
    const run = new Run(asLeader)
    await run.pass(5)
    run.network.change({ carrier: false })
    await run.pass(1.1)
    expect(run.agent.status()).toMatchObject({ role: 'waiting', serves: { reason: 'no-carrier' } })
    expect(run.at('withdrawn')).toBeCloseTo(6, 1)
    run.network.change({ carrier: true })
    await run.pass(10)
    expect(run.agent.status().role).toBe('leader')
  })
})

describe('a standby', () => {
  it('a standby is promoted within 5 s, and loses the MED with the leadership', async () => {
    const run = new Run(asStandby)
    run.election.epoch = undefined
    await run.pass(2.5)
    expect(run.med).toBe(1_000_000)
    run.election.epoch = 3
    await run.pass(3)
    expect(run.whats).toEqual(['remove', 'set', 'MED 1000000', 'MED 999997'])
    expect(run.at('MED 999997') - run.at('MED 1000000')).toBeLessThanOrEqual(5)
    run.election.hangs = true
    await run.pass(6)
    expect(run.med).toBe(1_000_000)
  })
  it('an external router waits for the 5 s of standby mode, and not for 30', async () => {
    const run = new Run(run => ({
      ...asStandby(run),
      announcer: {
        ...{ local: { as: 64999, id: '10.0.5.11' }, peers: [run.router.peer], clock: run.clock, random: () => 1 },
        dial: run.router.dial,
      },
    }))
    run.election.epoch = undefined
    await run.pass(2)
    run.election.epoch = 3
    await run.pass(4.5)
    expect(run.med).toBe(999_997)
  })
})

describe('a node without an election', () => {
  it('a failing service is withdrawn at once; the VIP stays for the drain', async () => {
    const run = new Run()
    await run.pass(3.5)
    run.isHealthy = false
    await run.pass(6)
    expect(run.whats).toEqual(['remove', 'set', 'MED undefined', 'withdrawn', 'remove'])
    expect(run.at('withdrawn')).toBeCloseTo(4, 1)
    expect(run.at('remove') - run.at('withdrawn')).toBeCloseTo(3, 1)
  })
  it('an agent that ends withdraws, drains, removes the VIP and sends Cease', async () => {
    const run = new Run()
    await run.pass(3)
    run.stop()
    await run.pass(10)
    expect(run.whats).toEqual(['remove', 'set', 'MED undefined', 'withdrawn', 'remove', 'Cease', 'end'])
    expect([run.at('withdrawn'), run.at('remove'), run.at('end')]).toEqual([3, 6, 6])
  })
  it.each<[string, (agent: VipAgent) => void, string]>([
    ['of the first stop()', agent => void [agent.stop('new kernel'), agent.stop('another')], 'new kernel'],
    ['of a stop() without one', agent => void agent.stop(), 'the VIP agent ends'],
    ['of a block that ends', agent => void agent[Symbol.asyncDispose](), 'the VIP agent ends'],
  ])('Cease has the communication %s (RFC 9003)', async (_, stop, communication) => {
    const run = new Run()
    await run.pass(3)
    stop(run.agent)
    await run.pass(10)
    const cease = run.router.received.find(message => message.type === 'notification')
    expect(cease).toMatchObject({ code: 6, subcode: 2 })
    expect(Buffer.from(cease?.data ?? []).toString()).toContain(communication)
  })
  it('an agent whose preference is refused sends nothing and leaves nothing running', async () => {
    let router: ScriptedPeer | undefined
    let clock: VirtualClock | undefined
    const communities = ['nonsense'] as never
    expect(
      () =>
        new Run(run => {
          ;({ router, clock } = run)
          return { preference: { communities } }
        }),
    ).toThrow(/^(preference\.)?communities/)
    await clock?.advance(60)
    expect([router?.dials, router?.received, clock?.pendingTimers]).toEqual([1, [], 0])
  })
  it('an agent without a health check announces, and its lease is 15 s', async () => {
    const run = new Run({ health: undefined } as object)
    await run.pass(1)
    expect(run.whats).toEqual(['remove', 'set', 'MED undefined'])
    expect(run.lifetimes).toEqual([15])
  })
  it('the MED and the communities of the caller are sent', async () => {
    const run = new Run({ preference: { med: 7, communities: ['64515:1'] } })
    await run.pass(1)
    expect(run.router.routes.get(VIP)?.attributes).toMatchObject({ med: 7, communities: [0xfc030001] })
  })
  it('two VIPs come and go together', async () => {
    const other = '198.51.100.11/32'
    const run = new Run({ vips: [VIP, other] })
    await run.pass(2)
    expect([...run.router.routes.keys()]).toEqual([VIP, other])
    run.isHealthy = false
    await run.pass(1)
    expect([...run.router.routes.keys()]).toEqual([])
  })
  it('the families of the VIPs are offered to the router', async () => {
    const run = new Run(run => ({
      vips: [VIP, '2001:db8::10'],
      announcer: {
        local: { as: 64515, id: '10.0.5.11' },
        peers: [run.router.peer],
        clock: run.clock,
        dial: run.router.dial,
        nextHop: { ipv4: '203.0.113.11', ipv6: '2001:db8::11' },
      },
      address: 'none',
    }))
    expect(run.agent.announcer?.sessions[0]?.config.families).toEqual(['ipv4-unicast', 'ipv6-unicast'])
  })
})

describe('an agent that is drained', () => {
  it('drain() hands over and keeps the session; resume() campaigns again', async () => {
    const run = new Run(asLeader)
    await run.pass(5)
    run.agent.drain('kernel\nupgrade')
    run.election.epoch = undefined
    await run.pass(20)
    expect(run.whats).toEqual(['remove', 'set', 'MED 999999', 'withdrawn', 'remove'])
    expect(run.agent.announcer?.sessions[0]?.state).toBe('Established')
    const { drained, serves } = run.agent.status()
    expect(drained).toEqual({ reason: 'drained', since: expect.any(Date), detail: expect.any(String) })
    expect(drained?.detail).toMatch(/^drained since 20[\d-]+T[\d:]+Z: kernel upgrade$/)
    expect(serves.detail).toBe(drained?.detail)
    expect(run.agent.announcer?.status().withheld).toEqual({ [VIP]: { reason: 'gate-down', detail: drained?.detail } })
    run.agent.resume()
    run.election.epoch = 3
    await run.pass(10)
    expect(run.agent.status()).toMatchObject({ role: 'leader', serves: {} })
    expect([run.agent.status().drained, run.med]).toEqual([undefined, 999_997])
  })
  it('drain() without a reason is shown without one', () => {
    const run = new Run()
    run.agent.drain()
    expect(run.agent.status().drained?.detail).toMatch(/^drained since 20[\d-]+T[\d:]+Z$/)
  })
  it('a second drain() changes the reason, and not the time', async () => {
    const run = new Run()
    await run.pass(3)
    run.agent.drain('one')
    const { since } = run.agent.status().drained ?? {}
    run.agent.drain('two')
    expect(run.agent.status().drained).toMatchObject({ since, detail: expect.stringMatching(/: two$/) })
    expect(() => run.agent.drain(7 as never)).toThrow('reason: 7 is not allowed')
    await run.pass(10)
    expect(run.whats.slice(-2)).toEqual(['withdrawn', 'remove'])
  })
  it('resume() does not end the drain of a file; without the file the node serves', async () => {
    let look: Look = { exists: false, hasFolder: true }
    const run = new Run({ disabledBy: '/run/softspoken/drained', look: async () => look })
    await run.pass(3)
    expect(run.med).toBeUndefined()
    expect(run.whats).toEqual(['remove', 'set', 'MED undefined'])
    look = { exists: true, since: 0, text: '' }
    await run.pass(1)
    run.agent.resume()
    expect(run.agent.status().drained?.detail).toBe('drained since 1970-01-01T00:00:00Z')
    await run.pass(10)
    expect(run.whats.slice(-2)).toEqual(['withdrawn', 'remove'])
    look = { exists: false, hasFolder: true }
    await run.pass(31)
    expect(run.whats.slice(-2)).toEqual(['set', 'MED undefined'])
  })
  it('a node that starts with the file holds nothing', async () => {
    const look = async (): Promise<Look> => ({ exists: true, since: 0, text: '' })
    const run = new Run(run => ({ ...asLeader(run), disabledBy: '/run/softspoken/drained', look }))
    await run.pass(30)
    expect([run.whats, run.election.campaigns]).toEqual([['remove'], 0])
    expect(run.lines.filter(line => line === 'ready to lead')).toEqual([])
  })
  it('a node that is cordoned is drained, and in service again after that', async () => {
    let cordoned = true
    const run = new Run(run => ({ ...asLeader(run), drainOnCordon: async () => cordoned }))
    await run.pass(5)
    expect(run.agent.status()).toMatchObject({ drained: { reason: 'cordoned' }, serves: { reason: 'cordoned' } })
    cordoned = false
    await run.pass(10)
    expect(run.agent.status()).toMatchObject({ role: 'leader', serves: {} })
    expect(() => new Run({ drainOnCordon: true as never })).toThrow('drainOnCordon: true is not allowed')
  })
  it('an agent that ends looks at no file', async () => {
    let looks = 0
    const look = async (): Promise<Look> => {
      looks++
      return { exists: false, hasFolder: true }
    }
    const run = new Run({ disabledBy: '/run/softspoken/drained', look })
    await run.pass(3)
    run.stop()
    await run.pass(10)
    const before = looks
    await run.pass(10)
    expect([run.ended, looks]).toEqual([true, before])
  })
})

describe('a process that was stopped', () => {
  it('a leader that wakes up after its lease withdraws before it sends a KEEPALIVE', async () => {
    const run = new Run(asLeader)
    await run.pass(6)
    const received = run.router.received.length
    run.election.hangs = true
    run.clock.suspend(40)
    await run.pass(0)
    expect(run.router.received.slice(received)[0]).toMatchObject({ type: 'update', withdrawn: [VIP] })
  })
  it('a leader in standby mode that wakes up has the MED of a standby first', async () => {
    const run = new Run(run => ({
      ...asStandby(run),
      health: { check: async () => {}, interval: 20, ttl: 100, rise: 1 },
    }))
    await run.pass(12)
    expect(run.med).toBe(999_999)
    run.election.hangs = true
    run.clock.suspend(40)
    const received = run.router.received.length
    await run.pass(0)
    expect(run.router.received.slice(received)[0]).toMatchObject({ type: 'update', attributes: { med: 1_000_000 } })
  })
})

describe('an election that fails', () => {
  it('an election that hangs loses its route; the agent can end', async () => {
    const run = new Run(asLeader)
    await run.pass(3.5)
    run.election.hangs = true
    await run.pass(8)
    expect(run.whats.slice(0, 3)).toEqual(['remove', 'set', 'MED 999999'])
    expect([run.at('withdrawn'), run.at('remove')]).toEqual([6, 6]) // sent in this order, and received later
    run.stop()
    await run.pass(9)
    expect(run.ended).toBe(true)
  })
  it('an election that hangs delays the withdrawal at the end by 4 s, and no longer', async () => {
    const run = new Run(() => ({
      mode: 'leader',
      election: {
        async *campaign() {
          yield { leader: true, epoch: 1, until: Number.POSITIVE_INFINITY }
          await new Promise(() => {})
        },
      },
    }))
    await run.pass(3)
    run.stop()
    await run.pass(10)
    expect([run.at('withdrawn'), run.at('end')]).toEqual([7, 10])
  })
  const leads = (seconds: number, clock: VirtualClock): Leadership => ({
    ...{ leader: true, epoch: 1 },
    until: clock.now() + seconds * 1000,
  })
  const endings: [string, (clock: VirtualClock) => Election['campaign'], string][] = [
    ['ends by itself', () => async function* () {}, 'the election ended before its signal was aborted'],
    [
      'throws at once',
      () => () => {
        throw new Error('no API server')
      },
      'no API server',
    ],
    [
      'throws after a value',
      clock =>
        async function* () {
          yield leads(0.5, clock)
          throw new Error('no API server')
        },
      'no API server',
    ],
    [
      'yields an epoch that is none',
      clock =>
        async function* () {
          yield { ...leads(0.5, clock), epoch: -1 } as Leadership
        },
      'epoch: -1 is not allowed, it must be a whole number from 0 to 4294967295',
    ],
    [
      'yields no time',
      () =>
        async function* () {
          yield { leader: true, epoch: 1 } as Leadership
        },
      'until: undefined is not allowed',
    ],
  ]
  it.each(endings)('an election that %s is tried again, with back-off', async (_, make, message) => {
    let campaigns = 0
    const run = new Run(run => ({
      mode: 'leader',
      election: {
        campaign: signal => {
          campaigns++
          return make(run.clock)(signal)
        },
      },
    }))
    await run.pass(32)
    expect(run.agent.status().lastElectionFailure).toMatchObject({
      reason: 'failed',
      detail: expect.stringContaining(message),
    })
    expect(campaigns).toBeGreaterThanOrEqual(5)
    expect(campaigns).toBeLessThanOrEqual(33)
    expect(run.lines.filter(line => line === 'election failed').length).toBeLessThanOrEqual(campaigns)
    run.stop()
    await run.pass(10)
    expect(run.ended).toBe(true)
    expect(run.med).toBeUndefined()
  })
  it('an election that never pauses does not keep the agent from ending', async () => {
    const run = new Run(run => ({
      mode: 'leader',
      election: {
        async *campaign(signal) {
          while (!signal.aborted) yield leads(3, run.clock)
        },
      },
    }))
    await run.pass(2)
    expect(run.whats).toEqual(['remove', 'set', 'MED 999999'])
    run.stop()
    await run.pass(10)
    expect(run.ended).toBe(true)
  })
})

describe('an interface that fails', () => {
  const never = () => new Promise<void>(() => {})
  const refuse = () => Promise.reject(new Error('Operation not permitted'))

  it('a VIP that cannot be added is not announced; the failure is reported once', async () => {
    const run = new Run({ set: refuse })
    await run.pass(40)
    expect(run.agent.status().serves).toEqual({
      reason: 'address-failed',
      detail: 'the VIP cannot be added: Operation not permitted',
    })
    expect(run.whats.some(what => what.startsWith('MED'))).toBe(false)
    expect(run.lines.filter(line => line === 'VIP cannot be changed')).toHaveLength(1)
  })
  it('a leader that cannot add its VIP resigns', async () => {
    const run = new Run(run => ({ ...asLeader(run), set: refuse }))
    await run.pass(30)
    expect(run.election.campaigns).toBeGreaterThan(2)
    expect(run.agent.status().role).toBe('waiting')
  })
  it('a set() that never answers has failed after 5 s', async () => {
    const run = new Run({ set: never })
    await run.pass(5.5)
    expect(run.agent.status().serves.detail).toBe('the VIP cannot be added: set() did not end within 5 s')
  })
  it('a node does not campaign until a remove() at its start has worked', async () => {
    let fails = true
    const run = new Run(run => ({ ...asLeader(run), remove: () => (fails ? refuse() : Promise.resolve()) }))
    await run.pass(10)
    expect([run.election.campaigns, run.whats.includes('set')]).toEqual([0, false])
    fails = false
    await run.pass(10)
    expect(run.med).toBe(999_999)
  })
  it('a remove() that never answers does not keep the agent from ending', async () => {
    let hangs = false
    const run = new Run({ remove: () => (hangs ? never() : Promise.resolve()) })
    await run.pass(3)
    hangs = true
    run.stop()
    await run.pass(4)
    expect(run.whats.slice(-3)).toEqual(['remove', 'Cease', 'end'])
  })
  it('after a slow set() nothing is announced if the service has failed', async () => {
    const run = new Run(run => ({ set: () => new Promise(done => run.clock.setTimeout(done, 3000)) }))
    await run.pass(1.5)
    run.isHealthy = false
    await run.pass(12)
    expect(run.whats).toEqual(['remove', 'set', 'remove'])
  })
})

describe('a node whose VIP another program adds', () => {
  it('with requireAddress the route is withheld while the VIP is on no interface', async () => {
    const run = new Run({ address: 'none', requireAddress: true })
    await run.pass(2)
    expect(run.agent.announcer?.status().withheld).toEqual({
      [VIP]: { reason: 'gate-down', detail: 'the VIP is on no interface of this node' },
    })
    run.network.change({ addresses: ['198.51.100.10'] })
    await run.pass(0.1)
    run.network.change({ addresses: [] })
    await run.pass(0.1)
    expect(run.whats).toEqual(['MED undefined', 'withdrawn'])
  })
  it('a host that does not report changes is looked at each second', async () => {
    const run = new Run(run => {
      run.network.watch = () => undefined as never
      return { address: 'none', requireAddress: true }
    })
    await run.pass(2.5)
    run.network.addresses = ['198.51.100.10']
    await run.pass(1)
    expect(run.whats).toEqual(['MED undefined'])
  })
})

describe('the kernel deadline', () => {
  it('it is armed with the earliest lease while something is held', async () => {
    const run = new Run({ kernelDeadline: true })
    await run.pass(3.5)
    expect(run.deadlines.slice(0, 3)).toEqual(['arm 20', 'arm 20', 'arm 20'])
    run.isHealthy = false
    await run.pass(30)
    expect(run.deadlines.at(-1)).toBe('disarm')
    run.stop()
    await run.pass(5)
    expect(run.deadlines.at(-1)).toBe('stop')
  })
  it('a deadline that fails is logged, and the agent goes on', async () => {
    const run = new Run({ kernelDeadline: true })
    run.deadlineFails = true
    await run.pass(3)
    expect(run.lines).toContain('action failed')
    expect(run.whats).toEqual(['remove', 'set', 'MED undefined'])
  })
  it('without the option it is not armed, and status() has none', async () => {
    const run = new Run()
    await run.pass(5)
    expect(run.deadlines).toEqual([])
    expect(run.agent.status().leases).toEqual({ health: expect.any(Number) })
  })
})

describe('status and events', () => {
  it('status() has the role, the leases and the address', async () => {
    const run = new Run(run => ({ ...asLeader(run), kernelDeadline: true }))
    expect(run.agent.status()).toMatchObject({ mode: 'leader', role: 'waiting', address: { present: false } })
    await run.pass(2.25)
    expect(run.agent.status()).toEqual({
      ...{ mode: 'leader', role: 'leader', epoch: 1, serves: {}, address: { present: true } },
      leases: { election: 2.75, health: 19.75, kernelDeadline: 4.75 },
    })
    run.election.epoch = undefined
    await run.pass(1)
    expect(run.agent.status()).toMatchObject({ role: 'waiting', holder: 'other', serves: {} })
  })
  it('role, serving and address are events, once per change', async () => {
    const run = new Run(asLeader)
    const events: unknown[] = []
    run.agent.on('role', ({ role, epoch }) => events.push(`${role} ${epoch}`))
    run.agent.on('serving', ({ reason }) => events.push(reason ?? 'serves'))
    run.agent.on('address', ({ present }) => events.push(present ? 'added' : 'removed'))
    await run.pass(5)
    run.isHealthy = false
    await run.pass(5)
    expect(events).toEqual(['no-session', 'serves', 'leader 1', 'added', 'waiting undefined', 'unhealthy', 'removed'])
  })
})

it.each([
  ['leader', 'ready to lead'],
  ['standby', 'serving'],
] as const)('in %s mode the log says "%s" while another node leads', async (mode, text) => {
  const run = new Run(run => ({ election: run.election, mode }))
  run.election.epoch = undefined
  await run.pass(5)
  expect(run.lines.filter(line => ['serving', 'ready to lead', 'leading'].includes(line))).toEqual([text])
})

describe('a log that throws', () => {
  it.each([
    'ready to lead',
    'leading',
    'no longer leading',
    'VIP added',
    'route sent',
    'session established',
    'not serving',
  ])('a log that throws at "%s" changes nothing', async text => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const fail = (_: object, given: string) => {
      if (given === text) throw new Error('the disk is full')
    }
    const run = new Run(run => ({ ...asLeader(run), log: { debug: fail, info: fail, warn: fail, error: fail } }))
    await run.pass(3)
    run.isHealthy = false
    await run.pass(6)
    expect(run.whats).toEqual(['remove', 'set', 'MED 999999', 'withdrawn', 'remove'])
    run.stop()
    await run.pass(10)
    expect(run.ended).toBe(true)
    warn.mockRestore()
  })
})

describe('options that are not allowed', () => {
  const withAddress = { address: { set: async () => {}, remove: async () => {} } }
  const noElection = { campaign: 1 } as unknown as Election
  it.each<[object, string]>([
    [{ log: true }, 'log: true is not allowed, it must be an object with the methods debug, info, warn and error'],
    [{ log: undefined }, 'log: undefined is not allowed'],
    [{ vips: [] }, 'vips: an empty list is not allowed, it must be a list of at least one host route'],
    [{ vips: ['198.51.100.0/24'] }, 'vips[0]: '],
    [{ vips: [VIP, '198.51.100.10'] }, "vips[1]: '198.51.100.10' is not allowed, it must be listed once"],
    [{ address: { set: 1 } }, 'address.set: undefined is not allowed, it must be a method'],
    [{ address: 1 }, "address: 1 is not allowed, it must be 'none', an object with interface"],
    [{ election: noElection }, 'election.campaign: undefined is not allowed, it must be a method'],
    [{ mode: 'leader' }, "mode: 'leader' is not allowed, it must be 'all-nodes', because there is no election"],
    [{ mode: 'all' }, "mode: 'all' is not allowed, it must be 'all-nodes', 'standby' or 'leader'"],
    [
      { ...withAddress, health: { check: async () => {}, interval: 5, ttl: 10 } },
      'health.ttl: 10 is not allowed, it must be at least two',
    ],
    [{ elections: {} }, 'elections: no such option, did you mean election?'],
    [{ kernelDeadline: 1 }, 'kernelDeadline: 1 is not allowed, it must be true or false'],
  ])('%o is rejected before the agent dials or checks', (given, message) => {
    let dials = 0
    const announcer = {
      ...{ local: { as: 64515, id: '10.0.5.11' }, peers: [{ as: 64515, address: '10.0.5.1' }] },
      dial: () => {
        dials++
        throw new Error('dialled')
      },
    }
    const check = async () => {
      dials++
    }
    const options = { vips: [VIP], announcer, health: { check }, address: 'none', log: console, ...given }
    expect(() => new VipAgent(options as unknown as AgentOptions)).toThrow(message)
    expect(dials).toBe(0)
  })
  it('a MED beside an election is rejected', () => {
    expect(() => new Run(run => ({ ...asLeader(run), preference: { med: 1 } }))).toThrow(
      'preference.med: 1 is not allowed, it must be left out: with an election the agent sets it',
    )
  })
  it('runAgent() rejects what is no signal', async () => {
    await expect(runAgent({} as AgentOptions, {} as AbortSignal)).rejects.toThrow('signal: ')
  })
})
