/** Messages of netlink(7) as octets: struct nlmsghdr, a body, and attributes (struct nlattr). All numbers are in host order. */
import { littleEndian } from './sockaddr.ts'

/** One message without its length. */
export interface NetlinkMessage {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  /** What follows struct nlmsghdr. */
  readonly body: Uint8Array
}

/** A type and its octets. */
export type NetlinkAttribute = readonly [type: number, octets: Uint8Array]

const HEADER = 16 // octets of struct nlmsghdr
const ATTRIBUTE = 4 // octets of struct nlattr
const TYPE_MASK = 0x3fff // the upper two bits are flags: NLA_F_NESTED, NLA_F_NET_BYTEORDER

/** A message with its header. The body and each attribute are padded to 4 octets. */
export function encodeMessage(
  { type, flags, sequence, body }: NetlinkMessage,
  attributes: readonly NetlinkAttribute[] = [],
): Uint8Array {
  const octets = Buffer.concat([new Uint8Array(HEADER), padded(body), ...attributes.map(encodeAttribute)])
  const view = viewOf(octets)
  view.setUint32(0, octets.length, littleEndian)
  view.setUint16(4, type, littleEndian)
  view.setUint16(6, flags, littleEndian)
  view.setUint32(8, sequence, littleEndian)
  return octets
}

export function encodeAttribute([type, octets]: NetlinkAttribute): Uint8Array {
  const head = Uint16Array.of(ATTRIBUTE + octets.length, type)
  return padded(Buffer.concat([new Uint8Array(head.buffer), octets]))
}

/** The messages of one datagram, or undefined if it is not a whole number of messages. */
export function messagesIn(datagram: Uint8Array): readonly NetlinkMessage[] | undefined {
  const messages: NetlinkMessage[] = []
  const view = viewOf(datagram)
  for (let at = 0; at < datagram.length; ) {
    if (at + HEADER > datagram.length) return undefined
    const length = view.getUint32(at, littleEndian)
    if (length < HEADER || at + length > datagram.length) return undefined
    messages.push({
      type: view.getUint16(at + 4, littleEndian),
      flags: view.getUint16(at + 6, littleEndian),
      sequence: view.getUint32(at + 8, littleEndian),
      body: datagram.subarray(at + HEADER, at + length),
    })
    at += aligned(length)
  }
  return messages
}

/** Type and octets of each attribute, or undefined if one is cut off. The last of a type counts. */
export function attributesIn(octets: Uint8Array): ReadonlyMap<number, Uint8Array> | undefined {
  const attributes = new Map<number, Uint8Array>()
  const view = viewOf(octets)
  for (let at = 0; at + ATTRIBUTE <= octets.length; ) {
    const length = view.getUint16(at, littleEndian)
    if (length < ATTRIBUTE || at + length > octets.length) return undefined
    attributes.set(view.getUint16(at + 2, littleEndian) & TYPE_MASK, octets.subarray(at + ATTRIBUTE, at + length))
    at += aligned(length)
  }
  return attributes
}

export function viewOf(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.length)
}

export function uint32(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer)
}

/** The number in an attribute of 4 octets. */
export function readUint32(octets: Uint8Array | undefined): number | undefined {
  return octets?.length === 4 ? viewOf(octets).getUint32(0, littleEndian) : undefined
}

/** The text in an attribute, without the NUL at its end. */
export function readText(octets: Uint8Array | undefined): string | undefined {
  return octets && new TextDecoder().decode(octets).replace(/\0.*$/s, '')
}

function padded(octets: Uint8Array): Uint8Array {
  return octets.length % 4 === 0 ? octets : Buffer.concat([octets, new Uint8Array(4 - (octets.length % 4))])
}

function aligned(length: number): number {
  return (length + 3) & ~3
}
