/** What a look at the sessions and at the host's network gives the agent. */
import { EventEmitter } from 'node:events'
import { VirtualClock } from '@softspoken/session/testing'
import { describe, expect, it } from 'vitest'
import { HostWatch, type HostWatchOptions } from './host-watch.ts'
import type { AgentInput } from './state.ts'

const VIP = '198.51.100.10'

/** A host with eth0 and eth1, and sessions from these addresses. */
class Run {
  readonly clock = new VirtualClock()
  readonly announcer = Object.assign(new EventEmitter(), { sessions: [] as object[] })
  readonly lines: string[] = []
  #inputs: AgentInput[] = []
  carrier: Record<string, boolean | undefined> = { eth0: true, eth1: true }
  interfaces: Record<string, string> = { '10.0.5.11': 'eth0', '10.0.6.11': 'eth1' }
  present: string[] = []
  link = { mac: '02:00:5e:00:00:01' as string | undefined, carrier: true }
  foreign: object | undefined
  isThere = true
  expects = true
  error: string | undefined
  hasEnded = false
  readonly watch: HostWatch
  #onChange: (() => void) | undefined

  constructor(given: Partial<HostWatchOptions> = {}, reports = true) {
    const note = (fields: object, text: string): void => void this.lines.push(`${text} ${JSON.stringify(fields)}`)
    this.watch = new HostWatch({
      announcer: this.announcer as never, // as much of it as is used
      network: {
        interfaceOf: address => this.interfaces[address],
        hasCarrier: name => {
          if (this.error !== undefined) throw new Error(this.error)
          return this.carrier[name]
        },
        hasAddress: address => this.present.includes(address),
        watch: onChange => {
          if (!reports) return undefined
          this.#onChange = onChange
          return () => (this.hasEnded = true)
        },
      },
      ...{ addresses: undefined, segment: undefined, vips: [VIP], required: [], clock: this.clock },
      log: { debug: note, info: note, warn: note, error: note },
      feed: input => void this.#inputs.push(input),
      expectsAddress: () => this.expects,
      addressGone: () => void this.lines.push('gone'),
      ...given,
    })
  }
  /** The agent has VIPs on vip0. */
  static withAddresses(): Run {
    const run: Run = new Run({
      addresses: Object.defineProperties({ interface: 'vip0' } as never, {
        present: { get: () => run.isThere },
        foreign: { get: () => run.foreign },
      }),
    })
    run.carrier.vip0 = true
    return run
  }
  sessions(...addresses: readonly (string | undefined)[]): void {
    this.announcer.sessions = addresses.map(address => ({
      state: 'Established',
      status: () => ({ local: { address } }),
    }))
  }
  change(): AgentInput[] {
    this.#onChange?.()
    return this.take()
  }
  look(): AgentInput[] {
    this.watch.look()
    return this.take()
  }
  take(): AgentInput[] {
    return this.#inputs.splice(0)
  }
  hasCarrier(): unknown {
    return this.look().find(({ type }) => type === 'carrier')
  }
}
const up = { type: 'carrier', up: true }
const down = { type: 'carrier', up: false }

describe('the sessions', () => {
  it('are counted while they are established', () => {
    const run = new Run()
    run.sessions('10.0.5.11', undefined)
    run.announcer.sessions.push({ state: 'Active', status: () => ({ local: {} }) })
    expect(run.look()).toEqual([{ type: 'sessions', established: 2, fromVip: undefined }, up])
  })
  it('one from the VIP itself is not counted, and named', () => {
    const run = new Run()
    run.sessions(VIP, '10.0.5.11')
    expect(run.look()[0]).toEqual({ type: 'sessions', established: 1, fromVip: VIP })
  })
  it('a session that comes or goes is a look', () => {
    const run = new Run()
    for (const event of ['established', 'down']) {
      run.announcer.emit(event)
      expect(run.take()).toHaveLength(2)
    }
    run.announcer.emit('sent')
    expect(run.take()).toEqual([])
  })
  it('an agent without BGP has none', () => {
    expect(new Run({ announcer: undefined }).look()).toEqual([{ type: 'sessions', established: 0 }, up])
  })
})

describe('carrier', () => {
  it('is that of one of the interfaces of the sessions', () => {
    const run = new Run()
    run.sessions('10.0.5.11', '10.0.6.11')
    expect(run.hasCarrier()).toEqual(up)
    run.carrier.eth0 = false
    expect(run.hasCarrier()).toEqual(up)
    run.carrier.eth1 = false
    expect(run.hasCarrier()).toEqual(down)
  })
  it('is that of the last sessions while there is none', () => {
    const run = new Run()
    run.carrier.eth0 = false
    expect(run.hasCarrier(), 'there was none yet').toEqual(up)
    run.sessions('10.0.5.11')
    expect(run.hasCarrier()).toEqual(down)
    run.sessions()
    expect(run.hasCarrier()).toEqual(down)
    run.sessions('10.0.6.11')
    expect(run.hasCarrier()).toEqual(up)
  })
  it('is also that of the interface of the VIPs', () => {
    const run = Run.withAddresses()
    run.sessions('10.0.5.11')
    expect(run.hasCarrier()).toEqual(up)
    run.carrier.vip0 = false
    expect(run.hasCarrier()).toEqual(down)
    run.carrier = { eth0: false, vip0: true }
    expect(run.hasCarrier()).toEqual(down)
  })
  it('that is not known counts as carrier', () => {
    const run = Run.withAddresses()
    run.sessions('10.0.5.11', undefined, '192.0.2.1')
    run.carrier = {}
    expect(run.hasCarrier()).toEqual(up)
  })
  it('is also that of the segment', () => {
    const run: Run = new Run({ segment: { link: () => run.link } })
    expect(run.look()).toEqual([expect.anything(), { type: 'link', ...run.link }, up])
    run.link = { mac: undefined, carrier: false }
    expect(run.look()).toEqual([expect.anything(), { type: 'link', ...run.link }, down])
  })
})

describe('the VIPs', () => {
  it('that have to be on an interface are there if all of them are', () => {
    const run = new Run({ required: [VIP, '198.51.100.11'] })
    const seen = () => run.look().find(({ type }) => type === 'address-seen')
    run.present = [VIP]
    expect(seen()).toEqual({ type: 'address-seen', present: false })
    run.present = [VIP, '198.51.100.11']
    expect(seen()).toEqual({ type: 'address-seen', present: true })
  })
  it('that the agent has set and that are gone are reported', () => {
    const run = Run.withAddresses()
    expect(run.look()).toHaveLength(2)
    run.isThere = false
    expect(run.look().at(-1)).toEqual({ type: 'address-gone' })
    expect(run.lines).toEqual(['gone'])
    run.expects = false
    expect(run.look()).toHaveLength(2)
    expect(run.lines).toEqual(['gone'])
  })
  it('that another program has added are logged once, until they are gone', () => {
    const run = Run.withAddresses()
    for (const foreign of [undefined, { vip: VIP }, { vip: VIP }, undefined, { vip: VIP }]) {
      run.foreign = foreign
      run.look()
    }
    expect(run.lines).toHaveLength(2)
    expect(run.lines[0]).toBe(
      `another program has added the VIP, which may stay when this node gives it up {"vip":"${VIP}"}`,
    )
  })
})

describe('the network', () => {
  it('is looked at after each change, until stop()', () => {
    const run = new Run()
    expect(run.change()).toHaveLength(2)
    expect(run.hasEnded).toBe(false)
    run.watch.stop()
    expect(run.hasEnded).toBe(true)
  })
  it.each<[string, Partial<HostWatchOptions>, number]>([
    ['each second if VIPs have to be there', { required: [VIP] }, 3],
    ['each second if the VIPs are claimed on a segment', { segment: { link: () => ({ mac: '', carrier: true }) } }, 3],
    ['at changes of sessions alone if nothing else counts', {}, 0],
  ])('that reports no changes is looked at %s', async (_, given, looks) => {
    const run = new Run(given, false)
    const count = () => run.take().filter(({ type }) => type === 'sessions').length
    await run.clock.advance(0.9)
    expect(count()).toBe(0)
    await run.clock.advance(2.5)
    expect(count()).toBe(looks)
    run.watch.stop()
    await run.clock.advance(5)
    expect(count()).toBe(0)
  })
  it('that reports changes is not looked at each second', async () => {
    const run = new Run({ required: [VIP] })
    await run.clock.advance(5)
    expect(run.take()).toEqual([])
  })
  it('that cannot be read is logged once, until a look works; sessions still count', () => {
    const run = Run.withAddresses()
    for (const error of ['EMFILE', 'EMFILE', undefined, 'ENOMEM']) {
      run.error = error
      expect(run.look()[0]).toMatchObject({ type: 'sessions' })
    }
    expect(run.lines).toEqual([
      'the network of this host cannot be read {"error":"EMFILE"}',
      'the network of this host cannot be read {"error":"ENOMEM"}',
    ])
  })
})
