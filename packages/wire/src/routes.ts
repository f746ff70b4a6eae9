/** The routes of an UPDATE, from all of the four fields that carry routes. */
import type { Address } from './address.ts'
import type { MpReach, MpUnreach } from './attribute/mp-reach.ts'
import { assertList, assertObject } from './error.ts'
import type { Family } from './family.ts'
import type { Prefix } from './prefix.ts'
import type { Update } from './update.ts'

/** An announced route. */
export interface Route {
  /** With ADD-PATH, `#` and the path identifier follow the prefix (RFC 7911). */
  readonly prefix: Prefix
  readonly nextHop: Address
}

/** The IPv4 and IPv6 unicast routes; those of other families are left out. */
export function routes(update: Update): {
  readonly withdrawn: readonly Prefix[]
  readonly announced: readonly Route[]
} {
  assertUpdate(update)
  const { withdrawn, attributes, announced } = update
  const { mpReach, mpUnreach } = attributes
  const reached = announced.map(prefix => ({ prefix, nextHop: attributes.nextHop! })) // NLRI without NEXT_HOP is withdrawn by treat-as-withdraw
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
 * The family of an End-of-RIB, with which the peer has sent all of its routes; undefined for another UPDATE. It is an empty
 * UPDATE for IPv4 unicast, and an empty MP_UNREACH_NLRI for the others (RFC 4724 §2).
 */
export function endOfRib(update: Update): Family | 'other' | undefined {
  assertUpdate(update)
  const { withdrawn, attributes, announced, issues } = update
  const { mpUnreach, ...rest } = attributes
  if (withdrawn.length > 0 || announced.length > 0 || Object.keys(rest).length > 0 || issues) return undefined
  if (mpUnreach === undefined) return 'ipv4-unicast'
  return mpUnreach.withdrawn.length === 0 ? mpUnreach.family : undefined
}

function assertUpdate(update: Update): void {
  assertObject('update', update)
  assertObject('attributes', update.attributes)
  assertList('withdrawn', update.withdrawn)
  assertList('announced', update.announced)
}
