/**
 * Bounds what clients may hold: few connections, few requests on each, little time. A new connection always finds room,
 * because the least useful old one is closed for it: so clients that hold connections do not keep a supervisor from
 * /healthz, nor use up the descriptors that a health check or a dial needs.
 */
import { readFileSync } from 'node:fs'
import type { Server, ServerOptions, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { Sliced } from './sliced.ts'

const MOST = 16
const REQUESTS = 100 // on one connection, one after the other
const WAITING = 4 // on one connection, unanswered: pipelined

/** Milliseconds for a request to arrive, for the next one, and without any octet. */
export const limits: ServerOptions = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16 * 1024,
}
const SILENT = 10_000

export class Connections {
  readonly #most: number
  /** The least recently used first, with how many requests wait for their answers. */
  readonly #waiting = new Map<Sliced, number>()

  constructor(server: Server, most = Math.max(2, Math.min(MOST, Math.floor(descriptors() / 8)))) {
    this.#most = most
    server.maxHeadersCount = 100
    server.maxRequestsPerSocket = REQUESTS
    server.timeout = SILENT
    const [serve] = server.listeners('connection') as [(connection: Duplex) => void] // Node's own
    server.removeAllListeners('connection').on('connection', socket => {
      const connection = new Sliced(socket)
      this.#admit(connection)
      serve.call(server, connection)
    })
    server.on('dropRequest', (_request, socket) => socket.destroy()) // it asks for more than REQUESTS
  }

  get count(): number {
    return this.#waiting.size
  }
  /** Octets of answers that clients have yet to read, as far as they are still in this process. */
  get queued(): number {
    return [...this.#waiting.keys()].reduce((all, { queued }) => all + queued, 0)
  }

  /** A request has come on a connection. False, and the connection is closed, if too many there wait for an answer. */
  begin(connection: Duplex, response: ServerResponse): boolean {
    const socket = connection as Sliced // there are no others
    const waiting = this.#waiting.get(socket)
    if (waiting === undefined) return false // closed already
    if (waiting >= WAITING) {
      this.#close(socket)
      return false
    }
    this.#use(socket, waiting + 1)
    response.once('close', () => this.#use(socket, (this.#waiting.get(socket) ?? 1) - 1))
    return true
  }

  #admit(socket: Sliced): void {
    if (this.#waiting.size >= this.#most) this.#close(this.#leastUseful())
    this.#waiting.set(socket, 0)
    socket.once('close', () => this.#waiting.delete(socket))
  }
  /** Its descriptor is free at once, its event comes later. */
  #close(socket: Sliced): void {
    this.#waiting.delete(socket)
    socket.destroy()
  }
  /** It goes to the end of the line. */
  #use(socket: Sliced, waiting: number): void {
    if (this.#waiting.delete(socket)) this.#waiting.set(socket, waiting)
  }
  /** Of the address that holds the most: the one that has been idle for longest, else the one that reads least. */
  #leastUseful(): Sliced {
    const byAddress = new Map<string | undefined, Sliced[]>()
    for (const socket of this.#waiting.keys()) {
      const others = byAddress.get(socket.remoteAddress) ?? []
      byAddress.set(socket.remoteAddress, [...others, socket])
    }
    const [most] = [...byAddress.values()].sort((a, b) => b.length - a.length) as [[Sliced, ...Sliced[]]] // at the bound
    return most.find(socket => this.#waiting.get(socket) === 0) ?? most[0]
  }
}

/** How many this process may have open. */
function descriptors(): number {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
  } catch {
    return Number.POSITIVE_INFINITY // another system
  }
}
