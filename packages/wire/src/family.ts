/** Address families whose routes this package reads. Every other family passes through as bytes. */

/** One row per family: the numbers of IANA's registries (RFC 4760 §3) and the length of an address in octets. */
export const familyByName = {
  'ipv4-unicast': { afi: 1, safi: 1, octets: 4 },
  'ipv6-unicast': { afi: 2, safi: 1, octets: 16 },
  'ipv4-multicast': { afi: 1, safi: 2, octets: 4 },
  'ipv6-multicast': { afi: 2, safi: 2, octets: 16 },
} as const

/** A family whose routes are read as text, by name. */
export type Family = keyof typeof familyByName

/** The family that an AFI and a SAFI name, or undefined where this package keeps it as bytes. */
export function familyOf(afi: number, safi: number): Family | undefined {
  if (afi !== 1 && afi !== 2) return undefined
  if (safi === 1) return afi === 1 ? 'ipv4-unicast' : 'ipv6-unicast'
  if (safi === 2) return afi === 1 ? 'ipv4-multicast' : 'ipv6-multicast'
  return undefined
}
