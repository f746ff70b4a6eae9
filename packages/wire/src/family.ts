/** The address families whose routes this package models. The routes of every other family are kept as octets. */

import { stringOr, throwUnknownName } from './error.ts'

/** One row per family: its AFI and SAFI in IANA's registries (RFC 4760 §3), and the octets of an address. */
export const familyByName = {
  'ipv4-unicast': { afi: 1, safi: 1, octets: 4 },
  'ipv6-unicast': { afi: 2, safi: 1, octets: 16 },
  'ipv4-multicast': { afi: 1, safi: 2, octets: 4 },
  'ipv6-multicast': { afi: 2, safi: 2, octets: 16 },
} as const

/** A family whose routes are modelled, by name. */
export type Family = keyof typeof familyByName

/** The row of a family that a caller gave. @throws OptionError for another value; `others` are allowed besides. */
export function familyRow(family: Family, field: string, ...others: string[]): (typeof familyByName)[Family] {
  if (Object.hasOwn(familyByName, stringOr(family))) return familyByName[family]
  return throwUnknownName(field, family, [...Object.keys(familyByName), ...others])
}

/** The family with this AFI and SAFI; undefined if this package does not model it. */
export function familyOf(afi: number, safi: number): Family | undefined {
  if (afi !== 1 && afi !== 2) return undefined
  if (safi === 1) return afi === 1 ? 'ipv4-unicast' : 'ipv6-unicast'
  if (safi === 2) return afi === 1 ? 'ipv4-multicast' : 'ipv6-multicast'
  return undefined
}
