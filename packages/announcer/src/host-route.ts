/** The check that lets only routes to one host leave this package. */
import { isLinkLocal } from '@softspoken/session/internal'
import { type Address, type Family, formatAddress, OptionError, type Prefix, parseAddress } from '@softspoken/wire'

/** A route to one address. */
export interface HostRoute {
  /** In its canonical form: `198.51.100.10/32`, `2001:db8::10/128` (RFC 5952). */
  readonly prefix: Prefix
  readonly address: Address
  readonly family: Family
}

/**
 * Reads `198.51.100.10/32`, `2001:db8::10/128`, or the bare address.
 * @throws OptionError if it is wider than one address, or the address cannot be that of one host.
 */
export function hostRoute(text: string): HostRoute {
  if (typeof text !== 'string') throw new OptionError('prefix', text, "a string such as '198.51.100.10/32'")
  const slash = text.indexOf('/')
  const octets = parseAddress(slash < 0 ? text : text.slice(0, slash), 'prefix')
  const bits = octets.length * 8
  if (slash >= 0 && text.slice(slash + 1) !== `${bits}`)
    throw new OptionError('prefix', text, 'a host route: /32 for IPv4, /128 for IPv6')
  const kind = octets.length === 4 ? special4(octets) : isLinkLocal(text) ? 'a link-local address' : special6(octets)
  if (kind !== undefined) throw new OptionError('prefix', text, `the address of one host, and not ${kind}`)
  const address = formatAddress(octets)
  return { prefix: `${address}/${bits}`, address, family: octets.length === 4 ? 'ipv4-unicast' : 'ipv6-unicast' }
}

/** The kind of a special-purpose address (RFC 6890 and its registry) that no service can have. */
function special4(octets: Uint8Array): string | undefined {
  const a = octets[0]!
  if (a === 0) return 'the unspecified address'
  if (a === 127) return 'a loopback address'
  if (a === 169 && octets[1] === 254) return 'a link-local address'
  if (a >= 240) return 'a broadcast or reserved address'
  return a >= 224 ? 'a multicast address' : undefined
}
function special6(octets: Uint8Array): string | undefined {
  const leading = octets.findIndex(octet => octet !== 0)
  if (leading === -1) return 'the unspecified address'
  if (leading === 15 && octets[15] === 1) return 'the loopback address'
  if (leading === 10 && octets[10] === 0xff && octets[11] === 0xff) return 'an IPv4-mapped address'
  return octets[0] === 0xff ? 'a multicast address' : undefined
}
