/**
 * The pure state machine of the VIP agent: it turns what happens into what to do, so that the Lease, the address and the
 * route come, go and end as docs/leases.md says. Times are milliseconds.
 */
import {
  addressLease,
  carrierGraceEnd,
  handOverOf,
  isLeading,
  kernelDeadline,
  lifetimeEnd,
  med,
  routeLease,
  SHORTEST_LIFETIME,
  sessionGraceEnd,
  whyDrained,
  whyNotServing,
} from './leases.ts'
import { because } from './reasons.ts'
import type { AddressState, AgentAction, AgentInput, AgentState, Ending } from './state.ts'

export type AgentStep = readonly [AgentState, readonly AgentAction[]]

/** A hand-over takes so long at most: the release, and two looks of the election. */
const HAND_OVER = 4000
/** Once another leader is seen, until the withdrawal. */
const SETTLE = 500
/** One step of the address, and the Cease, take so long at the end at most. */
const REMOVAL = 250
const CEASE = 500
/** A campaign that was resigned and does not end is abandoned. */
const ABANDON = 10_000
/** Someone else may remove the VIP so often within a minute. */
const READD = { times: 3, within: 60_000, pause: 60_000 } as const

export function agentStep(state: AgentState, input: AgentInput, now: number): AgentStep {
  let next = apply(state, input, now)
  const actions: AgentAction[] = []
  for (const part of order) {
    const [after, more] = part(next, now)
    next = after
    actions.push(...more)
  }
  return [next, actions]
}

/**
 * Each part compares what is with what should be. What has to go goes first; then comes what may come. The advertisement on
 * the segment (ARP, NDP) has its place between the address and the route.
 */
const order = [withdraw, campaignOrResign, changeAddress, advertise, end, setDeadline] as const

/** When agentStep(state, { type: 'tick' }, …) next has something to do. */
export function nextDeadline(state: AgentState, now: number): number | undefined {
  const { health, leadership, address, handOver, ending } = state
  const all = [
    ...(health.up ? [health.until] : []),
    ...(leadership ? [leadership.until] : []),
    ...(handOver ? [handOver.by] : []),
    ...(ending ? [ending.by, ending.by + REMOVAL] : []),
    ...[sessionGraceEnd(state), carrierGraceEnd(state), state.campaignAt, state.drainUntil],
    ...[address.until, address.heldUntil + SHORTEST_LIFETIME, address.retryAt, address.blockedUntil],
  ].filter(at => at > now && at < Number.POSITIVE_INFINITY)
  return all.length === 0 ? undefined : Math.min(...all)
}

// ---- what happened

function apply(state: AgentState, input: AgentInput, now: number): AgentState {
  const { address } = state
  switch (input.type) {
    case 'health': {
      const { up } = input
      return {
        ...state,
        health: up ? { up, until: input.until, detail: TOO_OLD } : { up, until: NEVER, detail: input.detail },
      }
    }
    case 'sessions':
      return { ...state, lastSessionAt: input.established > 0 ? undefined : (state.lastSessionAt ?? now) }
    case 'carrier':
      return { ...state, lastCarrierAt: input.up ? undefined : (state.lastCarrierAt ?? now) }
    case 'leadership':
      return lead(state, input.leadership, now)
    case 'campaign-ended':
      return campaignEnded(state, now)
    case 'address-set':
      if (address.busy !== 'set') return state
      return changed(state, {
        ...{ busy: undefined, status: 'present', gone: false, until: input.until },
        ...{ heldUntil: address.requested ?? input.until, ...recovered },
      })
    case 'address-removed':
      return { ...changed(state, { busy: undefined, ...absent, ...recovered }), clean: true }
    case 'address-failed':
      return addressFailed(state, input.detail, now)
    case 'address-gone':
      return addressGone(state, now)
    case 'address-seen':
      return { ...state, addressSeen: input.present }
    case 'drain': {
      const { [input.source]: _, ...others } = state.drains
      if (!input.drain) return { ...state, drains: others }
      return { ...handedOver(state, now), drains: { ...others, [input.source]: input.drain } }
    }
    case 'stop':
      return stop(state, now)
    case 'announcer-stopped':
      return state.ending?.phase === 'ceasing' ? { ...state, ending: { ...state.ending, by: now } } : state
    case 'tick':
      return state
  }
}

function changed(state: AgentState, change: Partial<AddressState>): AgentState {
  return { ...state, address: { ...state.address, ...change } }
}
const NEVER = Number.NEGATIVE_INFINITY
const TOO_OLD = 'no check has ended in time'
const recovered = { failures: 0, cause: undefined } as const
const removing = { busy: 'remove', status: 'unknown', requested: undefined } as const
const absent = { status: 'absent', until: NEVER, heldUntil: NEVER, requested: undefined, gone: false } as const

function lead(state: AgentState, leadership: Extract<AgentInput, { type: 'leadership' }>['leadership'], now: number) {
  if (state.campaign === 'none') return state // a value of an abandoned campaign
  if (!leadership.leader) {
    const { holder } = leadership
    const seen = { ...state, campaignFailures: 0, leadership: undefined, holder }
    const { handOver } = seen
    if (!handOver || holder === undefined) return seen
    return { ...seen, handOver: { ...handOver, by: Math.min(handOver.by, now + SETTLE) } }
  }
  if (state.campaign === 'ending') return state // it was resigned
  const { epoch, until } = leadership
  const leads = { leadership: { epoch, until }, holder: undefined, hasLed: true, handOver: undefined }
  return { ...state, campaignFailures: 0, ...leads }
}

function campaignEnded(state: AgentState, now: number): AgentState {
  if (state.campaign !== 'running') return { ...state, campaign: 'none', campaignAt: NEVER }
  // It was not resigned, so it failed. The leadership lasts until its end, and the next campaign may renew it.
  const failures = state.campaignFailures + 1
  const campaignAt = now + backOff(failures, 15)
  return { ...state, campaign: 'none', campaignAt, campaignFailures: failures }
}
/** 1, 2, 4 … seconds, at most `most`. */
function backOff(failures: number, most: number): number {
  return Math.min(most, 2 ** (failures - 1)) * 1000
}

/** It stays on the interface until its lifetime ends. A node that cannot add it does not serve until the next try. */
function addressFailed(state: AgentState, error: string, now: number): AgentState {
  const { address } = state
  const failures = address.failures + 1
  const retryAt = now + backOff(failures, 60)
  const isThere = address.status === 'present' && !address.gone && now < address.until
  const blocks = address.busy === 'set' && !isThere
  return changed(state, {
    ...{ busy: undefined, requested: undefined, failures, retryAt, cause: because('address-failed', error) },
    status: isThere ? 'present' : 'unknown',
    blockedUntil: blocks ? retryAt : address.blockedUntil,
  })
}

function addressGone(state: AgentState, now: number): AgentState {
  const { address } = state
  if (address.status !== 'present') return state
  if (now >= address.until) return changed(state, absent) // its lifetime has ended
  const readded = address.readded.filter(at => now - at < READD.within)
  if (readded.length < READD.times)
    return changed(state, { gone: true, requested: undefined, readded: [...readded, now] })
  const cause = because('address-removed', READD.times + 1)
  return changed(state, { ...absent, readded: [], blockedUntil: now + READD.pause, cause })
}

function stop(state: AgentState, now: number): AgentState {
  if (state.ending) return state
  return { ...handedOver(state, now), ending: { phase: 'hand-over', by: now } }
}

/** A leader begins to hand over; a hand-over that runs goes on. */
function handedOver(state: AgentState, now: number): AgentState {
  if (!isLeading(state, now) || !state.route) return state
  const latest = now + HAND_OVER
  return { ...state, handOver: { by: latest, latest, med: med(state, now) } }
}

// ---- what to do

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
    const resigned = { campaign: 'ending', campaignAt: now + ABANDON } as const
    return [{ ...state, ...resigned }, [{ type: 'resign', watch: handOverOf(state, now) !== undefined }]]
  }
  if (state.campaign === 'ending' && now >= state.campaignAt)
    return campaignOrResign({ ...state, campaign: 'none' }, now)
  if (state.campaign !== 'none' || !serves || now < state.campaignAt) return [state, []]
  return [{ ...state, campaign: 'running' }, [{ type: 'campaign' }]]
}

function changeAddress(state: AgentState, now: number): AgentStep {
  const { address, ending } = state
  if (address.busy || now < address.retryAt) return [state, []]
  const until = addressLease(state, now)
  if (until !== undefined) {
    if (until === address.requested || until - now < SHORTEST_LIFETIME) return [state, []]
    // The kernel may have the new lifetime before the step has ended, or never: meanwhile the shorter one counts.
    const ends = {
      until: Math.min(address.until, lifetimeEnd(until, now)),
      heldUntil: Math.max(address.heldUntil, until),
    }
    return [changed(state, { busy: 'set', requested: until, ...ends }), [{ type: 'set-address', until }]]
  }
  const isDrained = now >= Math.min(state.drainUntil, address.until)
  if (address.status === 'absent' || ending || !isDrained) return [state, []]
  return [changed(state, removing), whyDrained(state) ? plannedRemoval(state) : [{ type: 'remove-address' }]]
}
/** Clients connect again at once, to the next leader. */
function plannedRemoval({ config, address }: AgentState): readonly AgentAction[] {
  const destroys = config.destroyConnections && address.status === 'present'
  return [...(destroys ? [{ type: 'destroy-connections' } as const] : []), { type: 'remove-address' }]
}

function advertise(state: AgentState, now: number): AgentStep {
  const lease = routeLease(state, now)
  if (!('until' in lease)) return [state, []]
  const { route } = state
  if (route?.med === lease.med && route?.until === lease.until) return [state, []]
  const { med: own, until } = lease
  return [{ ...state, route: lease }, [{ type: 'advertise', ...(own !== undefined && { med: own }), until }]]
}

/** The planned end, phase by phase. */
function end(state: AgentState, now: number): AgentStep {
  const { ending, config, address } = state
  if (!ending) return [state, []]
  const enter = (phase: Ending['phase'], by: number): AgentState => ({ ...state, ending: { ...ending, phase, by } })
  const cease = (): AgentStep => [enter('ceasing', now + CEASE), [{ type: 'stop-announcer' }]]
  switch (ending.phase) {
    case 'hand-over':
      return handOverOf(state, now) ? [state, []] : end(enter('drain', now), now)
    case 'drain': {
      const { gracefulShutdownTime, drainTime } = config
      const drainUntil = state.route ? now + gracefulShutdownTime + drainTime : Math.max(now, state.drainUntil)
      const [next, actions] = end(
        { ...enter('draining', drainUntil), route: undefined, handOver: undefined, drainUntil },
        now,
      )
      return [next, [{ type: 'drain' }, ...actions]]
    }
    case 'draining': {
      if (now < ending.by || (address.busy && now < ending.by + REMOVAL)) return [state, []]
      if (address.status === 'absent' || address.busy) return cease()
      return [changed(enter('removing', now + REMOVAL), removing), plannedRemoval(state)]
    }
    case 'removing':
      if (address.busy && now < ending.by) return [state, []]
      return cease()
    case 'ceasing':
      return now < ending.by ? [state, []] : [enter('done', now), [{ type: 'done' }]]
    case 'done':
      return [state, []]
  }
}

function setDeadline(state: AgentState, now: number): AgentStep {
  const deadline = kernelDeadline(state, now)
  if (deadline === state.deadline) return [state, []]
  return [{ ...state, deadline }, [deadline === undefined ? { type: 'disarm' } : { type: 'arm', at: deadline }]]
}
