/** Big-endian cursors. Reading past the end is the peer's mistake, writing a number that does not fit is the caller's. */
import { WireError } from './error.ts'

/** A plain copy: a Buffer's own slice() would be a view that changes with the Buffer. */
export function copy(bytes: Uint8Array, at: number, end: number): Uint8Array {
  return new Uint8Array(bytes.subarray(at, end))
}

export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

/** Reads `bytes` from `at` to `end` and never beyond: an inner length cannot reach past its outer one. */
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
    const at = this.#take(4)
    return u16(this.bytes, at) * 0x10000 + u16(this.bytes, at + 2)
  }
  /** A copy, so that what we hand out does not change with the buffer it came from. */
  take(length: number): Uint8Array {
    const at = this.#take(length)
    return copy(this.bytes, at, at + length)
  }
  sub(length: number): Reader {
    const at = this.#take(length)
    return new Reader(this.bytes, at, at + length)
  }
  #take(length: number): number {
    // Code and subcode are filled in by whoever knows which message this is.
    if (length > this.left) throw new WireError(0, 0, `${length} octets wanted where ${this.left} are left`)
    const at = this.at
    this.at += length
    return at
  }
}

/** A growing buffer that refuses numbers which do not fit their field. */
export class Writer {
  #bytes = new Uint8Array(512)
  length = 0

  u8(value: number, field: string): this {
    const at = this.#room(1, value, 0xff, field)
    this.#bytes[at] = value
    return this
  }
  u16(value: number, field: string): this {
    const at = this.#room(2, value, 0xffff, field)
    this.set16(at, value, field)
    return this
  }
  u32(value: number, field: string): this {
    const at = this.#room(4, value, 0xffffffff, field)
    this.#bytes[at] = value >>> 24
    this.#bytes[at + 1] = value >>> 16
    this.#bytes[at + 2] = value >>> 8
    this.#bytes[at + 3] = value
    return this
  }
  /** Appends octets from..to of `bytes`. */
  put(bytes: Uint8Array, from = 0, to = bytes.length): this {
    const at = this.#room(to - from, 0, 0, '')
    for (let i = from; i < to; i++) this.#bytes[at + i - from] = bytes[i]!
    return this
  }
  /** Fills in a length that was not known when its place was written. */
  set8(at: number, value: number, field: string): void {
    check(value, 0xff, field)
    this.#bytes[at] = value
  }
  set16(at: number, value: number, field: string): void {
    check(value, 0xffff, field)
    this.#bytes[at] = value >>> 8
    this.#bytes[at + 1] = value
  }
  done(): Uint8Array {
    return this.#bytes.slice(0, this.length)
  }
  #room(octets: number, value: number, max: number, field: string): number {
    check(value, max, field)
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

function check(value: number, max: number, field: string): void {
  if (!(Number.isInteger(value) && value >= 0 && value <= max))
    throw new RangeError(`${field}: ${value} is not allowed, it must be a whole number from 0 to ${max}`)
}
