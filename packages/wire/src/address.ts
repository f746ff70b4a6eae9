/** Addresses between text and octets. The only file that knows ip-address. */
import { Address4, Address6 } from 'ip-address'

/** An IPv4 or IPv6 address as text: `198.51.100.10`, `2001:db8::10` (RFC 5952). */
export type Address = string

/**
 * The octets of an address: 4 for IPv4, 16 for IPv6.
 * @throws RangeError naming the field and the text, where it is no address in full (no zone, no prefix length).
 */
export function parseAddress(text: Address, field: string): Uint8Array {
  try {
    if (/^\d+\.\d+\.\d+\.\d+$/.test(text)) {
      const octets = Uint8Array.from(new Address4(text).toArray())
      if (formatAddress(octets) === text) return octets // 010.0.0.1 means one thing here and another there
    } else if (/^[0-9a-fA-F:.]+$/.test(text)) {
      return Uint8Array.from(new Address6(text).toUnsignedByteArray())
    }
  } catch {} // ip-address has its own words for it; ours name the field
  throw new RangeError(`${field}: '${text}' is not allowed, it must be an IPv4 or IPv6 address`)
}

/** The text of an address of 4 or 16 octets; IPv6 as RFC 5952 writes it. */
export function formatAddress(octets: Uint8Array): Address {
  if (octets.length === 4) return `${octets[0]}.${octets[1]}.${octets[2]}.${octets[3]}`
  return Address6.fromUnsignedByteArray([...octets]).correctForm()
}
