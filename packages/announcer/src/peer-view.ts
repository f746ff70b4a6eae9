/** One peer: what it has been told, what it should know, and what cannot be said to it. */
import type { Clock, Logger, Session, Status } from '@softspoken/session'
import {
  type Address,
  encode,
  type Family,
  formatAddress,
  type Prefix,
  parseAddress,
  type Update,
} from '@softspoken/wire'
import { advertisement, endOfRib, type Resolved, type Towards, withdrawal } from './advertise.ts'
import { type HostRoute, hostRoute } from './host-route.ts'
import { forFamily, type PerFamily } from './per-family.ts'
import { askAgain, reconcile, type Told, toldNothing } from './reconcile.ts'

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

/** What an established session came to. */
type Agreed = Required<Pick<Status, 'negotiated' | 'local'>>

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
  #timer: unknown

  constructor(session: Session, options: PeerViewOptions) {
    this.session = session
    this.#options = options
    const { local, peer } = session.config
    this.external = local.as !== peer.as
    this.#interval = (options.advertisementInterval ?? (this.external ? 30 : 5)) * 1000
    this.#peerAddress = canonical(peer.address, 'peer.address')
    session.on('established', ({ negotiated }) => {
      this.#established = { negotiated, local: session.status().local }
      this.reconcile()
    })
    session.on('drain', () => this.reconcile())
    session.on('refresh', ({ family }) => {
      this.#refreshing.add(family)
      this.reconcile()
    })
    session.on('down', () => {
      this.#established = undefined
      this.#told = toldNothing
      this.#withdrawnAt = Number.NEGATIVE_INFINITY
      this.#complained = []
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

  /** Sends what is due. Returns its log lines, for when every other peer has been sent its own. */
  send(): (() => void)[] {
    const lines: (() => void)[] = []
    const { clock, log, sent } = this.#options
    clock.clearTimeout(this.#timer)
    // A peer that reads too slowly is told, once it has caught up, what is true then; see `drain` above.
    const agreed = this.#agreed
    if (agreed === undefined || this.session.backlogged) return lines
    const { updates, unsendable } = this.#desired(agreed)
    const content = new Map([...updates].map(([prefix, update]) => [prefix, contentOf(update)]))
    const now = clock.now()
    const refresh = this.#refresh(content, now)
    const plan = reconcile(askAgain(this.#told, refresh.prefixes), content, now, this.#interval)
    this.#told = plan.told
    const peer = this.session.config.peer.address
    for (const prefix of plan.withdraw) {
      this.session.send(withdrawal(hostRoute(prefix)))
      this.#withdrawnAt = now
      lines.push(() => log?.info({ peer, prefix }, 'withdrawal sent'))
    }
    const planned = plan.advertise.map(prefix => ({ prefix, update: updates.get(prefix)! })) // planned from these
    for (const family of refresh.families) {
      const all = planned.filter(({ prefix }) => familyOf(prefix) === family)
      this.session.resend(
        family,
        all.map(({ update }) => update),
      )
      this.#refreshing.delete(family)
    }
    for (const { prefix, update } of planned) {
      if (!refresh.families.includes(familyOf(prefix))) this.session.send(update)
      lines.push(() => log?.info({ peer, prefix, ...update.attributes }, 'route sent'))
      sent({ prefix, peer })
    }
    if (!this.#complete) this.#endOfRib(agreed)
    for (const [prefix, why] of Object.entries(unsendable))
      if (!this.#complained.includes(prefix))
        lines.push(() => log?.error({ peer, prefix, why }, 'route cannot be sent'))
    this.#complained = Object.keys(unsendable)
    const wakeAt = Math.min(plan.wakeAt ?? Number.POSITIVE_INFINITY, refresh.wakeAt)
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

  /** @throws RangeError or TypeError for what is wrong with this route towards this peer before any session stands. */
  check(route: HostRoute, preference: Resolved): void {
    const { peer, local, extendedNextHop } = this.session.config
    const refused =
      route.address === local.id
        ? 'it is our BGP Identifier, which must differ from node to node'
        : route.address === this.#peerAddress
          ? 'it is the address of a peer'
          : undefined
    if (refused !== undefined) throw new RangeError(`prefix: ${route.prefix} is not allowed, ${refused}`)
    if (!this.carries(route)) return
    const nextHop = forFamily(this.#options.nextHop, route.family) ?? local.address
    const why =
      nextHop !== undefined
        ? this.#unfit(route, nextHop, extendedNextHop)
        : isIpv6(peer.address) !== isIpv6(route.address) && !(isIpv6(peer.address) && extendedNextHop)
          ? `the session with ${peer.address} has no ${isIpv6(route.address) ? 'IPv6' : 'IPv4'} address of its own`
          : undefined
    if (why !== undefined) throw new RangeError(`nextHop: ${nextHop ?? 'leaving it out'} is not allowed, ${why}`)
    // As long as it can get: four octets, or two where those are not enough, with an AS4_PATH beside (RFC 6793 §4.2.2).
    const fourOctetAs = local.as <= 0xffff
    encode(advertisement(route, preference, this.#towards(nextHop ?? peer.address)), { fourOctetAs })
  }

  report(): { readonly sent: readonly Prefix[]; readonly unsendable: Readonly<Record<Prefix, string>> } {
    const agreed = this.#agreed
    if (agreed === undefined) return { sent: [], unsendable: {} }
    const { updates, unsendable } = this.#desired(agreed)
    const sent = [...updates].filter(([prefix, update]) => this.#told.current.get(prefix) === contentOf(update))
    return { sent: sent.map(([prefix]) => prefix), unsendable }
  }

  /** Undefined unless the session stands, and we have been told so. */
  get #agreed(): Agreed | undefined {
    return this.session.state === 'Established' ? this.#established : undefined
  }

  /** What this session should carry, and what it cannot. */
  #desired({ negotiated, local }: Agreed): {
    readonly updates: ReadonlyMap<Prefix, Update>
    readonly unsendable: Readonly<Record<Prefix, string>>
  } {
    const updates = new Map<Prefix, Update>()
    const unsendable: Record<Prefix, string> = {}
    for (const { route, preference } of this.#options.wanted()) {
      if (!this.carries(route)) continue
      const { prefix } = route
      const nextHop = forFamily(this.#options.nextHop, route.family) ?? local.address
      const why = negotiated.families.includes(route.family)
        ? this.#unfit(route, nextHop, negotiated.extendedNextHop)
        : `the peer does not take ${route.family} routes`
      if (why !== undefined) unsendable[prefix] = why
      else updates.set(prefix, advertisement(route, preference, this.#towards(nextHop!))) // unfit where there is none
    }
    return { updates, unsendable }
  }

  /** Why this cannot be the next hop of the route towards this peer: the router would refuse it, or lose the traffic. */
  #unfit({ prefix, address }: HostRoute, nextHop: Address | undefined, extended: boolean): string | undefined {
    if (nextHop === undefined) return "the session's own address is not known, nextHop must be given"
    if (isIpv6(nextHop) !== isIpv6(address) && !(isIpv6(nextHop) && extended))
      return `${nextHop} is not of the family of ${prefix}${isIpv6(nextHop) ? ', and IPv6 next hops for IPv4 are not agreed on (RFC 8950)' : ''}`
    const hop = canonical(nextHop, 'nextHop')
    if (hop === address) return `${hop} is the address that is announced`
    if (hop === this.#peerAddress) return `${hop} is the peer's own address (RFC 4271 §5.1.3)`
    return noHost(hop)
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

/** Never 0.0.0.0, never ::ffff:…, whoever said so. */
export function noHost(address: Address): string | undefined {
  return /^(0\.0\.0\.0|::|::ffff:.*)$/.test(address) ? `${address} is no host's address` : undefined
}

/** One text for one address, as a comparison needs it. */
export function canonical(address: Address, field: string): Address {
  return formatAddress(parseAddress(address, field))
}

function isIpv6(address: Address): boolean {
  return address.includes(':')
}
