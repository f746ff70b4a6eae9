/**
 * How long to wait before the next dial: pure functions of what has happened.
 *
 * Two tracks. A router that cannot be reached is asked again soon at first, then ever more rarely. A router that
 * answers and then refuses us has said something: that track begins slow. Only a session that stood long enough
 * clears the record; clearing it on OPEN is how tight loops happen.
 */

/**
 * What went wrong: the peer cannot be reached, the peer answers and refuses us, or an operator said no. `restart` is what
 * an operator's no looks like when it ends a session that was stable: a daemon that is restarted says the same.
 */
export type FailureClass = 'transport' | 'protocol' | 'administrative' | 'restart'

/** Seconds. */
export interface BackOff {
  /** Between two dials, whatever else happens. */
  readonly minInterval: number
  /** Longest wait of the transport track. */
  readonly transportCap: number
  /** First wait of the protocol track. */
  readonly protocolInitial: number
  /** Wait after a Cease that a person caused. */
  readonly administrative: number
  /** In Established for so long, the record is clear. */
  readonly resetAfter: number
}

/** What the waits are computed from. */
export interface History {
  /** Failures since the session last stood long enough, by track. */
  readonly transport: number
  readonly protocol: number
  /** When the last dial began, in milliseconds on the caller's clock. */
  readonly dialledAt?: number
  /** Until when the last failure has us wait, on the same clock. */
  readonly retryAt?: number
}

export const noHistory: History = { transport: 0, protocol: 0 }

const TRANSPORT_FIRST = 5 // seconds
const PROTOCOL_CAP = 300 // seconds, or the first wait where that is longer
const RESTART = { least: 30, most: 60 } // seconds, in which most routers are back
/** The range of Tick.jitter (RFC 4271 §10). */
const JITTER = { least: 0.75, most: 1 }

/** The record after one more failure. */
export function recordFailure(history: History, failureClass: FailureClass): History {
  const track = failureClass === 'transport' ? 'transport' : 'protocol'
  return { ...history, [track]: history[track] + 1 }
}

/** The record after a session that stood long enough. The minInterval still holds. */
export function resetFailures({ dialledAt }: History): History {
  return { ...noHistory, ...(dialledAt !== undefined && { dialledAt }) }
}

/** Seconds to wait after the failure that `history` already counts, with `jitter` from 0.75 to 1. */
export function delayAfter(history: History, failureClass: FailureClass, backOff: BackOff, jitter: number): number {
  if (failureClass === 'transport')
    return jitter * Math.min(TRANSPORT_FIRST * 2 ** (history.transport - 1), backOff.transportCap)
  if (failureClass === 'restart') return spread(jitter, RESTART)
  const { protocolInitial, administrative } = backOff
  const grown = Math.min(protocolInitial * 2 ** (history.protocol - 1), Math.max(PROTOCOL_CAP, protocolInitial))
  return jitter * (failureClass === 'administrative' ? Math.max(grown, administrative) : grown)
}
/** No wait is longer, in seconds. */
export function longestDelay({ transportCap, protocolInitial, administrative }: BackOff): number {
  return Math.max(transportCap, protocolInitial, PROTOCOL_CAP, administrative)
}
/** The jitter as a point between two bounds. */
function spread(jitter: number, { least, most }: typeof RESTART): number {
  return least + ((jitter - JITTER.least) / (JITTER.most - JITTER.least)) * (most - least)
}

/** The earliest moment for a dial that is wanted at `at`, both in milliseconds. A wait once begun is never shortened. */
export function earliestDial(at: number, { dialledAt, retryAt }: History, { minInterval }: BackOff): number {
  const never = Number.NEGATIVE_INFINITY
  return Math.max(at, retryAt ?? never, (dialledAt ?? never) + minInterval * 1000)
}
