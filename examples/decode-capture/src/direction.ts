/** The messages of one direction, each with its octets and its offset. */
import { type Context, decode, notificationCode } from '@softspoken/wire'
import type { MessageEntry } from './entry.ts'
import type { Negotiation } from './negotiation.ts'

export type Found = Pick<MessageEntry, 'result' | 'bytes' | 'offset'>

const MARKER = Buffer.alloc(16, 0xff)
const HEADER = 19
const KEEPALIVE = 4
const LAST_TYPE = 5
/** Octets shown after a malformed header. */
const SHOWN_AFTER_HEADER = 64

/** Keeps at most one incomplete message. The `Decoder` of the wire package is not used, because it gives no offsets. */
export class Direction {
  readonly #negotiation: Negotiation
  readonly #side: number
  /** The part of a message that has arrived, in a buffer that grows: from `#from` to `#to`. `#offset` octets came before. */
  #buffer: Uint8Array = new Uint8Array()
  #from = 0
  #to = 0
  #offset = 0
  /** Octets are missing, so the next message begins with the next marker. */
  #searching: boolean
  /** A header was malformed, so the start of the next message is unknown (RFC 4271 §6.1). */
  #lost = false

  constructor(negotiation: Negotiation, side: number, beginsWithin = false) {
    this.#negotiation = negotiation
    this.#side = side
    this.#searching = beginsWithin
  }

  /** The offset of the next octet, and how many octets before it belong to an incomplete message. */
  get position(): { readonly offset: number; readonly held: number } {
    const held = this.#to - this.#from
    return { offset: this.#offset + held, held }
  }

  *push(data: Uint8Array): Generator<Found> {
    if (this.#lost) {
      this.#offset += data.length
      return
    }
    const isWhole = this.#from === this.#to // no message has begun, so the data is read in place
    if (isWhole) this.#read(data)
    else this.#append(data)
    if (!this.#searching || this.#find()) yield* this.#messages()
    if (isWhole) this.#read(new Uint8Array(this.#buffer.subarray(this.#from, this.#to))) // a copy, because the data refers to a whole chunk of the file
  }

  /** Octets are missing here: drops what was kept, and searches for the next marker. */
  skip(octets: number): void {
    this.#drop(this.#to - this.#from)
    this.#offset += octets
    this.#searching = true
    this.#lost = false
  }

  *#messages(): Generator<Found> {
    let context = this.#negotiation.contextFor(this.#side)
    for (let length = this.#length(context); length > 0; length = this.#length(context)) {
      const result = decode(this.#buffer.subarray(this.#from, this.#from + length), context)
      this.#lost = !result.ok && result.notification.code === notificationCode.header
      const shown = this.#lost ? Math.min(this.#to - this.#from, SHOWN_AFTER_HEADER) : length
      yield { result, bytes: this.#buffer.subarray(this.#from, this.#from + shown), offset: this.#offset }
      this.#drop(this.#lost ? this.#to - this.#from : length)
      if (!result.ok || result.value.type !== 'open') continue
      this.#negotiation.addOpen(this.#side, result.value)
      context = this.#negotiation.contextFor(this.#side)
    }
  }

  /** Octets of the next message once it has arrived, or of a malformed header and what follows it; 0 if more must arrive. */
  #length({ extendedMessage }: Context): number {
    const held = this.#to - this.#from
    if (held < HEADER) return 0
    const header = this.#buffer.subarray(this.#from, this.#to)
    const length = header[16]! * 256 + header[17]!
    const type = header[18]!
    const isValid =
      MARKER.equals(header.subarray(0, MARKER.length)) &&
      length >= HEADER &&
      length <= (extendedMessage ? 65535 : 4096) &&
      type >= 1 &&
      type <= LAST_TYPE &&
      (type !== KEEPALIVE || length === HEADER)
    if (!isValid) return Math.min(held, SHOWN_AFTER_HEADER)
    return held >= length ? length : 0
  }

  /** False if there is no marker yet. Its beginning may be the end of what has arrived. */
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
  /** Does not overwrite octets that were read, because an entry refers to them. */
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
