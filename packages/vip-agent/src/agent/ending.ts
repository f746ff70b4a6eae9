/** The planned end, phase by phase, and the hand-over that a drain has, too. docs/leases.md has the order. */
import { removePlanned } from './change-address.ts'
import { handOverOf, isLeading, mayBeThere, med } from './leases.ts'
import type { AgentState, AgentStep, Ending, HandOver } from './state.ts'

/** A hand-over takes so long at most: the release, and two looks of the election. */
const HAND_OVER = 4000
/** Once another leader is seen, until the withdrawal. */
export const SETTLE = 500
/** One step of the address, and the Cease, take so long at the end at most. */
export const REMOVAL = 250
const CEASE = 500

export function stop(state: AgentState, now: number): AgentState {
  if (state.ending) return state
  if (state.segment) return entered(state, 'removing', now + REMOVAL)
  return { ...handedOver(state, now), ending: { phase: 'hand-over', by: now } }
}

/** A leader begins to hand over; a hand-over that runs goes on. On a segment there is none: only one node has the VIP. */
export function handedOver(state: AgentState, now: number, isCordon = false): AgentState {
  const { handOver, segment, route, config } = state
  // A node that is cordoned may lead again, and keeps its route until then.
  const most = HAND_OVER + ((isCordon && config.lastResortTime) || 0)
  if (!segment && route && isLeading(state, now)) {
    const latest = now + most
    return { ...state, handOver: { by: latest, latest, least: now + HAND_OVER, med: med(state, now) } }
  }
  return handOver && !isCordon ? { ...state, handOver: endedSoon(handOver, now) } : state
}
/** No other node may be waited for any longer than in each hand-over. */
export function endedSoon(handOver: HandOver, now: number): HandOver {
  return { ...handOver, by: Math.min(handOver.by, Math.max(handOver.least, now)) }
}

/** The planned end, phase by phase. */
export function end(state: AgentState, now: number): AgentStep {
  const { ending, config, address } = state
  if (!ending) return [state, []]
  if (state.segment && (ending.phase === 'removing' || ending.phase === 'releasing'))
    return endOnSegment(state, ending, now)
  const enter = (phase: Ending['phase'], by: number): AgentState => entered(state, phase, by)
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
      if (address.status === 'absent' || address.busy) return cease(state, now)
      return removePlanned(enter('removing', now + REMOVAL))
    }
    case 'removing':
    case 'releasing':
      if (address.busy && now < ending.by) return [state, []]
      return cease(state, now)
    case 'ceasing':
      return now < ending.by ? [state, []] : [enter('done', now), [{ type: 'done' }]]
    case 'done':
      return [state, []]
  }
}

/** The next leader claims the VIP as soon as the Lease is released, so the address goes first. */
function endOnSegment(state: AgentState, ending: Ending, now: number): AgentStep {
  const { address, campaign } = state
  if (ending.phase === 'releasing') return campaign !== 'none' && now < ending.by ? [state, []] : cease(state, now)
  // After a removal that failed, the kernel removes it.
  if (mayBeThere(state, now) || (address.busy && now < ending.by)) return [state, []]
  // Its campaign was resigned before, in the same step.
  return [{ ...entered(state, 'releasing', now + HAND_OVER), route: undefined }, [{ type: 'drain' }]]
}

function cease(state: AgentState, now: number): AgentStep {
  return [entered(state, 'ceasing', now + CEASE), [{ type: 'stop-announcer' }]]
}
function entered(state: AgentState, phase: Ending['phase'], by: number): AgentState {
  return { ...state, ending: { phase, by } }
}
