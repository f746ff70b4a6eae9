/** The routes of an UPDATE, whichever of its four fields carried them. */
import type { Address } from './address.ts'
import type { Prefix } from './prefix.ts'
import type { Update } from './update.ts'

export interface Route {
  readonly prefix: Prefix
  readonly nextHop: Address
}

/** Unicast routes of both address families; those of families that this package does not read are left out. */
export function routes({ withdrawn, attributes, announced }: Update): {
  readonly withdrawn: readonly Prefix[]
  readonly announced: readonly Route[]
} {
  const { mpReach, mpUnreach } = attributes
  const reached = announced.map(prefix => ({ prefix, nextHop: attributes.nextHop! })) // NLRI is never without NEXT_HOP
  return {
    withdrawn: mpUnreach && mpUnreach.family !== 'other' ? [...withdrawn, ...mpUnreach.withdrawn] : withdrawn,
    announced:
      mpReach && mpReach.family !== 'other'
        ? [...reached, ...mpReach.announced.map(prefix => ({ prefix, nextHop: mpReach.nextHop[0] }))]
        : reached,
  }
}
