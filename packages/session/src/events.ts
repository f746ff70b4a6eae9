/** What a session emits, and the shape of a failure. */
import type { Family, Notification, Update } from '@softspoken/wire'
import type { MalformedUpdate } from './malformed.ts'
import type { Negotiated } from './open-check.ts'
import type { FailureReason } from './reasons.ts'

/** RFC 4271 §8.2.2. */
export type SessionState = 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established'

/** How a connection, or an attempt at one, ended. */
export interface SessionFailure {
  /** A row of `failureReasons`: machine-readable, and stable. */
  readonly reason: FailureReason
  /** One sentence, made from the reason. */
  readonly detail: string
  /** What to check, if there is advice for this failure. */
  readonly hint?: string
  /** The state in which it ended. */
  readonly from: SessionState
  /** The NOTIFICATION that we sent, also for reasons such as 'hold-timer' and 'stopped'. The peer may not have received it. */
  readonly sent?: Notification
  /** The NOTIFICATION that the peer sent: for 'notification-received' and 'capabilities-refused'. */
  readonly received?: Notification
  /** Seconds until the next dial. Absent after stop(), and if only the peer dials. */
  readonly retryIn?: number
}

/** Whether both have the same reason and the same NOTIFICATION; the log then has the second at level debug. */
export function isSameFailure(one: SessionFailure, other: SessionFailure): boolean {
  return (
    one.reason === other.reason &&
    isSameNotification(one.sent, other.sent) &&
    isSameNotification(one.received, other.received)
  )
}
function isSameNotification(one: Notification | undefined, other: Notification | undefined): boolean {
  return one?.code === other?.code && one?.subcode === other?.subcode
}

/** The events of a session and what each listener receives. They come after the step that caused them. */
export interface SessionEvents {
  /** The state of the session has changed. */
  state: [{ readonly from: SessionState; readonly to: SessionState }]
  /** A dial begins. `failures` counts those since the session was last established for `backOff.resetAfter`. */
  dial: [{ readonly failures: number }]
  /** The session is established; `negotiated` is what both OPENs agreed on. */
  established: [{ readonly negotiated: Negotiated }]
  /** The peer has sent an UPDATE. */
  update: [{ readonly update: Update }]
  /** The peer asks for our routes of this family again (RFC 2918); answer with resend(). */
  refresh: [{ readonly family: Family }]
  /** A connection has ended, or an attempt at one. Not emitted for the loser of a collision, or for a dial that stop() ends. */
  down: [SessionFailure]
  /** An UPDATE had faults that did not end the session (RFC 7606). At most one event per minute, after its `update`. */
  malformed: [MalformedUpdate]
  /** The peer reads again after `backlogged` was true. */
  writable: []
}

type Named = { [name in keyof SessionEvents]: { readonly type: name } & SessionEvents[name][0] }
/** An event as the state machine returns it. */
export type SessionEvent = Named[Exclude<keyof SessionEvents, 'malformed' | 'writable'>]
export type Down = Named['down']
