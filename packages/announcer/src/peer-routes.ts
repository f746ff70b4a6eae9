/** The routes of one peer: sends the difference between its Adj-RIB-Out and what is desired, and reports what cannot be sent. */
import type { Clock, Logger, Session, SessionStatus } from '@softspoken/session'
import { errorText, isIpv6, isLinkLocal, splitZone } from '@softspoken/session/internal'
import { type Address, encode, OptionError, type Prefix, type Update } from '@softspoken/wire'
import { canonical, canonicalLocal } from './address.ts'
import { type AdjRibOut, emptyAdjRibOut, type RouteContent, requestRefresh, restore } from './adj-rib-out.ts'
import {
  advertisement,
  type DesiredRoute,
  endOfRib,
  type PeerContext,
  type ResolvedPreference,
  withdrawal,
} from './advertise.ts'
import type { HostRoute } from './host-route.ts'
import { chooseNextHop, type InterfaceAddress, interfaceAddresses, type NextHop } from './next-hop.ts'
import { forFamily, type PerFamily } from './per-family.ts'
import { type Explanation, type UnsendableReason, unsendableReason } from './reasons.ts'
import { reconcile } from './reconcile.ts'

type Unsendable = Explanation<UnsendableReason>
/** A log call, which runs after every peer has been sent its messages. */
export type LogLine = () => void

export interface PeerRoutesOptions {
  /** The peer may have to be sent something: call reconcile(). */
  readonly due: (peer: PeerRoutes) => void
  readonly sent: (event: { readonly prefix: Prefix; readonly peer: Address }) => void
  readonly unsendable: (event: Unsendable & { readonly prefix: Prefix; readonly peer: Address }) => void
  readonly nextHop: Address | PerFamily | undefined
  /** In seconds; undefined for the default. */
  readonly advertisementInterval: number | undefined
  readonly clock: Clock
  readonly log: Logger | undefined
}

/** What an established session negotiated, and the addresses that this host had then: an interface that flaps changes nothing. */
interface Established extends Required<Pick<SessionStatus, 'negotiated'>> {
  /** The session's own address. */
  readonly local: Address | undefined
  addresses: readonly InterfaceAddress[]
}

/** An UPDATE, and what it was made from. */
interface BuiltUpdate extends RouteContent {
  readonly preference: ResolvedPreference
  readonly nextHop: Address
  readonly update: Update
}

/** The desired routes that can be sent on this session, and those that cannot. */
interface Sendable {
  readonly updates: ReadonlyMap<Prefix, BuiltUpdate>
  readonly unsendable: Readonly<Record<Prefix, Unsendable>>
  /** One of the unsendable routes may become sendable, because this host may get the address later. */
  readonly mayCome: boolean
}

/** The default MRAI in seconds (MinRouteAdvertisementIntervalTimer, RFC 4271 §10). */
const advertisementIntervals = { external: 30, internal: 5 } as const
const LOOK_AGAIN = 5000 // milliseconds until this host's addresses are read again
const TRY_AGAIN = 1000 // milliseconds until a withdrawal that could not be sent is tried once more

export class PeerRoutes {
  readonly session: Session
  readonly external: boolean
  readonly #options: PeerRoutesOptions
  readonly #interval: number
  /** The peer's address as hostRoute() would spell it. */
  readonly #peerAddress: Address
  /** Set by the event `established`, and undefined again after `down`. */
  #established: Established | undefined
  #ribOut: AdjRibOut = emptyAdjRibOut
  /** The UPDATE of each desired route, made once per change. */
  #built: ReadonlyMap<Prefix, BuiltUpdate> = new Map()
  /** The UPDATE that check() made last. It is usually the next one to be sent. */
  #checked: BuiltUpdate | undefined
  /** End-of-RIB has been sent, if the peer supports it. */
  #complete = false
  #withdrawnAt = Number.NEGATIVE_INFINITY
  /** The prefixes that this session has logged as unsendable. */
  #loggedUnsendable: readonly Prefix[] = []
  /** What could not be sent the last time, and why. */
  #failed: ReadonlyMap<Prefix, Unsendable> = new Map()
  /** The last error because of which nothing was sent. It is logged once. */
  #loggedError: string | undefined
  #timer: unknown

  constructor(session: Session, options: PeerRoutesOptions) {
    this.session = session
    this.#options = options
    const { local, peer } = session.config
    this.external = local.as !== peer.as
    const { external, internal } = advertisementIntervals
    this.#interval = (options.advertisementInterval ?? (this.external ? external : internal)) * 1000
    this.#peerAddress = canonical(splitZone(peer.address).address, 'peer.address')
    session.on('established', ({ negotiated }) => {
      const { address } = session.status().local
      const local = address === undefined ? undefined : canonicalLocal(address)
      const addresses = local !== undefined && isLinkLocal(local) ? interfaceAddresses() : []
      this.#established = { negotiated, local, addresses }
      options.due(this)
    })
    session.on('writable', () => options.due(this))
    session.on('refresh', ({ family }) => {
      this.#ribOut = requestRefresh(this.#ribOut, family)
      options.due(this)
    })
    session.on('down', () => {
      this.#established = undefined
      this.#ribOut = emptyAdjRibOut
      this.#withdrawnAt = Number.NEGATIVE_INFINITY
      this.#loggedUnsendable = []
      this.#failed = new Map()
      this.#complete = false
    })
  }

  /** The session is configured for this family. Whether the peer accepts it is negotiated when the session is established. */
  carries({ family }: HostRoute): boolean {
    return this.session.config.families.includes(family)
  }

  /** Its Adj-RIB-Out is not empty. */
  get hasRoutes(): boolean {
    return this.#ribOut.advertised.size > 0
  }

  /** When a withdrawal was last sent on this session, in milliseconds on the clock; now, if it waits because the peer does not read. */
  get withdrawnAt(): number {
    return this.session.backlogged ? this.#options.clock.now() : this.#withdrawnAt
  }

  /**
   * `encoded` has, for each kind of UPDATE, the preference that was encoded last: peers and routes of one kind share it,
   * because only the octets of their addresses differ.
   * @throws OptionError for what is wrong with this route towards this peer, whether or not its session is established.
   */
  check(route: HostRoute, preference: ResolvedPreference, encoded: Map<string, string>): void {
    const { local, extendedNextHop: extended } = this.session.config
    if (route.address === local.id)
      throw new OptionError(
        'prefix',
        route.prefix,
        'another address than our BGP Identifier, which differs from node to node',
      )
    if (route.address === this.#peerAddress)
      throw new OptionError('prefix', route.prefix, 'another address than that of a peer')
    if (!this.carries(route)) return
    const hop = this.#chooseNextHop(route, local.address, [], extended, [])
    if (!('address' in hop) && !hop.mayCome && hop.reason !== 'local-address-unknown') {
      const { nextHop } = this.#options
      const given = forFamily(nextHop, route.family) ?? local.address
      throw new OptionError('nextHop', given, `${given ? 'another address' : 'given'}, because ${hop.detail}`)
    }
    const nextHop = 'address' in hop ? hop.address : this.#peerAddress // of the same length
    this.#checked = this.#build(route, preference, nextHop)
    const kind = `${route.family} ${this.external} ${isIpv6(nextHop)}`
    const content = JSON.stringify(preference)
    if (encoded.get(kind) === content) return
    // The longest form: AS numbers of four octets; or of two octets with AS4_PATH, if ours needs four (RFC 6793 §4.2.2).
    encode(this.#checked.update, { fourOctetAs: local.as <= 0xffff })
    encoded.set(kind, content)
  }

  /** Sends what is due. Returns the log calls, to run after every other peer has been sent its messages. It never throws. */
  reconcile(desired: readonly DesiredRoute[]): LogLine[] {
    const { clock, log } = this.#options
    try {
      const lines = this.#reconcile(desired)
      this.#loggedError = undefined
      return lines
    } catch (error) {
      const cause = unsendableReason('send-failed', errorText(error))
      const isNews = cause.detail !== this.#loggedError
      this.#loggedError = cause.detail
      this.#timer = clock.setTimeout(() => this.#options.due(this), TRY_AGAIN)
      const peer = this.session.config.peer.address
      return isNews ? [() => log?.error({ peer, ...cause }, 'route cannot be sent')] : []
    }
  }

  #reconcile(desired: readonly DesiredRoute[]): LogLine[] {
    const lines: LogLine[] = []
    const { clock, log } = this.#options
    clock.clearTimeout(this.#timer)
    const { session } = this
    const established = this.#current
    // A peer that reads too slowly gets the desired routes after `writable`.
    if (established === undefined || session.backlogged) return lines
    const { updates, unsendable, mayCome } = this.#sendable(desired, established)
    const now = clock.now()
    const before = this.#ribOut
    const plan = reconcile(before, updates, now, this.#interval)
    this.#ribOut = plan.next
    let { wakeAt } = plan
    const failed = new Map<Prefix, Unsendable>()
    /** Runs a send. If it throws, the Adj-RIB-Out of these prefixes is as it was, and they are reported. */
    const attempt = (prefixes: readonly Prefix[], run: () => void): boolean => {
      try {
        run()
        return true
      } catch (error) {
        for (const prefix of prefixes) failed.set(prefix, unsendableReason('send-failed', errorText(error)))
        this.#ribOut = restore(this.#ribOut, before, prefixes)
        return false
      }
    }
    const peer = session.config.peer.address
    for (const route of plan.withdraw) {
      const { prefix } = route
      if (attempt([prefix], () => session.send(withdrawal(route)))) {
        this.#withdrawnAt = now
        lines.push(() => log?.info({ peer, prefix }, 'withdrawal sent'))
      } else wakeAt = Math.min(wakeAt, now + TRY_AGAIN)
    }
    const planned = plan.advertise.map(prefix => updates.get(prefix)!) // planned from these
    for (const family of plan.refresh) {
      const all = planned.filter(({ route }) => route.family === family)
      const prefixes = all.map(({ route }) => route.prefix)
      const again = all.map(({ update }) => update)
      if (!attempt(prefixes, () => session.resend(family, again))) this.#ribOut = requestRefresh(this.#ribOut, family)
    }
    for (const { route, update } of planned) {
      const { prefix, family } = route
      if (failed.has(prefix)) continue
      if (!plan.refresh.includes(family) && !attempt([prefix], () => session.send(update))) continue
      lines.push(() => log?.info({ peer, prefix, ...update.attributes }, 'route sent'))
      this.#options.sent({ prefix, peer })
    }
    if (!this.#complete) attempt([], () => this.#endOfRib(established))
    this.#failed = failed
    if (failed.size > 0) wakeAt = Math.min(wakeAt, now + this.#interval)
    if (mayCome) wakeAt = Math.min(wakeAt, now + LOOK_AGAIN)
    lines.push(...this.#reportUnsendable({ ...unsendable, ...Object.fromEntries(failed) }))
    if (wakeAt < Number.POSITIVE_INFINITY)
      this.#timer = clock.setTimeout(() => this.#options.due(this), Math.ceil(wakeAt - now))
    return lines
  }

  /** Reports each prefix once on each session. */
  #reportUnsendable(unsendable: Readonly<Record<Prefix, Unsendable>>): LogLine[] {
    const { log } = this.#options
    const peer = this.session.config.peer.address
    const lines: LogLine[] = []
    const all = Object.entries(unsendable)
    for (const [prefix, cause] of all) {
      if (this.#loggedUnsendable.includes(prefix)) continue
      this.#options.unsendable({ peer, prefix, ...cause })
      lines.push(() => log?.error({ peer, prefix, ...cause }, 'route cannot be sent'))
    }
    this.#loggedUnsendable = all.map(([prefix]) => prefix)
    return lines
  }

  /** Sent once per session, after the first routes, to a peer that supports it (RFC 4724 §2, §4.1). */
  #endOfRib({ negotiated }: Established): void {
    this.#complete = true
    if (negotiated.endOfRib) for (const family of negotiated.families) this.session.send(endOfRib(family))
  }

  report(desired: readonly DesiredRoute[]): {
    readonly sent: readonly Prefix[]
    readonly unsendable: Readonly<Record<Prefix, Unsendable>>
  } {
    const established = this.#current
    const others = this.#notCarried(desired)
    if (established === undefined) return { sent: [], unsendable: others }
    const { updates, unsendable } = this.#sendable(desired, established)
    const sent = [...updates].filter(
      ([prefix, { content }]) => this.#ribOut.advertised.get(prefix)?.content === content,
    )
    return {
      sent: sent.map(([prefix]) => prefix),
      unsendable: { ...others, ...unsendable, ...Object.fromEntries(this.#failed) },
    }
  }

  /** Routes of families that this session was not configured for. No error, because another peer's session may have them. */
  #notCarried(desired: readonly DesiredRoute[]): Readonly<Record<Prefix, Unsendable>> {
    const { peer, families } = this.session.config
    const others: Record<Prefix, Unsendable> = {}
    for (const { route } of desired)
      if (!this.carries(route))
        others[route.prefix] = unsendableReason('family-not-configured', peer.address, families, route.family)
    return others
  }

  /** Undefined unless the session is established and has emitted `established`. */
  get #current(): Established | undefined {
    return this.session.state === 'Established' ? this.#established : undefined
  }

  #sendable(desired: readonly DesiredRoute[], established: Established): Sendable {
    const updates = new Map<Prefix, BuiltUpdate>()
    const unsendable: Record<Prefix, Unsendable> = {}
    let mayCome = false
    const announced = desired.map(({ route }) => route.address)
    for (const { route, preference } of desired) {
      if (!this.carries(route)) continue
      try {
        const hop = this.#nextHop(route, established, announced)
        if ('address' in hop) updates.set(route.prefix, this.#build(route, preference, hop.address))
        else {
          const { mayCome: later, ...cause } = hop
          unsendable[route.prefix] = cause
          mayCome ||= later
        }
      } catch (error) {
        unsendable[route.prefix] = unsendableReason('send-failed', errorText(error))
      }
    }
    this.#built = updates
    return { updates, unsendable, mayCome }
  }

  /** Returns the UPDATE that was made before from the same values, or makes it. */
  #build(route: HostRoute, preference: ResolvedPreference, nextHop: Address): BuiltUpdate {
    for (const known of [this.#built.get(route.prefix), this.#checked])
      if (known?.route.prefix === route.prefix && known.preference === preference && known.nextHop === nextHop)
        return known
    const context: PeerContext = { localAs: this.session.config.local.as, external: this.external, nextHop }
    const update = advertisement(route, preference, context)
    return { route, preference, nextHop, update, content: JSON.stringify(update.attributes) }
  }

  /** The addresses of this host are read again only for one that it lacked when the session was established. */
  #nextHop(route: HostRoute, established: Established, announced: readonly Address[]): NextHop {
    const { negotiated, local, addresses } = established
    if (!negotiated.families.includes(route.family))
      return { ...unsendableReason('family-not-negotiated', route.family), mayCome: false }
    const { extendedNextHop } = negotiated
    const known = this.#chooseNextHop(route, local, addresses, extendedNextHop, announced)
    if ('address' in known || !known.mayCome) return known
    const again = interfaceAddresses()
    const now = this.#chooseNextHop(route, local, again, extendedNextHop, announced)
    if ('address' in now) established.addresses = again
    return now
  }

  #chooseNextHop(
    route: HostRoute,
    local: Address | undefined,
    addresses: readonly InterfaceAddress[],
    extended: boolean,
    announced: readonly Address[],
  ): NextHop {
    const { bindDevice, peer } = this.session.config
    const given = forFamily(this.#options.nextHop, route.family)
    const device = bindDevice ?? splitZone(peer.address).zone
    return chooseNextHop(route, { given, local, device, addresses, extended, peer: this.#peerAddress, announced })
  }
}
