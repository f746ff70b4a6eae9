/**
 * Packets in a pcap or a pcapng file (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng).
 *
 * Our own reader: the packages on npm read only pcap and are unmaintained (pcap-parser, pcap-decoder), or only pcapng and
 * have no types (pcap-ng-parser).
 */
import { bounds } from './bounds.ts'
import { InputError, type Skipped } from './entry.ts'
import { type Input, viewOf } from './input.ts'

export interface Packet {
  /** Counted from 1, as Wireshark does. */
  readonly frame: number
  /** Seconds since 1970. */
  readonly time?: number
  /** The protocol of the first header (https://www.tcpdump.org/linktypes.html). */
  readonly linkType: number
  /** The captured part of the packet, at most 256 KiB. */
  readonly data: Uint8Array
}

/** The first four octets, read in network byte order. */
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
/** Seconds since 1970. The second before the year 10000 is left out, because a fraction may be rounded up to it. */
const YEAR_0 = Date.parse('0000-01-01T00:00:00Z') / 1000
const END_OF_9999 = Date.parse('9999-12-31T23:59:59Z') / 1000

export function isPcap(start: Uint8Array): boolean {
  return start.length >= 24 && magics[viewOf(start).getUint32(0)] !== undefined
}
export function isPcapng(start: Uint8Array): boolean {
  return start.length >= 28 && viewOf(start).getUint32(0) === SECTION_HEADER
}

export class PcapReader {
  readonly #input: Input
  readonly #little: boolean
  readonly #perSecond: number
  readonly #linkType: number
  #frame = 1

  /** isPcap() has accepted the first octets of `input`. */
  constructor(input: Input) {
    const view = viewOf(input.peek(24)!)
    const { little, perSecond } = magics[view.getUint32(0)]!
    this.#input = input
    this.#little = little
    this.#perSecond = perSecond
    this.#linkType = view.getUint32(20, little) & 0xffff // the upper half is the length of the frame check sequence
    input.skip(24)
  }

  /** Undefined until the whole next packet has arrived. */
  next(): Packet | undefined {
    const header = this.#input.peek(16)
    if (header === undefined) return undefined
    const view = viewOf(header)
    const length = view.getUint32(8, this.#little)
    const octets = this.#input.peek(16 + Math.min(length, bounds.packet))
    if (octets === undefined) return undefined
    const time = view.getUint32(0, this.#little) + view.getUint32(4, this.#little) / this.#perSecond
    this.#input.skip(16 + length)
    return { frame: this.#frame++, time, linkType: this.#linkType, data: octets.subarray(16) }
  }

  /** @throws InputError if the file ends within a packet. */
  end(): void {
    if (this.#input.owed > 0) throw cutShort(this.#frame - 1)
    if (this.#input.held > 0) throw cutShort(this.#frame)
  }
}

interface Interface {
  readonly linkType: number
  readonly snapLength: number
  /** Units of time in a second, and seconds to add. */
  readonly perSecond: bigint
  readonly offset: bigint
}

export class PcapngReader {
  readonly #input: Input
  readonly #skipped: Skipped
  #little = false
  #interfaces: Interface[] = []
  #frame = 1

  constructor(input: Input, skipped: Skipped) {
    this.#input = input
    this.#skipped = skipped
  }

  /**
   * Undefined until the whole next packet has arrived.
   * @throws InputError if the lengths in a block contradict each other, or the file describes too many interfaces.
   */
  next(): Packet | undefined {
    for (;;) {
      const start = this.#input.peek(12)
      if (start === undefined) return undefined
      const type = viewOf(start).getUint32(0, this.#little)
      if (type === SECTION_HEADER) this.#beginSection(viewOf(start))
      const length = viewOf(start).getUint32(4, this.#little)
      const minimum = { [INTERFACE_DESCRIPTION]: 20, [SIMPLE_PACKET]: 16, [ENHANCED_PACKET]: 32 }[type] ?? 12
      if (length < minimum)
        throw new InputError(`the pcapng block at octet ${this.#input.offset} has a length of ${length} octets`)
      const needed = {
        [INTERFACE_DESCRIPTION]: bounds.interfaceDescription,
        [SIMPLE_PACKET]: 12,
        [ENHANCED_PACKET]: 28,
      }[type]
      const block = needed === undefined ? start : this.#input.peek(Math.min(needed, length))
      if (block === undefined) return undefined
      if (type === SIMPLE_PACKET || type === ENHANCED_PACKET) {
        const packet = type === SIMPLE_PACKET ? this.#simple(block, length) : this.#enhanced(block, length)
        if (packet === undefined) return undefined
        this.#next(length)
        this.#frame++
        return packet
      }
      if (type === INTERFACE_DESCRIPTION) this.#describe(block, length)
      this.#next(length)
    }
  }

  /** @throws InputError if the file ends within a block; the padding of the last block may be missing. */
  end(): void {
    if (this.#input.held > 0 || this.#input.owed > 3) throw cutShort(this.#frame)
  }

  #next(length: number): void {
    this.#input.skip(Math.ceil(length / 4) * 4)
  }

  #beginSection(start: DataView): void {
    const [big, little] = [start.getUint32(8), start.getUint32(8, true)]
    if (big !== BYTE_ORDER_MAGIC && little !== BYTE_ORDER_MAGIC)
      throw new InputError(`the pcapng section at octet ${this.#input.offset} has no valid byte order magic`)
    this.#little = little === BYTE_ORDER_MAGIC
    this.#interfaces = []
  }

  #describe(block: Uint8Array, length: number): void {
    if (this.#interfaces.length >= bounds.interfaces)
      throw new InputError(`the file describes more than ${bounds.interfaces} interfaces`)
    this.#interfaces.push(readInterface(viewOf(block), Math.min(block.length, length - 4), this.#little))
  }

  #enhanced(block: Uint8Array, length: number): Packet | undefined {
    const view = viewOf(block)
    const known = this.#interface(view.getUint32(8, this.#little))
    const captured = view.getUint32(20, this.#little)
    if (captured > length - 32) throw new InputError(`packet ${this.#frame} is longer than its block`)
    const data = this.#data(28, captured)
    if (data === undefined) return undefined
    const time = readTime(view, 12, this.#little, known)
    if (time === undefined) this.#skipped.add('times outside the years 0 to 9999')
    return { frame: this.#frame, linkType: known.linkType, data, ...(time !== undefined && { time }) }
  }
  #simple(block: Uint8Array, length: number): Packet | undefined {
    const { linkType, snapLength } = this.#interface(0)
    const limit = snapLength > 0 ? snapLength : Number.POSITIVE_INFINITY
    const data = this.#data(12, Math.min(viewOf(block).getUint32(8, this.#little), limit, length - 16))
    return data && { frame: this.#frame, linkType, data }
  }
  #interface(number: number): Interface {
    const described = this.#interfaces[number]
    if (described === undefined)
      throw new InputError(`packet ${this.#frame} belongs to an interface that the file does not describe`)
    return described
  }
  #data(at: number, length: number): Uint8Array | undefined {
    return this.#input.peek(at + Math.min(length, bounds.packet))?.subarray(at)
  }
}

function readInterface(view: DataView, end: number, little: boolean): Interface {
  let perSecond = 1_000_000n
  let offset = 0n
  let next = 16
  while (next + 4 <= end) {
    const option = view.getUint16(next, little)
    const length = view.getUint16(next + 2, little)
    if (next + 4 + length > end) break
    if (option === 9 && length === 1) {
      const exponent = view.getUint8(next + 4) // if_tsresol: exponent of 2 if the top bit is set, else of 10
      perSecond = exponent & 0x80 ? 2n ** BigInt(exponent & 0x7f) : 10n ** BigInt(exponent)
    } else if (option === 14 && length === 8) offset = view.getBigInt64(next + 4, little) // if_tsoffset
    next += 4 + Math.ceil(length / 4) * 4
  }
  const linkType = view.getUint16(8, little)
  return { linkType, snapLength: view.getUint32(12, little), perSecond, offset }
}

/** The high half comes first in either byte order. Undefined if the year is not from 0 to 9999. */
function readTime(view: DataView, at: number, little: boolean, { perSecond, offset }: Interface): number | undefined {
  const units = (BigInt(view.getUint32(at, little)) << 32n) | BigInt(view.getUint32(at + 4, little))
  const time = Number(units / perSecond + offset) + Number(units % perSecond) / Number(perSecond)
  return time >= YEAR_0 && time < END_OF_9999 ? time : undefined
}

function cutShort(frame: number): InputError {
  return new InputError(`the file is cut short within packet ${frame}`)
}
