/**
 * The exponential back-off: how long to wait before we reconnect, as pure functions of what happened.
 *
 * Two tracks. On the transport track, for a peer that cannot be reached, the delay doubles from 5 s to `transportCap`. On
 * the protocol track, for a peer that answers and then rejects us, it doubles from `protocolInitial`. Only a session that
 * was established for `resetAfter` resets the failures: a reset on OPEN causes tight loops.
 */

/**
 * Which track a failure counts on: the peer cannot be reached, the peer rejects us, or an operator shut us down.
 * `restart` is a shutdown that ends a stable session: a daemon that restarts sends the same. `reset` is an Administrative
 * Reset that ends one: it counts on both tracks, so that the short wait after it adds no dial to the budget.
 */
export type FailureClass = 'transport' | 'protocol' | 'administrative' | 'restart' | 'reset'

/** In seconds. */
export interface BackOff {
  /** The minimum time between two dials, in every case. Default 5; 1 to 3600. */
  readonly minInterval: number
  /** The longest delay of the transport track. Default 120; 30 to 3600. */
  readonly transportCap: number
  /** The first delay of the protocol track. Default 60; 30 to 3600. */
  readonly protocolInitial: number
  /** The minimum delay after a Cease that an operator caused. Default 300; 60 to 3600. */
  readonly administrative: number
  /** After this time in Established, a failure no longer counts those before. Default 300; 60 to 3600. */
  readonly resetAfter: number
}

/** What the delays are computed from. */
export interface History {
  /** Failures by track, since the session was last established for `resetAfter`. */
  readonly transport: number
  readonly protocol: number
  /** When the last dial began, in milliseconds on the caller's clock. */
  readonly dialledAt?: number
  /** When the delay after the last failure ends, on the same clock. */
  readonly retryAt?: number
}

export const noHistory: History = { transport: 0, protocol: 0 }

const TRANSPORT_INITIAL = 5 // seconds
const PROTOCOL_CAP = 300 // seconds, or `protocolInitial` if that is longer
const RESET = 10 // seconds: the router is there

/** The history after one more failure. */
export function recordFailure(history: History, failureClass: FailureClass): History {
  const track = failureClass === 'transport' ? 'transport' : 'protocol'
  const counted = { ...history, [track]: history[track] + 1 }
  return failureClass === 'reset' ? recordFailure(counted, 'transport') : counted
}

/** The history after a stable session. `minInterval` still holds. */
export function resetFailures({ dialledAt }: History): History {
  return { ...noHistory, ...(dialledAt !== undefined && { dialledAt }) }
}

/** Seconds until we may reconnect after the failure that `history` already counts; `jitter` is from 0.75 to 1. */
export function delayAfter(history: History, failureClass: FailureClass, backOff: BackOff, jitter: number): number {
  if (failureClass === 'transport')
    return jitter * Math.min(TRANSPORT_INITIAL * 2 ** (history.transport - 1), backOff.transportCap)
  if (failureClass === 'restart') return 120 * jitter - 60 // 30 to 60, in which most routers are back
  if (failureClass === 'reset') return jitter * RESET
  const { protocolInitial, administrative } = backOff
  const doubled = Math.min(protocolInitial * 2 ** (history.protocol - 1), Math.max(PROTOCOL_CAP, protocolInitial))
  return jitter * (failureClass === 'administrative' ? Math.max(doubled, administrative) : doubled)
}
/** In seconds. */
export function longestDelay({ transportCap, protocolInitial, administrative }: BackOff): number {
  return Math.max(transportCap, protocolInitial, PROTOCOL_CAP, administrative)
}

/** The earliest time for a dial that is due at `at`, in milliseconds. Nothing shortens a delay that has begun. */
export function earliestDial(at: number, { dialledAt, retryAt }: History, { minInterval }: BackOff): number {
  const never = Number.NEGATIVE_INFINITY
  return Math.max(at, retryAt ?? never, (dialledAt ?? never) + minInterval * 1000)
}
