/** A snapshot of a session for operators. */
import type { Address } from '@softspoken/wire'
import type { Connection } from './connection.ts'
import { type Connections, furthest } from './connections.ts'
import type { SessionFailure, SessionState } from './events.ts'
import type { MalformedUpdates } from './malformed.ts'
import type { MessageCounters } from './message-counters.ts'
import { omitUndefined } from './omit-undefined.ts'
import type { Negotiated } from './open-check.ts'

/** Counted since construction, with the names of RFC 4273. */
export interface SessionCounters {
  dials: number
  fsmEstablishedTransitions: number
  inUpdates: number
  /** UPDATEs among them whose faults cost routes or attributes, and not the session (RFC 7606). */
  inMalformedUpdates: MalformedUpdates
  outUpdates: number
  inTotalMessages: number
  outTotalMessages: number
  inMessages: MessageCounters
  outMessages: MessageCounters
}

/** A snapshot. Times are in seconds. */
export interface SessionStatus {
  readonly state: SessionState
  readonly secondsInState: number
  /** `address` is that of the connection, or the configured one. */
  readonly local: { readonly as: number; readonly id: Address; readonly address?: Address }
  /** As configured. `port` is the one that we dial; that of an incoming connection is `connection.remotePort`. */
  readonly peer: { readonly as: number; readonly address: Address; readonly port: number }
  /** The TCP connection, or the dial in progress. Ports are absent until it is connected. */
  readonly connection?: {
    readonly direction: 'outgoing' | 'incoming'
    readonly localPort?: number
    readonly remotePort?: number
  }
  /** From the peer's OPEN until the session ends. */
  readonly negotiated?: Negotiated
  /** Absent while a dial runs or the session is established, and once stopped. */
  readonly nextDialIn?: number
  readonly counters: Readonly<SessionCounters>
  /** The last event `down`, without its `retryIn`; see `nextDialIn`. The end by stop() is not recorded. */
  readonly lastFailure?: Omit<SessionFailure, 'retryIn'> & { readonly at: Date }
}

export function statusOf(
  pair: Connections,
  connection: Connection | undefined,
  counters: Readonly<SessionCounters>,
  lastFailure: SessionStatus['lastFailure'],
  now: number,
): SessionStatus {
  const { side, machine } = furthest(pair)
  const { state, since, negotiated, config } = machine
  const { local, peer } = config
  const { idleHoldTimer } = pair.main.machine.timers
  const { localAddress, localPort, remotePort } = connection?.endpoints ?? {}
  const nextDialIn = idleHoldTimer === undefined || config.passive ? undefined : Math.max(0, idleHoldTimer - now) / 1000
  return {
    state,
    secondsInState: (now - since) / 1000,
    local: { as: local.as, id: local.id, ...omitUndefined({ address: localAddress ?? local.address }) },
    peer: { ...peer },
    ...(connection && {
      connection: {
        direction: side === 'incoming' ? 'incoming' : 'outgoing',
        ...omitUndefined({ localPort, remotePort }),
      },
    }),
    counters: { ...counters },
    ...omitUndefined({ negotiated, nextDialIn, lastFailure }),
  }
}
