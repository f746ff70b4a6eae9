/** The next hop of a route towards one peer: the one given, or the session's own address, or one of the session's interface. */
import os from 'node:os'
import { type Address, formatAddress, parseAddress } from '@softspoken/wire'
import type { HostRoute } from './host-route.ts'
import { type Explanation, type UnsendableReason, unsendableReason } from './reasons.ts'

/** One address of an interface of this host. */
export interface InterfaceAddress {
  readonly device: string
  readonly address: Address
  /** Its prefix is all of the address (/32, /128): a virtual address more often than the host's own. */
  readonly single: boolean
}

/** What an established session has for next hops. */
export interface OwnAddresses {
  /** The session's own address; a link-local one may have its interface behind it: `fe80::1%eth0`. */
  readonly local: Address | undefined
  /** The interface that the session runs through, where an option names it. */
  readonly device: string | undefined
  /** Those of this host. */
  readonly addresses: readonly InterfaceAddress[]
}

/** An address, or why there is none. `mayCome`: the host has no such address now, and may get one. */
export type NextHop = { readonly address: Address } | (Explanation<UnsendableReason> & { readonly mayCome?: true })

/**
 * The default where `nextHop` is not given: the session's own address. A link-local one is of use on its link alone, and
 * only beside a global one (RFC 2545 §3), so there it is an address of the session's interface: for an IPv6 route an IPv6
 * address that is not link-local, for an IPv4 route an IPv4 address, or that IPv6 address where RFC 8950 was agreed on.
 */
export function ownNextHop(
  { family }: HostRoute,
  { local, device, addresses }: OwnAddresses,
  extended: boolean,
  taken: readonly Address[],
): NextHop {
  if (local === undefined) return unsendableReason('local-address-unknown')
  const { address, zone = device } = split(local)
  if (!isLinkLocal(address)) return { address }
  const there = addresses.filter(one => one.device === zone)
  const ipv6 = lowest(there, taken)
  const found = family === 'ipv6-unicast' ? ipv6 : (primary(there, taken) ?? (extended ? ipv6 : undefined))
  if (found !== undefined) return { address: found }
  const wanted = family === 'ipv6-unicast' ? 'global IPv6' : extended ? 'IPv4 or global IPv6' : 'IPv4'
  const cause =
    zone === undefined
      ? unsendableReason('interface-unknown', address)
      : unsendableReason('interface-has-no-address', address, zone, wanted)
  return { ...cause, mayCome: true }
}

/** The first as the system lists them, which is the primary one; one with a subnet before a single one. */
function primary(all: readonly InterfaceAddress[], taken: readonly Address[]): Address | undefined {
  const usable = all.filter(
    ({ address }) => !isIpv6(address) && !address.startsWith('169.254.') && isFree(address, taken),
  )
  return (usable.find(({ single }) => !single) ?? usable[0])?.address
}
/**
 * One with a subnet before a single one, a global one (2000::/3) before a unique local one, then the lowest: the system
 * lists the newest first, and that may be a temporary one.
 */
function lowest(all: readonly InterfaceAddress[], taken: readonly Address[]): Address | undefined {
  const usable = all.filter(({ address }) => isIpv6(address) && !isLinkLocal(address) && isFree(address, taken))
  const order = ({ address, single }: InterfaceAddress) =>
    `${single ? 1 : 0}${/^[23]/.test(address) && address.indexOf(':') === 4 ? 0 : 1}${Buffer.from(parseAddress(address, 'nextHop')).toString('hex')}`
  return usable.sort((one, other) => (order(one) < order(other) ? -1 : 1))[0]?.address
}
function isFree(address: Address, taken: readonly Address[]): boolean {
  return !isNoHost(address) && !taken.includes(address)
}

/** Every address of this host that has an interface; none where the system does not say. Without carrier an interface is not among them. */
export function interfaceAddresses(): readonly InterfaceAddress[] {
  try {
    return Object.entries(os.networkInterfaces()).flatMap(([device, all = []]) =>
      all.map(({ address, cidr }) => ({
        device,
        address: canonical(split(address).address, 'nextHop'),
        single: /\/(32|128)$/.test(cidr ?? ''),
      })),
    )
  } catch {
    return []
  }
}

/** Unspecified and IPv4-mapped addresses are never a next hop. */
export function isNoHost(address: Address): boolean {
  return /^(0\.0\.0\.0|::|::ffff:.*)$/.test(address)
}

/** One text for one address, as a comparison needs it. */
export function canonical(address: Address, field: string): Address {
  return formatAddress(parseAddress(address, field))
}

/** A link-local address and the interface behind it (RFC 4007 §11): a next hop never has one. */
export function split(text: Address): { readonly address: Address; readonly zone?: string } {
  const at = text.indexOf('%')
  return at < 0 ? { address: text } : { address: text.slice(0, at), zone: text.slice(at + 1) }
}

export function isIpv6(address: Address): boolean {
  return address.includes(':')
}
export function isLinkLocal(address: Address): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address)
}
