/**
 * Addresses as sockets have them. A link-local one (fe80::/10) means nothing without its interface, since each link has
 * its own: RFC 4007 §11 writes it behind the address, fe80::1%eth0, and calls it the zone. And where one socket carries
 * both families, an IPv4 address is a mapped one (RFC 4291 §2.5.5.2).
 */
import { type Address, formatAddress, OptionError, parseAddress } from '@softspoken/wire'

/** The address itself, and its zone where it has one. */
export interface Zoned {
  readonly octets: Uint8Array
  readonly zone: string | undefined
}

/** The interface that another option names, which a link-local address may leave out and must not contradict. */
export interface Device {
  readonly name: string
  readonly option: string
}

/**
 * An address that a caller gave.
 * @throws OptionError: a link-local address needs one interface, and no other address has one.
 */
export function parseZoned(text: Address, option: string, device?: Device): Zoned {
  const { address, zone } = splitZone(String(text))
  const octets = unmapIpv4(parseAddress(address, option)) // one address, and one connection, for both spellings
  const rejected = (allowed: string) => new OptionError(option, text, allowed)
  if (!isLinkLocal(octets)) {
    if (zone === undefined) return { octets, zone }
    throw rejected('without an interface, because it is not link-local (fe80::/10): use bindDevice')
  }
  const name = zone ?? device?.name
  if (name === undefined) throw rejected(`written with its interface, because it is link-local: ${address}%eth0`)
  // An index may belong to another interface after the next boot, and Node accepts none.
  if (!isInterface(name) || name.includes('%') || /^\d+$/.test(name))
    throw rejected('written with the name of a network interface behind the %, and not its index')
  if (device !== undefined && name !== device.name)
    throw rejected(`on the interface of ${device.option}, '${device.name}'`)
  return { octets, zone: name }
}

/** One text for one address, its zone included. */
export function formatZoned({ octets, zone }: Zoned): Address {
  return zone === undefined ? formatAddress(octets) : `${formatAddress(octets)}%${zone}`
}

/** An address and its zone, of text that is known to be one. */
export function splitZone(text: string): { readonly address: Address; readonly zone: string | undefined } {
  const at = text.indexOf('%')
  return at < 0 ? { address: text, zone: undefined } : { address: text.slice(0, at), zone: text.slice(at + 1) }
}

/** Linux's rule for the name of an interface (dev_valid_name), in ASCII. */
export function isInterface(name: unknown): name is string {
  return typeof name === 'string' && /^[!-.0-9;-~]{1,15}$/.test(name) && name !== '.' && name !== '..'
}

/** Node's `net` takes `fe80::1%br_lan` for the name of a host: such an interface has to be set on the socket. */
export function isZoneOfNet(zone: string): boolean {
  return /^[0-9a-zA-Z.-]+$/.test(zone)
}

export function isLinkLocal(octets: Uint8Array): boolean {
  return octets.length === 16 && octets[0] === 0xfe && (octets[1]! & 0xc0) === 0x80 // 16 octets: there is a second
}

/** The IPv4 address in ::ffff:0:0/96, any other as it is. */
export function unmapIpv4(octets: Uint8Array): Uint8Array {
  const mapped = octets.length === 16 && octets.subarray(0, 12).every((octet, i) => octet === (i < 10 ? 0 : 0xff))
  return mapped ? octets.subarray(12) : octets
}

/** The same for the text of a socket's address. */
export function unmapIpv4Text(address: Address | undefined): Address | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '')
}

/** Whether the text of an address, which is known to be one, is IPv6. */
export function isIpv6(address: Address): boolean {
  return address.includes(':')
}

/**
 * Not 0.0.0.0, which a system takes for itself, nor a multicast or broadcast address, which reach no router.
 */
export function isOneHost(octets: Uint8Array): boolean {
  const [first = 0] = octets
  return octets.length === 4 ? first > 0 && first < 224 : first !== 0xff && octets.some(octet => octet !== 0)
}

/** One text for one address, its zone included, whichever way it is written. `text` is known to be one. */
export function canonicalAddress(text: Address): Address {
  const { address, zone } = splitZone(text)
  return formatZoned({ octets: unmapIpv4(parseAddress(address, 'address')), zone })
}
