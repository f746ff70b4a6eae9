/**
 * Two and three nodes on one segment in virtual time, on the shipped state machines: election, agent and claim. Frames are
 * lost, late, doubled and forged; requests to the store fail; processes stop, die and start again; clocks run at different
 * rates. The kernel of each node keeps the address for its lifetime, whatever its process does.
 */
import { chance } from '@softspoken/test-support/damage'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { StoredLease } from '../election/lease-store.ts'
import * as election from '../election/state.ts'
import { electionStep } from '../election/step.ts'
import { CLAIM_INTERVAL, FRAMES, mostFrames } from '../segment/budget.ts'
import type { SegmentState } from '../segment/state.ts'
import { type AgentAction, type AgentInput, type AgentState, newAgent } from './state.ts'
import { agentStep, nextDeadline } from './step.ts'

/** 16 s until the next claim, against 11 s of an address: docs/leases.md. */
const FACTOR = 1.45
const runs = Number(process.env.RUNS ?? 30)
const SQUATTER = '02:00:5e:ff:ff:ff'
const electionConfig = {
  ...{ leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 2000, requestTimeout: 4500 },
}
/** The election waits for it, or the agent does. */
const CLAIM_DELAY = 1000
const agentConfig = {
  ...({ mode: 'leader', managesAddress: true, requireAddress: false, destroyConnections: true } as const),
  hasSessions: false,
  ...{ sessionGrace: 3000, drainTime: 3000, gracefulShutdownTime: 0, lastResortTime: 20_000 },
}
/** A leader is found, an address that was taken is added again, and the client hears of it by a refresh at the latest. */
const SETTLED = 150_000

type Fault =
  | {
      readonly type: 'pause' | 'crash' | 'stop' | 'carrier' | 'ill' | 'stuck' | 'drain' | 'cordon'
      readonly node: number
      readonly for: number
    }
  | {
      readonly type: 'store'
      readonly node: number
      readonly for: number
      readonly lost: number
      readonly delay: number
    }
  | { readonly type: 'segment'; readonly for: number; readonly lost: number; readonly delay: number }
  | { readonly type: 'forged'; readonly node: number; readonly for: number }
  | { readonly type: 'squatter'; readonly for: number }
  | { readonly type: 'taken' | 'jump' | 'broken'; readonly node: number }

const node = fc.nat(2)
const time = fc.oneof(fc.nat(1000), fc.nat(3000), fc.nat(30_000))
const part = fc.constantFrom(0, 0.3, 1)
const delay = fc.constantFrom(1, 200, 3000)
const kind = fc.constantFrom('pause', 'crash', 'stop', 'carrier', 'ill', 'stuck', 'drain', 'cordon')
const anyFault = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: kind, node, for: time }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('store'), node, for: time, lost: part, delay }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('segment'), for: time, lost: part, delay }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('forged'), node, for: time }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('squatter'), for: time }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('taken', 'taken', 'jump', 'broken'), node }) },
) as fc.Arbitrary<Fault> // fast-check widens the literals
const rate = fc.oneof(fc.constantFrom(1, FACTOR), fc.double({ min: 1, max: FACTOR, noNaN: true }))
const world = fc.record({
  electionWaits: fc.boolean(),
  seed: fc.integer(),
  rates: fc.array(rate, { minLength: 2, maxLength: 3 }),
})

it('after any faults: no two holders, no frame above the budget, and one in the end', { timeout: 600_000 }, () => {
  fc.assert(
    fc.property(
      world,
      fc.array(fc.tuple(time, anyFault), { maxLength: 16 }),
      fc.boolean(),
      (given, faults, uncordons) => {
        const segment = new Segment(given)
        segment.uncordons = uncordons
        segment.slowSteps = 0.3
        for (const [after, fault] of faults) {
          segment.run(after)
          segment.apply(fault)
        }
        segment.run(35_000) // every fault is over
        segment.slowSteps = 0
        for (const one of segment.nodes) one.start()
        if (!uncordons) for (const one of segment.nodes) one.cordon(true)
        segment.run(SETTLED)
        expect(segment.holders).toHaveLength(1)
        expect(segment.client, 'the client knows the MAC address of the holder').toBe(segment.holders[0]?.mac)
      },
    ),
    { numRuns: runs },
  )
})
it('the address of a dead holder is gone before the fastest clock claims it', { timeout: 600_000 }, () => {
  fc.assert(
    fc.property(fc.integer(), fc.boolean(), fc.nat(2000), (seed, electionWaits, after) => {
      // 16 s of this clock are more than the 10 s of an address, and 15 s are not.
      const segment = new Segment({ seed, electionWaits, rates: [1, 1.55] })
      const [slow, fast] = segment.nodes
      fast?.crash()
      segment.run(5000)
      fast?.start()
      segment.run(2000 + after)
      expect(segment.holders).toEqual([slow])
      slow?.crash()
      segment.run(20_000)
      expect(segment.holders).toEqual([fast])
    }),
    { numRuns: 200 },
  )
})
it('without faults a holder stays, and announces once a minute', { timeout: 600_000 }, () => {
  fc.assert(
    fc.property(world, given => {
      const segment = new Segment(given)
      segment.run(30_000)
      const [holder] = segment.holders
      const sent = holder?.frames.length ?? 0
      segment.run(600_000)
      expect(segment.holders).toEqual([holder])
      expect((holder?.frames.length ?? 0) - sent).toBeLessThanOrEqual(FRAMES.arp * (10 * FACTOR + 1))
    }),
    { numRuns: Math.ceil(runs / 10) },
  )
})

// ---- the simulation

interface World {
  readonly seed: number
  readonly rates: readonly number[]
  readonly electionWaits: boolean
}

class Segment {
  now = 0
  readonly random: () => number
  readonly nodes: Node[]
  lease: StoredLease | undefined
  /** The MAC address that the client sends to. */
  client: string | undefined
  /** A host that has the VIP and answers. */
  squatter = false
  weather = { lost: 0, delay: 1 }
  /** Else all nodes are cordoned in the end; one of them holds all the same. */
  uncordons = true
  /** Which part of the steps of the address takes up to 3 s. */
  slowSteps = 0
  /** Of the election, and of the agent. */
  readonly claimDelays: readonly [number, number]
  #version = 0
  readonly #queue: { readonly at: number; readonly run: () => void }[] = []

  constructor({ seed, rates, electionWaits }: World) {
    this.claimDelays = electionWaits ? [CLAIM_DELAY, 0] : [0, CLAIM_DELAY]
    this.random = chance(seed)
    this.nodes = rates.map((rate, i) => new Node(this, i, rate))
    for (const one of this.nodes) one.start()
  }
  get holders(): readonly Node[] {
    return this.nodes.filter(one => one.holds)
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
      expect(this.holders.length, `holders at ${this.now}`).toBeLessThanOrEqual(1)
    }
    this.now = until
  }

  apply(fault: Fault): void {
    const one = this.nodes['node' in fault ? fault.node % this.nodes.length : 0]!
    switch (fault.type) {
      case 'pause':
        one.isPaused = one.isAlive
        this.after(fault.for, () => one.resume())
        break
      case 'crash':
        one.crash()
        this.after(fault.for, () => one.start())
        break
      case 'stop':
        one.feed({ type: 'stop' })
        this.after(fault.for, () => one.start())
        break
      case 'carrier':
        one.carry(false)
        this.after(fault.for, () => one.carry(true))
        break
      case 'stuck': // the address cannot be removed, and the kernel has to do it
        one.failures = 6
        one.fail()
        this.after(15_000, () => (one.isHealthy = true))
        break
      case 'ill':
        one.fail()
        this.after(fault.for, () => (one.isHealthy = true))
        break
      case 'drain':
        one.feed({ type: 'drain', source: 'call', drain: { reason: 'drained', detail: 'x' } })
        this.after(fault.for, () => one.feed({ type: 'drain', source: 'call', drain: undefined }))
        break
      case 'cordon':
        one.cordon(true)
        if (this.uncordons) this.after(fault.for, () => one.cordon(false))
        break
      case 'store':
        one.store = fault
        this.after(fault.for, () => (one.store = { lost: 0, delay: 20 }))
        break
      case 'segment':
        this.weather = fault
        this.after(fault.for, () => (this.weather = { lost: 0, delay: 1 }))
        break
      case 'forged':
        for (let at = 0; at <= fault.for; at += 97)
          this.after(at, () => one.feed({ type: 'heard', mac: this.random() < 0.5 ? SQUATTER : this.nodes[0]!.mac }))
        break
      case 'squatter':
        this.squatter = true
        this.after(fault.for, () => (this.squatter = false))
        break
      case 'taken':
        one.takeAddress()
        break
      case 'jump':
        one.wall += 60_000
        one.jump()
        break
      case 'broken':
        one.failures = 6
    }
  }

  /** A frame of a node. A probe is answered by each kernel that has the VIP; a claim is heard by all. */
  send(from: Node, type: 'probe' | 'announce'): void {
    if (!from.carrier) return
    const isOn = (one: Node): boolean => one !== from && one.carrier
    if (type === 'announce') {
      this.#deliver(() => (this.client = from.mac))
      for (const one of this.nodes.filter(isOn)) this.#deliver(() => one.hear(from.mac))
      return
    }
    for (const one of this.nodes.filter(isOn)) this.#deliver(() => one.holds && this.#deliver(() => from.hear(one.mac)))
    if (this.squatter) this.#deliver(() => from.hear(SQUATTER))
  }
  #deliver(arrive: () => void): void {
    if (this.random() < this.weather.lost) return
    for (let copies = this.random() < 0.1 ? 2 : 1; copies > 0; copies--)
      this.after(0.05 + this.random() * (this.weather.delay - 0.05), arrive)
  }

  serve(request: Extract<election.Action, { id: number }>): StoredLease | undefined | 'conflict' {
    if (request.type === 'get') return this.lease
    if (this.lease?.version !== (request.type === 'create' ? undefined : request.version)) return 'conflict'
    this.lease = { ...request.record, version: String(++this.#version) }
    for (const one of this.nodes) one.report(this.lease)
    return this.lease
  }
}

class Node {
  readonly mac: string
  readonly rate: number
  isAlive = false
  isPaused = false
  isHealthy = true
  carrier = true
  wall = 1_700_000_000_000
  store = { lost: 0, delay: 20 }
  /** So many steps of the address fail. */
  failures = 0
  /** When this process sent a frame, and when a claim began, by its own clock. */
  frames: number[] = []
  #claims: number[] = []
  readonly #segment: Segment
  readonly #identity: string
  readonly #offset: number
  #agent
  #election
  /** At the last jump of its clocks: a leadership that lasted so long does not count. */
  #doubtedUntil = 0
  #process = 0
  #timer = 0
  #isWatching = false
  #isResigned = true
  #waiting: (() => void)[] = []
  /** When the kernel removes the address; undefined if it is not there. */
  #address: { readonly process: number } | undefined
  #isTaken = false
  #isCordoned = false
  /** A process that was stopped reads it late. */
  #knownCarrier = true

  constructor(segment: Segment, index: number, rate: number) {
    this.#segment = segment
    this.mac = `02:00:5e:00:00:0${index}`
    this.#identity = `node-${index}`
    this.rate = rate
    this.#offset = segment.random() * 1_000_000
    this.#agent = this.#newAgent()
    this.#election = this.#newElection()
  }
  #newAgent(): AgentState {
    const claimDelay = this.#segment.claimDelays[1]
    return newAgent({ ...agentConfig, segment: { claimInUse: false, claimDelay } })
  }
  #newElection(): election.ElectionState {
    const claimDelay = this.#segment.claimDelays[0]
    return election.newElection({ ...electionConfig, claimDelay, identity: this.#identity })
  }
  get #now(): number {
    return this.#offset + this.#segment.now * this.rate
  }
  get holds(): boolean {
    return this.#address !== undefined
  }

  start(): void {
    if (this.isAlive) return
    this.isAlive = true
    this.#process++
    this.frames = []
    this.#claims = []
    this.#agent = this.#newAgent()
    this.#election = this.#newElection()
    this.#doubtedUntil = 0
    this.feed({ type: 'link', mac: this.mac, carrier: this.carrier })
    this.feed({ type: 'carrier', up: this.carrier })
    if (this.#isCordoned) this.cordon(true)
    this.#check(this.#process)
  }
  crash(): void {
    this.isAlive = false
    this.isPaused = false
    this.#waiting = []
    this.#process++
    this.#isWatching = false
  }
  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    for (const run of this.#waiting.splice(0)) run()
    this.#tick()
  }
  /** A process that starts learns it again. */
  cordon(is: boolean): void {
    this.#isCordoned = is
    this.feed({ type: 'drain', source: 'cordon', drain: is ? { reason: 'cordoned', detail: 'x' } : undefined })
  }
  carry(carrier: boolean): void {
    this.carrier = carrier
    this.feed({ type: 'carrier', up: carrier })
    this.feed({ type: 'link', mac: this.mac, carrier })
  }
  hear(mac: string): void {
    const { phase } = this.#agent.segment!
    if (phase !== 'idle') this.feed({ type: 'heard', mac })
  }
  fail(): void {
    this.isHealthy = false
    this.feed({ type: 'health', up: false, detail: 'HTTP 500' })
  }
  jump(): void {
    if (this.isPaused || !this.isAlive) return
    this.#doubtedUntil = this.#agent.leadership?.until ?? this.#doubtedUntil
    this.feed({ type: 'clock-jumped' })
  }
  /** Another program removes the address. */
  takeAddress(): void {
    if (!this.#address || this.#agent.address.status !== 'present' || this.#agent.address.busy) return
    this.#address = undefined
    this.#isTaken = true // until the process sees it
    this.feed({ type: 'address-gone' })
  }
  report(lease: StoredLease): void {
    if (!this.#isWatching || this.#segment.random() < this.store.lost) return
    this.#later(this.store.delay, () => this.#elect({ type: 'watched', lease }))
  }

  /** Runs in this process, unless it is another one by then; a process that is stopped does it when it continues. */
  #later(milliseconds: number, run: () => void): void {
    const process = this.#process
    this.#segment.after(this.#segment.random() * milliseconds, () => {
      if (process !== this.#process) return
      if (this.isPaused) this.#waiting.push(run)
      else run()
    })
  }
  #check(process: number): void {
    if (process !== this.#process) return
    if (this.isHealthy && !this.isPaused) this.feed({ type: 'health', up: true, until: this.#now + 20_000 })
    this.#segment.after(1000, () => this.#check(process))
  }

  feed(input: AgentInput): void {
    if (!this.isAlive) return
    if (this.isPaused) {
      this.#waiting.push(() => this.feed(input))
      return
    }
    if (input.type === 'link') this.#knownCarrier = input.carrier
    const before = this.#agent.segment!
    const [next, actions] = agentStep(this.#agent, input, this.#now)
    this.#agent = next
    this.#checkStep(before, input, actions)
    for (const action of actions) this.#perform(action)
    this.#setTimer()
  }
  #checkStep(before: SegmentState, input: AgentInput, actions: readonly AgentAction[]): void {
    const { segment, leadership, address } = this.#agent
    const { phase, lastClaimAt, carrier, claimedEpoch } = segment!
    if (lastClaimAt !== before.lastClaimAt) {
      expect(lastClaimAt - (this.#claims.at(-1) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(CLAIM_INTERVAL)
      this.#claims.push(lastClaimAt)
    }
    const leads = leadership !== undefined && this.#now < leadership.until
    if (!leads) expect(phase, 'the claim ends with the lease').toBe('idle')
    if (!leads) expect(address.status === 'present' && !address.busy, 'the address goes at once').toBe(false)
    const isDoubted = leads && leadership.until <= this.#doubtedUntil
    expect(isDoubted, 'after a jump of a clock the Lease is asked first').toBe(false)
    if (input.type === 'address-gone') this.#isTaken = false
    const did = actions.map(({ type }) => type)
    if (did.includes('set-address')) expect(claimedEpoch, 'the claim comes first').toBe(leadership?.epoch)
    if (input.type === 'address-set' && phase === 'holding' && before.claim?.isNew && carrier)
      expect(did, 'the first frames are sent in the same step').toContain('announce')
  }
  #elect(input: election.Input): void {
    if (!this.isAlive) return
    const now = this.#now
    const clocks = { now, boot: now, wall: this.wall + this.#segment.now }
    const [next, actions] = electionStep(this.#election, input, { ...clocks, random: this.#segment.random() })
    this.#election = next
    for (const action of actions) this.#performElection(action)
    this.#setTimer()
  }
  #tick(): void {
    if (this.#segment.random() < 0.5) this.feed({ type: 'tick' })
    this.#elect({ type: 'tick' })
    this.feed({ type: 'tick' })
  }
  #setTimer(): void {
    const timer = ++this.#timer
    const deadlines = [nextDeadline(this.#agent, this.#now), election.nextDeadline(this.#election)]
    const at = Math.min(...deadlines.filter(one => one !== undefined))
    if (at === Number.POSITIVE_INFINITY) return
    this.#segment.after(Math.max(0, (at - this.#now) / this.rate) + 0.001, () => {
      if (timer !== this.#timer) return
      if (this.isPaused) this.#waiting.push(() => this.#tick())
      else this.#tick()
    })
  }

  #perform(action: AgentAction): void {
    switch (action.type) {
      case 'campaign':
        this.#isResigned = false
        this.#elect({ type: 'start' })
        break
      case 'resign':
        expect(this.holds, 'the Lease is released when the address is gone').toBe(false)
        this.#isResigned = true
        this.#elect({ type: 'resign', looks: 0 })
        break
      case 'last-resort':
        this.#elect({ type: 'last-resort', is: action.is })
        break
      case 'look':
        this.#elect({ type: 'look' })
        break
      case 'tell-election':
        this.#elect({ ...action, type: 'advertises' })
        break
      case 'probe':
      case 'announce':
        this.#send(action.type)
        break
      case 'set-address': {
        const { until } = action
        this.#step(() => this.#setAddress(until))
        break
      }
      case 'remove-address':
        this.#step(() => {
          this.#address = undefined
          this.feed({ type: 'address-removed' })
        })
        break
      case 'stop-announcer':
        this.feed({ type: 'announcer-stopped' })
        break
      case 'done':
        // A process that is stopped at once does not wait long for the removal of an earlier one's: its lifetime ends it.
        expect(this.#address?.process, 'a planned end leaves no address of its own').not.toBe(this.#process)
        this.crash()
    }
  }
  #send(type: 'probe' | 'announce'): void {
    expect(this.#knownCarrier, 'nothing is sent without carrier').toBe(true)
    if (type === 'announce') {
      expect(this.holds || this.#isTaken, 'only a holder announces').toBe(true)
      this.frames.push(this.#now)
    }
    this.frames.push(this.#now)
    for (const span of [10_000, 60_000]) {
      const within = (times: readonly number[]): number => times.filter(at => at > this.#now - span).length
      expect(within(this.frames), `frames in ${span} ms`).toBeLessThanOrEqual(
        mostFrames(span, within(this.#claims), 'arp'),
      )
    }
    this.#segment.send(this, type)
  }
  #step(run: () => void): void {
    this.#later(this.#segment.random() < this.#segment.slowSteps ? 3000 : 3, () => {
      if (this.failures === 0) run()
      else {
        this.failures--
        this.feed({ type: 'address-failed', detail: 'EPERM' })
      }
    })
  }
  /** As VipSteps does; the kernel removes the address up to a second late, by the clock of its node. */
  #setAddress(until: number): void {
    const seconds = Math.floor((until - this.#now) / 1000)
    if (seconds < 1) {
      this.feed({ type: 'address-failed', detail: 'too late' })
      return
    }
    const address = { process: this.#process }
    this.#address = address
    this.#segment.after((seconds * 1000 + this.#segment.random() * 999) / this.rate, () => {
      if (this.#address === address) this.#address = undefined
    })
    this.feed({ type: 'address-set', until: this.#now + seconds * 1000 })
  }

  #performElection(action: election.Action): void {
    switch (action.type) {
      case 'watch':
        this.#isWatching = true
        break
      case 'publish':
        if (!this.#isResigned) this.feed({ type: 'leadership', leadership: action.leadership })
        break
      case 'end':
        this.#isWatching = false
        this.#isResigned = true
        this.feed({ type: 'campaign-ended' })
        break
      case 'abort':
        break
      default:
        this.#request(action)
    }
  }
  #request(request: Extract<election.Action, { id: number }>): void {
    const { id } = request
    const { lost, delay: most } = this.store
    const { random } = this.#segment
    if (random() < lost) return
    this.#segment.after(random() * most, () => {
      const result = this.#segment.serve(request)
      if (random() < lost) return
      this.#later(most, () => {
        if (result === 'conflict') this.#elect({ type: 'failed', id, reason: result, detail: result })
        else this.#elect({ type: 'answered', id, lease: result })
      })
    })
  }
}
