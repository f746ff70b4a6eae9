/**
 * Addresses as sockets have them. A link-local address (fe80::/10) is valid on one link only, so its text has the name of
 * the interface behind it: fe80::1%eth0. This is the zone (RFC 4007 §11). On a socket of both families, an IPv4 address is
 * mapped into IPv6: ::ffff:192.0.2.1 (RFC 4291 §2.5.5.2).
 */
import { type Address, formatAddress, OptionError, parseAddress } from '@softspoken/wire'

/** The octets of an address, and its zone if it has one. */
export interface Zoned {
  readonly octets: Uint8Array
  readonly zone: string | undefined
}

/** The interface that another option names. A link-local address may omit its zone then, and must not have another one. */
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
  const octets = unmapIpv4(parseAddress(address, option)) // both spellings are the same address
  const rejected = (allowed: string) => new OptionError(option, text, allowed)
  if (!isLinkLocal(address)) {
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

/** Splits the text of a valid address into the address and its zone. */
export function splitZone(text: string): { readonly address: Address; readonly zone: string | undefined } {
  const at = text.indexOf('%')
  return at < 0 ? { address: text, zone: undefined } : { address: text.slice(0, at), zone: text.slice(at + 1) }
}

/** Linux's rule for the name of an interface (dev_valid_name), in ASCII. */
export function isInterface(name: unknown): name is string {
  return typeof name === 'string' && /^[!-.0-9;-~]{1,15}$/.test(name) && name !== '.' && name !== '..'
}

/** Node's `net` treats `fe80::1%br_lan` as a host name. Such an interface is set on the socket instead. */
export function isZoneOfNet(zone: string): boolean {
  return /^[0-9a-zA-Z.-]+$/.test(zone)
}

/** Whether the text of a valid address, with or without its zone, is link-local (fe80::/10). */
export function isLinkLocal(address: Address): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address)
}

/** The IPv4 address in ::ffff:0:0/96, any other as it is. */
export function unmapIpv4(octets: Uint8Array): Uint8Array {
  const mapped = octets.length === 16 && octets.subarray(0, 12).every((octet, i) => octet === (i < 10 ? 0 : 0xff))
  return mapped ? octets.subarray(12) : octets
}

/** The same for the text of an address that a socket has. */
export function unmapIpv4Text(address: Address | undefined): Address | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '')
}

/** Whether the text of a valid address is IPv6. */
export function isIpv6(address: Address): boolean {
  return address.includes(':')
}

/** False for 0.0.0.0, which a system treats as itself, and for multicast and broadcast addresses. */
export function isOneHost(octets: Uint8Array): boolean {
  const [first = 0] = octets
  return octets.length === 4 ? first > 0 && first < 224 : first !== 0xff && octets.some(octet => octet !== 0)
}

/** The canonical text of a valid address, its zone included. */
export function canonicalAddress(text: Address): Address {
  const { address, zone } = splitZone(text)
  return formatZoned({ octets: unmapIpv4(parseAddress(address, 'address')), zone })
}
