/** Keeps host routes announced to one or more peers: what each has been told follows the desired set, always. */
import {
  type Clock,
  type Logger,
  type Peer,
  realTime,
  Session,
  type SessionOptions,
  type Status,
} from '@softspoken/session'
import { type Address, encode, formatAddress, type Prefix, parseAddress, type Update } from '@softspoken/wire'
import { advertisement, type Preference, type Towards, withdrawal } from './advertise.ts'
import { type HostRoute, hostRoute } from './host-route.ts'
import { askAgain, reconcile, type Told, toldNothing } from './reconcile.ts'

/** Everything a session may be told holds for each peer. */
export interface AnnouncerOptions extends Omit<SessionOptions, 'peer' | 'passive'> {
  /** The routers; one session each. */
  peers: readonly Peer[]
  /** Where traffic for the announced addresses goes. Default: each session's own local address. */
  nextHop?: Address
  /** How many prefixes may be announced at once. Default 1: it bounds what a mistake can do. */
  maxPrefixes?: number
  /** Seconds between two advertisements of one prefix to one peer; at least 5. Default 30 to an external peer, 5 to an internal one (RFC 4271 §10). */
  advertisementInterval?: number
  /** Seconds to go on serving after a withdrawal, for the routers to converge, before Cease; 0 to 25. Default 3. */
  drainTime?: number
}

export interface AnnounceOptions extends Preference {
  /** Aborting it withdraws the route. */
  signal?: AbortSignal
}

/** A route that is to be announced, until it is withdrawn. */
export interface Announcement extends Disposable {
  readonly prefix: Prefix
  /**
   * Announces the same prefix in another way; an equal one sends nothing. Preferences left out are as in announce().
   * @throws RangeError as announce() does, Error once withdrawn; the former preference then stands.
   */
  update(preference: Preference): void
  /** Tells every established peer at once. Disposing, and aborting the signal, do the same. Safe to call twice. */
  withdraw(): void
}

/** A snapshot: each peer's session, and what it has been sent. That it took it is more than BGP can tell. */
export interface AnnouncerStatus {
  readonly announcements: readonly Prefix[]
  readonly peers: readonly (Status & {
    /** Prefixes whose present content has been sent on this session; one that waits for the interval is not among them. */
    readonly sent: readonly Prefix[]
    /** Why prefixes cannot be sent to this peer, by prefix. */
    readonly unsendable: Readonly<Record<Prefix, string>>
  })[]
}

interface Wanted {
  readonly route: HostRoute
  readonly preference: Preference
  withdraw(): void
}

const LONGEST_DRAIN = 25 // seconds; with the goodbye it fits the 30 s that Kubernetes gives

/** Sessions start with the announcer, so that they stand before the first route is wanted. */
export class Announcer implements AsyncDisposable {
  readonly sessions: readonly Session[]
  readonly #peers: readonly PeerView[]
  readonly #wanted = new Map<Prefix, Wanted>()
  readonly #maxPrefixes: number
  readonly #drainTime: number
  readonly #clock: Clock
  #ending: Promise<void> | undefined
  #closing: Promise<void> | undefined

  /** @throws RangeError or TypeError naming the option, the value and what is allowed. */
  constructor(options: AnnouncerOptions) {
    const { peers, nextHop, maxPrefixes = 1, advertisementInterval, drainTime = 3, ...rest } = options
    for (const name of ['peer', 'passive'])
      if (name in rest) throw new TypeError(`${name}: no such option of an announcer, it dials each of its peers`)
    if (!Array.isArray(peers) || peers.length === 0)
      throw new TypeError(`peers: ${peers} is not allowed, it must be a list of at least one peer`)
    between(maxPrefixes, 1, 1000, 'maxPrefixes')
    if (!Number.isInteger(maxPrefixes))
      throw new RangeError(`maxPrefixes: ${maxPrefixes} is not allowed, it must be a whole number`)
    between(drainTime, 0, LONGEST_DRAIN, 'drainTime')
    if (advertisementInterval !== undefined) between(advertisementInterval, 5, 600, 'advertisementInterval')
    if (nextHop !== undefined) {
      const why = noHost(canonical(nextHop, 'nextHop'))
      if (why !== undefined) throw new RangeError(`nextHop: ${nextHop} is not allowed, ${why}`)
    }
    this.#maxPrefixes = maxPrefixes
    this.#drainTime = drainTime
    this.#clock = options.clock ?? realTime
    this.#peers = peers.map(
      peer =>
        new PeerView(new Session({ ...rest, peer }), this.#wanted, {
          nextHop,
          advertisementInterval,
          clock: this.#clock,
          log: options.log,
        }),
    )
    const ends = this.#peers.map(({ session }) => `${session.config.peer.address} port ${session.config.peer.port}`)
    const twice = ends.find((end, at) => ends.indexOf(end) < at)
    if (twice !== undefined) throw new RangeError(`peers: ${twice} is not allowed twice, a router takes one session`)
    this.sessions = this.#peers.map(peer => peer.session)
    for (const session of this.sessions) session.start()
  }

  /**
   * Wants a host route announced from now on: sent at once to every established peer, and to each other one when its
   * session stands.
   * @throws RangeError where the prefix is no host route, or a preference has no encoding; Error where the prefix is
   * announced already, maxPrefixes is reached, or the announcer is draining or closed.
   */
  announce(prefix: string, options: AnnounceOptions = {}): Announcement {
    const { signal, ...given } = options
    signal?.throwIfAborted()
    if (this.#ending) throw new Error('the announcer is draining or closed, it announces nothing more')
    const route = hostRoute(prefix)
    if (this.#wanted.has(route.prefix)) throw new Error(`prefix: ${route.prefix} is announced already`)
    if (this.#wanted.size >= this.#maxPrefixes)
      throw new Error(`prefix: ${route.prefix} would be more than maxPrefixes, ${this.#maxPrefixes}, allows`)
    const preference = this.#checked(route, given)
    const withdraw = (): void => {
      signal?.removeEventListener('abort', withdraw)
      if (this.#wanted.get(route.prefix)?.withdraw !== withdraw) return
      this.#wanted.delete(route.prefix)
      this.#reconcile()
    }
    const want = (preference: Preference): void => {
      this.#wanted.set(route.prefix, { route, preference, withdraw })
      this.#reconcile()
    }
    const update = (change: Preference): void => {
      if (this.#wanted.get(route.prefix)?.withdraw !== withdraw) throw new Error(`prefix: ${route.prefix} is withdrawn`)
      want(this.#checked(route, { ...preference, ...change }))
    }
    signal?.addEventListener('abort', withdraw, { once: true })
    want(preference)
    return { prefix: route.prefix, update, withdraw, [Symbol.dispose]: withdraw }
  }

  /**
   * Withdraws everything and takes nothing new, with the sessions left standing. Resolves when `drainTime` has passed
   * since the last withdrawal was sent, by this call or before it; at once where there was none.
   */
  drain(): Promise<void> {
    this.#ending ??= this.#drain()
    return this.#ending
  }

  /** Drains, then says Cease with the reason (RFC 9003) and closes. At most drainTime and about a second. Safe to call twice. */
  close(why = ''): Promise<void> {
    this.#closing ??= this.drain().then(async () => {
      await Promise.all(this.sessions.map(session => session.stop(why)))
    })
    return this.#closing
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** A snapshot of now. */
  status(): AnnouncerStatus {
    return {
      announcements: [...this.#wanted.keys()],
      peers: this.#peers.map(peer => ({ ...peer.session.status(), ...peer.report() })),
    }
  }

  #reconcile(): void {
    for (const peer of this.#peers) peer.reconcile()
  }

  async #drain(): Promise<void> {
    const all = [...this.#wanted.values()]
    this.#wanted.clear()
    this.#reconcile()
    for (const { withdraw } of all) withdraw() // nothing left to tell: they let go of their signals
    const drained = Math.max(...this.#peers.map(peer => peer.withdrawnAt)) + this.#drainTime * 1000
    const left = Math.ceil(drained - this.#clock.now())
    if (left > 0) await new Promise<void>(done => this.#clock.setTimeout(done, left))
  }

  /** Everything that can be known to be wrong now throws now, before anything is sent. A copy of the rest. */
  #checked(route: HostRoute, preference: Preference): Preference {
    for (const name of Object.keys(preference))
      if (!preferenceNames.includes(name))
        throw new TypeError(`${name}: no such preference, there are ${preferenceNames.join(', ')}`)
    if (preference.localPref !== undefined && this.#peers.every(peer => peer.external))
      throw new RangeError(
        'localPref: not allowed, no peer is internal and an external one would ignore it (RFC 4271 §5.1.5)',
      )
    for (const peer of this.#peers) peer.check(route, preference)
    return structuredClone(preference)
  }
}

const preferenceNames = ['med', 'localPref', 'communities', 'largeCommunities']

interface PeerViewOptions {
  readonly nextHop: Address | undefined
  readonly advertisementInterval: number | undefined
  readonly clock: Clock
  readonly log: Logger | undefined
}

/** One peer and what it has been told. */
class PeerView {
  readonly session: Session
  readonly external: boolean
  readonly #wanted: ReadonlyMap<Prefix, Wanted>
  readonly #options: PeerViewOptions
  readonly #interval: number
  #told: Told = toldNothing
  #withdrawnAt = Number.NEGATIVE_INFINITY
  /** Prefixes that have been logged as unsendable on this session. */
  #complained: readonly Prefix[] = []
  #timer: unknown

  constructor(session: Session, wanted: ReadonlyMap<Prefix, Wanted>, options: PeerViewOptions) {
    this.session = session
    this.#wanted = wanted
    this.#options = options
    const { local, peer } = session.config
    this.external = local.as !== peer.as
    this.#interval = (options.advertisementInterval ?? (this.external ? 30 : 5)) * 1000
    session.on('established', () => this.reconcile())
    session.on('refresh', ({ family }) => {
      const asked = [...this.#told.current.keys()].filter(prefix => hostRoute(prefix).family === family)
      this.#told = askAgain(this.#told, asked)
      this.reconcile()
    })
    session.on('down', () => {
      this.#told = toldNothing
      this.#withdrawnAt = Number.NEGATIVE_INFINITY
      this.#complained = []
    })
  }

  /** When a withdrawal was last sent on this session, in milliseconds on the clock. */
  get withdrawnAt(): number {
    return this.#withdrawnAt
  }

  reconcile(): void {
    const { clock, log } = this.#options
    clock.clearTimeout(this.#timer)
    if (this.session.state !== 'Established') return
    const { updates, unsendable } = this.#desired()
    const content = new Map([...updates].map(([prefix, update]) => [prefix, contentOf(update)]))
    const now = clock.now()
    const plan = reconcile(this.#told, content, now, this.#interval)
    this.#told = plan.told
    const peer = this.session.config.peer.address
    for (const prefix of plan.withdraw) {
      this.session.send(withdrawal(hostRoute(prefix)))
      this.#withdrawnAt = now
      log?.info({ peer, prefix }, 'withdrawal sent')
    }
    for (const prefix of plan.advertise) {
      const update = updates.get(prefix)! // planned from these
      this.session.send(update)
      log?.info({ peer, prefix, ...update.attributes }, 'route sent')
    }
    for (const [prefix, why] of Object.entries(unsendable))
      if (!this.#complained.includes(prefix)) log?.error({ peer, prefix, why }, 'route cannot be sent')
    this.#complained = Object.keys(unsendable)
    if (plan.wakeAt !== undefined) this.#timer = clock.setTimeout(() => this.reconcile(), Math.ceil(plan.wakeAt - now))
  }

  /** @throws RangeError or TypeError for what is wrong with this route towards this peer before any session stands. */
  check(route: HostRoute, preference: Preference): void {
    const { families, peer, local } = this.session.config
    const refused =
      route.address === local.id
        ? 'it is our BGP Identifier, which must differ from node to node'
        : route.address === canonical(peer.address, 'peer.address')
          ? 'it is the address of a peer'
          : !families.includes(route.family)
            ? `the families of the session with ${peer.address} are ${families.join(', ')}`
            : undefined
    if (refused !== undefined) throw new RangeError(`prefix: ${route.prefix} is not allowed, ${refused}`)
    const { nextHop = local.address } = this.#options
    const why =
      nextHop !== undefined
        ? this.#unfit(route, nextHop)
        : isIpv6(peer.address) !== isIpv6(route.address)
          ? `the session with ${peer.address} has no ${isIpv6(route.address) ? 'IPv6' : 'IPv4'} address of its own`
          : undefined
    if (why !== undefined) throw new RangeError(`nextHop: ${nextHop ?? 'leaving it out'} is not allowed, ${why}`)
    // As long as it can get: an AS_PATH of two-octet numbers takes an AS4_PATH beside it (RFC 6793 §4.2.2).
    const update = advertisement(route, preference, this.#towards(nextHop ?? route.address))
    for (const fourOctetAs of [true, false]) encode(update, { fourOctetAs })
  }

  report(): { readonly sent: readonly Prefix[]; readonly unsendable: Readonly<Record<Prefix, string>> } {
    const { updates, unsendable } = this.#desired()
    const sent = [...updates].filter(([prefix, update]) => this.#told.current.get(prefix) === contentOf(update))
    return { sent: sent.map(([prefix]) => prefix), unsendable }
  }

  /** What this session should carry, and what it cannot; nothing while it does not stand. */
  #desired(): { readonly updates: ReadonlyMap<Prefix, Update>; readonly unsendable: Record<Prefix, string> } {
    const updates = new Map<Prefix, Update>()
    const unsendable: Record<Prefix, string> = {}
    const { state, negotiated, local } = this.session.status()
    if (state !== 'Established') return { updates, unsendable }
    const nextHop = this.#options.nextHop ?? local.address
    for (const [prefix, { route, preference }] of this.#wanted) {
      const why = negotiated?.families.includes(route.family)
        ? this.#unfit(route, nextHop)
        : `the peer does not take ${route.family} routes`
      if (why !== undefined) unsendable[prefix] = why
      else updates.set(prefix, advertisement(route, preference, this.#towards(nextHop!))) // unfit where there is none
    }
    return { updates, unsendable }
  }

  /** Why this cannot be the next hop of the route towards this peer: the router would refuse it, or lose the traffic. */
  #unfit({ prefix, address }: HostRoute, nextHop: Address | undefined): string | undefined {
    if (nextHop === undefined) return "the session's own address is not known, nextHop must be given"
    if (isIpv6(nextHop) !== isIpv6(address)) return `${nextHop} is not of the family of ${prefix}`
    const hop = canonical(nextHop, 'nextHop')
    if (hop === address) return `${hop} is the address that is announced`
    if (hop === canonical(this.session.config.peer.address, 'peer.address'))
      return `${hop} is the peer's own address (RFC 4271 §5.1.3)`
    return noHost(hop)
  }

  #towards(nextHop: Address): Towards {
    return { localAs: this.session.config.local.as, external: this.external, nextHop }
  }
}

function contentOf(update: Update): string {
  return JSON.stringify(update)
}

/** Never 0.0.0.0, never ::ffff:…, whoever said so. */
function noHost(address: Address): string | undefined {
  return /^(0\.0\.0\.0|::|::ffff:.*)$/.test(address) ? `${address} is no host's address` : undefined
}

/** One text for one address, as a comparison needs it. */
function canonical(address: Address, field: string): Address {
  return formatAddress(parseAddress(address, field))
}

function isIpv6(address: Address): boolean {
  return address.includes(':')
}

function between(value: number, min: number, max: number, name: string): void {
  if (!(typeof value === 'number' && value >= min && value <= max))
    throw new RangeError(`${name}: ${value} is not allowed, it must be from ${min} to ${max}`)
}
