/** The Adj-RIB-Out of one peer: the routes that it has been sent and that have not been withdrawn (RFC 4271 §3.2). */
import type { Family, Prefix, Update } from '@softspoken/wire'
import type { HostRoute } from './host-route.ts'

/** A route with its UPDATE. */
export interface RouteContent {
  readonly route: HostRoute
  readonly update: Update
  /** A text that is equal if and only if the attributes of the UPDATE are. */
  readonly content: string
}

/** Never changed in place. A peer has the empty one until its session is established, and again once it has ended. */
export interface AdjRibOut {
  /** What each prefix was last advertised with; a withdrawn prefix is absent. */
  readonly advertised: ReadonlyMap<Prefix, RouteContent>
  /** When each prefix was advertised within the last interval, in milliseconds, whether it is withdrawn now or not. */
  readonly advertisedAt: ReadonlyMap<Prefix, number>
  /** Families whose routes the peer has requested again, and that have not been sent again yet (RFC 2918). */
  readonly requested: ReadonlySet<Family>
}

export const emptyAdjRibOut: AdjRibOut = { advertised: new Map(), advertisedAt: new Map(), requested: new Set() }

/** The peer requests the routes of this family once more (ROUTE-REFRESH). */
export function requestRefresh(rib: AdjRibOut, family: Family): AdjRibOut {
  return { ...rib, requested: new Set([...rib.requested, family]) }
}

/** `rib`, in which these prefixes are as they are in `before`: their UPDATE could not be sent. */
export function restore(rib: AdjRibOut, before: AdjRibOut, prefixes: readonly Prefix[]): AdjRibOut {
  const advertised = new Map(rib.advertised)
  for (const prefix of prefixes) {
    const last = before.advertised.get(prefix)
    if (last === undefined) advertised.delete(prefix)
    else advertised.set(prefix, last)
  }
  return { ...rib, advertised }
}
