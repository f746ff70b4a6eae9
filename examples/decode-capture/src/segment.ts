/** The TCP segment in a packet: Ethernet with or without VLAN tags, Linux's and BSD's own headers, IPv4, IPv6. */
import { formatAddress } from '@softspoken/wire'
import type { Endpoint, Skipped } from './entry.ts'
import type { Packet } from './pcap.ts'

export interface Segment {
  readonly frame: number
  readonly time: number | undefined
  readonly from: Endpoint & { readonly port: number }
  readonly to: Endpoint & { readonly port: number }
  readonly syn: boolean
  /** Sequence number of the first octet of `data`. */
  readonly seq: number
  /** The receiver of the other direction has all octets before this one. */
  readonly ack: number | undefined
  readonly data: Uint8Array
}

/** One row per link type: octets before the packet, and the offset of the EtherType if there is one. */
const links: { readonly [linkType: number]: { readonly octets: number; readonly etherType?: number } } = {
  0: { octets: 4 }, // BSD loopback
  1: { octets: 14, etherType: 12 }, // Ethernet
  12: { octets: 0 }, // raw IP, an old value
  101: { octets: 0 }, // raw IP
  108: { octets: 4 }, // OpenBSD loopback
  113: { octets: 16, etherType: 14 }, // Linux "any"
  228: { octets: 0 }, // raw IPv4
  229: { octets: 0 }, // raw IPv6
  276: { octets: 20, etherType: 0 }, // Linux "any", second version
}
const VLAN_TAGS: readonly number[] = [0x8100, 0x88a8, 0x9100]
const IP: readonly number[] = [0x0800, 0x86dd]
const TCP = 6
/** IPv6 headers that may precede TCP: hop-by-hop options, routing, destination options. */
const EXTENSIONS: readonly number[] = [0, 43, 60]
const FRAGMENT = 44

/** Undefined if the packet has no TCP segment from or to that port, or its headers are incomplete. */
export function readSegment(packet: Packet, port: number, skipped: Skipped): Segment | undefined {
  const { data, linkType } = packet
  const link = links[linkType]
  if (link === undefined) {
    skipped.add(`packets of link type ${linkType}`)
    return undefined
  }
  let at = link.octets
  if (link.etherType !== undefined) {
    let type = u16(data, link.etherType)
    for (; VLAN_TAGS.includes(type); at += 4) type = u16(data, at + 2)
    if (!IP.includes(type)) return undefined
  }
  const version = (data[at] ?? 0) >> 4
  if (version === 4) return readIpv4(packet, at, port, skipped)
  return version === 6 ? readIpv6(packet, at, port, skipped) : undefined
}

function readIpv4(packet: Packet, at: number, port: number, skipped: Skipped): Segment | undefined {
  const { data } = packet
  if (data.length < at + 20 || data[at + 9] !== TCP) return undefined
  if (u16(data, at + 6) & 0x3fff) {
    skipped.add('IP fragments')
    return undefined
  }
  // The length is 0 if the network card fills it in.
  const length = u16(data, at + 2) || data.length - at
  const addresses = [data.subarray(at + 12, at + 16), data.subarray(at + 16, at + 20)] as const
  const header = (data[at]! & 0xf) * 4
  return header < 20 ? undefined : readTcp(packet, at + header, at + length, port, addresses)
}

function readIpv6(packet: Packet, at: number, port: number, skipped: Skipped): Segment | undefined {
  const { data } = packet
  if (data.length < at + 40) return undefined
  const length = u16(data, at + 4) || data.length - at - 40
  const addresses = [data.subarray(at + 8, at + 24), data.subarray(at + 24, at + 40)] as const
  let header = data[at + 6]!
  let next = at + 40
  while (EXTENSIONS.includes(header) && next + 2 <= data.length) {
    header = data[next]!
    next += (data[next + 1]! + 1) * 8
  }
  if (header === FRAGMENT) skipped.add('IP fragments')
  return header === TCP ? readTcp(packet, next, at + 40 + length, port, addresses) : undefined
}

function readTcp(
  { frame, time, data }: Packet,
  at: number,
  end: number,
  port: number,
  [from, to]: readonly [Uint8Array, Uint8Array],
): Segment | undefined {
  if (data.length < at + 20) return undefined
  const [fromPort, toPort] = [u16(data, at), u16(data, at + 2)]
  if (fromPort !== port && toPort !== port) return undefined
  const header = (data[at + 12]! >> 4) * 4
  if (header < 20) return undefined
  const flags = data[at + 13]!
  const syn = (flags & 0x02) !== 0
  return {
    frame,
    time,
    from: { address: formatAddress(from), port: fromPort },
    to: { address: formatAddress(to), port: toPort },
    syn,
    seq: (u32(data, at + 4) + (syn ? 1 : 0)) >>> 0, // a SYN takes one sequence number
    ack: flags & 0x10 ? u32(data, at + 8) : undefined,
    data: data.subarray(at + header, Math.max(at + header, end)),
  }
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}
function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 0x10000 + u16(bytes, at + 2)
}
