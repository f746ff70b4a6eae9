/** A connection in memory: two ends, each a stream as a socket is one, without a network's delays. */
import { Duplex } from 'node:stream'

export class End extends Duplex {
  #other!: End // pair() makes both
  /** As a socket has it, for a next hop. */
  localAddress: string | undefined
  /** Octets that the other end has been given. */
  written = 0
  /** What becomes of this end's bytes on their way; for faults in transit. */
  rewrite: (bytes: Uint8Array) => Uint8Array = bytes => bytes
  #stalled = false
  #cut = false
  /** A write towards this end that came while it was stalled. */
  #kept: (() => void) | undefined
  /** Releases the writer, once the other end has room. */
  #resume: (() => void) | undefined

  /** The caller's end and the answerer's. The caller's emits 'connect' when `answered()` says so. */
  static pair(): readonly [End, End] {
    const [near, far] = [new End({ allowHalfOpen: false }), new End({ allowHalfOpen: false })]
    near.#other = far
    far.#other = near
    return [near, far]
  }

  /** The dial succeeds. */
  answered(): void {
    setImmediate(() => this.emit('connect'))
  }
  /** Nothing arrives here any more, and the other end's writes stay with it: a process that is stopped. */
  stall(): void {
    this.#stalled = true
  }
  /** It goes on: what was kept with the writer arrives. */
  resumeReading(): void {
    this.#stalled = false
    const kept = this.#kept
    this.#kept = undefined
    kept?.()
  }
  /** Nothing passes any more, either way, and nobody is told: a cable that was pulled. */
  cut(): void {
    this.#cut = true
    this.#other.#cut = true
  }
  /** The connection breaks, as the other end sees it. */
  reset(): void {
    this.#other.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
    this.destroy()
  }

  override _read(): void {
    const resume = this.#resume
    this.#resume = undefined
    resume?.()
  }
  override _write(bytes: Uint8Array, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const other = this.#other
    if (other.#stalled) {
      other.#kept = () => this._write(bytes, encoding, done)
      return
    }
    if (this.#cut || other.destroyed) {
      done()
      return
    }
    this.written += bytes.length
    process.nextTick(() => {
      if (other.destroyed || other.push(this.rewrite(bytes))) done()
      else other.#resume = done
    })
  }
  override _final(done: (error?: Error | null) => void): void {
    if (this.#other.#stalled) return
    this.#hangUp()
    done()
  }
  /** The kernel goes on for a closed process: the other end sees the end of what it was sent. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.writableFinished && !this.#other.#stalled) this.#hangUp()
    done(error)
  }
  #hangUp(): void {
    const other = this.#other
    if (this.#cut) return
    process.nextTick(() => {
      if (!other.destroyed) other.push(null)
    })
  }
}
