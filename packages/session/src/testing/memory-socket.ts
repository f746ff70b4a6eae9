/** A connection without a network: two ends, each of which is a stream with a socket's addresses. */
import { Duplex } from 'node:stream'

/** The addresses and ports of both ends of a socket. An announcer takes its next hop from `localAddress`. */
export interface SocketAddresses {
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}

/** One end of a connection in memory. What is written to one end arrives at the other in the same turn of the event loop. */
export class MemorySocket extends Duplex {
  #other!: MemorySocket // pair() makes both
  /** As a socket of `node:net` has it. */
  localAddress: string | undefined
  /** As a socket of `node:net` has it. */
  localPort: number | undefined
  /** As a socket of `node:net` has it. */
  remoteAddress: string | undefined
  /** As a socket of `node:net` has it. */
  remotePort: number | undefined
  /** Octets that have left this end. */
  bytesWritten = 0
  /** Changes the octets that leave this end, for faults on the way. */
  rewrite: (bytes: Uint8Array) => Uint8Array = bytes => bytes
  #stalled = false
  #cut = false
  /** A write of the other end that waits because this end is stalled. */
  #delayedWrite: (() => void) | undefined
  /** Continues the other end's writes; set while this end's buffer is full. */
  #continueWrites: (() => void) | undefined

  /**
   * Makes a connection: the end of the side that dials, then the end of the side that is dialled. The first has the
   * addresses given, the second has them the other way round.
   */
  static pair(addresses: SocketAddresses = {}): readonly [MemorySocket, MemorySocket] {
    const { localAddress, localPort, remoteAddress, remotePort } = addresses
    const dialler = new MemorySocket({ allowHalfOpen: false })
    const dialled = new MemorySocket({ allowHalfOpen: false })
    dialler.#other = dialled
    dialled.#other = dialler
    Object.assign(dialler, { localAddress, localPort, remoteAddress, remotePort })
    Object.assign(dialled, {
      localAddress: remoteAddress,
      localPort: remotePort,
      remoteAddress: localAddress,
      remotePort: localPort,
    })
    return [dialler, dialled]
  }

  /** The dial succeeds: this end emits 'connect' in the next turn of the event loop. */
  emitConnect(): void {
    setImmediate(() => this.emit('connect'))
  }
  /** Receives nothing from now on, like a process that is stopped: the other end's writes wait. */
  stall(): void {
    this.#stalled = true
  }
  /** Ends `stall()`: the write that waits arrives. */
  resumeReading(): void {
    this.#stalled = false
    const write = this.#delayedWrite
    this.#delayedWrite = undefined
    write?.()
  }
  /** Loses everything from now on, in both directions, and neither end is notified: a cable is pulled. */
  cut(): void {
    this.#cut = true
    this.#other.#cut = true
  }
  /** Ends the connection with a TCP reset: the other end gets the error ECONNRESET. */
  reset(): void {
    this.#other.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
    this.destroy()
  }

  /** @internal */
  override _read(): void {
    const continueWrites = this.#continueWrites
    this.#continueWrites = undefined
    continueWrites?.()
  }
  /** @internal */
  override _write(bytes: Uint8Array, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const other = this.#other
    if (other.#stalled) {
      other.#delayedWrite = () => this._write(bytes, encoding, done)
      return
    }
    if (this.#cut || other.destroyed) {
      done()
      return
    }
    this.bytesWritten += bytes.length
    process.nextTick(() => {
      if (other.destroyed || other.push(this.rewrite(bytes))) done()
      else other.#continueWrites = done
    })
  }
  /** @internal */
  override _final(done: (error?: Error | null) => void): void {
    if (this.#other.#stalled) return
    this.#endOther()
    done()
  }
  /** @internal As a kernel does for a closed process: the other end still gets the end of the stream. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.writableFinished && !this.#other.#stalled) this.#endOther()
    done(error)
  }
  #endOther(): void {
    const other = this.#other
    if (this.#cut) return
    process.nextTick(() => {
      if (!other.destroyed) other.push(null)
    })
  }
}
