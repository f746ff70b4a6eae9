/** An option that is one address, or one address for each family. */
import { assertString, omitUndefined, rejectUnknown } from '@softspoken/session/internal'
import type { Address, Family } from '@softspoken/wire'

/** An address for each family that has one. */
export interface PerFamily {
  /** For IPv4 prefixes, or IPv4 peers. As a next hop it may be an IPv6 address if `extendedNextHop` is negotiated (RFC 8950). */
  ipv4?: Address
  /** For IPv6 prefixes, or IPv6 peers. */
  ipv6?: Address
}

/** The address for this family, if there is one. A single address is for every family. */
export function forFamily(given: Address | PerFamily | undefined, family: Family): Address | undefined {
  if (typeof given !== 'object') return given
  return family === 'ipv6-unicast' ? given.ipv6 : given.ipv4
}

/**
 * Every address in it, with its name.
 * @throws OptionError
 */
export function addressesIn(given: Address | PerFamily, name: string): readonly (readonly [string, Address])[] {
  if (typeof given === 'string') return [[name, given]]
  rejectUnknown(given, ['ipv4', 'ipv6'], name)
  return Object.entries(omitUndefined(given)).map(([family, address]) => {
    const option = `${name}.${family}`
    return [option, assertString(address, option, '192.0.2.1')]
  })
}
