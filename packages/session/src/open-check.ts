/** The peer's OPEN against our configuration (RFC 4271 §6.2): what both can do, or the NOTIFICATION that refuses it. */
import {
  type Capability,
  encodeCapability,
  errorCode,
  type Family,
  families,
  type Notification,
  type Open,
} from '@softspoken/wire'
import type { Config } from './config.ts'

/** What the two OPENs settled. */
export interface Negotiated {
  /** Seconds, the smaller of both proposals; 0 where nobody watches (RFC 4271 §4.2). */
  readonly holdTime: number
  /** Families that both sides offered (RFC 4760 §8). */
  readonly families: readonly Family[]
  /** AS numbers are four octets on the wire (RFC 6793). */
  readonly fourOctetAs: boolean
  /** The peer will understand a ROUTE-REFRESH, and may send one (RFC 2918). */
  readonly routeRefresh: boolean
  /** The peer's BGP Identifier. */
  readonly peerId: string
}

export interface Refusal {
  readonly refusal: Notification
  readonly why: string
}

/** What our OPEN offers: nothing that nobody here uses. */
export function ourOpen({ local, holdTime, families: offered }: Config): Open {
  return {
    type: 'open',
    version: 4,
    as: local.as,
    holdTime,
    id: local.id,
    capabilities: [...offered.map(multiprotocol), { name: 'route-refresh' }, { name: 'four-octet-as', as: local.as }],
  }
}

export function checkOpen(open: Open, config: Config): Negotiated | Refusal {
  const { local, peer } = config
  if (open.as !== peer.as) return refuse(2, `the peer says it is AS ${open.as}, we were told AS ${peer.as}`)
  if (open.id === local.id && open.as === local.as)
    return refuse(3, `the peer has our own BGP Identifier ${local.id} (RFC 6286 §2.1)`)
  if (open.holdTime === 0 && !config.allowZeroHoldTime)
    return refuse(6, 'the peer proposes hold time 0, with which a dead session is never noticed')
  const common = config.families.filter(family => offers(open, family))
  if (common.length === 0)
    return refuse(
      7,
      `the peer offers none of ${config.families.join(', ')}`,
      join(config.families.map(family => encodeCapability(multiprotocol(family)))),
    )
  return {
    holdTime: Math.min(config.holdTime, open.holdTime),
    families: common,
    fourOctetAs: open.capabilities.some(({ name }) => name === 'four-octet-as'),
    routeRefresh: open.capabilities.some(({ name }) => name === 'route-refresh'),
    peerId: open.id,
  }
}

/** Without any multiprotocol capability, a peer speaks IPv4 unicast (RFC 4760 §8). */
function offers({ capabilities }: Open, family: Family): boolean {
  const { afi, safi } = families[family]
  const offered = capabilities.filter(capability => capability.name === 'multiprotocol')
  return offered.length === 0 ? family === 'ipv4-unicast' : offered.some(one => one.afi === afi && one.safi === safi)
}
function multiprotocol(family: Family): Capability {
  const { afi, safi } = families[family]
  return { name: 'multiprotocol', afi, safi }
}
function refuse(subcode: number, why: string, data: Uint8Array = new Uint8Array()): Refusal {
  return { refusal: { type: 'notification', code: errorCode.open, subcode, data }, why }
}
function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(part => [...part]))
}
