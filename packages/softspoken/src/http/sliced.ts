/**
 * A connection that delivers its octets in small pieces, one per turn of the event loop. Node parses all requests of a
 * chunk before anything else runs. A chunk from a socket has up to 64 KiB: 1500 requests, which take a tenth of a second,
 * and there are many connections.
 */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

const PIECE = 1024 // octets

export class Sliced extends Duplex {
  readonly #socket: Socket
  #rest: Buffer | undefined

  constructor(socket: Socket) {
    super()
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      socket.pause()
      this.#rest = chunk
      this.#next()
    })
    socket.on('end', () => this.push(null))
    socket.on('timeout', () => this.emit('timeout'))
    socket.on('error', error => this.destroy(error))
    socket.on('close', () => this.destroy())
    socket.pause()
    this.on('error', () => {}) // a client that disconnects is no error
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress
  }
  /** Octets that are still in this process. */
  get queued(): number {
    return this.writableLength + this.#socket.writableLength
  }
  setTimeout(milliseconds: number): this {
    this.#socket.setTimeout(milliseconds)
    return this
  }
  /** Like a socket's: closes after everything is written, even if the client still sends. */
  destroySoon(): void {
    this.once('finish', () => this.destroy()).end()
  }

  override _read(): void {
    if (this.#rest === undefined) this.#socket.resume()
    else setImmediate(() => this.#next())
  }
  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done)
  }
  override _final(done: () => void): void {
    this.#socket.end(done)
  }
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#rest = undefined
    this.#socket.destroy()
    done(error)
  }

  #next(): void {
    const piece = this.#rest?.subarray(0, PIECE)
    if (piece === undefined) return // it was destroyed
    this.#rest = this.#rest!.length > PIECE ? this.#rest!.subarray(PIECE) : undefined // there was a piece
    this.push(piece)
  }
}
