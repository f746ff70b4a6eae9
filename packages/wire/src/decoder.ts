/** Cuts one direction of a TCP stream into messages. */
import { viewOf } from './bytes.ts'
import { type Context, contextOf } from './context.ts'
import { assertOctets } from './error.ts'
import { HEADER_LENGTH } from './header.ts'
import { decodeAt, failure, type Message, messageLength } from './message.ts'
import type { Notification } from './notification.ts'
import type { Result } from './result.ts'

/**
 * Takes the chunks of a stream in order and returns their messages; it keeps the octets of one incomplete message at most.
 * After a malformed header it returns that one error and then nothing, because the beginning of the next message is unknown
 * (RFC 4271 §6.1).
 */
export class Decoder {
  #context: Context
  /** The last chunk, and how far it has been read. */
  #chunk: Uint8Array = new Uint8Array()
  #view = viewOf(this.#chunk)
  #at = 0
  /** An incomplete message, and how many of its octets have arrived. */
  #partial = new Uint8Array(HEADER_LENGTH)
  #have = 0
  /** A header was malformed. */
  #lost = false
  /** What notificationAhead() has found in this chunk. It remains the first one until it is read itself. */
  #ahead: { readonly notification: Notification | undefined } | undefined
  /**
   * Not a generator, because resuming one takes longer than reading a KEEPALIVE. What next() returns is made in one place: V8
   * then leaves the object out if it inlines next() into the program's loop.
   */
  readonly #messages: IterableIterator<Result<Message>> = {
    next: () => {
      const value = this.#next()
      return { done: value === undefined, value } as IteratorResult<Result<Message>, undefined>
    },
    [Symbol.iterator]: () => this.#messages,
  }

  constructor(context?: Partial<Context>) {
    this.#context = contextOf(context)
  }

  /** How to read the next message. Set it when the OPENs have been exchanged; it applies from the next message on. */
  get context(): Context {
    return this.#context
  }
  set context(context: Context) {
    this.#context = contextOf(context)
  }

  /**
   * The messages that `chunk` completes, decoded one by one as the iterator advances. Run it to its end before the next
   * push(), and do not change the chunk afterwards: UPDATEs refer to it.
   * @throws OptionError if `chunk` is not a Uint8Array
   */
  push(chunk: Uint8Array): IterableIterator<Result<Message>> {
    assertOctets('chunk', chunk)
    this.#chunk = chunk
    this.#view = viewOf(chunk)
    this.#at = 0
    this.#ahead = undefined
    return this.#messages
  }

  /**
   * The first NOTIFICATION in the rest of the chunk, if there is one; it is not consumed. A peer that ends the session right
   * after a message has perhaps sent the reason there.
   */
  notificationAhead(): Notification | undefined {
    this.#ahead ??= { notification: this.#lookAhead() }
    return this.#ahead.notification
  }

  #lookAhead(): Notification | undefined {
    const chunk = this.#chunk
    try {
      for (let at = this.#at; !this.#lost && this.#have === 0 && chunk.length - at >= HEADER_LENGTH; ) {
        const length = messageLength(chunk, this.#view, at, this.#context)
        if (chunk.length - at < length) return undefined
        const result = decodeAt(chunk, at, length, this.#context)
        if (result.ok && result.value.type === 'notification') return result.value
        at += length
      }
    } catch {} // a malformed header follows: no NOTIFICATION can be found behind it
    return undefined
  }

  #next(): Result<Message> | undefined {
    while (!this.#lost && this.#at < this.#chunk.length) {
      const result = this.#have === 0 ? this.#inPlace() : this.#assembled()
      if (result !== undefined) return result
    }
    return undefined
  }

  /** A message that is complete in the chunk; an incomplete one is kept for the next chunk. */
  #inPlace(): Result<Message> | undefined {
    const chunk = this.#chunk
    const at = this.#at
    const left = chunk.length - at
    let length = HEADER_LENGTH
    if (left >= HEADER_LENGTH) {
      try {
        length = messageLength(chunk, this.#view, at, this.#context)
      } catch (error) {
        return this.#lose(error, at)
      }
      if (left >= length) {
        this.#at = at + length
        return decodeAt(chunk, at, length, this.#context)
      }
    }
    this.#partial = new Uint8Array(length)
    this.#fill()
    return undefined
  }

  /** A message that began in an earlier chunk: first its header, then the rest, whose length the header has. */
  #assembled(): Result<Message> | undefined {
    this.#fill()
    const partial = this.#partial
    if (this.#have < partial.length) return undefined
    let length: number
    try {
      length = messageLength(partial, viewOf(partial), 0, this.#context)
    } catch (error) {
      return this.#lose(error, 0)
    }
    if (length > partial.length) {
      this.#partial = new Uint8Array(length)
      this.#partial.set(partial)
      return undefined
    }
    this.#have = 0
    return decodeAt(partial, 0, length, this.#context)
  }

  #fill(): void {
    const octets = Math.min(this.#partial.length - this.#have, this.#chunk.length - this.#at)
    this.#partial.set(this.#chunk.subarray(this.#at, this.#at + octets), this.#have)
    this.#have += octets
    this.#at += octets
  }
  #lose(error: unknown, at: number): Result<never> {
    this.#lost = true
    return failure(error, at)
  }
}
