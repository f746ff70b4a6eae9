/** The part of the segment (ARP, NDP): the claim comes before the address, and the announcement after it. */

import type { SegmentInput } from '../segment/state.ts'
import { mayHold, segmentStep } from '../segment/step.ts'
import { claimLease, isReady } from './leases.ts'
import type { Advertised, AgentAction, AgentInput, AgentState, AgentStep } from './state.ts'

/** A node that slept asks the election before it goes on: two holders of one address harm each other. */
export function doubt(state: AgentState): AgentState {
  const { segment, leadership } = state
  if (!segment || !leadership || leadership.until === Number.POSITIVE_INFINITY) return state
  return { ...state, leadership: undefined, doubtedUntil: leadership.until, mustLook: true }
}

/** A claim begins and ends with the lease of the address. What has to end does so before any frame is sent. */
export function claimOnSegment(state: AgentState, now: number, input: AgentInput): AgentStep {
  const { segment, leadership, confirmedUntil } = state
  if (!segment) return [state, []]
  const inputs: SegmentInput[] = []
  const may = claimLease(state, now) !== undefined
  const isConfirmed = leadership !== undefined && leadership.until > confirmedUntil
  if (!may) inputs.push({ type: 'let-go' })
  else if (segment.phase === 'holding' && !isThere(state, now)) inputs.push({ type: 'address-gone' })
  if (isConfirmed) inputs.push({ type: 'confirmed' })
  inputs.push(input.type === 'link' || input.type === 'heard' ? input : { type: 'tick' })
  if (may && leadership) inputs.push({ type: 'claim', ...leadership })
  const [next, actions] = feed({ ...state, ...(isConfirmed && { confirmedUntil: leadership.until }) }, inputs, now)
  const [advertised, more] = tellElection(next)
  const looks: readonly AgentAction[] = state.mustLook ? [{ type: 'look' }] : []
  return [{ ...advertised, mustLook: false }, [...looks, ...actions, ...more]]
}

/** In the same step as the address: the first frames. */
export function announceOnSegment(state: AgentState, now: number): AgentStep {
  return isThere(state, now) ? feed(state, [{ type: 'address-set' }], now) : [state, []]
}

function isThere(state: AgentState, now: number): boolean {
  return isReady(state, now) && !state.address.gone
}

function feed(state: AgentState, inputs: readonly SegmentInput[], now: number): AgentStep {
  let { segment } = state
  const actions: AgentAction[] = []
  for (const input of inputs) {
    if (!segment) break
    const [next, more] = segmentStep(segment, input, now)
    segment = next
    actions.push(...more)
  }
  return [{ ...state, segment }, actions]
}

/** The Lease keeps the MAC address, and whether the VIPs are claimed, for the next holder. */
function tellElection(state: AgentState): AgentStep {
  const { segment, leadership, advertised } = state
  const mac = segment?.mac
  if (!segment || mac === undefined) return [state, []]
  // After the end of a leadership its release still says what it was.
  const hasClaimed = leadership
    ? mayHold(segment) || segment.claimedEpoch === leadership.epoch
    : (advertised?.hasClaimed ?? false)
  if (advertised?.mac === mac && advertised.hasClaimed === hasClaimed) return [state, []]
  const told: Advertised = { mac, hasClaimed }
  return [{ ...state, advertised: told }, [{ type: 'tell-election', ...told }]]
}
