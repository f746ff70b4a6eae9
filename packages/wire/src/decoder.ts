/** One direction of a TCP stream, cut into messages. */
import { type Context, contextOf } from './context.ts'
import type { Result } from './error.ts'
import { attempt, decodeAt, HEADER_LENGTH, type Message, messageLength } from './message.ts'

/**
 * Feed it what the socket yields, in order; it holds back at most one message. After a header that cannot be trusted
 * it yields that one error and then nothing: where the next message begins is unknown (RFC 4271 §6.1).
 */
export class Decoder {
  /** How to read what comes next. Set it once the OPENs have settled it; it holds from the next message on. */
  context: Context
  /** The beginning of a message whose end has not come, and how many of its octets are there. */
  #partial = new Uint8Array(HEADER_LENGTH)
  #have = 0
  #lost = false

  constructor(context?: Partial<Context>) {
    this.context = contextOf(context)
  }

  /** The messages that `chunk` completes, each decoded when it is asked for. Do not change the chunk afterwards. */
  *push(chunk: Uint8Array): Generator<Result<Message>, void, undefined> {
    let at = 0
    while (!this.#lost && at < chunk.length) {
      if (this.#have === 0 && chunk.length - at >= HEADER_LENGTH) {
        const length = this.#lengthAt(chunk, at)
        if (!length.ok) yield length
        else if (chunk.length - at >= length.value) {
          const start = at
          at += length.value
          yield attempt(() => decodeAt(chunk, start, length.value, this.context))
        } else {
          this.#partial = new Uint8Array(length.value)
          at += this.#fill(chunk, at)
        }
        continue
      }
      at += this.#fill(chunk, at)
      if (this.#have < this.#partial.length) return
      const whole = this.#partial
      const length = this.#lengthAt(whole, 0)
      if (!length.ok) yield length
      else if (length.value === whole.length) {
        this.#partial = new Uint8Array(HEADER_LENGTH)
        this.#have = 0
        yield attempt(() => decodeAt(whole, 0, whole.length, this.context))
      } else {
        this.#partial = new Uint8Array(length.value)
        this.#partial.set(whole)
      }
    }
  }

  #lengthAt(bytes: Uint8Array, at: number): Result<number> {
    const length = attempt(() => messageLength(bytes, at))
    if (!length.ok) this.#lost = true
    return length
  }
  #fill(chunk: Uint8Array, at: number): number {
    const octets = Math.min(this.#partial.length - this.#have, chunk.length - at)
    this.#partial.set(chunk.subarray(at, at + octets), this.#have)
    this.#have += octets
    return octets
  }
}
