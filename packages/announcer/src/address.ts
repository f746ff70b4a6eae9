/** Text of addresses: comparing it, and telling its kinds apart. */
import { splitZone } from '@softspoken/session/internal'
import { type Address, formatAddress, parseAddress } from '@softspoken/wire'

/** One text for one address, as a comparison needs it. */
export function canonical(address: Address, option: string): Address {
  return formatAddress(parseAddress(address, option))
}

/** The same for an address that a connection has, perhaps one of the caller's making: with its zone, and as it is if it is none. */
export function canonicalLocal(text: Address): Address {
  const { address, zone } = splitZone(text)
  try {
    return `${canonical(address, 'local.address')}${zone === undefined ? '' : `%${zone}`}`
  } catch {
    return text
  }
}

export function isLinkLocal(address: Address): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address)
}

/** Unspecified and IPv4-mapped addresses are never a next hop. */
export function isNoHost(address: Address): boolean {
  return /^(0\.0\.0\.0|::|::ffff:.*)$/.test(address)
}
