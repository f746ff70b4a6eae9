/** Addresses as text: one spelling for each, and the kinds that are no next hop. */
import { canonicalAddress } from '@softspoken/session/internal'
import { type Address, formatAddress, parseAddress } from '@softspoken/wire'

/** The canonical spelling, so that equal addresses are equal strings (RFC 5952). */
export function canonical(address: Address, option: string): Address {
  return formatAddress(parseAddress(address, option))
}

/**
 * The same for the local address of a connection; the zone stays. Text that is no address is returned unchanged, because the
 * caller may have made the connection.
 */
export function canonicalLocal(text: Address): Address {
  try {
    return canonicalAddress(text)
  } catch {
    return text
  }
}

/** Unspecified and IPv4-mapped addresses are never a next hop. */
export function isNoHost(address: Address): boolean {
  return /^(0\.0\.0\.0|::|::ffff:.*)$/.test(address)
}
