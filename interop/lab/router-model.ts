import type { Addresses } from './addresses.ts'

/** One of the addresses of this host in a lab. */
type HostAddress = 'host' | 'host6' | 'otherHost' | 'otherHost6'

/** What a test needs of its router. A daemon's driver writes it as a configuration. */
export interface ModelOptions {
  /** The router's AS. Default: 65001 */
  as?: number
  /** Our AS, at all of our addresses or per address. Default: 65010 */
  peerAs?: number | { readonly [name in HostAddress]?: number }
  /** The neighbours whose connections the router accepts, and which it does not dial. Default: host */
  passive?: readonly HostAddress[]
  /** The neighbours that the router dials. It accepts their connections, too. Default: none */
  active?: readonly HostAddress[]
  /** The family of the routes. Default: the family of the neighbour's address */
  family?: 'ipv4' | 'ipv6'
  /** In seconds. Default: the daemon's own */
  holdTime?: number
  /** TCP MD5 (RFC 2385). */
  key?: string
  /** RFC 5082, for one hop. */
  ttlSecurity?: boolean
  /** The TTL for a neighbour that is not on the router's own link. */
  multihop?: number
}

/** A router as every daemon can be configured. */
export interface RouterModel {
  as: number
  id: string
  neighbors: readonly NeighborModel[]
}

export interface NeighborModel {
  /** Unique among the neighbours, and valid as a name in every daemon's configuration. */
  name: HostAddress
  as: number
  address: string
  /** The router's own address, of the same family. */
  own: string
  /** The family of the routes. */
  family: 'ipv4' | 'ipv6'
  passive: boolean
  holdTime?: number
  key?: string
  ttlSecurity: boolean
  multihop?: number
  /** Lines in the daemon's own language, which the driver puts into the neighbour's block. */
  extraLines: string
}

export function routerModel(addresses: Addresses, options: ModelOptions, extraLines: string): RouterModel {
  const { as = 65001, peerAs = 65010, passive = ['host'], active = [], ttlSecurity = false, ...rest } = options
  const neighbor = (name: HostAddress): NeighborModel => {
    const address = addresses[name]
    const isIpv6 = address.includes(':')
    return {
      name,
      as: typeof peerAs === 'number' ? peerAs : (peerAs[name] ?? 65010),
      address,
      own: isIpv6 ? addresses.own6 : addresses.own,
      family: isIpv6 ? 'ipv6' : 'ipv4',
      passive: passive.includes(name),
      ttlSecurity,
      extraLines,
      ...rest,
    }
  }
  return { as, id: addresses.own, neighbors: [...passive, ...active].map(neighbor) }
}
