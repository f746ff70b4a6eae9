/** What the tables of docs/leases.md say about a state: whether the node serves, and until when it may hold what. */
import type { Explanation } from '@softspoken/announcer'
import { mayHold } from '../segment/step.ts'
import { type AgentReason, because, type ServeReason } from './reasons.ts'
import type { AgentState, Drain, HandOver } from './state.ts'

/** A leader's MED is this less its epoch: routers prefer the new leader while they still have the route of an earlier one. */
const MED_BASE = 1_000_000
/** How long a node whose interface has lost carrier still serves. */
const CARRIER_GRACE = 1000
/** The kernel removes an address up to so much later than its lifetime says. */
const KERNEL_SLACK = 1000
/** The shortest lifetime of an address in the kernel, which counts whole seconds. */
export const SHORTEST_LIFETIME = 1000
/** The kernel ends no process sooner than this after the last step. */
const SHORTEST_DEADLINE = 5000

export function isLeading({ leadership }: AgentState, now: number): boolean {
  return leadership !== undefined && now < leadership.until
}

/** What a node has with a failing health check or without its VIP on an interface: nothing in any mode. */
function whyUnfit(state: AgentState, now: number): Explanation<ServeReason> | undefined {
  const { config, health, address } = state
  if (!state.clean) return address.cause ?? because('starting')
  if (health.detail === undefined) return because('starting', 'no health check has passed yet')
  if (!health.up || now >= health.until) return because('unhealthy', health.detail)
  if (now < address.blockedUntil) return address.cause
  if (config.requireAddress && !config.managesAddress && !state.addressSeen) return because('address-missing')
  return undefined
}

/** Why this node does not serve; undefined if it does. Without an election only its route depends on it. */
export function whyNotServing(state: AgentState, now: number): Explanation<ServeReason> | undefined {
  if (state.ending) return because('stopping')
  const unfit = whyDrained(state) ?? whyUnfit(state, now)
  if (unfit !== undefined || state.config.mode === 'all-nodes') return unfit
  if (now >= sessionGraceEnd(state)) return because('no-session', state.sessionFromVip)
  if (now >= carrierGraceEnd(state)) return because('no-carrier')
  const { unsendable } = state
  if (unsendable && now < unsendable.until) return because('route-unsendable', unsendable.detail)
  return undefined
}
export function sessionGraceEnd({ lastSessionAt, config }: AgentState): number {
  return lastSessionAt === undefined || !config.hasSessions
    ? Number.POSITIVE_INFINITY
    : lastSessionAt + config.sessionGrace
}
export function carrierGraceEnd({ lastCarrierAt }: AgentState): number {
  return lastCarrierAt === undefined ? Number.POSITIVE_INFINITY : lastCarrierAt + CARRIER_GRACE
}

export function drainOf({ drains }: AgentState): Drain | undefined {
  return drains.call ?? drains.file ?? drains.cordon
}
function whyDrained({ drains, isLastResort }: AgentState): Explanation<Drain['reason']> | undefined {
  return explain(drains.call ?? drains.file ?? (isLastResort ? undefined : drains.cordon))
}
/** Why this node holds nothing: it does not serve, or is the last resort and another node may lead. */
export function whyOutOfService(state: AgentState, now: number): Explanation<ServeReason> | undefined {
  const why = whyNotServing(state, now)
  return why ?? (state.isLastResort && !isLeading(state, now) ? explain(state.drains.cordon) : undefined)
}
function explain<drain extends Drain>(drain: drain | undefined): Explanation<drain['reason']> | undefined {
  return drain && { reason: drain.reason, detail: drain.detail }
}

/** The hand-over that goes on now. It has nothing to wait for if the election ends and saw no other leader. */
export function handOverOf(state: AgentState, now: number): HandOver | undefined {
  const { handOver, campaign, holder } = state
  const isOut = state.ending !== undefined || whyDrained(state) !== undefined // else it may lead again
  if (isOut && campaign === 'none' && holder === undefined) return undefined
  return handOver && now < handOver.by ? handOver : undefined
}

/** The MED of the route and when its lease ends, or why there is no route. */
export function routeLease(
  state: AgentState,
  now: number,
): { readonly med: number | undefined; readonly until: number } | Explanation<AgentReason> {
  const { config, health, leadership, address, ending } = state
  const handOver = handOverOf(state, now)
  if (ending && !handOver) return because('stopping')
  const why = (handOver ? undefined : whyDrained(state)) ?? whyUnfit(state, now)
  if (why !== undefined) return why
  let electionEnd = Number.POSITIVE_INFINITY
  if ((config.mode === 'leader' || state.isLastResort) && !handOver) {
    const notServing = whyOutOfService(state, now)
    if (notServing !== undefined) return notServing
    if (!leadership || now >= leadership.until) return because(state.hasLed ? 'election-lost' : 'not-leader')
    electionEnd = leadership.until
  }
  if (config.managesAddress && !isReady(state, now)) return whyNotReady(state)
  const addressEnd = config.managesAddress ? address.until : Number.POSITIVE_INFINITY
  const until = Math.min(health.until, electionEnd, addressEnd, handOver ? handOver.by : Number.POSITIVE_INFINITY)
  return { med: handOver ? handOver.med : med(state, now), until }
}
/** Why this node does not advertise, if it does not. */
export function whyWithheld(state: AgentState, now: number): Explanation<AgentReason> {
  const lease = routeLease(state, now)
  return 'until' in lease ? because('lease-ended') : lease
}
export function med(state: AgentState, now: number): number | undefined {
  if (state.config.mode === 'all-nodes') return undefined
  const { leadership } = state
  return leadership && isLeading(state, now) ? Math.max(0, MED_BASE - leadership.epoch) : MED_BASE
}
/** The VIP is on the interface for certain. */
export function isReady({ address }: AgentState, now: number): boolean {
  return address.status === 'present' && now < address.until
}
function whyNotReady({ segment, address }: AgentState): Explanation<AgentReason> {
  if (segment?.blockedBy !== undefined) return because('address-in-use', segment.blockedBy)
  return address.cause ?? because(address.status === 'present' ? 'lease-ended' : 'address-pending') // its lifetime has ended
}
/** The VIP may be on the interface: it was not removed, and the kernel may not have removed it yet. */
export function mayBeThere({ address }: AgentState, now: number): boolean {
  return now < address.heldUntil + KERNEL_SLACK
}

/** When the lease of the address ends, or undefined if this node should not hold the VIP. */
export function addressLease(state: AgentState, now: number): number | undefined {
  return state.segment && !mayHold(state.segment) ? undefined : claimLease(state, now)
}
/** The same without regard to the segment: there a node claims the VIP first. */
export function claimLease(state: AgentState, now: number): number | undefined {
  const { config, health, leadership, ending } = state
  if (!config.managesAddress || whyUnfit(state, now) !== undefined) return undefined
  const handOver = handOverOf(state, now)
  if (!handOver && (ending || whyDrained(state))) return undefined
  if (config.mode !== 'leader' && !state.isLastResort) return health.until
  // The address stays for the hand-over and for the drain after it.
  if (handOver) return Math.min(health.until, handOver.latest + config.gracefulShutdownTime + config.drainTime)
  return isLeading(state, now) && whyNotServing(state, now) === undefined ? leadership?.until : undefined
}

/** When the lifetime ends that is set now for a lease that ends at `until`. */
export function lifetimeEnd(until: number, now: number): number {
  return now + Math.floor((until - now) / SHORTEST_LIFETIME) * SHORTEST_LIFETIME
}

/** When the kernel shall end the process: the earliest end of what is held now; undefined if nothing is held. */
export function kernelDeadline(state: AgentState, now: number): number | undefined {
  const { route, leadership, address } = state
  if (state.ending?.phase === 'done') return undefined
  const ends: number[] = []
  if (route) ends.push(route.until)
  if (route && leadership && isLeading(state, now)) ends.push(leadership.until)
  if (mayBeThere(state, now)) {
    // After a failed step the kernel may have it until heldUntil; the step that runs may set a shorter lifetime.
    const held = address.status === 'present' ? address.until : address.heldUntil
    ends.push(Math.min(held, address.requested ?? held))
  }
  const earliest = Math.min(...ends)
  return earliest < Number.POSITIVE_INFINITY ? Math.max(earliest, now + SHORTEST_DEADLINE) : undefined
}
