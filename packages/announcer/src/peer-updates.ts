/** The UPDATE of each desired route towards one peer, or the reason why it cannot be sent to that peer. */
import type { Negotiated, SessionConfig } from '@softspoken/session'
import { errorText, isIpv6, isLinkLocal, splitZone } from '@softspoken/session/internal'
import { type Address, encode, OptionError, type Prefix } from '@softspoken/wire'
import { canonicalLocal } from './address.ts'
import type { RouteContent } from './adj-rib-out.ts'
import { advertisement, type DesiredRoute, type PeerContext, type ResolvedPreference } from './advertise.ts'
import type { HostRoute } from './host-route.ts'
import { chooseNextHop, interfaceAddresses, type NextHop, type NextHopContext } from './next-hop.ts'
import { forFamily, type PerFamily } from './per-family.ts'
import { type Explanation, type UnsendableReason, unsendableReason } from './reasons.ts'

export type Unsendable = Explanation<UnsendableReason>

/** What an established session negotiated, and the addresses that this host had then: an interface that flaps changes nothing. */
export interface Established extends HostContext {
  readonly negotiated: Negotiated
  addresses: HostContext['addresses']
}
/** What a next hop depends on at our end of the session. */
type HostContext = Pick<NextHopContext, 'local' | 'extended' | 'addresses'>

/** An UPDATE, and what it was made from. */
interface BuiltUpdate extends RouteContent {
  readonly preference: ResolvedPreference
  readonly nextHop: Address
}

/** The desired routes that can be sent on this session, and those that cannot. */
export interface Sendable {
  readonly updates: ReadonlyMap<Prefix, BuiltUpdate>
  readonly unsendable: Readonly<Record<Prefix, Unsendable>>
  /** One of the unsendable routes may become sendable, because this host may get the address later. */
  readonly mayCome: boolean
}

export class PeerUpdates {
  readonly config: SessionConfig
  readonly external: boolean
  /** The option `nextHop`. */
  readonly #given: Address | PerFamily | undefined
  /** The peer's address without its interface. */
  readonly #peer: Address
  /** The interface that the session uses, if an option names it. */
  readonly #device: string | undefined
  /** The UPDATE of each desired route, made once per change. */
  #built: ReadonlyMap<Prefix, BuiltUpdate> = new Map()
  /** The UPDATE that check() made last. It is usually the next one to be sent. */
  #checked: BuiltUpdate | undefined

  constructor(config: SessionConfig, nextHop: Address | PerFamily | undefined) {
    const { local, peer, bindDevice } = config
    const { address, zone } = splitZone(peer.address)
    this.config = config
    this.external = local.as !== peer.as
    this.#given = nextHop
    this.#peer = address
    this.#device = bindDevice ?? zone
  }

  /** The session is configured for this family. Whether the peer accepts it is negotiated when the session is established. */
  carries({ family }: HostRoute): boolean {
    return this.config.families.includes(family)
  }

  /**
   * `encoded` has, for each kind of UPDATE, the preference that was encoded last: peers and routes of one kind share it,
   * because only the octets of their addresses differ.
   * @throws OptionError for what is wrong with this route towards this peer, whether or not its session is established.
   */
  check(route: HostRoute, preference: ResolvedPreference, encoded: Map<string, string>): void {
    const { local, extendedNextHop: extended } = this.config
    if (route.address === local.id)
      throw new OptionError(
        'prefix',
        route.prefix,
        'another address than our BGP Identifier, which differs from node to node',
      )
    if (route.address === this.#peer)
      throw new OptionError('prefix', route.prefix, 'another address than that of a peer')
    if (!this.carries(route)) return
    const hop = this.#chooseNextHop(route, { local: local.address, extended, addresses: [] }, [])
    if (!('address' in hop) && !hop.mayCome && hop.reason !== 'local-address-unknown') {
      const given = forFamily(this.#given, route.family) ?? local.address
      const allowed = `${given ? 'another address' : 'given'}, because ${hop.detail}`
      throw new OptionError('nextHop', given, allowed, given ? undefined : `it must be ${allowed}`)
    }
    const nextHop = 'address' in hop ? hop.address : this.#peer // of the same length
    this.#checked = this.#build(route, preference, nextHop)
    const kind = `${route.family} ${this.external} ${isIpv6(nextHop)}`
    const content = JSON.stringify(preference)
    if (encoded.get(kind) === content) return
    // The longest form: AS numbers of four octets; or of two octets with AS4_PATH, if ours needs four (RFC 6793 §4.2.2).
    encode(this.#checked.update, { fourOctetAs: local.as <= 0xffff })
    encoded.set(kind, content)
  }

  sendable(desired: readonly DesiredRoute[], established: Established): Sendable {
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

  /** Routes of families that this session was not configured for. No error, because another peer's session may have them. */
  notCarried(desired: readonly DesiredRoute[]): Readonly<Record<Prefix, Unsendable>> {
    const { peer, families } = this.config
    const others: Record<Prefix, Unsendable> = {}
    for (const { route } of desired)
      if (!this.carries(route))
        others[route.prefix] = unsendableReason('family-not-configured', peer.address, families, route.family)
    return others
  }

  /** Returns the UPDATE that was made before from the same values, or makes it. */
  #build(route: HostRoute, preference: ResolvedPreference, nextHop: Address): BuiltUpdate {
    for (const known of [this.#built.get(route.prefix), this.#checked])
      if (known?.route.prefix === route.prefix && known.preference === preference && known.nextHop === nextHop)
        return known
    const context: PeerContext = { localAs: this.config.local.as, external: this.external, nextHop }
    const update = advertisement(route, preference, context)
    return { route, preference, nextHop, update, content: JSON.stringify(update.attributes) }
  }

  /** The addresses of this host are read again only for one that it lacked when the session was established. */
  #nextHop(route: HostRoute, established: Established, announced: readonly Address[]): NextHop {
    if (!established.negotiated.families.includes(route.family))
      return { ...unsendableReason('family-not-negotiated', route.family), mayCome: false }
    const known = this.#chooseNextHop(route, established, announced)
    if ('address' in known || !known.mayCome) return known
    const addresses = interfaceAddresses()
    const now = this.#chooseNextHop(route, { ...established, addresses }, announced)
    if ('address' in now) established.addresses = addresses
    return now
  }

  #chooseNextHop(
    route: HostRoute,
    { local, extended, addresses }: HostContext,
    announced: readonly Address[],
  ): NextHop {
    const given = forFamily(this.#given, route.family)
    return chooseNextHop(route, {
      local,
      extended,
      addresses,
      given,
      device: this.#device,
      peer: this.#peer,
      announced,
    })
  }
}

/** What the session has now that it is established; `address` is its own. */
export function establishedWith(negotiated: Negotiated, address: Address | undefined): Established {
  const local = address === undefined ? undefined : canonicalLocal(address)
  const addresses = local !== undefined && isLinkLocal(local) ? interfaceAddresses() : []
  return { negotiated, local, extended: negotiated.extendedNextHop, addresses }
}
