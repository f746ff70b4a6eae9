/**
 * Answers the door: hands a connection to the session configured for the address it comes from, and closes any other.
 * Off unless somebody makes one. With it, a router that comes back reaches us at once, whatever our back-off says.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { linuxSupport } from '@softspoken/linux'
import { type Address, parseAddress } from '@softspoken/wire'
import { kind, shown, text } from './check-options.ts'
import { only, type SessionConfig } from './config.ts'
import { checkEnvironment } from './environment.ts'
import { errorText, guardLog } from './guard.ts'
import { type ListeningSocket, listenOn } from './listening-socket.ts'
import { LogThrottle } from './log-throttle.ts'
import { type Clock, type Logger, realTime } from './runtime.ts'
import type { Session } from './session.ts'
import { formatZoned, parseZoned, split, unmapIpv4, unmapIpv4Text } from './socket-address.ts'
import { firstLinuxOption, notAvailable, requireLinux } from './socket-options.ts'

/** Where to listen. */
export interface ListenerOptions {
  /** The address to listen on. Default: every address of this host. */
  address?: Address
  /** Default 179, which needs a privilege on most systems; 0 takes a free one. */
  port?: number
  /** Told of strangers, at most once a minute. Default: silence. */
  log?: Logger
  clock?: Clock
}

/** What a Listener needs of a session: a Session has both, and so has each of an announcer's `sessions`. */
export type ServedSession = Pick<Session, 'config' | 'accept'>

function isServed(session: unknown): session is ServedSession {
  const { config, accept } = Object(session) as Partial<ServedSession>
  return typeof accept === 'function' && typeof config?.peer?.address === 'string'
}

/** A TCP server that hands each connection to the session of its peer's address. */
export class Listener implements AsyncDisposable {
  readonly #options: { readonly address: Address | undefined; readonly port: number }
  readonly #log: Logger | undefined
  readonly #clock: Clock
  readonly #sessions = new Map<Address, ServedSession>()
  readonly #server: Server
  /** Ours while it listens; undefined if Linux's socket options are not available. */
  #socket: ListeningSocket | undefined
  #unconfiguredPeers = 0
  readonly #told = new LogThrottle()
  readonly #lost = new LogThrottle()

  /** @throws RangeError or TypeError naming the option, the value and what is allowed. */
  constructor(options: ListenerOptions = {}) {
    only(options, ['address', 'port', 'log', 'clock'], '')
    const { address, port = 179, log, clock = realTime } = options
    if (address !== undefined) text(address, 'address')
    const door = address === undefined ? undefined : formatZoned(parseZoned(address, 'address'))
    if (!Number.isInteger(port) || port < 0 || port > 65535)
      throw new RangeError(`port: ${shown(port)} is not allowed, it must be from 0 to 65535`)
    checkEnvironment({ log, clock })
    this.#options = { address: door, port }
    this.#log = log && guardLog(log)
    this.#clock = clock
    this.#server = createServer({ noDelay: true }, socket => this.#answer(socket))
    // One that cannot be accepted, say for want of descriptors, must not end the process. listen() rejects all the same.
    this.#server.on('error', error => this.#lose(error))
  }

  /** Connections from addresses that no session is configured for, or that cannot have what theirs asks for: all closed. */
  get unconfiguredPeers(): number {
    return this.#unconfiguredPeers
  }

  /**
   * @throws TypeError for what is no Session; Error where another session already has this peer's address, and where this listener cannot keep the
   * session's tcpMd5Key, ttlSecurity, multihop or bindDevice.
   */
  serve(session: ServedSession): this {
    if (!isServed(session)) throw new TypeError(`session: ${kind(session)} is not allowed, it must be a Session`)
    const address = canonical(session.config.peer.address)
    if (this.#sessions.has(address)) throw new Error(`peer.address: ${address} already has a session on this listener`)
    if (this.#server.listening) prepare(this.#socket, [...this.#sessions.values(), session])
    else requireLinux(session.config)
    this.#sessions.set(address, session)
    return this
  }

  /** Resolves with the port once connections are taken; rejects where the address or port cannot be had. */
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
    this.#socket = socket // the server closes it from here on, failing or not
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port // a TCP server's address has one
  }

  /** Takes no more connections; those that sessions hold are theirs. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #answer(socket: Socket): void {
    const session = socket.remoteAddress && this.#sessions.get(canonical(socket.remoteAddress))
    if (session && this.#fit(socket, session.config)) {
      session.accept(socket)
      return
    }
    this.#refuse(socket)
  }

  /** Costs next to nothing, however often it happens: nothing is read or written, no timer runs, one line a minute is logged. */
  #refuse(socket: Socket): void {
    this.#unconfiguredPeers++
    const address = unmapIpv4Text(socket.remoteAddress)
    socket.destroy()
    const connections = this.#told.take(this.#clock.now())
    if (connections !== undefined) this.#log?.warn({ address, connections }, 'no session for this address: closed')
  }

  #lose(error: Error): void {
    const connections = this.#server.listening ? this.#lost.take(this.#clock.now()) : undefined
    if (connections !== undefined)
      this.#log?.warn({ error: errorText(error), connections }, 'connection could not be accepted')
  }

  /** Whether the connection has all that its session asks for. */
  #fit(connection: Socket, config: SessionConfig): boolean {
    return this.#socket?.applyTo(connection, config) ?? firstLinuxOption(config) === undefined
  }
}

/** @throws Error if a session asks for what this socket cannot have. */
function prepare(socket: ListeningSocket | undefined, sessions: readonly ServedSession[]): void {
  const configs = sessions.map(({ config }) => config)
  if (socket) socket.prepare(configs)
  for (const config of socket ? [] : configs) {
    const option = firstLinuxOption(config)
    if (option !== undefined) throw notAvailable(option, 'this listener began without them')
  }
}

/** One text for one address, as a Map needs it; a link-local one with its interface, which is how the system says it. */
function canonical(given: Address): Address {
  const { address, zone } = split(given)
  return formatZoned({ octets: unmapIpv4(parseAddress(address, 'peer.address')), zone })
}
