/**
 * Random histories of a node on the shipped state machine, in virtual time, against the tables of docs/leases.md. The model
 * below keeps the inputs of the node and what it did; it computes itself what each table allows.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { because } from './reasons.ts'
import { type AgentAction, type AgentConfig, type AgentInput, type DrainSource, newAgent } from './state.ts'
import { agentStep, nextDeadline } from './step.ts'

const DRAIN = 3000
const SESSION_GRACE = 3000
const HAND_OVER = 4000
const END = 8000
const SETTLE = 500
const ABANDON = 10_000
const LAST_RESORT = 20_000
const FOREVER = Number.POSITIVE_INFINITY

type Event =
  | { readonly does: 'pass' | 'freeze'; readonly ms: number }
  | { readonly does: 'check'; readonly passes: boolean }
  | { readonly does: 'sessions'; readonly count: number }
  | { readonly does: 'carrier' | 'seen'; readonly up: boolean }
  | { readonly does: 'lead'; readonly ms: number; readonly raises: boolean }
  | { readonly does: 'lose'; readonly to: 'none' | 'other' | 'unknown' }
  | { readonly does: 'answer'; readonly fails: boolean }
  | { readonly does: 'drain'; readonly source: DrainSource; readonly drains: boolean }
  | { readonly does: 'campaign ends' | 'address is removed' | 'stop' }

const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ does: fc.constant('pass'), ms: fc.integer({ min: 1, max: 6000 }) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('freeze'), ms: fc.integer({ min: 1, max: 12_000 }) }) },
  { weight: 5, arbitrary: fc.record({ does: fc.constant('check'), passes: often() }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('sessions'), count: fc.constantFrom(0, 1, 2) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('carrier', 'seen'), up: often() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      ...{ does: fc.constant('lead'), raises: fc.boolean() },
      ms: fc.integer({ min: 1, max: 10_000 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('lose'), to: fc.constantFrom('none', 'other', 'unknown') }) },
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constant('answer'), fails: fc.integer({ max: 9, min: 0 }).map(n => n > 7) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ does: fc.constant('drain'), source: fc.constantFrom('call', 'file', 'cordon') },
      drains: fc.integer({ min: 0, max: 2 }).map(n => n === 0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constantFrom('campaign ends', 'address is removed', 'stop') }),
  },
) as fc.Arbitrary<Event> // fast-check widens the literals

/** True four times out of five. */
function often(): fc.Arbitrary<boolean> {
  return fc.integer({ min: 0, max: 4 }).map(n => n > 0)
}

const anyConfig: fc.Arbitrary<AgentConfig> = fc.record({
  mode: fc.constantFrom('all-nodes', 'standby', 'leader'),
  managesAddress: often(),
  requireAddress: fc.boolean(),
  destroyConnections: fc.boolean(),
  segment: fc.constant(undefined),
  hasSessions: fc.constant(true),
  sessionGrace: fc.constant(SESSION_GRACE),
  drainTime: fc.constant(DRAIN),
  gracefulShutdownTime: fc.constant(0),
  lastResortTime: fc.constantFrom(undefined, LAST_RESORT),
})

/** The kernel counts whole seconds. */
function lifetimeEnd(until: number, now: number): number {
  return now + Math.floor((until - now) / 1000) * 1000
}

/** A node: the state machine, and a model of its inputs and of what it holds. */
class Node {
  now = 0
  readonly config: AgentConfig
  readonly actions: string[] = []
  #state
  // Its inputs.
  #health = { passed: false, until: 0 }
  #sessions = { count: 0, lostAt: Number.NEGATIVE_INFINITY }
  #carrier = { up: true, lostAt: 0 }
  #isSeen = false
  #leads: { readonly epoch: number; readonly until: number } | undefined
  #epoch = 0
  stoppedAt: number | undefined
  // What it did.
  #campaigns: 'no' | 'yes' | 'ends' = 'no'
  #mayCampaignAt = 0
  #resignedAt = Number.NEGATIVE_INFINITY
  #route: { readonly med: number | undefined; readonly until: number } | undefined
  #withdrawnAt = Number.NEGATIVE_INFINITY
  readonly #drains = new Set<DrainSource>()
  /** The hand-over: when it began, and its MED. */
  #kept: { readonly at: number; readonly med: number; readonly by: number; readonly latest: number } | undefined
  #isLastResort = false
  #toldLastResort = false
  #step: { readonly type: 'set' | 'remove'; readonly until: number } | undefined
  /** In the kernel: on the interface until `least`, gone a second later. `lease` ends the lease that it was set for. */
  #kernel: { readonly least: number; readonly lease: number } | undefined
  /** How long the steps since the last one that worked keep it on the interface at least. */
  #least = FOREVER
  /** It is not in the kernel, though the node has set it: something else removed it. */
  #isTaken = false
  #taken: readonly number[] = []
  #lastSet: number | undefined
  /** The lease end of a step that failed: it may have been set all the same. */
  #maybe = 0
  #blocked = { until: 0 }
  #isClean: boolean
  #deadline: number | undefined
  doneAt: number | undefined
  /** How long the process did not run during the planned end. */
  #frozen = 0

  constructor(config: AgentConfig) {
    this.config = config
    this.#state = newAgent(config)
    this.#isClean = !config.managesAddress
    this.feed({ type: 'tick' })
  }

  feed(input: AgentInput): void {
    this.#giveWay()
    const [state, actions] = agentStep(this.#state, input, this.now)
    this.#state = state
    for (const action of actions) this.#perform(action)
    this.#check()
  }
  /** Time passes; the process keeps every deadline. */
  pass(milliseconds: number): void {
    const until = this.now + milliseconds
    for (let at = nextDeadline(this.#state, this.now); at !== undefined && at <= until; ) {
      this.now = at
      this.feed({ type: 'tick' })
      at = nextDeadline(this.#state, this.now)
    }
    this.now = until
    this.feed({ type: 'tick' })
  }
  /** Time passes and the process does not run. The kernel may end it; then true is returned. */
  freeze(milliseconds: number): boolean {
    this.now += milliseconds
    if (this.#deadline !== undefined && this.now >= this.#deadline) return true
    if (this.stoppedAt !== undefined) this.#frozen += milliseconds
    this.feed({ type: 'tick' })
    return false
  }
  happen(event: Event): void {
    const input = this.#inputOf(event)
    if (input) this.feed(input)
  }
  /** The input that the event gives the node, if it gives one. */
  #inputOf(event: Event): AgentInput | undefined {
    switch (event.does) {
      case 'pass':
        this.pass(event.ms)
        return undefined
      case 'check':
        this.#health = { passed: event.passes, until: event.passes ? this.now + 20_000 : 0 }
        if (event.passes) return { type: 'health', up: true, until: this.#health.until }
        return { type: 'health', up: false, detail: 'HTTP 500' }
      case 'sessions': {
        const { count } = event
        if (count === 0 && this.#sessions.count > 0) this.#sessions = { count, lostAt: this.now }
        if (count > 0) this.#sessions = { count, lostAt: 0 }
        return { type: 'sessions', established: count }
      }
      case 'carrier':
        if (event.up !== this.#carrier.up) this.#carrier = { up: event.up, lostAt: this.now }
        return { type: 'carrier', up: event.up }
      case 'seen':
        this.#isSeen = event.up
        return { type: 'address-seen', present: event.up }
      case 'lead': {
        if (this.#campaigns !== 'yes') return undefined
        if (event.raises || this.#epoch === 0) this.#epoch++
        this.#kept = undefined
        this.#leads = { epoch: this.#epoch, until: this.now + event.ms }
        return { type: 'leadership', leadership: { leader: true, ...this.#leads } }
      }
      case 'lose':
        if (this.#hasNoCampaign) return undefined
        this.#leads = undefined
        if (event.to === 'none') return { type: 'leadership', leadership: { leader: false } }
        if (event.to === 'other') {
          this.#shortenHandOver(this.now + SETTLE)
          return { type: 'leadership', leadership: { leader: false, holder: 'other' } }
        }
        this.#endExtension()
        return { type: 'leadership', leadership: { leader: false, reason: 'timeout' } }
      case 'campaign ends':
        if (this.#campaigns === 'no') return undefined
        this.#mayCampaignAt = this.#campaigns === 'yes' ? this.now + 15_000 : this.now
        this.#campaigns = 'no'
        return { type: 'campaign-ended' }
      case 'answer':
        return this.#answer(event.fails)
      case 'address is removed':
        if (!this.#kernel || this.#step || this.now >= this.#kernel.least) return undefined
        this.#isTaken = true
        this.#taken = [...this.#taken.filter(at => this.now - at < 60_000), this.now]
        if (this.#taken.length > 3) this.#blocked = { until: this.now + 60_000 }
        this.#lastSet = undefined
        this.#kernel = undefined
        return { type: 'address-gone' }
      case 'stop':
        if (this.stoppedAt === undefined) this.#handOver(false)
        this.stoppedAt ??= this.now
        return { type: 'stop' }
      case 'drain': {
        const { source, drains } = event
        if (drains && !this.#drains.has(source)) this.#handOver(source === 'cordon')
        if (drains) this.#drains.add(source)
        else this.#drains.delete(source)
        return { type: 'drain', source, drain: drains ? because('drained', 0, '') : undefined }
      }
      case 'freeze':
        return undefined
    }
  }
  #handOver(isCordon: boolean): void {
    if (!(this.#isLeading && this.#route)) {
      if (!isCordon) this.#endExtension()
      return
    }
    const latest = this.now + HAND_OVER + (isCordon ? (this.config.lastResortTime ?? 0) : 0)
    this.#kept = { at: this.now, med: 1_000_000 - this.#epoch, by: latest, latest }
  }
  #shortenHandOver(by: number): void {
    if (this.#kept) this.#kept = { ...this.#kept, by: Math.min(this.#kept.by, by) }
  }
  /** What is beyond the usual hand-over. */
  #endExtension(): void {
    if (this.#kept) this.#shortenHandOver(Math.max(this.#kept.at + HAND_OVER, this.now))
  }
  /** One that was resigned and does not end is abandoned. */
  get #hasNoCampaign(): boolean {
    return this.#campaigns === 'no' || (this.#campaigns === 'ends' && this.now >= this.#resignedAt + ABANDON)
  }
  /** A node that is only cordoned is a candidate of last resort once it does not campaign any more. */
  #giveWay(): void {
    const isOnlyCordoned = this.#drains.has('cordon') && this.#drains.size === 1
    const hasGiven = this.#isLastResort || this.#hasNoCampaign
    const wasLastResort = this.#isLastResort
    this.#isLastResort = isOnlyCordoned && this.config.lastResortTime !== undefined && hasGiven
    if (this.#isLastResort && !wasLastResort) this.#leads = undefined
  }
  #answer(fails: boolean): AgentInput | undefined {
    const step = this.#step
    if (step === undefined) return undefined
    this.#step = undefined
    if (fails || step.type === 'remove') this.#lastSet = undefined
    if (fails) {
      this.#maybe = Math.max(this.#maybe, step.until)
      if (step.type === 'remove' || this.#isTaken || !this.#isThere) this.#blocked = { until: this.now + 60_000 }
      this.#isTaken = false
      return { type: 'address-failed', detail: 'EPERM' }
    }
    this.#isTaken = false
    this.#maybe = 0
    if (step.type === 'remove') {
      this.#kernel = undefined
      this.#isClean = true
      return { type: 'address-removed' }
    }
    const least = lifetimeEnd(step.until, this.now)
    if (least <= this.now) return this.#answerTooLate()
    this.#kernel = { least, lease: step.until }
    this.#least = least
    return { type: 'address-set', until: least }
  }
  /** A step that has not ended may have set its lifetime, or not yet. */
  #shorten(least: number): void {
    this.#least = Math.min(this.#least, least)
    if (this.#kernel) this.#kernel = { ...this.#kernel, least: Math.min(this.#kernel.least, least) }
  }
  /** The step took so long that its lease is over: the shell does not set it. */
  #answerTooLate(): AgentInput {
    this.#lastSet = undefined
    if (!this.#isThere) this.#blocked = { until: this.now + 60_000 }
    return { type: 'address-failed', detail: 'the lease is over' }
  }

  // ---- what the tables allow

  get #isHealthy(): boolean {
    return this.#health.passed && this.now < this.#health.until
  }
  get #isLeading(): boolean {
    return this.#leads !== undefined && this.#serves && this.now < this.#leads.until
  }
  get #handsOver(): boolean {
    return this.#kept !== undefined && this.now < this.#kept.by
  }
  get #serves(): boolean {
    const hasSession = this.#sessions.count > 0 || this.now < this.#sessions.lostAt + SESSION_GRACE
    const hasCarrier = this.#carrier.up || this.now < this.#carrier.lostAt + 1000
    const isFit = this.#isHealthy && this.#isClean && this.#canBeSeen
    return isFit && hasSession && hasCarrier && this.#isInService
  }
  get #isInService(): boolean {
    return this.stoppedAt === undefined && (this.#drains.size === 0 || this.#isLastResort)
  }
  /** If another program adds the address and it is required: it is on an interface. */
  get #canBeSeen(): boolean {
    const { managesAddress, requireAddress } = this.config
    return managesAddress || !requireAddress || this.#isSeen
  }
  /** The address is on the interface for certain. */
  get #isThere(): boolean {
    return this.#kernel !== undefined && this.now < this.#kernel.least
  }
  /** It holds something only while it leads. */
  get #isAlone(): boolean {
    return this.config.mode === 'leader' || this.#isLastResort
  }
  /** When the lease of the address ends, in this mode. */
  get #addressLease(): number {
    if (!this.#isAlone) return this.#health.until
    if (this.#kept) return Math.min(this.#health.until, this.#kept.latest + DRAIN)
    return this.#leads?.until ?? 0
  }

  #perform(action: AgentAction): void {
    this.actions.push(action.type)
    switch (action.type) {
      case 'campaign':
        expect(this.config.mode, 'no election').not.toBe('all-nodes')
        expect(this.#toldLastResort, 'it waits for others').toBe(this.#isLastResort)
        this.#campaigns = 'yes'
        break
      case 'last-resort':
        this.#toldLastResort = action.is
        break
      case 'resign':
        this.#campaigns = 'ends'
        this.#resignedAt = this.now
        this.#leads = undefined
        break
      case 'set-address':
        expect(this.#step, 'one step at a time').toBeUndefined()
        expect(this.#isClean, 'the address of an earlier process is removed first').toBe(true)
        expect(action.until, 'an address has the lease of its row').toBeLessThanOrEqual(this.#addressLease)
        expect(action.until, 'it is set once per renewal').not.toBe(this.#lastSet)
        this.#lastSet = action.until
        this.#step = { type: 'set', until: action.until }
        this.#shorten(lifetimeEnd(action.until, this.now))
        break
      case 'remove-address':
        expect(this.#step, 'one step at a time').toBeUndefined()
        expect(this.#route, 'the route goes before the address').toBeUndefined()
        expect(this.now, 'the address stays for the drain, or until its lifetime ends').toBeGreaterThanOrEqual(
          Math.min(this.#withdrawnAt + DRAIN, this.#least),
        )
        this.#step = { type: 'remove', until: 0 }
        break
      case 'advertise':
        expect(action.until, 'a route is not advertised after its end').toBeGreaterThan(this.now)
        this.#route = { med: action.med, until: action.until }
        break
      case 'withdraw':
        expect(this.#route, 'only a route that is there is withdrawn').toBeDefined()
        this.#withdrawn()
        break
      case 'drain':
        expect(this.stoppedAt, 'only at the end').toBeDefined()
        if (this.#route) this.#withdrawn()
        break
      case 'arm':
        this.#deadline = action.at
        break
      case 'disarm':
        this.#deadline = undefined
        break
      case 'stop-announcer':
        expect(this.#route, 'Cease comes after the withdrawal').toBeUndefined()
        break
      case 'done':
        this.doneAt = this.now
    }
  }
  #withdrawn(): void {
    this.#route = undefined
    this.#kept = undefined
    this.#withdrawnAt = this.now
  }

  #check(): void {
    const { mode, managesAddress } = this.config
    const route = this.#route
    if (!this.#serves) this.#leads = undefined // it gives up what it leads
    if (route) {
      expect(this.#isHealthy, 'health lease').toBe(true)
      expect(route.until).toBeLessThanOrEqual(this.#health.until)
      if (this.#isAlone) expect(this.#isLeading || this.#handsOver, 'election lease').toBe(true)
      if (!this.#isInService) expect(this.#handsOver, 'out of service').toBe(true)
      if (!this.#isInService) expect(route.until).toBeLessThanOrEqual(this.#kept!.by)
      if (this.#isAlone && this.#leads) expect(route.until).toBeLessThanOrEqual(this.#leads.until)
      if (managesAddress && !this.#isTaken) expect(this.#kernel?.least, 'address').toBeGreaterThan(this.now)
      if (managesAddress) expect(route.until, 'lifetime of the address').toBeLessThanOrEqual(this.#least)
      expect(this.#canBeSeen, 'address on an interface').toBe(true)
      const med = this.#isLeading ? 1_000_000 - this.#epoch : this.#handsOver ? this.#kept?.med : 1_000_000
      const allowed = [mode === 'all-nodes' ? undefined : med]
      if (mode === 'standby' && this.now < this.#blocked.until) allowed.push(1_000_000) // it may have resigned
      // A hand-over may be over before its time, and the node in service again.
      if (mode === 'standby' && this.#handsOver && this.#isInService) allowed.push(1_000_000)
      expect(allowed, 'MED').toContain(route.med)
    } else if (!this.#isAlone && this.#isInService && this.#isHealthy && this.#isClean) {
      const hasAddress = managesAddress ? this.#isThere && this.#step?.type !== 'remove' : this.#canBeSeen
      if (hasAddress && this.now >= this.#blocked.until) expect(route, 'a healthy node advertises').toBeDefined()
    }
    if (this.#campaigns === 'yes') expect(this.#serves, 'only a node that serves campaigns').toBe(true)
    const mayWait = this.now < this.#mayCampaignAt || this.now < this.#blocked.until
    if (mode !== 'all-nodes' && this.#serves && !mayWait)
      expect(this.#campaigns, 'a node that serves campaigns').not.toBe('no')
    if (this.#kernel) expect(this.#kernel.least).toBeLessThanOrEqual(this.#kernel.lease)
    this.#checkDeadline()
    if (this.stoppedAt !== undefined && this.now > this.stoppedAt + END + this.#frozen)
      expect(this.doneAt, 'the planned end takes 8 s at most').toBeDefined()
  }
  /** The earliest end of what is held, and not sooner than 5 s after it was armed. */
  #checkDeadline(): void {
    if (this.doneAt !== undefined) {
      expect(this.#deadline, 'the agent has ended').toBeUndefined()
      return
    }
    const ends: number[] = []
    if (this.#route) ends.push(this.#route.until)
    // Its MED shows whether it leads: it may have resigned while it could not add the address.
    const leads = this.#route?.med !== 1_000_000 && this.#isLeading
    if (this.#route && this.config.mode === 'standby' && leads) ends.push(this.#leads!.until)
    // The address has the lease of the step that runs.
    if (this.#step && this.now < this.#step.until) ends.push(this.#step.until)
    else if (this.#isThere) ends.push(Math.max(this.#kernel?.lease ?? 0, this.#maybe))
    if (ends.length === 0) {
      // It may be armed for an address that a failed step left behind, until the kernel has removed it.
      if (!this.config.managesAddress) expect(this.#deadline, 'nothing is held').toBeUndefined()
      return
    }
    const latest = Math.max(Math.min(...ends), this.now + 5000)
    expect(this.#deadline, 'the kernel ends a process that hangs').toBeLessThanOrEqual(latest)
    expect(this.#deadline, 'and no other one').toBeGreaterThanOrEqual(this.now)
  }
  get holdsAnything(): boolean {
    return this.#route !== undefined || this.#isThere
  }
  get deadline(): number | undefined {
    return this.#deadline
  }
}

test('no history breaks a table of docs/leases.md', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(anyConfig, fc.array(anyEvent, { maxLength: 150, size: 'max' }), (config, events) => {
      const node = new Node(config)
      for (const event of events) {
        if (event.does === 'freeze') {
          if (node.freeze(event.ms)) return // the kernel ended the process
        } else node.happen(event)
        if (node.doneAt !== undefined) break
      }
      node.happen({ does: 'stop' })
      for (let turn = 0; turn < 100 && node.doneAt === undefined; turn++) {
        node.happen({ does: 'answer', fails: false })
        node.pass(100)
        if (node.actions.at(-1) === 'stop-announcer') node.feed({ type: 'announcer-stopped' })
      }
      expect(node.doneAt, 'the agent ends').toBeDefined()
      // An address step that hangs meanwhile leaves the address to the kernel.
      if (!events.some(({ does }) => does === 'stop')) expect(node.holdsAnything, 'and holds nothing').toBe(false)
      expect(node.deadline).toBeUndefined()
    }),
    { numRuns: Number(process.env.RUNS ?? 500) },
  )
})
