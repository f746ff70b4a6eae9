/** Agents with ARP and without BGP, in virtual time: which frames leave, in which order with address and Lease. */
import type { HostAddress, NetworkInterface, SegmentClaim } from '@softspoken/linux'
import type { Logger } from '@softspoken/session'
import { VirtualClock } from '@softspoken/session/testing'
import { afterEach, describe, expect, it, test, vi } from 'vitest'
import type { Election, Leadership, PreviousHolder } from '../election/election.ts'
import { VipAgent } from './agent.ts'
import type { HostNetwork } from './host-network.ts'
import type { AgentOptions } from './options.ts'

const VIP = '203.0.113.100/32'
const MAC = '02:00:5e:00:00:01'
const OTHER = '02:00:5e:00:00:02'

afterEach(() => void vi.restoreAllMocks())

class Run {
  readonly clock = new VirtualClock()
  /** `[seconds, what]` */
  readonly story: [at: number, what: string][] = []
  readonly lines: string[] = []
  readonly conflicts: object[] = []
  claims: SegmentClaim[] = []
  #read = (): void => {}
  previous: PreviousHolder = { mac: OTHER, released: true }
  epoch: number | undefined = 1
  isHealthy = true
  link: NetworkInterface = {
    ...{ index: 7, name: 'eth0', mac: MAC, up: true, carrier: true, loopback: false, noArp: false },
  }
  #onChange = (): void => {}
  #present: readonly HostAddress[] = []
  /** Another program has added the VIP to eth0. */
  hasForeign = false
  /** As with IPv6 disabled: a VIP cannot be added, though it can be removed. */
  cannotAdd = false
  /** Of a leadership, and between two of them, in milliseconds. */
  term = 3000
  renewal = 1000
  /** Another agent of this host has the VIP. */
  isHeld = false
  /** The name that this agent holds. */
  held: string | undefined
  readonly agent: VipAgent
  ended = false

  constructor(given: Partial<AgentOptions> = {}, prepare?: (run: Run) => void) {
    prepare?.(this)
    const { clock } = this
    const note = (_: object, text: string): void => void this.lines.push(text)
    const log: Logger = { debug: note, info: note, warn: note, error: note }
    const node: HostAddress = {
      ...{ interface: 'eth0', address: Uint8Array.of(203, 0, 113, 1), prefixLength: 24, scope: 'global', flags: [] },
    } as never // as much of it as is read
    const octets = Uint8Array.of(203, 0, 113, 100)
    const network: HostNetwork = {
      interfaceOf: () => 'eth0',
      hasCarrier: () => this.link.carrier,
      hasAddress: () => true,
      watch: onChange => {
        this.#onChange = onChange
        return () => {}
      },
    }
    this.agent = new VipAgent(
      {
        vips: [VIP],
        arp: true,
        election: this.#election(),
        health: { check: () => this.#check(), interval: 1, rise: 1, fall: 1, clock, holdDown: false },
        log,
        ...given,
      },
      {
        network,
        addresses: {
          linuxSupport: () => ({ supported: true }) as never,
          listInterfaces: () => [this.link],
          listAddresses: () => [node, ...this.#present, ...(this.hasForeign ? [{ ...node, address: octets }] : [])],
          setAddress: one => {
            if (this.cannotAdd) this.#note('EACCES')
            if (this.cannotAdd) throw new Error('EACCES')
            if (this.#present.length === 0) this.#note('address')
            this.#present = [
              {
                ...node,
                ...one,
                prefixLength: 32,
                scope: 'host',
                flags: ['deprecated', 'noprefixroute'],
                protocol: 83,
              } as never,
            ]
          },
          removeAddress: () => {
            this.#note('remove')
            this.#present = []
            return true
          },
          destroyConnections: () => {
            this.#note('destroy')
            return 0
          },
          holdName: name => {
            if (this.isHeld) return undefined
            this.held = name
            return () => (this.held = undefined)
          },
        },
        segment: {
          listInterfaces: () => [this.link],
          isRouter: () => false,
          isWireless: () => false,
          isReceiveBalanced: () => false,
          open: () => ({
            send: frame =>
              this.#note(frame[20] === 0 && frame[28] === 0 ? 'probe' : frame[21] === 1 ? 'request' : 'reply'),
            receive: () => this.claims.splice(0),
            whenReadable: read => void (this.#read = read),
            close: () => {},
          }),
        },
      },
    )
    this.agent.on('conflict', event => void this.conflicts.push(event))
  }
  #election(): Election {
    const { clock } = this
    const run = this
    return {
      leaseDuration: 5,
      claimDelay: 1,
      async *campaign(signal: AbortSignal): AsyncGenerator<Leadership> {
        run.#note('campaign')
        while (!signal.aborted) {
          const { epoch, previous } = run
          if (epoch === undefined) yield { leader: false, holder: 'other' }
          else yield { leader: true, epoch, until: clock.now() + run.term, ...(previous && { previous }) }
          await new Promise<void>(done => {
            signal.addEventListener('abort', () => done(), { once: true })
            clock.setTimeout(done, run.renewal)
          })
        }
        run.#note('release')
      },
      advertises: (mac, hasClaimed) => run.#note(`${mac} ${hasClaimed ? 'claimed' : 'not claimed'}`),
      look: () => run.#note('look'),
    }
  }
  async #check(): Promise<void> {
    if (!this.isHealthy) throw new Error('HTTP 500')
  }
  #note(what: string): void {
    this.story.push([Math.round(this.clock.now() * 1000) / 1_000_000, what])
  }
  async pass(seconds: number): Promise<this> {
    await this.clock.advance(seconds)
    return this
  }
  change(link: Partial<NetworkInterface>): void {
    this.link = { ...this.link, ...link }
    this.#onChange()
  }
  /** Something else removes the VIP, or the kernel does. */
  lose(): void {
    this.#present = []
    this.#onChange()
  }
  hear(mac: string): void {
    this.claims = [{ address: Uint8Array.of(203, 0, 113, 100), mac, kind: 'claim' }]
    this.#read()
  }
  stop(): void {
    void this.agent.stop().then(() => (this.ended = true))
  }
  /** When it happened last. */
  at(what: string): number {
    return this.story.findLast(([, one]) => one === what)?.[0] ?? Number.NaN
  }
  take(): string[] {
    return this.story.splice(0).map(([, what]) => what)
  }
}

describe('an agent with ARP', () => {
  it('after a release it takes over without a probe; its first frames leave at once', async () => {
    const run = await new Run().pass(0)
    expect(run.story.map(([at]) => at).every(at => at === run.story[0]?.[0])).toBe(true)
    expect(run.take()).toEqual([
      ...[`${MAC} not claimed`, 'campaign', `${MAC} claimed`],
      ...['address', 'request', 'reply'],
    ])
    expect(run.agent.status()).toMatchObject({ role: 'leader', arp: { holds: true, conflicts: 0, framesSent: 2 } })
    expect(run.agent.announcer).toBeUndefined()
  })
  it('nothing waits for a time any more after its end', async () => {
    const run = await new Run().pass(5)
    run.stop()
    await run.pass(10)
    expect([run.ended, run.clock.pendingTimers]).toEqual([true, 0])
  })
  it('its take-over has the address and the first frames, and its end the address', async () => {
    const run = new Run({}, run => (run.previous = undefined))
    const seen: object[] = []
    run.agent.on('take-over', event => seen.push(event)).on('withdrawal', event => seen.push(event))
    await run.pass(1)
    const took = { cause: 'starting', seconds: expect.closeTo(0.15, 2) }
    expect(seen.splice(0)).toEqual([
      { part: 'segment', ...took },
      { part: 'address', ...took },
    ])
    run.isHealthy = false
    await run.pass(2)
    expect(seen).toEqual([{ part: 'address', reason: 'unhealthy', seconds: expect.closeTo(0, 2) }])
  })
  it('the first claim of a Lease has two probes, and the address follows at 150 ms', async () => {
    const run = await new Run({}, run => (run.previous = undefined)).pass(1)
    const start = run.at('campaign')
    expect([run.at('probe') - start, run.at('address') - start]).toEqual([0.05, 0.15])
    expect(run.take().slice(0, 8)).toEqual([
      ...[`${MAC} not claimed`, 'campaign', 'probe', 'probe'],
      ...[`${MAC} claimed`, 'address', 'request', 'reply'],
    ])
  })
  it('a node that has the VIP blocks the first claim, which is tried again after 10 s', async () => {
    const run = await new Run({}, run => (run.previous = undefined)).pass(0)
    run.hear(OTHER)
    await run.pass(1)
    expect(run.take()).not.toContain('address')
    expect(run.agent.status()).toMatchObject({ role: 'leader', arp: { holds: false, blockedBy: OTHER } })
    expect(run.conflicts).toEqual([{ mac: OTHER, blocked: true }])
    expect(run.lines).toContain('another node has the VIP: not claimed')
    await run.pass(10)
    expect(run.take()).toEqual(expect.arrayContaining(['probe', 'address', 'request']))
    expect(run.agent.status().arp).toEqual({ holds: true, conflicts: 0, framesSent: expect.any(Number) })
  })
  it('the kernel of a dead holder that answers does not stop the next one', async () => {
    const run = await new Run({}, run => (run.previous = { mac: OTHER, released: false })).pass(0)
    run.hear(OTHER)
    await run.pass(0.05)
    expect(run.take()).toEqual(expect.arrayContaining(['address', 'request', 'reply']))
    expect(run.conflicts).toEqual([{ mac: OTHER, blocked: false }])
  })
  it('a planned end destroys the connections, removes the address, and then releases', async () => {
    const run = await new Run().pass(1.5)
    run.take()
    run.stop()
    await run.pass(0.1)
    expect(run.take()).toEqual(['destroy', 'remove', 'release'])
    expect(run.ended).toBe(true)
  })
  it('a failed health check removes the address at once, and then releases', async () => {
    const run = await new Run().pass(1.5)
    run.take()
    run.isHealthy = false
    await run.pass(1)
    expect(run.take()).toEqual(['remove', 'release'])
  })
  it('a drain destroys the connections, removes the address, and then releases', async () => {
    const run = await new Run().pass(1.5)
    run.take()
    run.agent.drain('kernel upgrade')
    await run.pass(0.1)
    expect(run.take()).toEqual(['destroy', 'remove', 'release'])
    run.agent.resume()
    await run.pass(1)
    expect(run.take()).toContain('request')
  })
  it('it holds the name of its VIP until its end is over', async () => {
    const run = await new Run().pass(1.5)
    expect(run.held).toBe('softspoken-203.0.113.100')
    run.stop()
    expect(run.held).toBeDefined()
    await run.pass(0.1)
    expect([run.ended, run.held]).toEqual([true, undefined])
  })
  it('another leader ends it at once', async () => {
    const run = await new Run().pass(1.5)
    run.take()
    run.epoch = undefined
    await run.pass(1)
    expect(run.take()).toEqual(['remove'])
    expect(run.agent.status().arp?.holds).toBe(false)
  })
  it('a foreign claim makes it ask the election, and defend when that confirms', async () => {
    const run = await new Run().pass(12.5)
    run.take()
    run.hear(OTHER)
    await run.pass(0.1)
    expect(run.take()).toEqual(['look'])
    await run.pass(1)
    expect(run.take()).toEqual(['request', 'reply'])
    expect(run.conflicts).toEqual([{ mac: OTHER, blocked: false }])
    expect(run.lines).toContain('another node claims the VIP')
    expect(run.agent.status().arp?.conflicts).toBe(1)
  })
  it('a leader that cannot add the VIP releases the Lease, and tries again ever later', async () => {
    const run = await new Run({}, one => (one.cannotAdd = true)).pass(30)
    const tries = run.story.filter(([, what]) => what === 'EACCES').map(([at]) => at)
    expect(tries).toHaveLength(5)
    for (const at of tries) expect(run.story).toContainEqual([at, 'release'])
    const pauses = tries.slice(1).map((at, index) => Math.floor(at - (tries[index] ?? 0)))
    expect(pauses).toEqual([1, 2, 4, 8])
    run.cannotAdd = false
    await run.pass(20)
    expect(run.agent.status().arp?.holds).toBe(true)
  })
  it('an interface that becomes a port of a bridge takes the VIP, and gives it back', async () => {
    const run = await new Run().pass(12.5)
    run.take()
    run.change({ master: 9 })
    run.change({ master: 9 })
    await run.pass(1.1)
    expect(run.take().slice(0, 2)).toEqual(['remove', 'release'])
    expect(run.agent.status()).toMatchObject({ serves: { reason: 'no-carrier' }, arp: { holds: false } })
    expect(run.lines.filter(text => text === 'the interface cannot have VIPs any more')).toHaveLength(1)
    const { master: _, ...link } = run.link
    run.link = link
    run.change({})
    await run.pass(2)
    expect(run.agent.status().serves.reason).toBeUndefined()
  })
  it('a VIP that another program adds is logged once, until it is gone', async () => {
    const run = await new Run().pass(3)
    for (const hasForeign of [false, true, true, false, true]) {
      run.hasForeign = hasForeign
      run.change({})
    }
    const line = 'another program has added the VIP, which may stay when this node gives it up'
    expect(run.lines.filter(text => text === line)).toHaveLength(2)
  })
  it('a VIP that something else removes is a line; the end of its lifetime is none', async () => {
    const run = await new Run({}, one => Object.assign(one, { term: 2500, renewal: 60_000 })).pass(1)
    const lines = () => run.lines.filter(text => text === 'VIP is gone from the interface').length
    run.lose()
    await run.pass(0.9)
    expect([lines(), run.agent.status().address.present]).toEqual([1, true])
    await run.pass(0.3) // the lifetime has whole seconds
    run.lose()
    expect([lines(), run.agent.status().address.present]).toEqual([1, false])
  })
  it('carrier that is back starts a burst, and so does another MAC address', async () => {
    const run = await new Run().pass(12.5)
    run.take()
    run.change({ carrier: false })
    run.change({ carrier: true })
    expect(run.take()).toEqual(['request', 'reply'])
    await run.pass(12)
    run.take()
    run.change({ mac: OTHER })
    expect(run.take()).toEqual(['request', 'reply', `${OTHER} claimed`])
  })
  it('a clock that jumped forward makes it stop, ask, and claim again when it leads', async () => {
    const run = await new Run().pass(12.5)
    run.take()
    const now = Date.now()
    vi.spyOn(Date, 'now').mockReturnValue(now + 60_000)
    await run.pass(1) // it looks once a second
    expect(run.take()).toEqual(['look', 'remove', 'address', 'request', 'reply'])
  })
})

test('a second agent on one host is refused before it changes anything', () => {
  let story: unknown
  const make = () =>
    new Run({}, run => {
      run.isHeld = true
      story = run.story
    })
  expect(make).toThrow('another VIP agent on this host has 203.0.113.100')
  expect(story).toEqual([])
})
test('an agent whose other options are refused lets go of the name of its VIP', () => {
  let refused: Run | undefined
  const announcer = { local: { as: 64515, id: 'x' }, peers: [] }
  expect(() => new Run({ announcer }, run => (refused = run))).toThrow('peers: an empty list')
  expect(refused?.held).toBeUndefined()
})

test.each<[string, Partial<AgentOptions>, string]>([
  [
    'standby mode',
    { mode: 'standby' },
    'arp: true is not allowed, it must be left out in standby mode: give mode: leader',
  ],
  [
    'no election',
    { election: undefined as never },
    'arp: true is not allowed, it must be left out without an election',
  ],
  ["address: 'none'", { address: 'none' }, "address: 'none' is not allowed, it must be an object with interface"],
  ['claimInUse without arp', { arp: false, claimInUse: true }, 'claimInUse: true is not allowed, it must be left out'],
  [
    'preference without BGP',
    { preference: {} },
    'preference: an object is not allowed, it must be left out without an announcer',
  ],
  ['a VipInterface', { address: { set: async () => {}, remove: async () => {} } }, 'because of arp'],
])('%s is refused', (_, given, sentence) => {
  expect(() => new Run(given)).toThrow(sentence)
})
