/**
 * How long take-overs and withdrawals take: from the moment when the agent learns of the cause, until the address is on the
 * interface or gone, the first frames are sent, a peer has been sent the route, or no peer has it any more. It only looks on.
 */
import { isLeading, routeLease, whyOutOfService } from './leases.ts'
import type { AgentReason } from './reasons.ts'
import { type AgentAction, type AgentConfig, type AgentState, newAgent } from './state.ts'

/** What a node has of the VIPs. `segment`: the claim on the segment, with ARP and NDP. */
export type VipPart = 'address' | 'segment' | 'route'

/**
 * What a node waited for before it took over: the leader `released` the Lease, or its lease `expired`; else why this node did
 * not serve or lead until then.
 */
export type TakeOverCause = AgentReason | 'released' | 'expired'

/** A part that this node has now. Seconds since nothing but its own steps was in the way. */
export interface TakeOver {
  readonly part: VipPart
  readonly cause: TakeOverCause
  readonly seconds: number
}
/** A part that this node does not have any more. Seconds since it knew the reason. */
export interface Withdrawal {
  readonly part: Exclude<VipPart, 'segment'>
  readonly reason: AgentReason
  readonly seconds: number
}

interface Since<reason> {
  readonly reason: reason
  readonly at: number
}

interface DurationsOptions {
  now(): number
  /** Whether a peer has been sent the present content of the route. */
  isSent(): boolean
  tookOver(takeOver: TakeOver): void
  withdrew(withdrawal: Withdrawal): void
}

export class Durations {
  readonly #options: DurationsOptions
  #before: AgentState
  /** What is in the way of a take-over. */
  #obstacle: AgentReason | undefined = 'starting'
  /** Nothing is in the way since then; the reason is what was before. */
  #mayTakeOver: Since<AgentReason> | undefined
  /** Parts that were there before, or have come since. */
  readonly #taken = new Set<VipPart>()
  /** Since when each reason not to advertise is known. */
  readonly #known = new Map<AgentReason, number>()
  #routeEnd: Since<AgentReason> | undefined
  #addressEnd: Since<AgentReason> | undefined
  #hasAddress = false
  /** It led, and no other node is known to lead since. */
  #hasLost = false
  /** When the first of the checks ended that have failed in a row. */
  #failsSince: number | undefined

  constructor(config: AgentConfig, options: DurationsOptions) {
    this.#before = newAgent(config)
    this.#options = options
  }

  /** A check of the health gate has ended. */
  checked(hasPassed: boolean): void {
    this.#failsSince = hasPassed ? undefined : (this.#failsSince ?? this.#options.now())
  }

  /** After the actions of a step, which began at `now`. */
  stepped(state: AgentState, actions: readonly AgentAction[], now: number): void {
    const before = this.#before
    this.#before = state
    this.#learn(state, before, now)
    this.#look(state, before, now)
    for (const action of actions) {
      if (action.type === 'withdraw') this.#routeEnd = this.#since(action.reason, now)
      if (action.type === 'drain') this.#routeEnd = this.#since('stopping', now)
      if (action.type === 'remove-address') this.#addressEnd ??= this.#why(state, now)
      if (action.type === 'announce') this.#take('segment')
    }
    this.#address(state, now)
    this.routeSent()
  }

  /** A peer has been sent something. */
  routeSent(): void {
    const { now, isSent } = this.#options
    if (this.#mayTakeOver === undefined || this.#taken.has('route')) return
    if (this.#before.route && this.#owns(this.#before, now()) && isSent()) this.#take('route')
  }
  /** Each peer has been sent the withdrawal. */
  routeWithdrawn(): void {
    if (this.#routeEnd) this.#end('route', this.#routeEnd)
    this.#routeEnd = undefined
  }

  #address(state: AgentState, now: number): void {
    const { status } = state.address
    if (status === 'present') {
      this.#hasAddress = true
      this.#addressEnd = undefined
      if (this.#owns(state, now)) this.#take('address')
    }
    if (status !== 'absent') return
    if (this.#hasAddress) this.#end('address', this.#addressEnd ?? this.#why(state, now))
    this.#hasAddress = false
    this.#addressEnd = undefined
  }

  // ---- take-over

  #look(state: AgentState, before: AgentState, now: number): void {
    const obstacle = this.#obstacleNow(state, before, now)
    if (obstacle === undefined && this.#obstacle !== undefined) {
      this.#mayTakeOver = { reason: this.#obstacle, at: now }
      this.#taken.clear()
      if (before.address.status === 'present') this.#taken.add('address')
    }
    if (obstacle !== undefined) this.#mayTakeOver = undefined
    this.#obstacle = obstacle
  }
  #obstacleNow(state: AgentState, before: AgentState, now: number): AgentReason | undefined {
    const why = whyOutOfService(state, now) // a last resort waits until no other node leads
    if (why || state.config.mode === 'all-nodes') return why?.reason
    const { holder, segment } = state
    if (isLeading(state, now) || holder !== undefined) this.#hasLost = false
    else if (before.leadership) this.#hasLost = true
    if (holder !== undefined) return 'not-leader'
    if (this.#hasLost) return 'election-lost'
    return segment?.blockedBy === undefined ? undefined : 'address-in-use'
  }
  /** With an election a standby has address and route as well: only those of the leader count. */
  #owns(state: AgentState, now: number): boolean {
    return state.config.mode === 'all-nodes' || isLeading(state, now)
  }
  #take(part: VipPart): void {
    if (this.#mayTakeOver === undefined || this.#taken.has(part)) return
    this.#taken.add(part)
    const { reason, at } = this.#mayTakeOver
    const { previous } = this.#before.leadership ?? {}
    const known = previous && (previous.released ? 'released' : 'expired')
    const cause = reason === 'not-leader' ? (known ?? reason) : reason
    this.#options.tookOver({ part, cause, seconds: this.#secondsSince(at) })
  }

  // ---- withdrawal

  /** Notes since when each present reason is known. */
  #learn(state: AgentState, before: AgentState, now: number): void {
    const reasons = reasonsOf(state, now)
    for (const reason of this.#known.keys()) if (!reasons.includes(reason)) this.#known.delete(reason)
    for (const reason of reasons)
      if (!this.#known.has(reason)) this.#known.set(reason, Math.min(now, this.#knownAt(reason, state, before) ?? now))
  }
  /** The end of a lease counts from when it was due, and not from when it was noticed. */
  #knownAt(reason: AgentReason, state: AgentState, before: AgentState): number | undefined {
    switch (reason) {
      case 'unhealthy':
        return state.health.up ? state.health.until : this.#failsSince
      case 'no-session':
        return state.lastSessionAt === Number.NEGATIVE_INFINITY ? undefined : state.lastSessionAt // there was none yet
      case 'no-carrier':
        return state.lastCarrierAt
      case 'election-lost':
        return before.leadership?.until
      case 'lease-ended':
        return state.address.until
      default:
        return undefined
    }
  }
  #why(state: AgentState, now: number): Since<AgentReason> {
    return this.#since(reasonsOf(state, now).at(-1) ?? 'lease-ended', now)
  }
  #since(reason: AgentReason, now: number): Since<AgentReason> {
    return { reason, at: this.#known.get(reason) ?? now }
  }
  #end(part: Withdrawal['part'], { reason, at }: Since<AgentReason>): void {
    this.#options.withdrew({ part, reason, seconds: this.#secondsSince(at) })
  }

  #secondsSince(at: number): number {
    return Math.max(0, this.#options.now() - at) / 1000
  }
}

/** Why this node does not serve, and why it does not advertise: after a drain began, the route may stay for a hand-over. */
function reasonsOf(state: AgentState, now: number): readonly AgentReason[] {
  const lease = routeLease(state, now)
  return [whyOutOfService(state, now), 'until' in lease ? undefined : lease].flatMap(why => (why ? [why.reason] : []))
}
