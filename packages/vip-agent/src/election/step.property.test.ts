/**
 * Candidates for one Lease in virtual time, on the pure core. Each has its own clock, with its own rate. Requests and
 * answers may be lost, late, doubled and out of order; processes stop, continue, die and start again; a person deletes and
 * changes the Lease. All tests share the simulation at the end of this file.
 */
import { chance } from '@softspoken/test-support/damage'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LeaseRecord, StoredLease } from './lease-store.ts'
import type { LeaseStoreReason } from './reasons.ts'
import { type Action, type ElectionConfig, type ElectionState, type Input, newElection, nextDeadline } from './state.ts'
import { electionStep } from './step.ts'

/** The rates of two clocks differ by less than leaseDuration / renewDeadline: docs/leases.md. */
const FACTOR = 1.49
const profiles = {
  default: { leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 2000, claimDelay: 0, requestTimeout: 4500 },
  delayed: { leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 2000, claimDelay: 1000, requestTimeout: 4500 },
  fast: { leaseDuration: 5000, renewDeadline: 3000, retryPeriod: 1000, claimDelay: 0, requestTimeout: 1350 },
}
type Profile = (typeof profiles)['default']
/** In milliseconds: after any one fault there is a leader within this time. */
const bound = ({ leaseDuration, claimDelay, retryPeriod }: Profile): number =>
  leaseDuration + claimDelay + 200 + 2 * retryPeriod
/** Histories with several faults. */
const runs = Number(process.env.RUNS ?? 60)

type Fault =
  | { readonly type: 'pause' | 'crash' | 'resign' | 'cordon'; readonly node: number; readonly for: number }
  | { readonly type: 'network'; readonly node: number; readonly for: number; readonly weather: Weather }
  | { readonly type: 'wall'; readonly node: number; readonly by: number }
  | { readonly type: 'person'; readonly does: keyof typeof deeds }
interface Weather {
  /** Parts of the messages, 0 to 1. */
  readonly lostRequests: number
  readonly lostAnswers: number
  readonly doubled: number
  readonly errors: number
  readonly lostReports: number
  /** Milliseconds at most, each way. */
  readonly delay: number
}
const calm: Weather = { lostRequests: 0, lostAnswers: 0, doubled: 0, errors: 0, lostReports: 0, delay: 30 }

/** What a person does to the Lease. */
const deeds = {
  deletes: () => undefined,
  'names a other candidate': lease => ({ ...lease, holder: 'other candidate' }),
  // No holder and a duration of 1 is a release. It says that the leader has stopped, which a person cannot know.
  'names no holder': lease => ({ ...lease, holder: '', duration: 2 }),
  'shortens the duration': lease => ({ ...lease, duration: lease.holder === '' ? 2 : 1 }),
  'lowers the epoch': lease => ({ ...lease, epoch: 0 }),
  'raises the epoch': lease => ({ ...lease, epoch: lease.epoch + 50 }),
  'adds a label': lease => lease,
} satisfies Record<string, (lease: StoredLease) => LeaseRecord | undefined>

const part = fc.constantFrom(0, 0, 0.3, 1)
const weather = fc.record<Weather>({
  lostRequests: part,
  lostAnswers: part,
  doubled: part,
  errors: part,
  lostReports: part,
  delay: fc.constantFrom(30, 300, 3000, 8000),
})
const node = fc.nat(4)
const duration = fc.oneof(fc.nat(3000), fc.nat(30_000))
const anyFault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ type: fc.constantFrom(...(['pause', 'crash', 'resign', 'cordon'] as const)), node, for: duration }),
  fc.record({ type: fc.constant('network' as const), node, for: duration, weather }),
  fc.record({ type: fc.constant('wall' as const), node, by: fc.constantFrom(-3_600_000, 3_600_000) }),
  fc.record({
    type: fc.constant('person' as const),
    does: fc.constantFrom(...(Object.keys(deeds) as (keyof typeof deeds)[])), // the keys of the table above
  }),
)
const world = fc.record({
  profile: fc.constantFrom(...Object.values(profiles)),
  seed: fc.integer(),
  rates: fc.array(fc.double({ min: 1, max: FACTOR, noNaN: true }), { minLength: 2, maxLength: 5 }),
})

describe('2 to 5 candidates', () => {
  it('after any faults: never two leaders, epochs rise, and in the end one leads', { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(world, fc.array(fc.tuple(duration, anyFault), { maxLength: 14 }), (given, faults) => {
        const cluster = new Cluster(given)
        for (const [after, fault] of faults) {
          cluster.run(after)
          cluster.apply(fault)
        }
        cluster.calm()
        cluster.run(bound(given.profile) + given.profile.requestTimeout) // a request may still be in flight
        expect(cluster.leaders).toHaveLength(1)
        const [leader] = cluster.leaders
        cluster.run(60_000)
        expect(cluster.leaders).toEqual([leader])
      }),
      { numRuns: runs },
    )
  })

  it('after any one fault there is a leader within the bound', { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(world, anyFault, fc.nat(4000), (given, fault, at) => {
        const cluster = new Cluster(given)
        cluster.run(5000 + at)
        expect(cluster.leaders).toHaveLength(1)
        cluster.longestGap = 0
        cluster.apply(fault)
        cluster.run(40_000)
        expect(cluster.leaders).toHaveLength(1)
        expect(cluster.longestGap).toBeLessThanOrEqual(bound(given.profile))
      }),
      { numRuns: runs },
    )
  })

  it('without faults each makes at most one request per retryPeriod, and one leads', { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(world, given => {
        const cluster = new Cluster(given)
        cluster.run(10_000)
        const [leader] = cluster.leaders
        const before = cluster.nodes.map(({ requests }) => requests)
        cluster.run(100 * given.profile.retryPeriod)
        expect(cluster.leaders).toEqual([leader])
        cluster.nodes.forEach(({ requests, rate }, i) => {
          expect(requests - (before[i] ?? 0)).toBeLessThanOrEqual(100 * rate + 2)
        })
      }),
      { numRuns: Math.ceil(runs / 5) },
    )
  })
})

// ---- the simulation

class Cluster {
  now = 0
  readonly random: () => number
  readonly profile: Profile
  readonly nodes: Node[]
  lease: StoredLease | undefined
  /** For how long no candidate led. */
  longestGap = 0
  #ledAt = 0
  #version = 0
  /** The highest epoch of a leader, and which process had it. */
  highest = { epoch: 0, process: 0 }
  readonly #queue: { readonly at: number; readonly run: () => void }[] = []

  constructor({
    profile,
    seed,
    rates,
  }: {
    readonly profile: Profile
    readonly seed: number
    readonly rates: readonly number[]
  }) {
    this.profile = profile
    this.random = chance(seed)
    this.nodes = rates.map((rate, i) => new Node(this, `node-${i}`, rate))
    for (const one of this.nodes) one.start()
  }

  get leaders(): string[] {
    return this.nodes.filter(one => one.leads).map(one => one.identity)
  }

  after(milliseconds: number, run: () => void): void {
    const at = this.now + milliseconds
    const place = this.#queue.findIndex(one => one.at > at)
    this.#queue.splice(place === -1 ? this.#queue.length : place, 0, { at, run })
  }
  run(milliseconds: number): void {
    const until = this.now + milliseconds
    for (let first = this.#queue[0]; first !== undefined && first.at <= until; first = this.#queue[0]) {
      this.#queue.shift()
      this.now = first.at
      first.run()
      if (this.leaders.length > 0) this.#ledAt = this.now
      this.longestGap = Math.max(this.longestGap, this.now - this.#ledAt)
    }
    this.now = until
  }

  apply(fault: Fault): void {
    const one = this.nodes['node' in fault ? fault.node % this.nodes.length : 0]!
    switch (fault.type) {
      case 'person':
        this.#change(deeds[fault.does])
        break
      case 'pause':
        one.pause()
        this.after(fault.for, () => one.resume())
        break
      case 'crash':
        one.crash()
        this.after(fault.for, () => one.start())
        break
      case 'resign':
        one.resign()
        this.after(fault.for, () => one.start())
        break
      case 'cordon':
        one.cordon(true)
        this.after(fault.for, () => one.cordon(false))
        break
      case 'network':
        one.weather = fault.weather
        this.after(fault.for, () => (one.weather = calm))
        break
      case 'wall':
        one.wall += fault.by
    }
  }
  /** All faults are over. */
  calm(): void {
    for (const one of this.nodes) {
      one.weather = calm
      one.resume()
      one.cordon(false)
      one.start()
    }
  }

  /**
   * A process that starts while the epoch of the Lease is lost cannot know it. So a person deletes the Lease only if all
   * processes remember it, and no process starts until the epoch is back; if none remembers it, it starts again.
   */
  mayStart(): boolean {
    if ((this.lease?.epoch ?? 0) >= this.highest.epoch) return true
    if (this.nodes.some(one => one.isAlive)) return false
    this.highest = { epoch: 0, process: 0 }
    return true
  }
  #change(deed: (lease: StoredLease) => LeaseRecord | undefined): void {
    const { lease } = this
    if (lease && this.nodes.every(one => !one.isAlive || one.highest >= Math.max(lease.epoch, this.highest.epoch)))
      this.#store(deed(lease))
  }
  #store(record: LeaseRecord | undefined): StoredLease | undefined {
    this.lease = record && { ...record, version: String(++this.#version) }
    for (const one of this.nodes) one.report(this.lease)
    return this.lease
  }

  /** What the store answers. It decides when the request arrives. */
  serve(request: Extract<Action, { id: number }>): StoredLease | undefined | LeaseStoreReason {
    switch (request.type) {
      case 'get':
        return this.lease
      case 'create':
        return this.lease ? 'conflict' : this.#store(request.record)
      default:
        // A Lease that was deleted has no version: an API server refuses its uid.
        return this.lease?.version === request.version ? this.#store(request.record) : 'conflict'
    }
  }

  /** A process leads: no other may lead now, and its epoch is higher than that of each leader before it. */
  noteLeader(leader: Node, epoch: number): void {
    expect(this.leaders, `at ${this.now}`).toEqual([leader.identity])
    if (this.highest.process !== leader.process) expect(epoch).toBeGreaterThan(this.highest.epoch)
    expect(epoch).toBeGreaterThanOrEqual(this.highest.epoch)
    this.highest = { epoch, process: leader.process }
  }
}

let processes = 0

/** A node with at most one process, its clock, and its way to the store. */
class Node {
  readonly identity: string
  readonly rate: number
  weather = calm
  isAlive = false
  /** Another one after each start. */
  process = 0
  requests = 0
  /** The wall clock, less the time of the simulation. */
  wall = 1_700_000_000_000
  readonly #cluster: Cluster
  readonly #offset: number
  #state: ElectionState
  #isPaused = false
  /** Inputs that arrived while it was paused. */
  #waiting: Input[] = []
  #timer = 0
  #watch = 0
  #isWatching = false
  /** How many requests it may still make: three in each round, also if it starts or resigns, two for each report of the watch. */
  #allowed = 0

  constructor(cluster: Cluster, identity: string, rate: number) {
    this.#cluster = cluster
    this.identity = identity
    this.rate = rate
    this.#offset = cluster.random() * 1_000_000
    this.#state = newElection(this.#config)
  }
  get #config(): ElectionConfig {
    return { ...this.#cluster.profile, identity: this.identity }
  }
  get #now(): number {
    return this.#offset + this.#cluster.now * this.rate
  }
  get leads(): boolean {
    return this.isAlive && this.#state.leading !== undefined && this.#now < this.#state.leading.until
  }
  get highest(): number {
    return this.#state.highest
  }

  start(): void {
    if (this.#isPaused || (this.isAlive && this.#state.phase === 'campaigning')) return
    const mustWait = this.isAlive ? this.#state.phase === 'resigning' : !this.#cluster.mayStart()
    if (mustWait) {
      this.#cluster.after(100, () => this.start())
      return
    }
    if (!this.isAlive) {
      this.process = ++processes
      this.isAlive = true
      this.#state = newElection(this.#config)
    }
    this.#allowed += 3
    this.#feed({ type: 'start' })
  }
  resign(): void {
    if (!this.isAlive) return
    this.#allowed += 3
    this.#feed({ type: 'resign', looks: 2 })
  }
  /** As an agent does: it gives up the leadership, and campaigns on as the last resort. */
  cordon(is: boolean): void {
    this.#feed({ type: 'last-resort', is })
    if (is) this.resign()
    this.start()
  }
  crash(): void {
    this.isAlive = false
    this.#isPaused = false
    this.#waiting = []
    this.#timer++
    this.#endWatch()
  }
  pause(): void {
    this.#isPaused = this.isAlive
  }
  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    for (const input of this.#waiting.splice(0)) this.#feed(input)
    this.#feed({ type: 'tick' })
  }
  /** The watch reports a change. */
  report(lease: StoredLease | undefined): void {
    const watch = this.#watch
    if (!this.#isWatching) return
    const isLost = this.#draw(this.weather.lostReports)
    this.#cluster.after(this.#delay(), () => {
      if (watch !== this.#watch) return
      if (isLost) this.#endWatch()
      this.#allowed += 2
      this.#feed(isLost ? { type: 'watch-ended' } : { type: 'watched', lease })
    })
  }

  #feed(input: Input): void {
    if (!this.isAlive) return
    if (this.#isPaused) {
      this.#waiting.push(input)
      return
    }
    const now = this.#now
    const { timers } = this.#state
    if (input.type === 'tick' && !this.#state.request)
      for (const at of [timers.look, timers.claim]) if (at !== undefined && at <= now) this.#allowed += 3
    const clocks = { now, boot: now, wall: this.wall + this.#cluster.now }
    const [next, actions] = electionStep(this.#state, input, { ...clocks, random: this.#cluster.random() })
    this.#state = next
    if (this.leads && next.leading) {
      this.#cluster.noteLeader(this, next.leading.epoch)
      expect(next.observed?.lease?.holder, 'a leader knows no other holder').toBeOneOf([this.identity, '', undefined])
    }
    for (const action of actions) this.#perform(action)
    expect(this.#allowed, 'the budget of requests').toBeGreaterThanOrEqual(0)
    this.#setTimer()
  }
  #setTimer(): void {
    const timer = ++this.#timer
    const deadline = nextDeadline(this.#state)
    if (deadline === undefined) return
    this.#cluster.after(Math.max(0, (deadline - this.#now) / this.rate + 0.001), () => {
      if (timer === this.#timer) this.#feed({ type: 'tick' })
    })
  }
  #perform(action: Action): void {
    switch (action.type) {
      case 'watch':
        this.#watch++
        this.#isWatching = true
        break
      case 'end':
        this.#endWatch()
        break
      case 'publish':
      case 'abort': // the request may still arrive
        break
      default:
        this.requests++
        this.#allowed--
        for (let copies = this.#draw(this.weather.doubled) ? 2 : 1; copies > 0; copies--) this.#request(action)
    }
  }
  #endWatch(): void {
    this.#watch++
    this.#isWatching = false
  }
  #request(request: Extract<Action, { id: number }>): void {
    const { process } = this
    const { lostRequests, errors, lostAnswers } = this.weather
    if (this.#draw(lostRequests)) return
    this.#cluster.after(this.#delay(), () => {
      const result = this.#draw(errors) ? 'server-error' : this.#cluster.serve(request)
      if (this.#draw(lostAnswers)) return
      this.#cluster.after(this.#delay(), () => {
        if (process !== this.process) return
        const { id } = request
        if (typeof result !== 'string') this.#feed({ type: 'answered', id, lease: result })
        else this.#feed({ type: 'failed', id, reason: result, detail: result })
      })
    })
  }
  #draw(part: number): boolean {
    return this.#cluster.random() < part
  }
  #delay(): number {
    return 1 + this.#cluster.random() * (this.weather.delay - 1)
  }
}
