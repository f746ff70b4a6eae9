/** What an announcer emits. */
import type { Negotiated, SessionFailure } from '@softspoken/session'
import type { Address, Attributes, Prefix } from '@softspoken/wire'
import type { Explanation, UnsendableReason, WithdrawnReason } from './reasons.ts'

/** The events of an announcer. Each comes after the step that caused it, so a listener may call back. */
export interface AnnouncerEvents {
  /**
   * No peer has this route any more: every established one has been sent its withdrawal, so an address may go now. Emitted
   * once each time a route stops being announced, whether or not a session was established.
   */
  withdrawn: [Explanation<WithdrawnReason> & { readonly prefix: Prefix }]
  /** The route has been sent to this peer, with these attributes. BGP does not acknowledge routes. */
  sent: [{ readonly prefix: Prefix; readonly peer: Address; readonly attributes: Attributes }]
  /** The route cannot be sent to this peer. Emitted once for a prefix on each session, as the log line is. */
  unsendable: [Explanation<UnsendableReason> & { readonly prefix: Prefix; readonly peer: Address }]
  /** The session with this peer is established, and has been sent the desired routes. */
  established: [{ readonly peer: Address; readonly negotiated: Negotiated }]
  /** A connection with this peer has ended, or an attempt at one. */
  down: [SessionFailure & { readonly peer: Address }]
}
