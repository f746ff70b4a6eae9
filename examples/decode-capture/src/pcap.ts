/**
 * Packets out of a pcap or a pcapng file (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng).
 *
 * Our own reader: what npm has is either for pcap alone and untouched for years (pcap-parser for Node 0.6, pcap-decoder)
 * or for pcapng alone, without types (pcap-ng-parser). Both formats are length and value; this is all of what we need.
 */
import { InputError } from './entry.ts'

export interface Packet {
  /** Counted from 1, as Wireshark does. */
  readonly frame: number
  /** Seconds since 1970. */
  readonly time?: number
  /** What the octets begin with (https://www.tcpdump.org/linktypes.html). */
  readonly linkType: number
  /** What was captured of it, which may be less than was sent. */
  readonly data: Uint8Array
}

/** The first four octets, written as they would be read in network byte order. */
const magics: { readonly [magic: number]: { readonly little: boolean; readonly perSecond: number } } = {
  2712847316: { little: false, perSecond: 1e6 },
  3569595041: { little: true, perSecond: 1e6 },
  2712812621: { little: false, perSecond: 1e9 },
  1295823521: { little: true, perSecond: 1e9 },
}
const SECTION_HEADER = 0x0a0d0d0a // the same in either byte order
const BYTE_ORDER_MAGIC = 0x1a2b3c4d
const INTERFACE_DESCRIPTION = 1
const SIMPLE_PACKET = 3
const ENHANCED_PACKET = 6

export function isPcap(file: Uint8Array): boolean {
  return file.length >= 24 && magics[viewOf(file).getUint32(0)] !== undefined
}
export function isPcapng(file: Uint8Array): boolean {
  return file.length >= 28 && viewOf(file).getUint32(0) === SECTION_HEADER
}

/** @throws InputError where the file ends within a packet, after those before it. */
export function* readPcap(file: Uint8Array): Generator<Packet> {
  const view = viewOf(file)
  const { little, perSecond } = magics[view.getUint32(0)]! // isPcap() has seen it
  const linkType = view.getUint32(20, little) & 0xffff // above it stands how long the frame check sequence is
  let at = 24
  for (let frame = 1; at < file.length; frame++) {
    const data = at + 16
    const end = data <= file.length ? data + view.getUint32(at + 8, little) : data
    if (end > file.length) throw cutShort(frame)
    const time = view.getUint32(at, little) + view.getUint32(at + 4, little) / perSecond
    yield { frame, time, linkType, data: file.subarray(data, end) }
    at = end
  }
}

interface Interface {
  readonly linkType: number
  readonly snapLength: number
  /** Units of time in a second, and seconds to add. */
  readonly perSecond: bigint
  readonly offset: bigint
}

/** @throws InputError where the file ends within a block, or a block contradicts itself. */
export function* readPcapng(file: Uint8Array): Generator<Packet> {
  const view = viewOf(file)
  let little = false
  let interfaces: Interface[] = []
  let frame = 1
  for (let at = 0; at < file.length; ) {
    const left = file.length - at
    if (left < 12) throw cutShort(frame)
    const type = view.getUint32(at, little)
    if (type === SECTION_HEADER) {
      interfaces = []
      little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC
    }
    const length = view.getUint32(at + 4, little)
    if (length > left) throw cutShort(frame)
    const end = at + length - 4 // the length stands again behind the body
    const least = { [INTERFACE_DESCRIPTION]: 20, [SIMPLE_PACKET]: 16, [ENHANCED_PACKET]: 32 }[type] ?? 12
    if (length < least) throw new InputError(`the pcapng block at octet ${at} says that it is ${length} octets long`)
    if (type === INTERFACE_DESCRIPTION) interfaces.push(readInterface(view, at, end, little))
    else if (type === ENHANCED_PACKET || type === SIMPLE_PACKET) {
      const known = interfaces[type === SIMPLE_PACKET ? 0 : view.getUint32(at + 8, little)]
      if (known === undefined)
        throw new InputError(`packet ${frame} is of an interface that the file does not describe`)
      const { linkType, snapLength } = known
      const data = at + (type === SIMPLE_PACKET ? 12 : 28)
      const most = type === SIMPLE_PACKET && snapLength > 0 ? snapLength : Number.POSITIVE_INFINITY
      const dataEnd = data + Math.min(view.getUint32(at + (type === SIMPLE_PACKET ? 8 : 20), little), most)
      if (type === ENHANCED_PACKET && dataEnd > end) throw new InputError(`packet ${frame} is longer than its block`)
      yield {
        frame: frame++,
        linkType,
        data: file.subarray(data, Math.min(dataEnd, end)),
        ...(type === ENHANCED_PACKET && { time: readTime(view, at + 12, little, known) }),
      }
    }
    at += Math.ceil(length / 4) * 4
  }
}

function readInterface(view: DataView, at: number, end: number, little: boolean): Interface {
  let perSecond = 1_000_000n
  let offset = 0n
  let next = at + 16
  while (next + 4 <= end) {
    const option = view.getUint16(next, little)
    const length = view.getUint16(next + 2, little)
    if (next + 4 + length > end) break
    if (option === 9 && length === 1) {
      const exponent = view.getUint8(next + 4) // if_tsresol: of two where the top bit is set, else of ten
      perSecond = exponent & 0x80 ? 2n ** BigInt(exponent & 0x7f) : 10n ** BigInt(exponent)
    } else if (option === 14 && length === 8) offset = view.getBigInt64(next + 4, little) // if_tsoffset
    next += 4 + Math.ceil(length / 4) * 4
  }
  const linkType = view.getUint16(at + 8, little)
  return { linkType, snapLength: view.getUint32(at + 12, little), perSecond, offset }
}

/** The high half stands first, in either byte order. */
function readTime(view: DataView, at: number, little: boolean, { perSecond, offset }: Interface): number {
  const units = (BigInt(view.getUint32(at, little)) << 32n) | BigInt(view.getUint32(at + 4, little))
  return Number(units / perSecond + offset) + Number(units % perSecond) / Number(perSecond)
}

function viewOf(file: Uint8Array): DataView {
  return new DataView(file.buffer, file.byteOffset, file.byteLength)
}
function cutShort(frame: number): InputError {
  return new InputError(`the file is cut short within packet ${frame}`)
}
