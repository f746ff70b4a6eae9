/**
 * The pure state machine of the VIP agent: it turns what happens into what to do, so that the Lease, the address and the
 * route come, go and end as docs/leases.md says. Times are milliseconds.
 */
import { nextSegmentDeadline } from '../segment/step.ts'
import { addressFailed, addressGone, addressRemoved, addressSet, backOff, changeAddress } from './change-address.ts'
import { end, endedSoon, handedOver, REMOVAL, SETTLE, stop } from './ending.ts'
import {
  carrierGraceEnd,
  handOverOf,
  kernelDeadline,
  mayBeThere,
  routeLease,
  SHORTEST_LIFETIME,
  sessionGraceEnd,
  whyNotServing,
} from './leases.ts'
import { announceOnSegment, claimOnSegment, doubt } from './on-segment.ts'
import type { AgentAction, AgentInput, AgentState, AgentStep } from './state.ts'

/** So long a node does not campaign whose sessions cannot carry the route, unless another session comes. */
const UNSENDABLE = 60_000
/** A campaign that was resigned and does not end is abandoned. */
const ABANDON = 10_000
export function agentStep(state: AgentState, input: AgentInput, now: number): AgentStep {
  let next = apply(state, input, now)
  const actions: AgentAction[] = []
  for (const part of order) {
    const [after, more] = part(next, now, input)
    next = after
    actions.push(...more)
  }
  return [next, actions]
}

/** Each part compares what is with what should be. What has to go goes first; then comes what may come. */
const order: readonly ((state: AgentState, now: number, input: AgentInput) => AgentStep)[] = [
  ...[giveWay, withdraw, campaignOrResign, claimOnSegment, changeAddress, announceOnSegment],
  ...[advertise, end, setDeadline],
]

/** When agentStep(state, { type: 'tick' }, …) next has something to do. */
export function nextDeadline(state: AgentState, now: number): number | undefined {
  const { health, leadership, address, handOver, ending } = state
  const all = [
    ...[health.until, leadership?.until, handOver?.by, ending?.by, ending && ending.by + REMOVAL],
    ...[sessionGraceEnd(state), carrierGraceEnd(state), state.campaignAt, state.drainUntil, state.unsendable?.until],
    state.segment && nextSegmentDeadline(state.segment, now),
    ...[address.until, address.heldUntil + SHORTEST_LIFETIME, address.retryAt, address.removeAt, address.blockedUntil],
  ]
    .map(at => at ?? NEVER)
    .filter(at => at > now && at < Number.POSITIVE_INFINITY)
  return all.length === 0 ? undefined : Math.min(...all)
}

// ---- what happened

function apply(state: AgentState, input: AgentInput, now: number): AgentState {
  switch (input.type) {
    case 'health': {
      const { up } = input
      return {
        ...state,
        health: up ? { up, until: input.until, detail: TOO_OLD } : { up, until: NEVER, detail: input.detail },
      }
    }
    case 'sessions':
      return {
        ...state,
        lastSessionAt: input.established > 0 ? undefined : (state.lastSessionAt ?? now),
        sessionFromVip: input.fromVip,
        sessions: input.established,
        unsendable: input.established > state.sessions ? undefined : state.unsendable,
      }
    case 'unsendable': {
      const { detail } = input
      return { ...state, unsendable: detail === undefined ? undefined : { detail, until: now + UNSENDABLE } }
    }
    case 'carrier':
      return { ...state, lastCarrierAt: input.up ? undefined : (state.lastCarrierAt ?? now) }
    case 'clock-jumped':
      return doubt(state)
    case 'leadership':
      return lead(state, input.leadership, now)
    case 'campaign-ended':
      return campaignEnded(state, now)
    case 'address-set':
      return addressSet(state, input.until)
    case 'address-removed':
      return addressRemoved(state, now)
    case 'address-failed':
      return addressFailed(state, input.detail, now)
    case 'address-gone':
      return addressGone(state, now)
    case 'address-seen':
      return { ...state, addressSeen: input.present }
    case 'drain': {
      const { source, drain } = input
      const { [source]: before, ...others } = state.drains
      if (!drain) return { ...state, drains: others }
      const drains = { ...others, [source]: drain }
      return { ...(before ? state : handedOver(state, now, source === 'cordon')), drains }
    }
    case 'stop':
      return stop(state, now)
    case 'announcer-stopped':
      return state.ending?.phase === 'ceasing' ? { ...state, ending: { ...state.ending, by: now } } : state
    case 'link': // claimOnSegment() passes it on
    case 'heard':
    case 'tick':
      return state
  }
}

const NEVER = Number.NEGATIVE_INFINITY
const TOO_OLD = 'no check has ended in time'
function lead(state: AgentState, leadership: Extract<AgentInput, { type: 'leadership' }>['leadership'], now: number) {
  if (state.campaign === 'none') return state // a value of an abandoned campaign
  if (!leadership.leader) {
    const { holder, reason } = leadership
    const seen = { ...state, campaignFailures: 0, leadership: undefined, holder }
    const { handOver } = seen
    if (!handOver || (holder === undefined && reason === undefined)) return seen
    if (holder === undefined) return { ...seen, handOver: endedSoon(handOver, now) }
    return { ...seen, handOver: { ...handOver, by: Math.min(handOver.by, now + SETTLE) } }
  }
  if (state.campaign === 'ending') return state // it was resigned
  const { epoch, until, previous } = leadership
  if (until <= state.doubtedUntil) return { ...state, campaignFailures: 0, leadership: undefined }
  const leads = { leadership: { epoch, until, previous }, holder: undefined, hasLed: true, handOver: undefined }
  return { ...state, campaignFailures: 0, ...leads }
}

function campaignEnded(state: AgentState, now: number): AgentState {
  if (state.campaign !== 'running') return { ...state, campaign: 'none', campaignAt: NEVER }
  // It was not resigned, so it failed. The leadership lasts until its end, and the next campaign may renew it.
  const failures = state.campaignFailures + 1
  const campaignAt = now + backOff(failures, 15)
  return { ...state, campaign: 'none', campaignAt, campaignFailures: failures }
}

// ---- what to do

/** A node that is cordoned gives up the leadership. After that it is a candidate of last resort. */
function giveWay(state: AgentState, now: number): AgentStep {
  const { drains, config, campaign, campaignAt, toldLastResort } = state
  const tells = drains.cordon !== undefined && config.lastResortTime !== undefined
  const hasGiven = state.isLastResort || campaign === 'none' || (campaign === 'ending' && now >= campaignAt)
  const isLastResort = tells && !drains.call && !drains.file && hasGiven
  const actions = tells === toldLastResort ? [] : [{ type: 'last-resort', is: tells } as const]
  const leadership = isLastResort && !state.isLastResort ? undefined : state.leadership
  return [{ ...state, leadership, isLastResort, toldLastResort: tells }, actions]
}

function withdraw(state: AgentState, now: number): AgentStep {
  const lease = routeLease(state, now)
  if (!state.route || 'until' in lease || lease.reason === 'stopping') return [state, []] // end() drains
  const drainUntil = now + state.config.drainTime
  return [{ ...state, route: undefined, handOver: undefined, drainUntil }, [{ type: 'withdraw', ...lease }]]
}

function campaignOrResign(state: AgentState, now: number): AgentStep {
  const serves = state.config.mode !== 'all-nodes' && whyNotServing(state, now) === undefined
  if (!serves) state = { ...state, leadership: undefined, hasLed: false }
  if (!serves && state.campaign === 'running') {
    // On a segment the next holder would meet our address.
    if (state.segment && mayBeThere(state, now)) return [state, []]
    const resigned = { campaign: 'ending', campaignAt: now + ABANDON } as const
    return [{ ...state, ...resigned }, [{ type: 'resign', watch: handOverOf(state, now) !== undefined }]]
  }
  if (state.campaign === 'ending' && now >= state.campaignAt)
    return campaignOrResign({ ...state, campaign: 'none' }, now)
  if (state.campaign !== 'none' || !serves || now < state.campaignAt) return [state, []]
  return [{ ...state, campaign: 'running' }, [{ type: 'campaign' }]]
}

function advertise(state: AgentState, now: number): AgentStep {
  const lease = routeLease(state, now)
  if (!('until' in lease)) return [state, []]
  const { route } = state
  if (route?.med === lease.med && route?.until === lease.until) return [state, []]
  const { med: own, until } = lease
  return [{ ...state, route: lease }, [{ type: 'advertise', ...(own !== undefined && { med: own }), until }]]
}

function setDeadline(state: AgentState, now: number): AgentStep {
  const deadline = kernelDeadline(state, now)
  if (deadline === state.deadline) return [state, []]
  return [{ ...state, deadline }, [deadline === undefined ? { type: 'disarm' } : { type: 'arm', at: deadline }]]
}
