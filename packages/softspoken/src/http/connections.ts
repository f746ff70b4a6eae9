/**
 * Limits connections, requests per connection, and time. A new connection always gets a place, because the least useful
 * one is closed for it. So clients that hold connections cannot keep a supervisor from /healthz, and cannot use up the
 * descriptors that a health check or a dial needs.
 */
import type { Server, ServerOptions, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { descriptorLimit } from './descriptor-limit.ts'
import { Sliced } from './sliced.ts'

const MAX_CONNECTIONS = 16
const MAX_REQUESTS = 100 // in the life of a connection
const MAX_PIPELINED = 4 // unanswered at a time on one connection

/** In milliseconds, except the header size. */
export const limits: ServerOptions = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16 * 1024,
}
const SILENCE_MS = 10_000

/** At least two, and at most an eighth of the descriptors: the others are for sessions and health checks. */
export function mostConnections(descriptors = Number.POSITIVE_INFINITY): number {
  return Math.max(2, Math.min(MAX_CONNECTIONS, Math.floor(descriptors / 8)))
}

export class Connections {
  readonly #max: number
  /** Number of unanswered requests per connection; the least recently used connection first. */
  readonly #waiting = new Map<Sliced, number>()

  constructor(server: Server, max = mostConnections(descriptorLimit())) {
    this.#max = max
    server.maxHeadersCount = 100
    server.maxRequestsPerSocket = MAX_REQUESTS
    server.timeout = SILENCE_MS
    const [serve] = server.listeners('connection') as [(connection: Duplex) => void] // Node's own
    server.removeAllListeners('connection').on('connection', socket => {
      const connection = new Sliced(socket)
      this.#admit(connection)
      serve.call(server, connection)
    })
    server.on('dropRequest', (_request, socket) => socket.destroy()) // more than MAX_REQUESTS
  }

  get count(): number {
    return this.#waiting.size
  }
  /** Octets of answers that are still in this process, because clients have not read them. */
  get queued(): number {
    return [...this.#waiting.keys()].reduce((all, { queued }) => all + queued, 0)
  }

  /** Registers a request. Returns false, and closes the connection, if it has too many unanswered requests. */
  begin(connection: Duplex, response: ServerResponse): boolean {
    const socket = connection as Sliced // all connections are made above
    const waiting = this.#waiting.get(socket)
    if (waiting === undefined) return false // closed already
    if (waiting >= MAX_PIPELINED) {
      this.#close(socket)
      return false
    }
    this.#use(socket, waiting + 1)
    response.once('close', () => this.#use(socket, (this.#waiting.get(socket) ?? 1) - 1))
    return true
  }

  #admit(socket: Sliced): void {
    if (this.#waiting.size >= this.#max) this.#close(this.#leastUseful())
    this.#waiting.set(socket, 0)
    socket.once('close', () => this.#waiting.delete(socket))
  }
  /** Frees the descriptor at once; the event comes later. */
  #close(socket: Sliced): void {
    this.#waiting.delete(socket)
    socket.destroy()
  }
  /** Moves it to the end of the order. */
  #use(socket: Sliced, waiting: number): void {
    if (this.#waiting.delete(socket)) this.#waiting.set(socket, waiting)
  }
  /** A connection of the address with the most connections: the longest idle one, else the least recently used one. */
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
