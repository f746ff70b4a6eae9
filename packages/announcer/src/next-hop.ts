/** The next hop of a route towards one peer: the option `nextHop`, or the session's own address, or one of the session's interface. */
import os from 'node:os'
import { isIpv6, isLinkLocal, splitZone } from '@softspoken/session/internal'
import { type Address, parseAddress } from '@softspoken/wire'
import { canonical, isNoHost } from './address.ts'
import type { HostRoute } from './host-route.ts'
import { type Explanation, type UnsendableReason, unsendableReason } from './reasons.ts'

/** One address of an interface of this host. */
export interface InterfaceAddress {
  readonly device: string
  readonly address: Address
  /** Its prefix is all of the address (/32, /128): a virtual address more often than the host's own. */
  readonly single: boolean
}

/** What the next hop depends on, beside the route. All addresses are canonical. */
export interface NextHopContext {
  /** The option `nextHop` for the route's family. */
  readonly given: Address | undefined
  /** The session's own address, if it is known; a link-local one may have its interface behind it: `fe80::1%eth0`. */
  readonly local: Address | undefined
  /** The interface that the session uses, if an option names it. */
  readonly device: string | undefined
  /** The addresses of this host. */
  readonly addresses: readonly InterfaceAddress[]
  /** IPv4 routes may have an IPv6 next hop (RFC 8950). */
  readonly extended: boolean
  /** The peer's address, without its interface. */
  readonly peer: Address
  /** The announced addresses. An interface may have them too, but they are never a next hop. */
  readonly announced: readonly Address[]
}

/** An address, or the reason why there is none. `mayCome`: the interface may get one later. */
export type NextHop = { readonly address: Address } | (Explanation<UnsendableReason> & { readonly mayCome: boolean })

/**
 * The one place that chooses a next hop. Without the option it is the session's own address. A link-local address must not
 * be the only next hop (RFC 2545 §3). The next hop of a link-local session is therefore an address of its interface: for an
 * IPv6 route an IPv6 address that is not link-local; for an IPv4 route an IPv4 address, or that IPv6 address if RFC 8950
 * was negotiated.
 */
export function chooseNextHop(route: HostRoute, context: NextHopContext): NextHop {
  const { given, local, extended, peer } = context
  if (given !== undefined) return usable(route, given, context)
  if (local === undefined) {
    const peerIsIpv6 = isIpv6(peer)
    const carries = peerIsIpv6 === isIpv6(route.address) || (peerIsIpv6 && extended)
    return carries || isLinkLocal(peer)
      ? none(unsendableReason('local-address-unknown'))
      : none(unsendableReason('no-address-of-family', peer, isIpv6(route.address) ? 'IPv6' : 'IPv4'))
  }
  const { address, zone = context.device } = splitZone(local)
  if (!isLinkLocal(address)) return usable(route, address, context)
  const found = ofInterface(route, zone, context)
  if (found !== undefined) return usable(route, found, context)
  if (zone === undefined) return { ...unsendableReason('interface-unknown', address), mayCome: true }
  const kind = route.family === 'ipv6-unicast' ? 'global IPv6' : extended ? 'IPv4 or global IPv6' : 'IPv4'
  return { ...unsendableReason('interface-has-no-address', address, zone, kind), mayCome: true }
}

/** Rejects a next hop that the router would refuse, or with which it would lose the traffic. */
function usable({ prefix, address }: HostRoute, nextHop: Address, { peer, extended }: NextHopContext): NextHop {
  if (isIpv6(nextHop) !== isIpv6(address) && !(isIpv6(nextHop) && extended))
    return none(unsendableReason('next-hop-of-another-family', nextHop, prefix))
  if (nextHop === address) return none(unsendableReason('next-hop-is-announced', nextHop))
  if (nextHop === peer) return none(unsendableReason('next-hop-is-peer', nextHop))
  return isNoHost(nextHop) ? none(unsendableReason('next-hop-is-no-host', nextHop)) : { address: nextHop }
}
function none(cause: Explanation<UnsendableReason>): NextHop {
  return { ...cause, mayCome: false }
}

function ofInterface(
  { family }: HostRoute,
  device: string | undefined,
  { addresses, extended, announced }: NextHopContext,
): Address | undefined {
  const free = addresses.filter(one => one.device === device && !announced.includes(one.address))
  if (family === 'ipv6-unicast') return lowest(free)
  return primary(free) ?? (extended ? lowest(free) : undefined)
}
/** The first as the system lists them, which is the primary one; one with a subnet before a single one. */
function primary(free: readonly InterfaceAddress[]): Address | undefined {
  const ipv4 = free.filter(({ address }) => !isIpv6(address) && !address.startsWith('169.254.'))
  return (ipv4.find(({ single }) => !single) ?? ipv4[0])?.address
}
/**
 * One with a subnet before a single one, a global one (2000::/3) before a unique local one, then the lowest: the system
 * lists the newest first, and that may be a temporary one.
 */
function lowest(free: readonly InterfaceAddress[]): Address | undefined {
  const ipv6 = free.filter(({ address }) => isIpv6(address) && !isLinkLocal(address))
  const order = ({ address, single }: InterfaceAddress) => {
    const octets = parseAddress(address, 'nextHop')
    const isGlobal = octets[0]! >> 5 === 1
    return `${single ? 1 : 0}${isGlobal ? 0 : 1}${Buffer.from(octets).toString('hex')}`
  }
  return ipv6.sort((one, other) => (order(one) < order(other) ? -1 : 1))[0]?.address
}

/** Every address of this host that has an interface; none if the system does not list them. An interface without carrier is missing. */
export function interfaceAddresses(): readonly InterfaceAddress[] {
  try {
    return Object.entries(os.networkInterfaces()).flatMap(([device, all = []]) =>
      all.map(({ address, cidr }) => ({
        device,
        address: canonical(splitZone(address).address, 'nextHop'),
        single: /\/(32|128)$/.test(cidr ?? ''),
      })),
    )
  } catch {
    return []
  }
}
