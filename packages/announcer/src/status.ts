/** A snapshot of an announcer for operators. */
import type { SessionStatus } from '@softspoken/session'
import type { Attributes, Prefix } from '@softspoken/wire'
import type { AnnouncedRoute } from './announcement.ts'
import { divide } from './desired-routes.ts'
import type { PeerRoutes } from './peer-routes.ts'
import type { Explanation, UnsendableReason, WithheldReason } from './reasons.ts'

/** A snapshot: each peer's session, and the routes it has been sent. BGP does not acknowledge routes. */
export interface AnnouncerStatus {
  /** The prefixes that the peers should have now. */
  readonly announcements: readonly Prefix[]
  /** Why a prefix that was given to announce(), and not withdrawn, is not announced now. */
  readonly withheld: Readonly<Record<Prefix, Explanation<WithheldReason>>>
  /** Seconds until each lease runs out, the caller's or the gate's, if there is one; 0 once it has. */
  readonly leases: Readonly<Record<Prefix, number>>
  readonly peers: readonly (SessionStatus & SentRoutes)[]
}

/** What one peer has been sent on its present session. */
export interface SentRoutes {
  /** The prefixes that have been sent, and not withdrawn since. */
  readonly sent: readonly Prefix[]
  /** Those of `sent` whose present content has not been sent yet, because two advertisements are an interval apart. */
  readonly queued: Readonly<Record<Prefix, QueuedChange>>
  /** Why prefixes cannot be sent to this peer, by prefix. */
  readonly unsendable: Readonly<Record<Prefix, Explanation<UnsendableReason>>>
}

/** A change of a route that a peer has been sent. */
export interface QueuedChange {
  /** What the peer has been sent. */
  readonly sent: Attributes
  /** What it is sent next. */
  readonly next: Attributes
  /** Until the advertisement interval allows it. */
  readonly secondsLeft: number
}

export function statusOf(
  announced: ReadonlyMap<Prefix, AnnouncedRoute>,
  peers: readonly PeerRoutes[],
  now: number,
): AnnouncerStatus {
  const { desired } = divide(announced.values(), now)
  const withheld: Record<Prefix, Explanation<WithheldReason>> = {}
  const leases: Record<Prefix, number> = {}
  for (const [prefix, one] of announced) {
    const cause = one.withheld(now)
    const seconds = one.secondsLeft(now)
    if (cause !== undefined) withheld[prefix] = cause
    if (seconds !== undefined) leases[prefix] = seconds
  }
  return {
    announcements: desired.map(({ route }) => route.prefix),
    withheld,
    leases,
    peers: peers.map(peer => ({ ...peer.session.status(), ...peer.report(desired) })),
  }
}
