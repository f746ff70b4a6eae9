/** One peer: what it has been told, what it should know, and what cannot be said to it. */
import { type Clock, errorText, type Logger, type Session, type SessionStatus } from '@softspoken/session'
import { type Address, encode, type Family, OptionError, type Prefix, type Update } from '@softspoken/wire'
import { advertisement, endOfRib, type Resolved, type Towards, withdrawal } from './advertise.ts'
import { type HostRoute, hostRoute } from './host-route.ts'
import {
  canonical,
  type InterfaceAddress,
  interfaceAddresses,
  isIpv6,
  isLinkLocal,
  isNoHost,
  type NextHop,
  ownNextHop,
  split,
} from './next-hop.ts'
import { forFamily, type PerFamily } from './per-family.ts'
import { type Explanation, type UnsendableReason, unsendableReason } from './reasons.ts'
import { askAgain, reconcile, type Told, toldNothing } from './reconcile.ts'

type Unsendable = Explanation<UnsendableReason>

/** A route as the announcer wants it. */
export interface Route {
  readonly route: HostRoute
  readonly preference: Resolved
}

export interface PeerViewOptions {
  /** What the peer should have, at the moment of asking. */
  readonly wanted: () => readonly Route[]
  readonly sent: (event: { readonly prefix: Prefix; readonly peer: Address }) => void
  readonly nextHop: Address | PerFamily | undefined
  readonly advertisementInterval: number | undefined
  readonly clock: Clock
  readonly log: Logger | undefined
}

/** What an established session came to, and the addresses of this host then: an interface that flaps changes nothing. */
interface Agreed extends Required<Pick<SessionStatus, 'negotiated' | 'local'>> {
  addresses: readonly InterfaceAddress[]
}

/** What this session should carry, and what it cannot. */
interface Desired {
  readonly updates: ReadonlyMap<Prefix, Update>
  readonly unsendable: Readonly<Record<Prefix, Unsendable>>
  /** One of these waits for an address that this host may yet get. */
  readonly mayCome: boolean
}

const LOOK_AGAIN = 5000 // milliseconds until this host is asked for an address once more
const TRY_AGAIN = 1000 // milliseconds until a withdrawal that could not be sent is tried once more

export class PeerView {
  readonly session: Session
  readonly external: boolean
  readonly #options: PeerViewOptions
  readonly #interval: number
  /** The peer's address as hostRoute() would spell it. */
  readonly #peerAddress: Address
  /** From the session's beginning until we are told of its end. */
  #established: Agreed | undefined
  #told: Told = toldNothing
  /** Families whose routes the peer has asked for again (RFC 2918). */
  readonly #refreshing = new Set<Family>()
  /** The peer has heard all that there was to say when the session stood. */
  #complete = false
  #withdrawnAt = Number.NEGATIVE_INFINITY
  /** Prefixes that have been logged as unsendable on this session. */
  #complained: readonly Prefix[] = []
  /** What could not be sent the last time, and why. */
  #failed: ReadonlyMap<Prefix, Unsendable> = new Map()
  /** What kept everything from being sent, and has been logged. */
  #stuck: string | undefined
  #timer: unknown

  constructor(session: Session, options: PeerViewOptions) {
    this.session = session
    this.#options = options
    const { local, peer } = session.config
    this.external = local.as !== peer.as
    this.#interval = (options.advertisementInterval ?? (this.external ? 30 : 5)) * 1000
    this.#peerAddress = canonical(split(peer.address).address, 'peer.address')
    session.on('established', ({ negotiated }) => {
      const { local } = session.status()
      const addresses = local.address !== undefined && isLinkLocal(local.address) ? interfaceAddresses() : []
      this.#established = { negotiated, local, addresses }
      this.reconcile()
    })
    session.on('writable', () => this.reconcile())
    session.on('refresh', ({ family }) => {
      this.#refreshing.add(family)
      this.reconcile()
    })
    session.on('down', () => {
      this.#established = undefined
      this.#told = toldNothing
      this.#withdrawnAt = Number.NEGATIVE_INFINITY
      this.#complained = []
      this.#failed = new Map()
      this.#refreshing.clear()
      this.#complete = false
    })
  }

  /** Its session is for routes of this family too; that the peer takes them is known when it stands. */
  carries({ family }: HostRoute): boolean {
    return this.session.config.families.includes(family)
  }

  /** It has been sent a route that has not been withdrawn since. */
  get knowsOfUs(): boolean {
    return this.#told.current.size > 0
  }

  /** When a withdrawal was last sent on this session, in milliseconds on the clock; to a peer that has fallen behind, it is yet to come. */
  get withdrawnAt(): number {
    return this.session.backlogged ? this.#options.clock.now() : this.#withdrawnAt
  }

  /** Sends what is due, and logs it. */
  reconcile(): void {
    for (const line of this.send()) line()
  }

  /** Sends what is due. Returns its log lines, for when every other peer has been sent its own. It never throws. */
  send(): (() => void)[] {
    const { clock, log } = this.#options
    const peer = this.session.config.peer.address
    try {
      const lines = this.#send()
      this.#stuck = undefined
      return lines
    } catch (error) {
      const cause = unsendableReason('send-failed', errorText(error))
      const isNews = cause.detail !== this.#stuck
      this.#stuck = cause.detail
      this.#timer = clock.setTimeout(() => this.reconcile(), TRY_AGAIN)
      return isNews ? [() => log?.error({ peer, ...cause }, 'route cannot be sent')] : []
    }
  }

  #send(): (() => void)[] {
    const lines: (() => void)[] = []
    const { clock, log, sent } = this.#options
    clock.clearTimeout(this.#timer)
    // A peer that reads too slowly is told, once it has caught up, what is true then; see `drain` above.
    const agreed = this.#agreed
    if (agreed === undefined || this.session.backlogged) return lines
    const { updates, unsendable, mayCome } = this.#desired(agreed)
    const content = new Map([...updates].map(([prefix, update]) => [prefix, contentOf(update)]))
    const now = clock.now()
    const refresh = this.#refresh(content, now)
    const before = this.#told
    const plan = reconcile(askAgain(before, refresh.prefixes), content, now, this.#interval)
    this.#told = plan.told
    const failed = new Map<Prefix, Unsendable>()
    /** Runs a send. What it throws becomes the reason that these prefixes cannot be sent: the peer then knows what it knew. */
    const attempt = (prefixes: readonly Prefix[], run: () => void): boolean => {
      try {
        run()
        return true
      } catch (error) {
        for (const prefix of prefixes) {
          failed.set(prefix, unsendableReason('send-failed', errorText(error)))
          this.#told = asBefore(this.#told, before, prefix)
        }
        return false
      }
    }
    let wakeAt = Math.min(plan.wakeAt ?? Number.POSITIVE_INFINITY, refresh.wakeAt)
    const peer = this.session.config.peer.address
    for (const prefix of plan.withdraw) {
      if (attempt([prefix], () => this.session.send(withdrawal(hostRoute(prefix))))) {
        this.#withdrawnAt = now
        lines.push(() => log?.info({ peer, prefix }, 'withdrawal sent'))
      } else wakeAt = Math.min(wakeAt, now + TRY_AGAIN)
    }
    const planned = plan.advertise.map(prefix => ({ prefix, update: updates.get(prefix)! })) // planned from these
    for (const family of refresh.families) {
      const all = planned.filter(({ prefix }) => familyOf(prefix) === family)
      const again = () =>
        this.session.resend(
          family,
          all.map(({ update }) => update),
        )
      if (
        attempt(
          all.map(({ prefix }) => prefix),
          again,
        )
      )
        this.#refreshing.delete(family)
    }
    for (const { prefix, update } of planned) {
      if (failed.has(prefix)) continue
      if (!refresh.families.includes(familyOf(prefix)) && !attempt([prefix], () => this.session.send(update))) continue
      lines.push(() => log?.info({ peer, prefix, ...update.attributes }, 'route sent'))
      sent({ prefix, peer })
    }
    if (!this.#complete) attempt([], () => this.#endOfRib(agreed))
    this.#failed = failed
    if (failed.size > 0) wakeAt = Math.min(wakeAt, now + this.#interval)
    if (mayCome) wakeAt = Math.min(wakeAt, now + LOOK_AGAIN)
    const wrong = Object.entries({ ...unsendable, ...Object.fromEntries(failed) })
    for (const [prefix, cause] of wrong)
      if (!this.#complained.includes(prefix))
        lines.push(() => log?.error({ peer, prefix, ...cause }, 'route cannot be sent'))
    this.#complained = wrong.map(([prefix]) => prefix)
    if (wakeAt < Number.POSITIVE_INFINITY)
      this.#timer = clock.setTimeout(() => this.reconcile(), Math.ceil(wakeAt - now))
    return lines
  }

  /** Once per session, after what was desired when it stood; to a peer that knows what it means (RFC 4724 §2, §4.1). */
  #endOfRib({ negotiated }: Agreed): void {
    this.#complete = true
    if (negotiated.endOfRib) for (const family of negotiated.families) this.session.send(endOfRib(family))
  }

  /**
   * The families that can be sent again now, and their routes. All or nothing: after the end of a marked refresh the peer
   * forgets what was not in it (RFC 7313 §4), so it waits until the interval allows for the last of them.
   */
  #refresh(
    desired: ReadonlyMap<Prefix, string>,
    now: number,
  ): {
    readonly families: readonly Family[]
    readonly prefixes: Prefix[]
    readonly wakeAt: number
  } {
    const asked = [...this.#refreshing].map(family => {
      const known = [...this.#told.current.keys()].filter(prefix => familyOf(prefix) === family)
      const prefixes = known.filter(prefix => desired.has(prefix)) // what is withdrawn now need not be waited for
      const never = Number.NEGATIVE_INFINITY
      const last = Math.max(...prefixes.map(prefix => this.#told.advertisedAt.get(prefix) ?? never))
      return { family, prefixes, at: last + this.#interval }
    })
    const due = asked.filter(({ at }) => at <= now)
    return {
      families: due.map(({ family }) => family),
      prefixes: due.flatMap(({ prefixes }) => prefixes),
      wakeAt: Math.min(...asked.filter(({ at }) => at > now).map(({ at }) => at)),
    }
  }

  /** @throws OptionError for what is wrong with this route towards this peer before any session stands. */
  check(route: HostRoute, preference: Resolved): void {
    const { peer, local, extendedNextHop } = this.session.config
    const refused =
      route.address === local.id
        ? 'another address than our BGP Identifier, which differs from node to node'
        : route.address === this.#peerAddress
          ? 'another address than that of a peer'
          : undefined
    if (refused !== undefined) throw new OptionError('prefix', route.prefix, refused)
    if (!this.carries(route)) return
    // What the interface of a link-local session has is known when the session stands.
    const own = local.address !== undefined && !isLinkLocal(local.address) ? local.address : undefined
    const nextHop = forFamily(this.#options.nextHop, route.family) ?? own
    const why =
      nextHop !== undefined
        ? this.#unfit(route, nextHop, extendedNextHop)?.detail
        : !isLinkLocal(this.#peerAddress) &&
            isIpv6(peer.address) !== isIpv6(route.address) &&
            !(isIpv6(peer.address) && extendedNextHop)
          ? `the session with ${peer.address} has no ${isIpv6(route.address) ? 'IPv6' : 'IPv4'} address of its own`
          : undefined
    if (why !== undefined && nextHop === undefined)
      throw new OptionError('nextHop', nextHop, `given, because ${why}`, `nextHop: it must be given, because ${why}`)
    if (why !== undefined) throw new OptionError('nextHop', nextHop, `another address, because ${why}`)
    // As long as it can get: four octets, or two where those are not enough, with an AS4_PATH beside (RFC 6793 §4.2.2).
    const fourOctetAs = local.as <= 0xffff
    encode(advertisement(route, preference, this.#towards(nextHop ?? this.#peerAddress)), { fourOctetAs })
  }

  report(): { readonly sent: readonly Prefix[]; readonly unsendable: Readonly<Record<Prefix, Unsendable>> } {
    const agreed = this.#agreed
    const foreign = this.#notCarried()
    if (agreed === undefined) return { sent: [], unsendable: foreign }
    const { updates, unsendable } = this.#desired(agreed)
    const sent = [...updates].filter(([prefix, update]) => this.#told.current.get(prefix) === contentOf(update))
    return {
      sent: sent.map(([prefix]) => prefix),
      unsendable: { ...foreign, ...unsendable, ...Object.fromEntries(this.#failed) },
    }
  }

  /** Routes of families that this session was not configured for. No error where another peer's session has them. */
  #notCarried(): Readonly<Record<Prefix, Unsendable>> {
    const { peer, families } = this.session.config
    const others = this.#options.wanted().filter(({ route }) => !this.carries(route))
    return Object.fromEntries(
      others.map(({ route: { prefix, family } }) => [
        prefix,
        unsendableReason('family-not-configured', peer.address, families, family),
      ]),
    )
  }

  /** Undefined unless the session stands, and we have been told so. */
  get #agreed(): Agreed | undefined {
    return this.session.state === 'Established' ? this.#established : undefined
  }

  #desired(agreed: Agreed): Desired {
    const updates = new Map<Prefix, Update>()
    const unsendable: Record<Prefix, Unsendable> = {}
    let mayCome = false
    const wanted = this.#options.wanted()
    const taken = [this.#peerAddress, ...wanted.map(({ route }) => route.address)]
    for (const { route, preference } of wanted) {
      if (!this.carries(route)) continue
      try {
        const hop = this.#nextHop(route, agreed, taken)
        if ('address' in hop) updates.set(route.prefix, advertisement(route, preference, this.#towards(hop.address)))
        else {
          const { mayCome: later = false, ...cause } = hop
          unsendable[route.prefix] = cause
          mayCome ||= later
        }
      } catch (error) {
        unsendable[route.prefix] = unsendableReason('send-failed', errorText(error))
      }
    }
    return { updates, unsendable, mayCome }
  }

  #nextHop(route: HostRoute, agreed: Agreed, taken: readonly Address[]): NextHop {
    const { negotiated, local } = agreed
    if (!negotiated.families.includes(route.family)) return unsendableReason('family-not-negotiated', route.family)
    const given = forFamily(this.#options.nextHop, route.family)
    const hop = given === undefined ? this.#ownNextHop(route, agreed, local.address, taken) : { address: given }
    if (!('address' in hop)) return hop
    return this.#unfit(route, hop.address, negotiated.extendedNextHop) ?? hop
  }

  /** This host is asked anew only for an address that it had not when the session was established. */
  #ownNextHop(route: HostRoute, agreed: Agreed, local: Address | undefined, taken: readonly Address[]): NextHop {
    const device = this.session.config.bindDevice ?? split(this.session.config.peer.address).zone
    const { extendedNextHop } = agreed.negotiated
    const known = ownNextHop(route, { local, device, addresses: agreed.addresses }, extendedNextHop, taken)
    if ('address' in known || !known.mayCome) return known
    const addresses = interfaceAddresses()
    const now = ownNextHop(route, { local, device, addresses }, extendedNextHop, taken)
    if ('address' in now) agreed.addresses = addresses
    return now
  }

  /** Why this cannot be the next hop of the route towards this peer: the router would refuse it, or lose the traffic. */
  #unfit({ prefix, address }: HostRoute, nextHop: Address, extended: boolean): Unsendable | undefined {
    if (isIpv6(nextHop) !== isIpv6(address) && !(isIpv6(nextHop) && extended))
      return unsendableReason('next-hop-of-another-family', nextHop, prefix)
    const hop = canonical(nextHop, 'nextHop')
    if (hop === address) return unsendableReason('next-hop-is-announced', hop)
    if (hop === this.#peerAddress) return unsendableReason('next-hop-is-peer', hop)
    return isNoHost(hop) ? unsendableReason('next-hop-is-no-host', hop) : undefined
  }

  #towards(nextHop: Address): Towards {
    return { localAs: this.session.config.local.as, external: this.external, nextHop }
  }
}

function familyOf(prefix: Prefix): Family {
  return hostRoute(prefix).family
}

/** What may change about a prefix's route: its attributes. */
function contentOf({ attributes }: Update): string {
  return JSON.stringify(attributes)
}

/** The same, but of this prefix the peer knows what it knew before. */
function asBefore(told: Told, before: Told, prefix: Prefix): Told {
  const current = new Map(told.current)
  const content = before.current.get(prefix)
  if (content === undefined) current.delete(prefix)
  else current.set(prefix, content)
  return { ...told, current }
}
