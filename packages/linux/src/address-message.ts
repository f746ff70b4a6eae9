/** The addresses of interfaces in messages of rtnetlink(7): struct ifaddrmsg and its attributes (linux/if_addr.h). */
import { AF_INET, AF_INET6 } from './constants.ts'
import { notUnderstood } from './netlink-answer.ts'
import {
  attributesIn,
  type NetlinkAttribute,
  type NetlinkMessage,
  readUint32,
  uint32,
  viewOf,
} from './netlink-message.ts'
import { littleEndian } from './sockaddr.ts'

/**
 * The mark of the addresses that setAddress() adds (IFA_PROTO; `proto` of ip-address(8)). The kernel's own marks are 1 to 3.
 * Other programs use their numbers of linux/rtnetlink.h and iproute2's rt_protos (keepalived: 18); 83 is free there. It is an
 * "S" in ASCII.
 */
export const ADDRESS_PROTOCOL = 83

/** An address of an interface. */
export interface HostAddress {
  /** 4 or 16 octets. */
  readonly address: Uint8Array
  /** The address at the other end of a point-to-point link, if it has one; 4 or 16 octets. */
  readonly peer?: Uint8Array
  readonly prefixLength: number
  /** The name of the interface. */
  readonly interface: string
  readonly interfaceIndex: number
  readonly scope: AddressScope
  readonly flags: readonly AddressFlag[]
  /** The mark of the program that added it: {@link ADDRESS_PROTOCOL}, or undefined if it set none. Linux 5.18 and later. */
  readonly protocol?: number
  /** Seconds until the kernel removes it. */
  readonly validLifetime: number | 'forever'
}

/** As ip-address(8) prints it. */
export type AddressScope = 'global' | 'site' | 'link' | 'host' | `${number}`

const scopes: Readonly<Record<number, AddressScope>> = { 0: 'global', 200: 'site', 253: 'link', 254: 'host' }
const SCOPE_HOST = 254

/** As ip-address(8) prints it. `temporary` is IPv6, and the same bit is `secondary` in IPv4. */
export type AddressFlag =
  | 'temporary'
  | 'secondary'
  | 'nodad'
  | 'optimistic'
  | 'dadfailed'
  | 'homeaddress'
  | 'deprecated'
  | 'tentative'
  | 'permanent'
  | 'mngtmpaddr'
  | 'noprefixroute'
  | 'autojoin'
  | 'stable-privacy'

/** In the order of their bits. */
const flagNames: readonly AddressFlag[] = [
  'temporary',
  'nodad',
  'optimistic',
  'dadfailed',
  'homeaddress',
  'deprecated',
  'tentative',
  'permanent',
  'mngtmpaddr',
  'noprefixroute',
  'autojoin',
  'stable-privacy',
]

const IFA_F_NODAD = 0x2
const IFA_F_NOPREFIXROUTE = 0x200

export const RTM_NEWADDR = 20
export const RTM_DELADDR = 21
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFA_CACHEINFO = 6
const IFA_FLAGS = 8
const IFA_PROTO = 11
const IFADDR = 8 // octets of struct ifaddrmsg
const FOREVER = 0xffffffff // INFINITY_LIFE_TIME

/**
 * The address that a message of the kernel is about. undefined for other messages and families, and if the interface has no
 * name any more.
 * @param nameOf The name of an interface with this index.
 * @throws Error with the code EPROTO if the message is cut off.
 */
export function addressIn(
  { type, body }: NetlinkMessage,
  nameOf: (index: number) => string | undefined,
): HostAddress | undefined {
  if (type !== RTM_NEWADDR && type !== RTM_DELADDR) return undefined
  const [family, prefixLength = 0, lowFlags = 0, scope = 0] = body
  if (body.length < IFADDR) notUnderstood('RTM_NEWADDR')
  const octets = family === AF_INET ? 4 : family === AF_INET6 ? 16 : undefined
  if (octets === undefined) return undefined
  const attributes = attributesIn(body.subarray(IFADDR)) ?? notUnderstood('RTM_NEWADDR')
  // IFA_LOCAL is our own end, and IFA_ADDRESS then the other end, which is often the same. IPv6 has IFA_ADDRESS alone.
  const far = attributes.get(IFA_ADDRESS)
  const address = attributes.get(IFA_LOCAL) ?? far
  if (address?.length !== octets || prefixLength > octets * 8) notUnderstood('RTM_NEWADDR')
  const bits = readUint32(attributes.get(IFA_FLAGS)) ?? lowFlags
  const protocol = attributes.get(IFA_PROTO)?.[0] ?? 0
  const valid = readUint32(attributes.get(IFA_CACHEINFO)?.subarray(4, 8)) ?? FOREVER
  const interfaceIndex = viewOf(body).getUint32(4, littleEndian)
  const name = nameOf(interfaceIndex)
  if (name === undefined) return undefined
  return {
    address: new Uint8Array(address), // a copy, which does not keep the whole datagram
    ...(far?.length === octets && Buffer.compare(far, address) !== 0 && { peer: new Uint8Array(far) }),
    prefixLength,
    interface: name,
    interfaceIndex,
    scope: scopes[scope] ?? `${scope}`,
    flags: flagNames.flatMap((name, bit) => {
      if (!(bits & (1 << bit))) return []
      return name === 'temporary' && octets === 4 ? 'secondary' : name
    }),
    ...(protocol !== 0 && { protocol }),
    validLifetime: valid === FOREVER ? 'forever' : valid,
  }
}

/**
 * The request that adds an address or renews it. The kernel takes flags and lifetimes from the last request, so that each
 * one has them all.
 * @param seconds Until the kernel removes it.
 */
export function encodeSetAddress(interfaceIndex: number, address: Uint8Array, seconds: number): AddressRequest {
  // Neither an IPv4 address of scope host nor an IPv6 address of preferred lifetime 0 is chosen as a source (RFC 6724 §5).
  const isIpv4 = address.length === 4
  return {
    body: ifaddrmsg(interfaceIndex, address, address.length * 8, isIpv4 ? SCOPE_HOST : 0),
    attributes: [
      [IFA_LOCAL, address],
      [IFA_ADDRESS, address],
      [IFA_CACHEINFO, uint32(0, seconds, 0, 0)],
      [IFA_FLAGS, uint32(isIpv4 ? IFA_F_NOPREFIXROUTE : IFA_F_NOPREFIXROUTE | IFA_F_NODAD)],
      [IFA_PROTO, Uint8Array.of(ADDRESS_PROTOCOL)],
    ],
  }
}

export function encodeRemoveAddress(
  interfaceIndex: number,
  { address, peer, prefixLength }: Pick<HostAddress, 'address' | 'peer' | 'prefixLength'>,
): AddressRequest {
  return {
    body: ifaddrmsg(interfaceIndex, address, prefixLength, 0),
    attributes: [
      [IFA_LOCAL, address],
      [IFA_ADDRESS, peer ?? address],
    ],
  }
}

/** Whether the address is exactly what setAddress() adds, so that a renewal leaves nothing of another form behind. */
export function isOwnAddress({
  address,
  prefixLength,
  scope,
  flags,
  protocol,
  peer,
  validLifetime,
}: HostAddress): boolean {
  if (prefixLength !== address.length * 8 || peer !== undefined || validLifetime === 'forever') return false
  const needed: readonly AddressFlag[] = [
    'deprecated',
    'noprefixroute',
    ...(address.length === 4 ? [] : ['nodad' as const]),
  ]
  if (address.length === 4 && scope !== 'host') return false
  // Linux before 5.18 keeps no mark.
  return (protocol ?? ADDRESS_PROTOCOL) === ADDRESS_PROTOCOL && needed.every(flag => flags.includes(flag))
}

type AddressRequest = { readonly body: Uint8Array; readonly attributes: readonly NetlinkAttribute[] }

function ifaddrmsg(interfaceIndex: number, address: Uint8Array, prefixLength: number, scope: number): Uint8Array {
  const body = new Uint8Array(IFADDR)
  body.set([address.length === 4 ? AF_INET : AF_INET6, prefixLength, 0, scope])
  viewOf(body).setUint32(4, interfaceIndex, littleEndian)
  return body
}
