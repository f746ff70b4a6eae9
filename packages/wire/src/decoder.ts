/** One direction of a TCP stream, cut into messages. */
import { viewOf } from './bytes.ts'
import { type CodecContext, type Context, contextOf } from './context.ts'
import { assertOctets } from './error.ts'
import { HEADER_LENGTH } from './header.ts'
import { decodeAt, failure, type Message, messageLength } from './message.ts'
import { NextHops } from './next-hops.ts'
import type { Notification } from './notification.ts'
import type { Result } from './result.ts'

const NOTIFICATION = 3 // type, the last octet of a header (RFC 4271 §4.1)

/**
 * Feed it what the socket yields, in order; it holds back at most one message. After a header that cannot be trusted
 * it yields that one error and then nothing: where the next message begins is unknown (RFC 4271 §6.1).
 */
export class Decoder {
  #context: CodecContext
  readonly #nextHops = new NextHops()
  /** What push() brought last, and how far it has been read. */
  #chunk: Uint8Array = new Uint8Array()
  #view = viewOf(this.#chunk)
  #at = 0
  /** The beginning of a message whose end has not come, and how many of its octets are there. */
  #partial = new Uint8Array(HEADER_LENGTH)
  #have = 0
  #lost = false
  /** What notificationAhead() found in this chunk: it stays the first until it is read itself. */
  #ahead: { readonly notification: Notification | undefined } | undefined
  /** By hand: a generator would take longer to resume than a KEEPALIVE takes to read. */
  readonly #messages: IterableIterator<Result<Message>> = {
    next: () => this.#next(),
    [Symbol.iterator]: () => this.#messages,
  }

  constructor(context?: Partial<Context>) {
    this.#context = contextOf(context, this.#nextHops)
  }

  /** How to read the next message. Set it when the OPENs have been exchanged; it applies from the next message on. */
  get context(): Context {
    return this.#context
  }
  set context(context: Context) {
    this.#context = contextOf(context, this.#nextHops)
  }

  /**
   * The messages that `chunk` completes, each decoded when it is asked for: ask for all of them before the next push.
   * Do not change the chunk afterwards.
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
   * The first NOTIFICATION in the chunk behind what was read last; nothing of it is taken. A peer that ends the session
   * right behind a message may have said there what is wrong.
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
        const isNotification = chunk[at + HEADER_LENGTH - 1] === NOTIFICATION
        const result = isNotification ? decodeAt(chunk, at, length, this.#context) : undefined
        if (result?.ok && result.value.type === 'notification') return result.value
        at += length
      }
    } catch {} // what follows cannot be read: there is none
    return undefined
  }

  #next(): IteratorResult<Result<Message>, undefined> {
    while (!this.#lost && this.#at < this.#chunk.length) {
      const result = this.#have === 0 ? this.#inPlace() : this.#assembled()
      if (result !== undefined) return { done: false, value: result }
    }
    return { done: true, value: undefined }
  }

  /** A message that lies in the chunk as a whole; what remains of the chunk is put aside. */
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

  /** A message that began in an earlier chunk: first its header, then, once its length is known, the rest. */
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
