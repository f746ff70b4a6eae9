/** The messages of one direction, each with its octets and where it begins. */
import { type Context, decode, notificationCode } from '@softspoken/wire'
import type { Agreement } from './agreement.ts'
import type { MessageEntry } from './entry.ts'

export type Found = Pick<MessageEntry, 'result' | 'bytes' | 'offset'>

const MARKER = Buffer.alloc(16, 0xff)
const HEADER = 19
const KEEPALIVE = 4
const LAST_TYPE = 5
/** Octets shown of what follows a header that cannot be trusted. */
const GLIMPSE = 64

/** It holds less than one message: what has arrived of it. The wire package's Decoder does the same, but tells no offsets. */
export class Direction {
  readonly #agreement: Agreement
  readonly #side: number
  /** Octets of a message that has not ended, at the end of a buffer that grows; and how many stood before them. */
  #buffer: Uint8Array = new Uint8Array()
  #from = 0
  #to = 0
  #offset = 0
  /** Octets are missing: the next message begins with the next marker. */
  #searching: boolean
  /** A header could not be trusted: where the next message begins is unknown (RFC 4271 §6.1). */
  #lost = false

  constructor(agreement: Agreement, side: number, beginsWithin = false) {
    this.#agreement = agreement
    this.#side = side
    this.#searching = beginsWithin
  }

  /** Where the next octet stands, and how many before it belong to a message that has not ended. */
  get position(): { readonly offset: number; readonly held: number } {
    const held = this.#to - this.#from
    return { offset: this.#offset + held, held }
  }

  *push(data: Uint8Array): Generator<Found> {
    if (this.#lost) {
      this.#offset += data.length
      return
    }
    const isWhole = this.#from === this.#to // then no message has begun, and the data is read where it is
    if (isWhole) this.#read(data)
    else this.#append(data)
    if (!this.#searching || this.#find()) yield* this.#messages()
    if (isWhole) this.#read(new Uint8Array(this.#buffer.subarray(this.#from, this.#to))) // nothing is kept of what the data is a part of
  }

  /** Octets are missing here: forget what was held, and look for the next marker. */
  skip(octets: number): void {
    this.#drop(this.#to - this.#from)
    this.#offset += octets
    this.#searching = true
    this.#lost = false
  }

  *#messages(): Generator<Found> {
    let context = this.#agreement.contextFor(this.#side)
    for (let length = this.#length(context); length > 0; length = this.#length(context)) {
      const result = decode(this.#buffer.subarray(this.#from, this.#from + length), context)
      this.#lost = !result.ok && result.notification.code === notificationCode.header
      const shown = this.#lost ? Math.min(this.#to - this.#from, GLIMPSE) : length
      yield { result, bytes: this.#buffer.subarray(this.#from, this.#from + shown), offset: this.#offset }
      this.#drop(this.#lost ? this.#to - this.#from : length)
      if (!result.ok || result.value.type !== 'open') continue
      this.#agreement.learn(this.#side, result.value)
      context = this.#agreement.contextFor(this.#side)
    }
  }

  /** Octets of the next message, once they are here. Of a header that cannot be trusted a glimpse, at once; 0: wait. */
  #length({ extendedMessage }: Context): number {
    const held = this.#to - this.#from
    if (held < HEADER) return 0
    const header = this.#buffer.subarray(this.#from, this.#to)
    const length = header[16]! * 256 + header[17]!
    const type = header[18]!
    const isSound =
      MARKER.equals(header.subarray(0, MARKER.length)) &&
      length >= HEADER &&
      length <= (extendedMessage ? 65535 : 4096) &&
      type >= 1 &&
      type <= LAST_TYPE &&
      (type !== KEEPALIVE || length === HEADER)
    if (!isSound) return Math.min(held, GLIMPSE)
    return held >= length ? length : 0
  }

  /** False if there is no marker yet. The end of what we have may be the beginning of one. */
  #find(): boolean {
    const held = this.#to - this.#from
    const { buffer, byteOffset } = this.#buffer
    const at = Buffer.from(buffer, byteOffset + this.#from, held).indexOf(MARKER)
    this.#drop(at < 0 ? Math.max(0, held - MARKER.length + 1) : at)
    this.#searching = at < 0
    return at >= 0
  }

  #read(data: Uint8Array): void {
    this.#buffer = data
    this.#from = 0
    this.#to = data.length
  }
  /** What was read before stays as it is: a message that was found refers to it. */
  #append(data: Uint8Array): void {
    const held = this.#to - this.#from
    if (this.#to + data.length > this.#buffer.length) {
      const grown = new Uint8Array(2 * (held + data.length))
      grown.set(this.#buffer.subarray(this.#from, this.#to))
      this.#buffer = grown
      this.#from = 0
      this.#to = held
    }
    this.#buffer.set(data, this.#to)
    this.#to += data.length
  }
  #drop(octets: number): void {
    this.#from += octets
    this.#offset += octets
  }
}
