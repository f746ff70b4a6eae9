/** The routes of an UPDATE, whichever of its four fields carried them. */
import type { Address } from './address.ts'
import type { MpReach, MpUnreach } from './attribute/mp-reach.ts'
import type { Family } from './family.ts'
import type { Prefix } from './prefix.ts'
import type { Update } from './update.ts'

/** A route as `routes()` tells it. */
export interface Route {
  /** With ADD-PATH, `#` and the path identifier follow (RFC 7911). */
  readonly prefix: Prefix
  readonly nextHop: Address
}

/** Unicast routes of both address families; those of other families are left out. */
export function routes({ withdrawn, attributes, announced }: Update): {
  readonly withdrawn: readonly Prefix[]
  readonly announced: readonly Route[]
} {
  const { mpReach, mpUnreach } = attributes
  const reached = announced.map(prefix => ({ prefix, nextHop: attributes.nextHop! })) // NLRI is never without NEXT_HOP
  return {
    withdrawn: isUnicast(mpUnreach) ? [...withdrawn, ...mpUnreach.withdrawn] : withdrawn,
    announced: isUnicast(mpReach)
      ? [...reached, ...mpReach.announced.map(prefix => ({ prefix, nextHop: mpReach.nextHop[0] }))]
      : reached,
  }
}

function isUnicast<mp extends MpReach | MpUnreach>(mp: mp | undefined): mp is Extract<mp, { family: Family }> {
  return mp?.family === 'ipv4-unicast' || mp?.family === 'ipv6-unicast'
}

/**
 * The family whose routes the peer has now sent in full, where the UPDATE says just that: an empty one for IPv4 unicast,
 * an empty MP_UNREACH_NLRI for any other (RFC 4724 §2).
 */
export function endOfRib({ withdrawn, attributes, announced, issues }: Update): Family | 'other' | undefined {
  const { mpUnreach, ...rest } = attributes
  if (withdrawn.length > 0 || announced.length > 0 || Object.keys(rest).length > 0 || issues) return undefined
  if (mpUnreach === undefined) return 'ipv4-unicast'
  return mpUnreach.withdrawn.length === 0 ? mpUnreach.family : undefined
}
