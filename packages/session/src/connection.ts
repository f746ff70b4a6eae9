/** One TCP connection with the peer: the stream, the decoder and the encoder of its messages, and how it is closed. */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Context, Decoder, Encoder, type Message, type Notification, type Result } from '@softspoken/wire'
import type { SessionInput } from './collision.ts'
import type { SessionConfig } from './config.ts'
import { type Explanation, explainError } from './connection-error.ts'
import { omitUndefined } from './omit-undefined.ts'
import type { Negotiated } from './open-check.ts'
import { explainMalformed, FIRST_OCTETS, otherProtocol } from './other-protocol.ts'
import { type Clock, waitAtMost } from './runtime.ts'
import { unmapIpv4Text } from './socket-address.ts'

/** What a connection needs of the session that has it. */
export interface ConnectionOwner {
  /** Runs `task` now, or after the current step. Drops it if the session has replaced the connection by then. */
  schedule(task: () => void): void
  /** Whether the session still has this connection. */
  isCurrent(): boolean
  /** Hands an input to the state machine. */
  feed(input: SessionInput): void
  received(result: Result<Message>): void
  /** The peer reads again after `backlogged` was true. */
  writable(): void
  /** An error on our side, which ends the connection. */
  failed(error: unknown): void
}

const CLOSE_TIMEOUT = 1000 // milliseconds in which the last octets must leave
const FULL_READ = 65536 // octets; a socket that yields as many at once has more

export class Connection {
  readonly #stream: Duplex
  readonly #config: SessionConfig
  readonly #decoder: Decoder
  readonly #encoder: Encoder
  #owner: ConnectionOwner | undefined
  #negotiated: Negotiated | undefined
  /** As many as are needed to recognize a protocol other than BGP. */
  #firstOctets: Uint8Array = new Uint8Array()

  constructor(stream: Duplex, config: SessionConfig) {
    this.#stream = stream
    this.#config = config
    const context = contextOf(undefined, config)
    this.#decoder = new Decoder(context)
    this.#encoder = new Encoder(context)
  }

  /** Begins to report to the session. */
  open(owner: ConnectionOwner): void {
    this.#owner = owner
    const stream = this.#stream
    const disconnected = (explanation: Explanation): void =>
      owner.schedule(() => owner.feed({ type: 'disconnected', ...(otherProtocol(this.#firstOctets) ?? explanation) }))
    let ended: Explanation = { reason: 'closed', detail: 'the connection was closed' }
    stream.once('connect', () => owner.schedule(() => owner.feed({ type: 'connected' })))
    stream.on('data', (chunk: Uint8Array) => owner.schedule(() => this.#read(owner, chunk)))
    stream.on('drain', () => owner.writable())
    stream.on('error', (error: unknown) => {
      ended = explainError(error, this.#config)
    })
    stream.once('end', () => disconnected({ reason: 'closed', detail: 'the peer closed the connection' }))
    stream.once('close', () => disconnected(ended))
    if (stream.closed) setImmediate(() => disconnected(ended)) // it may have emitted 'close' already
  }

  #read(owner: ConnectionOwner, chunk: Uint8Array): void {
    try {
      this.#decode(owner, chunk)
    } catch (error) {
      if (owner.isCurrent()) owner.failed(error)
    }
    // A socket that is never empty yields 32 chunks in a row, and timers would wait for all of them.
    const stream = this.#stream
    if (stream instanceof Socket && chunk.length >= FULL_READ) {
      stream.pause()
      setImmediate(() => stream.resume())
    }
  }

  #decode(owner: ConnectionOwner, chunk: Uint8Array): void {
    if (this.#firstOctets.length === 0) owner.feed({ type: 'octets' })
    if (this.#firstOctets.length < FIRST_OCTETS)
      this.#firstOctets = Buffer.concat([this.#firstOctets, chunk.subarray(0, FIRST_OCTETS)])
    for (const result of this.#decoder.push(chunk)) {
      if (!owner.isCurrent()) return // an earlier message of this chunk ended the connection
      owner.received(result)
    }
  }

  /** The next NOTIFICATION in the chunk that is being read. */
  notificationAhead(): Notification | undefined {
    return this.#decoder.notificationAhead()
  }

  /** What both OPENs agreed on: how messages are encoded and decoded from here on. */
  set negotiated(negotiated: Negotiated | undefined) {
    if (negotiated === undefined || negotiated === this.#negotiated) return
    this.#negotiated = negotiated
    const context = contextOf(negotiated, this.#config)
    this.#decoder.context = context
    this.#encoder.context = context
  }

  /** @throws OptionError as encode() of wire does */
  encode(message: Message): Uint8Array {
    return this.#encoder.encode(message)
  }

  write(octets: Uint8Array): void {
    const owner = this.#owner
    this.#stream.write(octets, error => {
      if (!error) owner?.schedule(() => owner.feed({ type: 'sent' }))
    })
  }

  /** The buffer is full: `drain` comes when the peer has read. */
  get backlogged(): boolean {
    return this.#stream.writableNeedDrain
  }

  /** Octets that wait for the peer to read. */
  get waiting(): number {
    return this.#stream.writableLength
  }

  /** The addresses and ports of a socket. A Duplex that is not a socket has none. */
  get endpoints(): Pick<Partial<Socket>, 'localAddress' | 'localPort' | 'remotePort'> {
    const { localAddress, localPort, remotePort } = this.#stream as Partial<Socket>
    const isText = typeof localAddress === 'string'
    return omitUndefined({ localAddress: isText ? unmapIpv4Text(localAddress) : undefined, localPort, remotePort })
  }

  /** Why a message cannot be decoded: the peer does not speak BGP, or there is a fault in the message. */
  explainMalformed(fault: string): Explanation {
    return explainMalformed(this.#firstOctets, fault)
  }

  uses(stream: Duplex): boolean {
    return this.#stream === stream
  }

  /** Sends what waits, then a FIN. Resolves when the connection is closed, at the latest after a second. */
  close(clock: Clock): Promise<void> {
    const stream = this.#stream
    if (stream.closed) return Promise.resolve()
    const closed = new Promise<void>(resolve => stream.once('close', resolve))
    // A stream that is closed is destroyed already; one that does not close by itself is destroyed after a second.
    const ended = waitAtMost(clock, CLOSE_TIMEOUT, closed).then(() => destroy(stream))
    if (stream instanceof Socket && stream.connecting) {
      destroy(stream)
      return ended
    }
    try {
      stream.end()
      stream.resume() // unread octets would turn our FIN into an RST, and the peer would lose our NOTIFICATION
    } catch {
      destroy(stream)
    }
    return ended
  }

  /** Closes at once. With an RST if octets wait, because a FIN would wait behind them and the peer would not notice. */
  abort(): void {
    const stream = this.#stream
    if (stream instanceof Socket && stream.writableLength > 0) stream.resetAndDestroy()
    else destroy(stream)
  }
}

/** If it cannot even be destroyed, nothing can be done about it. */
export function destroy(stream: Duplex): void {
  try {
    stream.destroy()
  } catch {}
}

/** How messages are encoded and decoded. `negotiated` is undefined until both OPENs have arrived. */
export function contextOf(negotiated: Negotiated | undefined, { local, peer }: SessionConfig): Context {
  return {
    fourOctetAs: negotiated?.fourOctetAs ?? true,
    external: local.as !== peer.as,
    extendedMessage: negotiated?.extendedMessage ?? false,
    addPath: [], // ourOpen() does not offer it
  }
}
