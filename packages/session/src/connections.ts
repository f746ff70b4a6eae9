/**
 * The one or two connections of a session, each with its state machine of fsm.ts, as a value. The session is in the state of
 * the connection that has come further.
 */
import type { History } from './backoff.ts'
import type { SessionConfig } from './config.ts'
import type { Down } from './events.ts'
import { type Input, type Machine, newMachine, nextDeadline } from './fsm.ts'
import type { Negotiated } from './open-check.ts'

/** Which side made the connection: we dialled, or the peer did. */
export type CollisionSide = 'outgoing' | 'incoming'

/** A connection, or the absence of one, with its state machine. */
export interface Candidate {
  readonly side: CollisionSide
  readonly machine: Machine
  /** The peer has sent an octet on this connection. */
  readonly peerSent: boolean
  /** Inputs that its machine receives when the collision with the preferred connection is resolved. */
  readonly queue: readonly Input[]
  /** When the first of them arrived. */
  readonly queuedAt?: number
}

export interface Connections {
  /** Has the timers and the failure history of the session, and the connection whose OPEN was accepted. */
  readonly main: Candidate
  /** An incoming connection without an OPEN, or whose OPEN is queued. */
  readonly pending?: Candidate
  /** When our own connection was made or its dial began. */
  readonly outgoingSince?: number
  /** Our own connection or dial ended beside the pending one. If that one is kept it was a collision; if not, we emit it. */
  readonly unreported?: { readonly down: Down; readonly historyBefore: History }
}

export function newConnections(config: SessionConfig, now: number): Connections {
  return { main: { side: 'outgoing', machine: newMachine(config, now), peerSent: false, queue: [] } }
}

/** Before the start: with the failure history of an earlier process. */
export function withHistory({ main }: Connections, history: History): Connections {
  return { main: { ...main, machine: { ...main.machine, history } } }
}

/** The time at which stepSession(connections, { type: 'tick' }, …) of collision.ts has something to do. */
export function sessionDeadline({ main, pending }: Connections): number | undefined {
  const deadlines = [nextDeadline(main.machine), pending && nextDeadline(pending.machine)]
  const known = deadlines.filter(deadline => deadline !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** The state of the session is that of the machine that has come further. */
export function furthest({ main, pending }: Connections): Candidate {
  return pending && !isConnected(main.machine) ? pending : main
}

/** What the OPENs of this connection agreed on. */
export function negotiatedOn(connections: Connections, side: CollisionSide): Negotiated | undefined {
  return candidateOf(connections, side)?.machine.negotiated
}

// ---- for collision.ts

export function candidateOf({ main, pending }: Connections, side: CollisionSide): Candidate | undefined {
  return main.side === side ? main : pending?.side === side ? pending : undefined
}
export function otherThan({ main, pending }: Connections, candidate: Candidate): Candidate | undefined {
  return candidate === main ? pending : main
}
export function replaceCandidate(connections: Connections, candidate: Candidate): Connections {
  return connections.pending?.side === candidate.side
    ? { ...connections, pending: candidate }
    : { ...connections, main: candidate }
}
export function withoutQueue({ queuedAt: _, ...candidate }: Candidate): Candidate {
  return { ...candidate, queue: [] }
}
export function withoutPending({ pending: _, unreported: __, ...connections }: Connections): Connections {
  return connections
}
export function withoutUnreported({ unreported: _, ...connections }: Connections): Connections {
  return connections
}
export function isConnected({ state }: Machine): boolean {
  return state === 'OpenSent' || state === 'OpenConfirm' || state === 'Established'
}
