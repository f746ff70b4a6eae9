/** Address families whose routes this package reads. Every other family passes through as bytes. */

/** One row per family: the numbers of IANA's registries (RFC 4760 §3) and the length of an address in octets. */
export const families = {
  'ipv4-unicast': { afi: 1, safi: 1, octets: 4 },
  'ipv6-unicast': { afi: 2, safi: 1, octets: 16 },
} as const

export type Family = keyof typeof families

/** The family that an AFI and a SAFI name, or undefined where this package keeps it as bytes. */
export function familyOf(afi: number, safi: number): Family | undefined {
  if (safi !== 1) return undefined
  return afi === 1 ? 'ipv4-unicast' : afi === 2 ? 'ipv6-unicast' : undefined
}
