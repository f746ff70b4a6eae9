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
import { type Address, encode, type Prefix, parseAddress } from '@softspoken/wire'
import { advertisement, type Preference, type Towards, withdrawal } from './advertise.ts'
import { type HostRoute, hostRoute } from './host-route.ts'
import { forgetContent, reconcile, type Told, toldNothing } from './reconcile.ts'

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
    /** Prefixes whose present content has been sent on this session. */
    readonly sent: readonly Prefix[]
    /** Why prefixes cannot be sent to this peer, by prefix. */
    readonly unsendable: Readonly<Record<Prefix, string>>
  })[]
}

interface Wanted {
  readonly route: HostRoute
  readonly preference: Preference
}

const LONGEST_DRAIN = 25 // seconds; with the goodbye it fits the 30 s that Kubernetes gives

/** Sessions start with the announcer, so that they stand before the first route is wanted. */
export class Announcer implements AsyncDisposable {
  readonly sessions: readonly Session[]
  readonly #peers: readonly PeerView[]
  readonly #wanted = new Map<Prefix, Wanted>()
  readonly #options: AnnouncerOptions
  readonly #maxPrefixes: number
  readonly #drainTime: number
  readonly #clock: Clock
  #ending: Promise<void> | undefined
  #closing: Promise<void> | undefined

  /** @throws RangeError or TypeError naming the option, the value and what is allowed. */
  constructor(options: AnnouncerOptions) {
    const { peers, nextHop, maxPrefixes = 1, advertisementInterval, drainTime = 3, ...rest } = options
    if (!Array.isArray(peers) || peers.length === 0)
      throw new TypeError(`peers: ${peers} is not allowed, it must be a list of at least one peer`)
    between(maxPrefixes, 1, 1000, 'maxPrefixes')
    between(drainTime, 0, LONGEST_DRAIN, 'drainTime')
    if (advertisementInterval !== undefined) between(advertisementInterval, 5, 600, 'advertisementInterval')
    if (nextHop !== undefined) checkNextHop(nextHop)
    this.#options = options
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
    const { signal, ...preference } = options
    signal?.throwIfAborted()
    if (this.#ending) throw new Error('the announcer is draining or closed, it announces nothing more')
    const route = hostRoute(prefix)
    if (this.#wanted.has(route.prefix)) throw new Error(`prefix: ${route.prefix} is announced already`)
    if (this.#wanted.size >= this.#maxPrefixes)
      throw new Error(`prefix: ${route.prefix} would be more than maxPrefixes, ${this.#maxPrefixes}, allows`)
    this.#check(route, preference)
    let wanted: Wanted = { route, preference }
    const withdraw = (): void => {
      signal?.removeEventListener('abort', withdraw)
      if (this.#wanted.get(route.prefix) !== wanted) return
      this.#wanted.delete(route.prefix)
      this.#reconcile()
    }
    const update = (change: Preference): void => {
      if (this.#wanted.get(route.prefix) !== wanted) throw new Error(`prefix: ${route.prefix} is withdrawn`)
      const changed = { ...preference, ...change }
      this.#check(route, changed)
      wanted = { route, preference: changed }
      this.#wanted.set(route.prefix, wanted)
      this.#reconcile()
    }
    signal?.addEventListener('abort', withdraw, { once: true })
    this.#wanted.set(route.prefix, wanted)
    this.#reconcile()
    return { prefix: route.prefix, update, withdraw, [Symbol.dispose]: withdraw }
  }

  /**
   * Withdraws everything and takes nothing new, with the sessions left standing. Resolves when the routers have had
   * `drainTime` to converge, or at once where none had been sent anything.
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

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

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
    const someoneKnows = this.#peers.some(peer => peer.report().sent.length > 0)
    this.#wanted.clear()
    this.#reconcile()
    if (someoneKnows && this.#drainTime > 0)
      await new Promise<void>(done => this.#clock.setTimeout(done, this.#drainTime * 1000))
  }

  /** Everything that can be known to be wrong now throws now, before anything is sent. */
  #check(route: HostRoute, preference: Preference): void {
    for (const name of Object.keys(preference))
      if (!preferenceNames.includes(name))
        throw new TypeError(`${name}: no such option, there are ${preferenceNames.join(', ')}, signal`)
    const { local, nextHop } = this.#options
    if (route.address === local.id)
      throw new RangeError(
        `prefix: ${route.prefix} is not allowed, it is our BGP Identifier, which must differ from node to node`,
      )
    if (route.address === nextHop)
      throw new RangeError(`nextHop: ${nextHop} is not allowed, it is the address that is announced`)
    if (preference.localPref !== undefined && this.#peers.every(peer => peer.external))
      throw new RangeError(
        'localPref: not allowed, no peer is internal and an external one would ignore it (RFC 4271 §5.1.5)',
      )
    for (const peer of this.#peers) peer.check(route, preference)
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
  #routes = new Map<Prefix, HostRoute>()
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
      const asked = [...this.#routes.values()].filter(route => route.family === family)
      this.#told = forgetContent(
        this.#told,
        asked.map(({ prefix }) => prefix),
      )
      this.reconcile()
    })
    session.on('down', () => {
      this.#told = toldNothing
      this.#routes.clear()
      options.clock.clearTimeout(this.#timer)
    })
  }

  reconcile(): void {
    const { clock, log } = this.#options
    clock.clearTimeout(this.#timer)
    if (this.session.state !== 'Established') return
    const updates = new Map(
      [...this.#wanted].flatMap(([prefix, { route, preference }]) => {
        const nextHop = this.#nextHop(route)
        return typeof nextHop === 'object'
          ? []
          : [[prefix, { route, update: advertisement(route, preference, this.#towards(nextHop)) }] as const]
      }),
    )
    const content = new Map([...updates].map(([prefix, { update }]) => [prefix, JSON.stringify(update)]))
    const plan = reconcile(this.#told, content, clock.now(), this.#interval)
    this.#told = plan.told
    const peer = this.session.config.peer.address
    for (const prefix of plan.withdraw) {
      this.session.send(withdrawal(this.#routes.get(prefix)!)) // what was told has its route
      this.#routes.delete(prefix)
      log?.info({ peer, prefix }, 'withdrawal sent')
    }
    for (const prefix of plan.advertise) {
      const { route, update } = updates.get(prefix)! // planned from these
      this.session.send(update)
      this.#routes.set(prefix, route)
      log?.info({ peer, prefix, ...update.attributes }, 'route sent')
    }
    for (const [prefix, why] of Object.entries(this.report().unsendable))
      log?.error({ peer, prefix, why }, 'route cannot be sent')
    if (plan.wakeAt !== undefined)
      this.#timer = clock.setTimeout(() => this.reconcile(), Math.ceil(plan.wakeAt - clock.now()))
  }

  /** What is wrong with this route for this peer before any session stands. */
  check(route: HostRoute, preference: Preference): void {
    const { families, peer, local } = this.session.config
    if (!families.includes(route.family))
      throw new RangeError(
        `prefix: ${route.prefix} is not allowed towards ${peer.address}, its families are ${families.join(', ')}`,
      )
    const { nextHop = local.address ?? peer.address } = this.#options // of the family that the session's own address has
    if (nextHop.includes(':') !== route.prefix.includes(':'))
      throw new RangeError(
        `nextHop: must be given for ${route.prefix} towards ${peer.address}, and be of the prefix's family`,
      )
    encode(advertisement(route, preference, this.#towards(nextHop)))
  }

  report(): { readonly sent: readonly Prefix[]; readonly unsendable: Readonly<Record<Prefix, string>> } {
    const unsendable: Record<Prefix, string> = {}
    if (this.session.state === 'Established')
      for (const [prefix, { route }] of this.#wanted) {
        const nextHop = this.#nextHop(route)
        if (typeof nextHop === 'object') unsendable[prefix] = nextHop.why
      }
    return { sent: [...this.#told.current.keys()], unsendable }
  }

  /** The next hop towards this peer, or why there is none. */
  #nextHop({ family, prefix }: HostRoute): Address | { readonly why: string } {
    const { negotiated, local } = this.session.status()
    if (!negotiated?.families.includes(family)) return { why: `the peer does not take ${family} routes` }
    const nextHop = this.#options.nextHop ?? local.address
    if (nextHop === undefined || nextHop.includes(':') !== prefix.includes(':'))
      return { why: `the session's local address ${nextHop} cannot be the next hop of ${prefix}: give nextHop` }
    return nextHop
  }
  #towards(nextHop: Address): Towards {
    return { localAs: this.session.config.local.as, external: this.external, nextHop }
  }
}

/** Never 0.0.0.0, never ::ffff:…: a router would take the route and lose the traffic. */
function checkNextHop(nextHop: Address): void {
  const octets = parseAddress(nextHop, 'nextHop')
  const mapped = octets.length === 16 && octets.subarray(0, 10).every(octet => octet === 0) && octets[10] === 0xff
  if (mapped || octets.every(octet => octet === 0))
    throw new RangeError(`nextHop: '${nextHop}' is not allowed, it must be an address of a host`)
}
function between(value: number, min: number, max: number, name: string): void {
  if (!(typeof value === 'number' && value >= min && value <= max))
    throw new RangeError(`${name}: ${value} is not allowed, it must be from ${min} to ${max}`)
}
