/** Writers for the formats that the program reads, so that every octet of its samples is our own. */
import { parseAddress } from '@softspoken/wire'

/** One TCP segment and what carries it. */
export interface SegmentSpec {
  /** Microseconds since 1970. */
  readonly time: number
  readonly from: readonly [address: string, port: number]
  readonly to: readonly [address: string, port: number]
  readonly flags: string
  readonly seq: number
  readonly ack?: number
  readonly data?: Uint8Array
  readonly vlan?: number
}

const flagBits: { readonly [flag: string]: number } = { F: 0x01, S: 0x02, R: 0x04, P: 0x08, A: 0x10 }
const TCP = 6

/** Unsigned numbers in network byte order. */
export function u16(...values: readonly number[]): Uint8Array {
  return join(...values.map(value => Uint8Array.of(value >>> 8, value)))
}
export function u32(...values: readonly number[]): Uint8Array {
  return join(...values.map(value => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)))
}
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(part => [...part]))
}

/** An Ethernet frame with its checksums. */
export function frame({ from, to, flags, seq, ack = 0, data = new Uint8Array(), vlan }: SegmentSpec): Uint8Array {
  const [source, destination] = [parseAddress(from[0], 'from'), parseAddress(to[0], 'to')]
  const bits = [...flags].reduce((sum, flag) => sum | (flagBits[flag] ?? 0), 0)
  const header = join(u16(from[1], to[1]), u32(seq, ack), Uint8Array.of(0x50, bits), u16(65535, 0, 0))
  const pseudo = join(source, destination, u32(header.length + data.length, TCP)) // its sum is the same for IPv4
  const tcp = join(header, data)
  tcp.set(u16(checksum(join(pseudo, tcp))), 16)
  const [etherType, packet] =
    source.length === 4 ? [0x0800, ipv4(source, destination, tcp)] : [0x86dd, ipv6(source, destination, tcp)]
  const hardware = [from, to].map(([, port]) => Uint8Array.of(2, 0, 0, 0, port >> 8, port)) // locally administered
  const tag = vlan === undefined ? new Uint8Array() : u16(0x8100, vlan)
  return join(hardware[1]!, hardware[0]!, tag, u16(etherType), packet)
}
function ipv4(source: Uint8Array, destination: Uint8Array, payload: Uint8Array): Uint8Array {
  const header = join(u16(0x45c0, 20 + payload.length, 0, 0x4000), Uint8Array.of(64, TCP, 0, 0), source, destination)
  header.set(u16(checksum(header)), 10)
  return join(header, payload)
}
function ipv6(source: Uint8Array, destination: Uint8Array, payload: Uint8Array): Uint8Array {
  return join(u32(0x6c000000), u16(payload.length), Uint8Array.of(TCP, 64), source, destination, payload)
}
/** RFC 1071. */
function checksum(octets: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < octets.length; at += 2) sum += octets[at]! * 256 + (octets[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return ~sum & 0xffff
}

/** Big-endian, in microseconds. */
export function pcap(segments: readonly SegmentSpec[]): Uint8Array {
  const packets = segments.map(segment => {
    const octets = frame(segment)
    return join(u32(Math.floor(segment.time / 1e6), segment.time % 1e6, octets.length, octets.length), octets)
  })
  return join(u32(0xa1b2c3d4), u16(2, 4), u32(0, 0, 65535, 1), ...packets)
}

/** Big-endian, one interface, in nanoseconds. */
export function pcapng(segments: readonly SegmentSpec[]): Uint8Array {
  const packets = segments.map(segment => {
    const octets = frame(segment)
    const time = BigInt(segment.time) * 1000n
    return block(6, join(u32(0, Number(time >> 32n), Number(time & 0xffffffffn), octets.length, octets.length), octets))
  })
  const resolution = join(u16(9, 1), Uint8Array.of(9, 0, 0, 0), u16(0, 0))
  const section = join(u32(0x1a2b3c4d), u16(1, 0), u32(0xffffffff, 0xffffffff))
  return join(block(0x0a0d0d0a, section), block(1, join(u16(1, 0), u32(0), resolution)), ...packets)
}
function block(type: number, body: Uint8Array): Uint8Array {
  const padded = join(body, new Uint8Array(-body.length & 3))
  const length = u32(padded.length + 12)
  return join(u32(type), length, padded, length)
}

export interface RecordSpec {
  /** Microseconds since 1970; the part within the second is written if the type is BGP4MP_ET. */
  readonly time: number
  readonly type: number
  readonly subtype: number
  readonly peer: readonly [address: string, as: number]
  readonly collector: readonly [address: string, as: number]
  readonly rest: Uint8Array
}

/** BGP4MP records, with AS numbers of two octets or four by subtype. */
export function mrt(records: readonly RecordSpec[]): Uint8Array {
  return join(
    ...records.map(({ time, type, subtype, peer, collector, rest }) => {
      const addresses = [parseAddress(peer[0], 'peer'), parseAddress(collector[0], 'collector')]
      const as = [4, 5, 7, 9, 11].includes(subtype) ? u32(peer[1], collector[1]) : u16(peer[1], collector[1])
      const afi = addresses[0]?.length === 4 ? 1 : 2
      const micro = type === 17 ? u32(time % 1e6) : new Uint8Array()
      const body = join(micro, as, u16(0, afi), ...addresses, rest)
      return join(u32(Math.floor(time / 1e6)), u16(type, subtype), u32(body.length), body)
    }),
  )
}
