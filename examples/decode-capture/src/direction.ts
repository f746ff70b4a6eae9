/**
 * The messages of one direction, each with its octets and where it begins. The Decoder tells neither, so what it holds
 * back is held here as well.
 */
import { Decoder, errorCode } from '@softspoken/wire'
import type { Agreement } from './agreement.ts'
import type { MessageEntry } from './entry.ts'

export type Found = Pick<MessageEntry, 'result' | 'bytes' | 'offset'>

const MARKER = new Uint8Array(16).fill(0xff)
/** Octets shown of what follows a header that cannot be trusted. */
const GLIMPSE = 64

export class Direction {
  readonly #agreement: Agreement
  readonly #side: number
  #decoder = new Decoder()
  /** Octets of a message that has not ended, and how many stood before them. */
  #held: Uint8Array = new Uint8Array()
  #offset = 0
  /** Octets are missing: the next message begins with the next marker. */
  #searching: boolean
  /** A header could not be trusted: the Decoder says nothing more, and neither do we. */
  #lost = false

  constructor(agreement: Agreement, side: number, beginsWithin = false) {
    this.#agreement = agreement
    this.#side = side
    this.#searching = beginsWithin
  }

  /** Where the next octet stands, and how many before it belong to a message that has not ended. */
  get position(): { readonly offset: number; readonly held: number } {
    return { offset: this.#offset + this.#held.length, held: this.#held.length }
  }

  *push(data: Uint8Array): Generator<Found> {
    let chunk = data
    this.#held = Buffer.concat([this.#held, data])
    if (this.#lost) return this.#drop(this.#held.length)
    if (this.#searching) {
      const at = Buffer.from(this.#held).indexOf(MARKER)
      // The end of what we have may be the beginning of a marker.
      this.#drop(at < 0 ? Math.max(0, this.#held.length - MARKER.length + 1) : at)
      if (at < 0) return
      this.#searching = false
      chunk = this.#held
    }
    this.#decoder.context = this.#agreement.contextFor(this.#side)
    for (const result of this.#decoder.push(chunk)) {
      this.#lost = !result.ok && result.error.code === errorCode.header
      const length = this.#lost ? this.#held.length : this.#held[16]! * 256 + this.#held[17]!
      yield { result, bytes: this.#held.subarray(0, this.#lost ? GLIMPSE : length), offset: this.#offset }
      this.#drop(length)
      if (!result.ok || result.value.type !== 'open') continue
      this.#agreement.learn(this.#side, result.value)
      this.#decoder.context = this.#agreement.contextFor(this.#side)
    }
  }

  /** Octets are missing here: forget what was held, and look for the next marker. */
  skip(octets: number): void {
    this.#drop(this.#held.length)
    this.#offset += octets
    this.#decoder = new Decoder()
    this.#searching = true
    this.#lost = false
  }

  #drop(octets: number): void {
    this.#held = this.#held.subarray(octets)
    this.#offset += octets
  }
}
