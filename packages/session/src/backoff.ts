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
export type Trouble = 'transport' | 'protocol' | 'operator' | 'restart'

/** Seconds. */
export interface BackOff {
  /** Between two dials, whatever else happens. */
  readonly floor: number
  /** Longest wait of the transport track. */
  readonly transportCap: number
  /** First wait of the protocol track. */
  readonly protocolFirst: number
  /** Wait after a Cease that a person caused. */
  readonly operator: number
  /** In Established for so long, the record is clear. */
  readonly forgetAfter: number
}

/** What the waits are computed from. */
export interface History {
  /** Failures since the session last stood long enough, by track. */
  readonly transport: number
  readonly protocol: number
  /** When the last dial began, in milliseconds on the caller's clock. */
  readonly dialledAt?: number
  /** Until when the last failure has us wait, on the same clock. */
  readonly restUntil?: number
}

export const noHistory: History = { transport: 0, protocol: 0 }

const TRANSPORT_FIRST = 5 // seconds
const PROTOCOL_CAP = 300 // seconds, or the first wait where that is longer
const RESTART = { least: 30, most: 60 } // seconds, in which most routers are back
/** The range of Tick.jitter (RFC 4271 §10). */
const JITTER = { least: 0.75, most: 1 }

/** The record after one more failure. */
export function remember(history: History, trouble: Trouble): History {
  const track = trouble === 'transport' ? 'transport' : 'protocol'
  return { ...history, [track]: history[track] + 1 }
}

/** The record after a session that stood long enough. The floor still holds. */
export function forget({ dialledAt }: History): History {
  return { ...noHistory, ...(dialledAt !== undefined && { dialledAt }) }
}

/** Seconds to wait after the failure that `history` already counts, with `jitter` from 0.75 to 1. */
export function wait(history: History, trouble: Trouble, backOff: BackOff, jitter: number): number {
  if (trouble === 'transport')
    return jitter * Math.min(TRANSPORT_FIRST * 2 ** (history.transport - 1), backOff.transportCap)
  if (trouble === 'restart') return spread(jitter, RESTART)
  const { protocolFirst, operator } = backOff
  const grown = Math.min(protocolFirst * 2 ** (history.protocol - 1), Math.max(PROTOCOL_CAP, protocolFirst))
  return jitter * (trouble === 'operator' ? Math.max(grown, operator) : grown)
}
/** No wait is longer, in seconds. */
export function longestWait({ transportCap, protocolFirst, operator }: BackOff): number {
  return Math.max(transportCap, protocolFirst, PROTOCOL_CAP, operator)
}
/** The jitter as a point between two bounds. */
function spread(jitter: number, { least, most }: typeof RESTART): number {
  return least + ((jitter - JITTER.least) / (JITTER.most - JITTER.least)) * (most - least)
}

/** The earliest moment for a dial that is wanted at `at`, both in milliseconds. A wait once begun is never shortened. */
export function notBefore(at: number, { dialledAt, restUntil }: History, { floor }: BackOff): number {
  const never = Number.NEGATIVE_INFINITY
  return Math.max(at, restUntil ?? never, (dialledAt ?? never) + floor * 1000)
}
