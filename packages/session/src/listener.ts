/**
 * Answers the door: hands a connection to the session configured for the address it comes from, and closes any other.
 * Off unless somebody makes one. With it, a router that comes back reaches us at once, whatever our back-off says.
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { type Address, formatAddress, parseAddress } from '@softspoken/wire'
import { only } from './config.ts'
import { plain, type Session } from './session.ts'

/** Where to listen. */
export interface ListenerOptions {
  /** The address to listen on. Default: every address of this host. */
  address?: Address
  /** Default 179, which needs a privilege on most systems; 0 takes a free one. */
  port?: number
}

/** A TCP server that hands each connection to the session of its peer's address. */
export class Listener implements AsyncDisposable {
  readonly #options: Readonly<ListenerOptions>
  readonly #sessions = new Map<Address, Session>()
  readonly #server: Server
  #strangers = 0

  /** @throws RangeError or TypeError naming the option, the value and what is allowed. */
  constructor(options: ListenerOptions = {}) {
    only(options, ['address', 'port'], '')
    const { address, port = 179 } = options
    if (address !== undefined) parseAddress(address, 'address')
    if (!Number.isInteger(port) || port < 0 || port > 65535)
      throw new RangeError(`port: ${port} is not allowed, it must be from 0 to 65535`)
    this.#options = { port, ...(address !== undefined && { address }) }
    this.#server = createServer({ noDelay: true }, socket => this.#answer(socket))
    // One that cannot be accepted, say for want of descriptors, must not end the process. listen() rejects all the same.
    this.#server.on('error', () => {})
  }

  /** Connections from addresses that no session is configured for, all closed. */
  get strangers(): number {
    return this.#strangers
  }

  /** @throws Error where another session already has this peer's address. */
  serve(session: Session): this {
    const address = canonical(session.config.peer.address)
    if (this.#sessions.has(address)) throw new Error(`peer.address: ${address} already has a session on this listener`)
    this.#sessions.set(address, session)
    return this
  }

  /** Resolves with the port once connections are taken; rejects where the address or port cannot be had. */
  async listen(): Promise<number> {
    const { address, port } = this.#options
    this.#server.listen(port, address)
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port // a TCP server's address has one
  }

  /** Takes no more connections; those that sessions hold are theirs. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #answer(socket: Socket): void {
    const session = socket.remoteAddress && this.#sessions.get(canonical(socket.remoteAddress))
    if (session) {
      session.accept(socket)
      return
    }
    this.#strangers++
    socket.destroy()
  }
}

/** One text for one address, as a Map needs it. */
function canonical(address: Address): Address {
  return formatAddress(parseAddress(plain(address)?.replace(/%.*/, '') ?? address, 'peer.address'))
}
