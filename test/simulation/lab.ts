/** An announcer and its routers in virtual time: passive sessions at the other end of connections in memory. */

import type { Duplex } from 'node:stream'
import { Announcer, type AnnouncerOptions } from '@softspoken/announcer'
import { type Logger, type PeerOptions, Session, type SessionFailure } from '@softspoken/session'
import { MemorySocket, VirtualClock } from '@softspoken/session/testing'
import {
  type Attributes,
  decode,
  encode,
  endOfRib,
  type Family,
  familyByName,
  type Prefix,
  type Route,
  routes,
  shutdownText,
  type Update,
} from '@softspoken/wire'

export interface RouterOptions {
  readonly address?: string
  readonly as?: number
  readonly families?: readonly Family[]
  /** The address that the announcer's end of a connection to this router has; null if its socket has none. */
  readonly localAddress?: string | null
  /** Default true; false: no dial is answered. */
  readonly answers?: boolean
  /** As in SessionOptions. */
  readonly extendedNextHop?: boolean
  readonly gracefulRestart?: { readonly restartTime: number }
  /** Offers no four-octet AS numbers (RFC 6793). */
  readonly twoOctetAs?: boolean
}

interface ReceivedUpdate {
  /** Seconds since the lab was made. */
  readonly at: number
  readonly announced: readonly Prefix[]
  readonly withdrawn: readonly Prefix[]
  readonly attributes: Attributes
  /** The family whose End-of-RIB it is. */
  readonly end: string | undefined
}

/** An announcer and its routers, on one clock. */
export class Lab {
  readonly clock = new VirtualClock()
  readonly #routers: Router[] = []
  readonly #lines: { readonly level: string; readonly text: string; readonly [field: string]: unknown }[] = []

  get log(): Logger {
    const note = (level: string) => (fields: object, text: string) => this.#lines.push({ ...fields, level, text })
    return { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
  }

  router(options: RouterOptions = {}): Router {
    const router = new Router(this.clock, options)
    this.#routers.push(router)
    return router
  }
  /** With every router made so far as a peer. `options` may have wrong types. */
  announcer(options: Partial<AnnouncerOptions> | object = {}): Announcer {
    return new Announcer({
      local: { as: 65001, id: '192.0.2.1' },
      peers: this.#routers.map(router => router.peer),
      clock: this.clock,
      random: () => 1, // no jitter
      log: this.log,
      dial: ({ local, peer }) => this.#routers.find(router => router.peer.address === peer.address)!.answer(local.as),
      ...options,
    })
  }
  pass(seconds: number): Promise<void> {
    return this.clock.advance(seconds)
  }
  /** The events of the announcer from now on, one line each. */
  events(announcer: Announcer): string[] {
    const events: string[] = []
    announcer.on('withdrawn', ({ prefix, detail }) => events.push(`withdrawn ${prefix} ${detail}`))
    announcer.on('sent', ({ prefix, peer }) => events.push(`sent ${prefix} ${peer}`))
    return events
  }
  lines(wanted: string): { readonly [field: string]: unknown }[] {
    return this.#lines.filter(({ level }) => level === wanted).map(({ level: _, ...line }) => line)
  }
}

/** A passive session that accepts every route, and what it has received. */
export class Router {
  readonly peer: PeerOptions
  readonly received: ReceivedUpdate[] = []
  /** The type of every message on the wire towards this router, in order. */
  readonly types: string[] = []
  connections = 0
  notification: { at: number; code: number; subcode: number; text: string | undefined } | undefined
  readonly #clock: VirtualClock
  readonly #options: RouterOptions
  readonly #table = new Map<Prefix, string>()
  #session: Session | undefined
  #connection: MemorySocket | undefined

  constructor(clock: VirtualClock, options: RouterOptions) {
    this.#clock = clock
    this.#options = options
    this.peer = { as: options.as ?? 65000, address: options.address ?? '192.0.2.254' }
  }
  get session(): Session {
    if (!this.#session) throw new Error('this router has not been dialled yet')
    return this.#session
  }
  get table(): Record<Prefix, string> {
    return Object.fromEntries(this.#table)
  }
  get times(): number[] {
    return this.received.map(({ at }) => at)
  }
  /** MULTI_EXIT_DISC of every advertisement so far. */
  get meds(): (number | undefined)[] {
    return this.received.filter(({ announced }) => announced.length > 0).map(({ attributes }) => attributes.med)
  }

  /** Accepts a connection from the announcer, and returns the announcer's socket. */
  answer(peerAs: number): Duplex {
    const { answers = true, localAddress = '192.0.2.1', twoOctetAs = false } = this.#options
    this.connections++
    const [ours, theirs] = MemorySocket.pair()
    theirs.localAddress = localAddress ?? undefined
    theirs.rewrite = bytes => {
      this.types.push(messageTypes[bytes[18]!] ?? 'unknown') // each write is one message
      return bytes
    }
    if (twoOctetAs) ours.rewrite = withoutFourOctetAs
    this.#connection = ours
    if (answers)
      queueMicrotask(() => {
        theirs.emit('connect')
        this.#session ??= this.#start(peerAs)
        this.#session.accept(ours)
      })
    return theirs
  }
  /** Resets the connection, as a reboot does. */
  reset(): void {
    this.#connection?.reset()
  }
  /** Reads nothing from now on, like a stopped process. */
  freeze(): void {
    this.#connection?.stall()
  }
  refresh(family: Family): void {
    const { afi, safi } = familyByName[family]
    this.write(encode({ type: 'route-refresh', afi, safi, subtype: 0 }))
  }
  /** Writes to the connection directly, without its session. */
  write(bytes: Uint8Array): void {
    this.#connection?.write(bytes)
  }

  #start(peerAs: number): Session {
    const session = new Session({
      local: { as: this.peer.as, id: '192.0.2.254' },
      peer: { as: peerAs, address: this.peer.address.includes(':') ? '2001:db8:1::1' : '192.0.2.1' },
      families: this.#options.families ?? ['ipv4-unicast'],
      ...(this.#options.extendedNextHop !== undefined && { extendedNextHop: this.#options.extendedNextHop }),
      ...(this.#options.gracefulRestart && { gracefulRestart: this.#options.gracefulRestart }),
      passive: true,
      clock: this.#clock,
      random: () => 1,
    })
    session.on('update', ({ update }) => this.#onUpdate(update))
    session.on('down', down => this.#onDown(down))
    return session.start()
  }
  #onUpdate(update: Update): void {
    const { announced, withdrawn } = routes(update)
    for (const prefix of withdrawn) this.#table.delete(prefix)
    for (const { prefix, nextHop } of announced) this.#table.set(prefix, nextHop)
    const prefixes = announced.map(({ prefix }: Route) => prefix)
    this.received.push({
      at: this.#clock.now() / 1000,
      announced: prefixes,
      withdrawn,
      attributes: update.attributes,
      end: endOfRib(update),
    })
  }
  #onDown({ received }: SessionFailure): void {
    this.#table.clear()
    if (received === undefined) return
    const { code, subcode } = received
    this.notification = { at: this.#clock.now() / 1000, code, subcode, text: shutdownText(received) }
  }
}

/** RFC 4271 §4.1 and RFC 2918 §3, by number. */
const messageTypes = [undefined, 'open', 'update', 'notification', 'keepalive', 'route-refresh']

function withoutFourOctetAs(bytes: Uint8Array): Uint8Array {
  const result = decode(bytes)
  if (!result.ok || result.value.type !== 'open') return bytes
  const { capabilities } = result.value
  return encode({ ...result.value, capabilities: capabilities.filter(({ name }) => name !== 'four-octet-as') })
}
