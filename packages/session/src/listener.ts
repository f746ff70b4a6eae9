/**
 * Accepts TCP connections and hands each to the session of the address that it comes from; it closes the others. A program
 * that makes no Listener accepts none. With one, a router that returns connects to us at once, during our back-off too.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { linuxSupport } from '@softspoken/linux'
import { type Address, OptionError } from '@softspoken/wire'
import { assertInteger, assertString, checkEnvironment, rejectUnknown } from './checks.ts'
import type { SessionConfig } from './config.ts'
import { errorText, guardLog } from './guard.ts'
import { type ListeningSocket, listenOn } from './listening-socket.ts'
import { LogThrottle } from './log-throttle.ts'
import { type Clock, type Logger, realTime } from './runtime.ts'
import type { Session } from './session.ts'
import { canonicalAddress, formatZoned, parseZoned, unmapIpv4Text } from './socket-address.ts'
import { firstLinuxOption, rejectLinuxOptions, requireLinux } from './socket-options.ts'

/** Where to listen. */
export interface ListenerOptions {
  /** The address to listen on. Default: every address of this host. */
  address?: Address
  /** Default 179, which needs a privilege on most systems; 0 takes a free one. */
  port?: number
  /** Receives a warning about connections of unconfigured peers, at most once a minute. Default: none. */
  log?: Logger
  /** Default: the system's monotonic clock. */
  clock?: Clock
}

/** What a Listener needs of a session. */
type ServedSession = Pick<Session, 'config' | 'accept'>

/** A TCP server that hands each connection to the session of its peer's address. */
export class Listener implements AsyncDisposable {
  readonly #options: { readonly address: Address | undefined; readonly port: number }
  readonly #log: Logger | undefined
  readonly #clock: Clock
  readonly #sessions = new Map<Address, ServedSession>()
  readonly #server: Server
  /** While it listens; undefined if Linux's socket options are not available. */
  #socket: ListeningSocket | undefined
  #unconfiguredPeers = 0
  readonly #unconfiguredLog = new LogThrottle()
  readonly #errorLog = new LogThrottle()

  /** @throws OptionError naming the option, the value and what is allowed. */
  constructor(options: ListenerOptions = {}) {
    rejectUnknown(options, ['address', 'port', 'log', 'clock'], '')
    const { address, port = 179, log, clock = realTime } = options
    if (address !== undefined) assertString(address, 'address')
    assertInteger(port, 0, 65535, 'port')
    checkEnvironment({ log, clock })
    this.#options = { address: address === undefined ? undefined : formatZoned(parseZoned(address, 'address')), port }
    this.#log = log && guardLog(log)
    this.#clock = clock
    this.#server = createServer({ noDelay: true }, socket => this.#accept(socket))
    // A connection that cannot be accepted, for example because no descriptor is left, must not end the process.
    this.#server.on('error', error => this.#logError(error))
  }

  /**
   * Connections that were closed because no session is configured for their address, or because the system refused an
   * option of the session.
   */
  get unconfiguredPeers(): number {
    return this.#unconfiguredPeers
  }

  /**
   * Hands connections from this session's peer to it, from now on. It takes a Session, or one of an announcer's `sessions`.
   * @throws OptionError if it is not a Session, if another session has the same peer address, or if this listener cannot
   * have the session's tcpMd5Key, ttlSecurity, multihop or bindDevice.
   */
  serve(session: Pick<Session, 'config' | 'accept'>): this {
    if (!isServed(session)) throw new OptionError('session', session, 'a Session')
    const address = canonicalAddress(session.config.peer.address)
    if (this.#sessions.has(address)) {
      const detail = `${address} already has a session on this listener`
      throw new OptionError('peer.address', address, 'the peer of one session', detail)
    }
    if (this.#server.listening) prepare(this.#socket, [...this.#sessions.values(), session])
    else requireLinux(session.config)
    this.#sessions.set(address, session)
    return this
  }

  /** Resolves with the port when it accepts connections; rejects if the address or port is not available. */
  async listen(): Promise<number> {
    const { address, port } = this.#options
    const socket = linuxSupport().supported ? listenOn(address, port) : undefined
    try {
      prepare(socket, [...this.#sessions.values()])
      if (socket) this.#server.listen({ fd: socket.fd, exclusive: true })
      else this.#server.listen(port, address)
    } catch (error) {
      socket?.close()
      throw error
    }
    this.#socket = socket // from here on the server closes it, also if it fails
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port // a TCP server's address has one
  }

  /** Accepts no more connections. Those that sessions have stay open. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
  }

  /** The same as stop(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #accept(socket: Socket): void {
    const session = socket.remoteAddress && this.#sessions.get(canonicalAddress(socket.remoteAddress))
    if (session && this.#applyOptions(socket, session.config)) session.accept(socket)
    else this.#reject(socket)
  }

  /** Does little, because a peer may flood: it reads and writes nothing, sets no timer, and logs one line a minute. */
  #reject(socket: Socket): void {
    this.#unconfiguredPeers++
    const address = unmapIpv4Text(socket.remoteAddress)
    socket.destroy()
    const connections = this.#unconfiguredLog.take(this.#clock.now())
    if (connections !== undefined) this.#log?.warn({ address, connections }, 'no session for this address: closed')
  }

  /** Ignores an error before it listens, because listen() rejects with it. */
  #logError(error: Error): void {
    const connections = this.#server.listening ? this.#errorLog.take(this.#clock.now()) : undefined
    if (connections !== undefined)
      this.#log?.warn({ error: errorText(error), connections }, 'connection could not be accepted')
  }

  /** Whether the system accepted all options of the session. */
  #applyOptions(connection: Socket, config: SessionConfig): boolean {
    return this.#socket?.applyTo(connection, config) ?? firstLinuxOption(config) === undefined
  }
}

function isServed(session: unknown): session is ServedSession {
  const { config, accept } = Object(session) as Partial<ServedSession>
  return typeof accept === 'function' && typeof config?.peer?.address === 'string'
}

/** @throws Error if a session has an option that this socket cannot have. */
function prepare(socket: ListeningSocket | undefined, sessions: readonly ServedSession[]): void {
  const configs = sessions.map(({ config }) => config)
  if (socket) socket.prepare(configs)
  else for (const config of configs) rejectLinuxOptions(config, 'this listener was started without them')
}
