/** The VIPs on an interface: what a step of theirs brought, and which step is next. */
import { addressLease, drainOf, lifetimeEnd, SHORTEST_LIFETIME } from './leases.ts'
import { because } from './reasons.ts'
import type { AddressState, AgentState, AgentStep } from './state.ts'

/** Someone else may remove the VIP so often within a minute. */
const READD = { times: 3, within: 60_000, pause: 60_000 } as const

function changed(state: AgentState, change: Partial<AddressState>): AgentState {
  return { ...state, address: { ...state.address, ...change } }
}
const NEVER = Number.NEGATIVE_INFINITY
const recovered = { failures: 0, cause: undefined } as const
const absent = { status: 'absent', until: NEVER, heldUntil: NEVER, requested: undefined, gone: false } as const

export function addressSet(state: AgentState, until: number): AgentState {
  const { address } = state
  if (address.busy !== 'set') return state
  return changed(state, {
    ...{ busy: undefined, status: 'present', gone: false, until },
    ...{ heldUntil: address.requested ?? until, ...recovered },
  })
}
/** That it could be removed does not mean that it can be added. */
export function addressRemoved(state: AgentState, now: number): AgentState {
  const isBlocked = now < state.address.blockedUntil
  return { ...changed(state, { busy: undefined, ...absent, ...(!isBlocked && recovered) }), clean: true }
}

/** It stays on the interface until its lifetime ends. A node that cannot add it does not serve until the next try. */
export function addressFailed(state: AgentState, error: string, now: number): AgentState {
  const { address } = state
  const failures = address.failures + 1
  const retryAt = now + backOff(failures, 60)
  const isThere = address.status === 'present' && !address.gone && now < address.until
  const blocks = address.busy === 'set' && !isThere
  return changed(state, {
    ...{ busy: undefined, requested: undefined, failures, retryAt, cause: because('address-failed', error) },
    status: isThere ? 'present' : 'unknown',
    blockedUntil: blocks ? retryAt : address.blockedUntil,
    removeAt: address.busy === 'remove' ? retryAt : address.removeAt,
  })
}

export function addressGone(state: AgentState, now: number): AgentState {
  const { address } = state
  if (address.status !== 'present') return state
  if (now >= address.until) return changed(state, absent) // its lifetime has ended
  const readded = address.readded.filter(at => now - at < READD.within)
  if (readded.length < READD.times)
    return changed(state, { gone: true, requested: undefined, readded: [...readded, now] })
  const cause = because('address-removed', READD.times + 1)
  return changed(state, { ...absent, readded: [], blockedUntil: now + READD.pause, cause })
}

/** 1, 2, 4 … seconds, at most `most`. */
export function backOff(failures: number, most: number): number {
  return Math.min(most, 2 ** (failures - 1)) * 1000
}

export function changeAddress(state: AgentState, now: number): AgentStep {
  const { address, ending, segment } = state
  if (address.busy) return [state, []]
  const until = addressLease(state, now)
  if (until !== undefined) {
    const isLate = until - now < SHORTEST_LIFETIME
    if (until === address.requested || isLate || now < address.retryAt) return [state, []]
    // The kernel may have the new lifetime before the step has ended, or never: meanwhile the shorter one counts.
    const ends = {
      until: Math.min(address.until, lifetimeEnd(until, now)),
      heldUntil: Math.max(address.heldUntil, until),
    }
    return [changed(state, { busy: 'set', requested: until, ...ends }), [{ type: 'set-address', until }]]
  }
  // On the segment no traffic comes once the next holder has announced itself.
  const isDrained = segment !== undefined || now >= Math.min(state.drainUntil, address.until)
  const waits = address.status === 'unknown' && now < address.removeAt
  if (address.status === 'absent' || (ending && !segment) || !isDrained || waits) return [state, []]
  return ending || drainOf(state) ? removePlanned(state) : [removing(state), [{ type: 'remove-address' }]]
}
/** Clients connect again at once, to the next leader. */
export function removePlanned(state: AgentState): AgentStep {
  const destroys = state.config.destroyConnections && state.address.status === 'present'
  return [
    removing(state),
    [...(destroys ? [{ type: 'destroy-connections' } as const] : []), { type: 'remove-address' }],
  ]
}
function removing(state: AgentState): AgentState {
  return changed(state, { busy: 'remove', status: 'unknown', requested: undefined })
}
