/** Big-endian cursors. Reading beyond the end is the peer's mistake; a number that does not fit is the caller's. */
import { assertWhole, WireError } from './error.ts'

/** A copy also if `bytes` is a Buffer, whose own slice() is a view. */
export function copy(bytes: Uint8Array, at: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(at, end))
}

/** Reads four octets in one step. To make it takes as long as reading about ten times, so it is made once per chunk. */
export function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length)
}

export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

export function u32(bytes: Uint8Array, at: number): number {
  return u16(bytes, at) * 0x10000 + u16(bytes, at + 2)
}

/** Reads octets at..end of `bytes` and never beyond, so an inner length cannot exceed the outer one. */
export class Reader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }
  get left(): number {
    return this.end - this.at
  }
  u8(): number {
    return this.bytes[this.#take(1)]!
  }
  u16(): number {
    return u16(this.bytes, this.#take(2))
  }
  u32(): number {
    return u32(this.bytes, this.#take(4))
  }
  take(length: number): Uint8Array {
    const at = this.#take(length)
    return copy(this.bytes, at, at + length)
  }
  sub(length: number): Reader {
    const at = this.#take(length)
    return new Reader(this.bytes, at, at + length)
  }
  #take(length: number): number {
    // Code 0: failure() in message.ts fills in the code, because it knows the type of the message.
    if (length > this.left) throw new WireError(0, 0, `${length} octets needed, ${this.left} left`, this.at)
    const at = this.at
    this.at += length
    return at
  }
}

/**
 * A growing buffer. A number that does not fit throws an OptionError that names `field`. Each method has its own comparison,
 * because encoding is slower if all share that of assertWhole().
 */
export class Writer {
  #bytes = new Uint8Array(512).fill(0xff) // so a message begins with its marker (RFC 4271 §4.1)
  length = 0

  u8(value: number, field = 'length'): this {
    if (typeof value !== 'number' || value >>> 0 !== value || value > 0xff) assertWhole(value, 0xff, field)
    const at = this.#room(1)
    this.#bytes[at] = value
    return this
  }
  u16(value: number, field = 'length'): this {
    if (typeof value !== 'number' || value >>> 0 !== value || value > 0xffff) assertWhole(value, 0xffff, field)
    const at = this.#room(2)
    this.#bytes[at] = value >>> 8
    this.#bytes[at + 1] = value
    return this
  }
  u32(value: number, field = 'length'): this {
    if (typeof value !== 'number' || value >>> 0 !== value) assertWhole(value, 0xffffffff, field)
    const at = this.#room(4)
    this.#bytes[at] = value >>> 24
    this.#bytes[at + 1] = value >>> 16
    this.#bytes[at + 2] = value >>> 8
    this.#bytes[at + 3] = value
    return this
  }
  /** Appends octets from..to of `bytes`. */
  put(bytes: Uint8Array, from = 0, to = bytes.length): this {
    let at = this.#room(to - from)
    for (let i = from; i < to; i++) this.#bytes[at++] = bytes[i]!
    return this
  }
  /** Fills in the length, of one octet or two, that was left open at `at`: the number of octets written after it. */
  close(at: number, octets: 1 | 2): void {
    const { length } = this
    this.length = at
    if (octets === 1) this.u8(length - at - 1)
    else this.u16(length - at - 2)
    this.length = length
  }
  /** Replaces an octet that has been written. */
  set(at: number, octet: number): void {
    this.#bytes[at] = octet
  }
  /** Inserts one octet at `at`. */
  insert(at: number): void {
    this.#room(1)
    this.#bytes.copyWithin(at + 1, at, this.length - 1)
  }
  /** A copy of what has been written. */
  done(): Uint8Array {
    return this.#bytes.slice(0, this.length)
  }
  #room(octets: number): number {
    const at = this.length
    this.length += octets
    if (this.length > this.#bytes.length) {
      const larger = new Uint8Array(this.length * 2)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    return at
  }
}
