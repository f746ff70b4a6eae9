/**
 * Files that are made to cost a reader as much as possible, each a function of its size. The tests read small ones and
 * count; measure.ts reads large ones and measures.
 */
import { gzipSync } from 'node:zlib'
import { type Capability, encode } from '@softspoken/wire'

export interface Shape {
  readonly make: (octets: number) => Uint8Array
  /** The file is a gzip. */
  readonly isPacked?: boolean
}

const keepalive = Buffer.from(encode({ type: 'keepalive' }))

/** As many parts as fit. */
function fill(octets: number, start: readonly Buffer[], part: (number: number) => Buffer): Buffer {
  const parts = [...start]
  let total = start.reduce((sum, { length }) => sum + length, 0)
  for (let number = 0; ; number++) {
    const next = part(number)
    if (total + next.length > octets) return Buffer.concat(parts)
    parts.push(next)
    total += next.length
  }
}

export function pcapHeader(linkType = 101): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32BE(0xa1b2c3d4)
  header.writeUInt16BE(2, 4)
  header.writeUInt16BE(4, 6)
  header.writeUInt32BE(262144, 16)
  header.writeUInt32BE(linkType, 20)
  return header
}
export function pcapRecord(data: Buffer, length = data.length): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32BE(1767225600)
  header.writeUInt32BE(length, 8)
  header.writeUInt32BE(length, 12)
  return Buffer.concat([header, data])
}

const SYN = 0x02
const ACK = 0x10

export interface TcpSpec {
  readonly seq: number
  readonly data?: Buffer
  readonly flags?: number
  readonly ack?: number
  /** The number of the connection. */
  readonly number?: number
  /** From the router. */
  readonly back?: boolean
}
/** A record of raw IPv4, without checksums. */
export function tcp({ seq, data = Buffer.alloc(0), flags = ACK, ack = 0, number = 0, back = false }: TcpSpec): Buffer {
  const packet = Buffer.alloc(40 + data.length)
  packet[0] = 0x45
  packet.writeUInt16BE(packet.length, 2)
  packet[8] = 64
  packet[9] = 6
  const [client, server] = [0x0a000000 + (number >>> 14), 0xcb007101]
  packet.writeUInt32BE(back ? server : client, 12)
  packet.writeUInt32BE(back ? client : server, 16)
  const port = 40000 + (number & 0x3fff)
  packet.writeUInt16BE(back ? 179 : port, 20)
  packet.writeUInt16BE(back ? port : 179, 22)
  packet.writeUInt32BE(seq >>> 0, 24)
  packet.writeUInt32BE(ack >>> 0, 28)
  packet[32] = 0x50
  packet[33] = flags
  data.copy(packet, 40)
  return pcapRecord(packet)
}

function open(...capabilities: Capability[]): Buffer {
  return Buffer.from(encode({ type: 'open', version: 4, as: 64515, holdTime: 90, id: '203.0.113.1', capabilities }))
}
/** Both sides' SYN and OPEN. */
function opened(number: number, message: Buffer): Buffer[] {
  return [false, true].flatMap(back => [
    tcp({ seq: 0, flags: SYN | (back ? ACK : 0), number, back }),
    tcp({ seq: 1, data: message, number, back }),
  ])
}
const extended = open({ name: 'extended-message' }, { name: 'four-octet-as', as: 64515 })

/** The header of a message of this length and type, without the rest of the message. */
function header(length: number, type: number): Buffer {
  const octets = Buffer.alloc(19, 0xff)
  octets.writeUInt16BE(length, 16)
  octets[18] = type
  return octets
}
/** An UPDATE of so many octets; each octet withdraws 0.0.0.0/0. */
function withdrawals(octets: number): Buffer {
  const message = Buffer.alloc(octets)
  header(octets, 2).copy(message)
  message.writeUInt16BE(octets - 23, 19)
  return message
}

function block(type: number, body: Buffer): Buffer {
  const all = Buffer.alloc(12 + body.length)
  all.writeUInt32BE(type)
  all.writeUInt32BE(all.length, 4)
  body.copy(all, 8)
  all.writeUInt32BE(all.length, 8 + body.length)
  return all
}
const section = block(0x0a0d0d0a, Buffer.from('1a2b3c4d00010000ffffffffffffffff', 'hex'))
const description = block(1, Buffer.from('0065000000000000', 'hex'))

function mrtRecord(type: number, subtype: number, body: Buffer): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt16BE(type, 4)
  head.writeUInt16BE(subtype, 6)
  head.writeUInt32BE(body.length, 8)
  return Buffer.concat([head, body])
}

/** IPv6, a chain of empty options until the packet ends, or VLAN tags in Ethernet. */
function chain(octets: number): Buffer {
  const packet = Buffer.alloc(octets)
  packet[0] = 0x60
  return pcapRecord(packet)
}
function tags(octets: number): Buffer {
  return pcapRecord(Buffer.alloc(octets, Buffer.from('8100', 'hex')))
}

export const shapes: { readonly [name: string]: Shape } = {
  'messages of 19 octets': {
    make: octets => {
      const data = Buffer.concat(Array<Buffer>(3000).fill(keepalive))
      return fill(octets, [pcapHeader(), tcp({ seq: 0, flags: SYN })], number =>
        tcp({ seq: 1 + number * data.length, data }),
      )
    },
  },
  'a prefix in each octet': {
    make: octets => {
      const data = withdrawals(4096)
      return fill(octets, [pcapHeader(), tcp({ seq: 0, flags: SYN })], number =>
        tcp({ seq: 1 + number * data.length, data }),
      )
    },
  },
  'segments of one octet, of messages of 65535': {
    make: octets => {
      const data = withdrawals(65535)
      const begin = 1 + extended.length
      return fill(octets, [pcapHeader(), ...opened(0, extended)], number =>
        tcp({ seq: begin + number, data: data.subarray(number % 65535, (number % 65535) + 1) }),
      )
    },
  },
  'segments of one octet, after an OPEN of 100 capabilities': {
    make: octets => {
      const message = open(...Array.from({ length: 100 }, (): Capability => ({ name: 'route-refresh' })))
      return fill(octets, [pcapHeader(), ...opened(0, message)], number =>
        tcp({ seq: 1 + message.length + number, data: keepalive.subarray(number % 19, (number % 19) + 1) }),
      )
    },
  },
  'segments that wait, each before the last': {
    make: octets =>
      fill(octets, [pcapHeader(), tcp({ seq: 0, flags: SYN })], number =>
        tcp({ seq: 0x40000000 - 2 * number, data: keepalive.subarray(0, 1) }),
      ),
  },
  'segments of 1400 octets that wait, in 10000 connections': {
    make: octets => {
      const data = Buffer.alloc(1400)
      return fill(octets, [pcapHeader()], number =>
        number < 10_000
          ? tcp({ seq: 0, flags: SYN, number })
          : tcp({ seq: 2000 + number, data, number: number % 10_000 }),
      )
    },
  },
  'connections of one SYN': {
    make: octets => fill(octets, [pcapHeader()], number => tcp({ seq: 0, flags: SYN, number })),
  },
  'connections with the header of a message of 65535': {
    make: octets =>
      fill(octets, [pcapHeader()], number =>
        Buffer.concat([
          ...opened(number, extended),
          tcp({ seq: 1 + extended.length, data: header(65535, 2), number }),
          tcp({ seq: 1 + extended.length, data: header(65535, 2), number, back: true }),
        ]),
      ),
  },
  'pcapng interfaces': { make: octets => fill(octets, [section], () => description) },
  'pcapng sections': { make: octets => fill(octets, [], () => section) },
  'pcapng blocks of 12 octets': { make: octets => fill(octets, [section], () => block(0xbad, Buffer.alloc(0))) },
  'MRT records of every subtype': {
    make: octets => fill(octets, [], number => mrtRecord(13, number & 0xffff, Buffer.alloc(0))),
  },
  'MRT messages': {
    make: octets => {
      const body = Buffer.concat([Buffer.from('0000fde80000fde9000000010a0000010a000002', 'hex'), keepalive])
      return fill(octets, [], () => mrtRecord(16, 4, body))
    },
  },
  'packets without an end of headers': {
    make: octets => fill(octets, [pcapHeader()], () => chain(Math.min(octets - 40, 262_144))),
  },
  'packets of VLAN tags': {
    make: octets => fill(octets, [pcapHeader(1)], () => tags(Math.min(octets - 40, 262_144))),
  },
  'a gzip of zeros': {
    make: octets => gzipOf(octets, size => Buffer.concat([pcapHeader(), Buffer.alloc(size)])),
    isPacked: true,
  },
  'a gzip of one message': {
    make: octets => gzipOf(octets, size => Buffer.from(shapes['messages of 19 octets']!.make(size))),
    isPacked: true,
  },
  'a gzip of gzips of zeros': {
    make: octets => Buffer.from(gzipSync(gzipOf(octets, size => Buffer.concat([pcapHeader(), Buffer.alloc(size)])))),
    isPacked: true,
  },
}

/** A gzip of about so many octets; its content is a thousand times as large. */
function gzipOf(octets: number, make: (size: number) => Buffer): Buffer {
  return Buffer.from(gzipSync(make(octets * 1000)))
}
