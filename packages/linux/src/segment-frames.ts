/**
 * Ethernet frames that say which MAC address has an IP address: ARP (RFC 826, RFC 5227), and neighbor discovery of IPv6
 * (RFC 4861 §4.3, §4.4, §7.2.6). Octets and what they say; no socket.
 */
import { types } from 'node:util'
import { assertAddress, assertArgument, assertObject, assertOneOf } from './arguments.ts'
import { viewOf } from './netlink-message.ts'

/** What a frame of another host says about an address. */
export interface SegmentClaim {
  /** 4 or 16 octets. */
  readonly address: Uint8Array
  /** The MAC address that has it, or that asks for it, as `listInterfaces()` writes it: `02:00:5e:00:00:02`. */
  readonly mac: string
  /** `claim`: that MAC address has it. `probe`: a host asks whether it is free, before it takes it (RFC 5227 §2.1.1, RFC 4862 §5.4). */
  readonly kind: 'claim' | 'probe'
}

export const ETHERTYPE_ARP = 0x0806
export const ETHERTYPE_IPV6 = 0x86dd
const ETHERNET = 14 // octets of the header
const ETHERTYPE_AT = 12

const REQUEST = 1
const REPLY = 2
const ARP_HEAD = [0, 1, 0x08, 0x00, 6, 4] // Ethernet, IPv4, and the lengths of their addresses
const ARP = 28 // octets
const BROADCAST = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
const NO_MAC = [0, 0, 0, 0, 0, 0]
const NO_ADDRESS = [0, 0, 0, 0]

const ICMPV6 = 58
const NEIGHBOR_SOLICITATION = 135
const NEIGHBOR_ADVERTISEMENT = 136
const HOP_LIMIT = 255 // so that no router has passed it on (RFC 4861 §7.1)
const IPV6 = 40 // octets of the header
const NEIGHBOR_MESSAGE = 24 // octets without options
const ROUTER = 0x80
const SOLICITED = 0x40
const OVERRIDE = 0x20
const SOURCE_LINK_LAYER_ADDRESS = 1
const TARGET_LINK_LAYER_ADDRESS = 2
const UNSPECIFIED = new Uint8Array(16)
const ALL_NODES = Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)

/**
 * A frame to all hosts that says: this MAC address has this IPv4 address. Some devices take only one of the two forms, so send
 * the request and then the reply. Linux takes the reply at once only if its target is the sender (RFC 5227 §3).
 * @param mac The MAC address of the interface that sends it, such as `02:00:5e:00:00:02`.
 * @param address 4 octets.
 * @throws RangeError
 */
export function gratuitousArp(mac: string, address: Uint8Array, operation: 'request' | 'reply'): Uint8Array {
  assertOneOf('operation', operation, ['request', 'reply'])
  const sender = macOctets(mac)
  return operation === 'request'
    ? arp(REQUEST, sender, address, NO_MAC, address)
    : arp(REPLY, sender, address, sender, address)
}

/**
 * A frame to all hosts that asks whether an IPv4 address is free. No neighbour table changes by it (RFC 5227 §2.1.1).
 * @param address 4 octets.
 * @throws RangeError
 */
export function arpProbe(mac: string, address: Uint8Array): Uint8Array {
  return arp(REQUEST, macOctets(mac), NO_ADDRESS, NO_MAC, address)
}

/**
 * A frame to all hosts that says: this MAC address has this IPv6 address (RFC 4861 §7.2.6). It has the Override flag.
 * @param address 16 octets. It is the source address, too.
 * @param options `router`: whether this host is a router: as `isRouter()` says. A host that sees another value than in the kernel's own
 * answers removes this host from its default routers (RFC 4861 §7.2.5).
 * @throws RangeError
 */
export function neighborAdvertisement(
  mac: string,
  address: Uint8Array,
  options: { readonly router: boolean },
): Uint8Array {
  assertObject('options', options)
  assertArgument(typeof options.router === 'boolean', 'router', options.router, 'true or false')
  const sender = macOctets(mac)
  const flags = options.router ? ROUTER | OVERRIDE : OVERRIDE
  const option = [TARGET_LINK_LAYER_ADDRESS, 1, ...sender]
  return neighborMessage(NEIGHBOR_ADVERTISEMENT, flags, sender, address, ALL_NODES, address, option)
}

/**
 * A frame that asks whether an IPv6 address is free, as duplicate address detection does (RFC 4862 §5.4.2). No neighbour table
 * changes by it.
 * @param address 16 octets.
 * @throws RangeError
 */
export function neighborProbe(mac: string, address: Uint8Array): Uint8Array {
  assertAddress(address, [16])
  const solicitedNode = Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...address.subarray(13))
  return neighborMessage(NEIGHBOR_SOLICITATION, 0, macOctets(mac), UNSPECIFIED, solicitedNode, address, [])
}

/**
 * What a frame says about an address. It never throws.
 * @returns undefined if it says nothing, or if a receiver has to ignore it (RFC 4861 §7.1).
 */
export function readClaim(frame: Uint8Array): SegmentClaim | undefined {
  const type = ethertypeOf(frame)
  if (type === ETHERTYPE_ARP) return readArp(frame.subarray(ETHERNET))
  if (type === ETHERTYPE_IPV6) return readNeighborMessage(frame.subarray(ETHERNET), frame.subarray(6, 12))
  return undefined
}

/** undefined if it is no frame, or if it is cut off. */
export function ethertypeOf(frame: Uint8Array): number | undefined {
  return !types.isUint8Array(frame) || frame.length < ETHERNET ? undefined : viewOf(frame).getUint16(ETHERTYPE_AT)
}

/** The octets of a MAC address as text. @throws RangeError */
function macOctets(mac: string): Uint8Array {
  const isMac = typeof mac === 'string' && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac)
  assertArgument(isMac, 'the MAC address', mac, 'like 02:00:5e:00:00:02')
  return Uint8Array.from(mac.split(':'), digits => Number.parseInt(digits, 16))
}

function macText(octets: Uint8Array): string {
  return Array.from(octets, octet => octet.toString(16).padStart(2, '0')).join(':')
}

/** RFC 826, with the sender's MAC address in the header of the frame, too. */
function arp(
  operation: number,
  sender: Uint8Array,
  senderAddress: ArrayLike<number>,
  target: ArrayLike<number>,
  address: Uint8Array,
): Uint8Array {
  assertAddress(address, [4])
  return octets(
    [BROADCAST, sender, [ETHERTYPE_ARP >> 8, ETHERTYPE_ARP & 0xff]],
    [ARP_HEAD, [0, operation], sender, senderAddress, target, address],
  )
}

/** RFC 4861 §4.3 and §4.4 in an IPv6 packet (RFC 8200 §3) to a multicast address (RFC 2464 §7). */
function neighborMessage(
  type: number,
  flags: number,
  sender: Uint8Array,
  source: Uint8Array,
  destination: Uint8Array,
  address: Uint8Array,
  option: readonly number[],
): Uint8Array {
  assertAddress(address, [16])
  const message = octets([[type, 0, 0, 0, flags, 0, 0, 0], address, option])
  viewOf(message).setUint16(2, checksum(source, destination, message))
  return octets(
    [[0x33, 0x33], destination.subarray(12), sender, [ETHERTYPE_IPV6 >> 8, ETHERTYPE_IPV6 & 0xff]],
    [[0x60, 0, 0, 0, 0, message.length, ICMPV6, HOP_LIMIT], source, destination, message],
  )
}

function octets(...layers: readonly (readonly ArrayLike<number>[])[]): Uint8Array {
  return Uint8Array.from(layers.flat().flatMap(part => Array.from(part)))
}

/** RFC 4443 §2.3: over a pseudo-header and the message. It is 0 over a message that has the right one. */
function checksum(source: Uint8Array, destination: Uint8Array, message: Uint8Array): number {
  let sum = message.length + ICMPV6 + sumOf(source) + sumOf(destination) + sumOf(message)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** Of words of 16 bits; the last is padded with 0. */
function sumOf(octets: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < octets.length; at++) sum += (octets[at] ?? 0) << (at % 2 === 0 ? 8 : 0)
  return sum
}

function readArp(message: Uint8Array): SegmentClaim | undefined {
  if (message.length < ARP || !ARP_HEAD.every((octet, at) => message[at] === octet)) return undefined
  const operation = viewOf(message).getUint16(6)
  if (operation !== REQUEST && operation !== REPLY) return undefined
  const mac = macText(message.subarray(8, 14))
  const sender = message.slice(14, 18)
  if (!isZero(sender)) return { address: sender, mac, kind: 'claim' }
  return operation === REQUEST ? { address: message.slice(24, 28), mac, kind: 'probe' } : undefined
}

/** @param sender The MAC address that sent the frame. */
function readNeighborMessage(packet: Uint8Array, sender: Uint8Array): SegmentClaim | undefined {
  if (packet.length < IPV6) return undefined
  const source = packet.subarray(8, 24)
  const destination = packet.subarray(24, 40)
  const length = viewOf(packet).getUint16(4)
  const message = packet.subarray(IPV6, IPV6 + length) // more octets may follow: Ethernet pads
  if ((packet[0] ?? 0) >> 4 !== 6 || packet[6] !== ICMPV6 || packet[7] !== HOP_LIMIT) return undefined
  if (message.length < length || length < NEIGHBOR_MESSAGE || message[1] !== 0) return undefined
  const address = message.slice(8, 24)
  const options = optionsIn(message.subarray(NEIGHBOR_MESSAGE))
  if (address[0] === 0xff || options === undefined || checksum(source, destination, message) !== 0) return undefined
  if (message[0] === NEIGHBOR_SOLICITATION) {
    // With a source address it is a question. A probe has none, and no link-layer address (RFC 4861 §7.1.1).
    if (!isZero(source) || options.has(SOURCE_LINK_LAYER_ADDRESS)) return undefined
    return { address, mac: macText(sender), kind: 'probe' }
  }
  if (message[0] !== NEIGHBOR_ADVERTISEMENT) return undefined
  if (destination[0] === 0xff && ((message[4] ?? 0) & SOLICITED) !== 0) return undefined // RFC 4861 §7.1.2
  const target = options.get(TARGET_LINK_LAYER_ADDRESS)
  return { address, mac: macText(target?.length === 6 ? target : sender), kind: 'claim' }
}

/** The options of a message of neighbor discovery (RFC 4861 §4.6), or undefined if one has no length or is cut off. */
function optionsIn(octets: Uint8Array): ReadonlyMap<number, Uint8Array> | undefined {
  const options = new Map<number, Uint8Array>()
  for (let at = 0; at < octets.length; ) {
    const [type = 0, units = 0] = octets.subarray(at)
    const end = at + units * 8
    if (units === 0 || end > octets.length) return undefined
    options.set(type, octets.subarray(at + 2, end))
    at = end
  }
  return options
}

function isZero(octets: Uint8Array): boolean {
  return octets.every(octet => octet === 0)
}
