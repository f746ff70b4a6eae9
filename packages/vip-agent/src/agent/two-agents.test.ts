/** Two agents with one Lease, each with a router of its own, in virtual time: who advertises with which MED, and when. */
import { ScriptedPeer, VirtualClock } from '@softspoken/session/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { leaseElection } from '../election/lease-election.ts'
import { type LeaseRecord, type LeaseStore, LeaseStoreError, type StoredLease } from '../election/lease-store.ts'
import { profiles } from '../election/options.ts'
import { VipAgent } from './agent.ts'
import type { Mode } from './state.ts'

const VIP = '198.51.100.10/32'
/** Seconds: until a cordon is seen and has its effect, and until a cordoned node leads again with the profile `fast`. */
const CORDON = 16
const LAST_RESORT = 11

/** A Lease in memory; a candidate that is cut off gets no answer. */
class Lease {
  #stored: StoredLease | undefined
  #version = 0
  readonly cutOff = new Set<string>()

  storeOf(name: string): LeaseStore {
    const answer = async <T>(signal: AbortSignal, act: () => T): Promise<T> => {
      if (this.cutOff.has(name))
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
      return act()
    }
    const put = (record: LeaseRecord, version: string | undefined): StoredLease => {
      if (this.#stored?.version !== version) throw new LeaseStoreError('conflict', 'another version')
      this.#version++
      this.#stored = { ...record, version: String(this.#version) }
      return this.#stored
    }
    return {
      get: signal => answer(signal, () => this.#stored),
      create: (record, signal) => answer(signal, () => put(record, undefined)),
      update: (record, version, signal) => answer(signal, () => put(record, version)),
    }
  }
}

const pairs: Pair[] = []
// They watch the network of this host until they have stopped.
afterEach(async () => {
  for (const { a, b, clock } of pairs.splice(0)) {
    void a.agent.stop()
    void b.agent.stop()
    await clock.advance(60)
  }
})
class Pair {
  readonly clock = new VirtualClock()
  readonly lease = new Lease()
  readonly a: Node
  readonly b: Node
  /** When no router had a route, after the first one. */
  gaps = 0
  constructor(mode: Mode) {
    pairs.push(this)
    this.a = new Node('a', mode, this.clock, this.lease)
    this.b = new Node('b', mode, this.clock, this.lease)
  }
  /** In steps of 50 ms. */
  async pass(seconds: number): Promise<void> {
    for (let step = 0; step < seconds * 20; step++) {
      await this.clock.advance(0.05)
      if (this.a.med === undefined && this.b.med === undefined) this.gaps++
    }
  }
  async untilOneLeads(): Promise<{ leader: Node; other: Node }> {
    await this.pass(6)
    this.gaps = 0
    return this.a.agent.status().role === 'leader'
      ? { leader: this.a, other: this.b }
      : { leader: this.b, other: this.a }
  }
}
class Node {
  readonly router: ScriptedPeer
  readonly agent: VipAgent
  isHealthy = true
  isCordoned = false
  /** Of its log, from warn. */
  readonly lines: string[] = []
  constructor(name: string, mode: Mode, clock: VirtualClock, lease: Lease) {
    this.router = new ScriptedPeer({ clock, as: 65000 })
    const check = async (): Promise<void> => {
      if (!this.isHealthy) throw new Error('HTTP 503')
    }
    this.agent = new VipAgent({
      vips: [VIP],
      announcer: {
        ...{ local: { as: 64515, id: name === 'a' ? '10.0.5.11' : '10.0.5.12' }, peers: [this.router.peer] },
        ...{ clock, random: () => 1, dial: this.router.dial },
      },
      health: { check, interval: 1, rise: 1, fall: 1, clock },
      mode,
      election: leaseElection(lease.storeOf(name), { identity: name, clock, ...profiles.fast }),
      drainOnCordon: async () => this.isCordoned,
      log: { debug() {}, info() {}, warn: (_, line) => this.lines.push(line), error() {} },
    })
  }
  get med(): number | undefined {
    return this.router.routes.get(VIP)?.attributes.med
  }
}

describe.each(['leader', 'standby'] as const)('two agents in %s mode', mode => {
  const waiting = mode === 'leader' ? undefined : 1_000_000

  it('one leads, and the other waits', async () => {
    const { leader, other } = await new Pair(mode).untilOneLeads()
    expect([leader.med, other.med]).toEqual([999_999, waiting])
  })
  it('a leader whose service fails is followed within a retry period', async () => {
    const pair = new Pair(mode)
    const { leader, other } = await pair.untilOneLeads()
    leader.isHealthy = false
    await pair.pass(1 + 2 * profiles.fast.retryPeriod)
    expect([leader.med, other.med]).toEqual([undefined, 999_998])
  })
  it('a leader that stops is followed without a gap', async () => {
    const pair = new Pair(mode)
    const { leader, other } = await pair.untilOneLeads()
    void leader.agent.stop()
    await pair.pass(8)
    expect([leader.med, other.med, pair.gaps]).toEqual([undefined, 999_998, 0])
  })
  it('a leader without the store is followed after the lease; never both lead', async () => {
    const pair = new Pair(mode)
    const { leader, other } = await pair.untilOneLeads()
    pair.lease.cutOff.add(leader === pair.a ? 'a' : 'b')
    for (let step = 0; step < 20 * (profiles.fast.leaseDuration + profiles.fast.retryPeriod + 1); step++) {
      await pair.pass(0.05)
      expect([leader, other].filter(({ agent }) => agent.status().role === 'leader').length).toBeLessThan(2)
    }
    expect([leader.med, other.med]).toEqual([waiting, 999_998])
  })
  it('a follower whose election works again shows no failure of before', async () => {
    const pair = new Pair(mode)
    const { leader, other } = await pair.untilOneLeads()
    pair.lease.cutOff.add(other === pair.a ? 'a' : 'b')
    await pair.pass(4)
    expect(other.agent.status().lastElectionFailure?.reason).toBe('timeout')
    pair.lease.cutOff.clear()
    await pair.pass(4)
    expect(other.agent.status().lastElectionFailure).toBeUndefined()
    expect([leader.med, other.med]).toEqual([999_999, waiting])
  })
  it('a leader that loses its last session gives up the Lease to the other one', async () => {
    const pair = new Pair(mode)
    const { leader, other } = await pair.untilOneLeads()
    leader.router.onDial = 'ignore'
    leader.router.close()
    await pair.pass(profiles.fast.leaseDuration / 5 + 2 * profiles.fast.retryPeriod)
    expect([leader.agent.status().serves.reason, other.med]).toEqual(['no-session', 999_998])
  })
  it('a cordoned leader is followed without a gap; if all are cordoned, one leads', async () => {
    const pair = new Pair(mode)
    const { leader, other } = await pair.untilOneLeads()
    leader.isCordoned = true
    await pair.pass(CORDON)
    expect([leader.med, other.med, pair.gaps]).toEqual([undefined, 999_998, 0])
    expect(leader.agent.status().serves.reason).toBe('cordoned')
    other.isCordoned = true
    await pair.pass(CORDON + LAST_RESORT)
    const last = [leader, other].filter(({ agent }) => agent.status().role === 'leader')
    expect(last.map(({ med }) => med)).toEqual([999_997])
    expect(last[0]!.agent.status()).toMatchObject({ serves: {}, drained: { reason: 'cordoned' } })
    expect(last[0]!.lines).toContain('no other node leads, so this one does although cordoned')
    expect([leader, other].filter(({ med }) => med !== undefined)).toEqual(last)
    expect(pair.gaps).toBe(0)
  })
  it('a cordoned leader keeps its route if no other can lead, and leads on afterwards', async () => {
    const pair = new Pair(mode)
    const { leader, other } = await pair.untilOneLeads()
    other.isHealthy = false
    await pair.pass(2)
    leader.isCordoned = true
    await pair.pass(CORDON + LAST_RESORT)
    expect([leader.agent.status().role, leader.med, pair.gaps]).toEqual(['leader', 999_998, 0])
    other.isHealthy = true
    leader.isCordoned = false
    await pair.pass(CORDON + LAST_RESORT)
    expect([leader.med, other.med, pair.gaps]).toEqual([999_998, waiting, 0])
  })
  it('a cordoned leader that loses the store after its release withdraws after 4 s', async () => {
    const pair = new Pair(mode)
    const { leader, other } = await pair.untilOneLeads()
    other.isHealthy = false
    await pair.pass(2)
    leader.isCordoned = true
    while (leader.agent.status().role === 'leader') await pair.pass(0.05)
    pair.lease.cutOff.add(leader === pair.a ? 'a' : 'b')
    await pair.pass(7)
    expect(leader.med).toBeUndefined()
  })
})
