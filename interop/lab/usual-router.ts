import type { Addresses } from './addresses.ts'

/** One of our addresses in a lab. */
type Ours = 'host' | 'host6' | 'otherHost' | 'otherHost6'

/** What a behaviour asks of its routers where that is nothing special. */
export interface Plain {
  /** The routers' AS. Default: 65001 */
  as?: number
  /** Ours, at all of our addresses or at each. Default: 65010 */
  peerAs?: number | { readonly [name in Ours]?: number }
  /** The neighbours that the routers wait for. Default: host */
  waits?: readonly Ours[]
  /** The neighbours that the routers dial, and take a call from. Default: none */
  dials?: readonly Ours[]
  /** Whose routes are exchanged. Default: those of the neighbour's address */
  family?: 'ipv4' | 'ipv6'
  /** In seconds. Default: the daemon's own */
  holdTime?: number
  /** TCP MD5 (RFC 2385). */
  key?: string
  /** RFC 5082, for one hop. */
  ttlSecurity?: boolean
  /** The TTL of a neighbour that is not on the routers' own link. */
  multihop?: number
}

/** The same, for a driver to say in its daemon's words. */
export interface PlainRouter {
  as: number
  id: string
  neighbors: readonly PlainNeighbor[]
}

export interface PlainNeighbor {
  /** Unique among the neighbours, and a name that every daemon takes. */
  name: Ours
  as: number
  address: string
  /** The router's own, of the same family. */
  own: string
  /** Whose routes are exchanged. */
  family: 'ipv4' | 'ipv6'
  passive: boolean
  holdTime?: number
  key?: string
  ttlSecurity: boolean
  multihop?: number
  /** What a behaviour adds, in the daemon's words: where a neighbour's settings stand. */
  more: string
}

export function plainRouter(addresses: Addresses, plain: Plain, more: string): PlainRouter {
  const { as = 65001, peerAs = 65010, waits = ['host'], dials = [], ttlSecurity = false, ...rest } = plain
  const neighbor = (name: Ours): PlainNeighbor => {
    const address = addresses[name]
    const six = address.includes(':')
    return {
      name,
      as: typeof peerAs === 'number' ? peerAs : (peerAs[name] ?? 65010),
      address,
      own: six ? addresses.own6 : addresses.own,
      family: six ? 'ipv6' : 'ipv4',
      passive: waits.includes(name),
      ttlSecurity,
      more,
      ...rest,
    }
  }
  return { as, id: addresses.own, neighbors: [...waits, ...dials].map(neighbor) }
}
