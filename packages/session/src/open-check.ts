/** Checks the peer's OPEN against our configuration (RFC 4271 §6.2): what both support, or the NOTIFICATION that rejects it. */
import {
  AS_TRANS,
  type Capability,
  encodeCapability,
  type Family,
  familyByName,
  type Notification,
  notificationCode,
  type Open,
  subcode,
} from '@softspoken/wire'
import type { SessionConfig } from './config.ts'

/** What the two OPENs agreed on. */
export interface Negotiated {
  /** The hold time in seconds, the smaller of both proposals; 0 means that neither side watches the other (RFC 4271 §4.2). */
  readonly holdTime: number
  /** Families that both sides offered (RFC 4760 §8). */
  readonly families: readonly Family[]
  /** AS numbers have four octets in messages (RFC 6793). */
  readonly fourOctetAs: boolean
  /** The peer supports ROUTE-REFRESH and may send one (RFC 2918). */
  readonly routeRefresh: boolean
  /** The answer to a ROUTE-REFRESH has marks at its beginning and end (RFC 7313). */
  readonly enhancedRouteRefresh: boolean
  /** IPv4 routes may have IPv6 next hops (RFC 8950). */
  readonly extendedNextHop: boolean
  /** Messages other than OPEN and KEEPALIVE may have up to 65535 octets (RFC 8654). */
  readonly extendedMessage: boolean
  /** The peer offered graceful restart: it waits for our End-of-RIB if its own routes are new (RFC 4724 §2). */
  readonly endOfRib: boolean
  /** The peer keeps our routes for our `restartTime` when the connection is lost (RFC 4724). */
  readonly gracefulRestart: boolean
  /** It keeps them after a NOTIFICATION too, unless that is a Hard Reset (RFC 8538). */
  readonly hardReset: boolean
  /** The peer's BGP Identifier. */
  readonly peerId: string
}

/** The peer's OPEN is rejected with this NOTIFICATION. */
export interface OpenRejection {
  readonly sent: Notification
  readonly reason: 'as-trans' | 'notification-sent'
  readonly detail: string
}

/** Our OPEN: it offers only what is used here. `first` until a session was established. */
export function ourOpen(config: SessionConfig, first = false): Open {
  const { local, holdTime, families: offered, capabilities } = config
  return {
    type: 'open',
    version: 4,
    as: local.as,
    holdTime,
    id: local.id,
    capabilities: [
      ...(capabilities.multiprotocol ? offered.map(multiprotocol) : []),
      ...ifSet(capabilities.routeRefresh, { name: 'route-refresh' }),
      ...ifSet(capabilities.enhancedRouteRefresh, { name: 'enhanced-route-refresh' }),
      ...ifSet(capabilities.fourOctetAs, fourOctetAs(config)),
      ...ifSet(config.extendedNextHop, { name: 'extended-next-hop', families: [ipv4OverIpv6] }),
      ...(config.gracefulRestart ? [gracefulRestart(config, config.gracefulRestart, first)] : []),
      ...ifSet(config.extendedMessage, { name: 'extended-message' }),
    ],
  }
}

function ifSet(isSet: boolean, capability: Capability): Capability[] {
  return isSet ? [capability] : []
}

/** IPv4 unicast between AS numbers of two octets, and no option that needs a capability (RFC 5492 §3). */
export function needsNoCapability({ local, peer, families: ours, ...asked }: SessionConfig): boolean {
  const { extendedNextHop, extendedMessage, requireFourOctetAs, gracefulRestart: restart } = asked
  return (
    ours.every(family => family === 'ipv4-unicast') &&
    Math.max(local.as, peer.as) <= 0xffff &&
    !(extendedNextHop || extendedMessage || requireFourOctetAs || restart)
  )
}

/** The same without capabilities, for a peer that refuses them; see needsNoCapability(). */
export function withoutCapabilities(config: SessionConfig): SessionConfig {
  const none = { multiprotocol: false, routeRefresh: false, enhancedRouteRefresh: false, fourOctetAs: false }
  return { ...config, capabilities: none }
}

export function checkOpen(open: Open, config: SessionConfig): Negotiated | OpenRejection {
  const { local, peer, capabilities: ours } = config
  const has = (wanted: Capability['name']) => open.capabilities.some(({ name }) => name === wanted)
  if (open.as === AS_TRANS && !has('four-octet-as'))
    return {
      ...rejectOpen(subcode.open.badPeerAs, `the peer sent AS ${AS_TRANS} and no AS number of four octets`),
      reason: 'as-trans',
    }
  if (open.as !== peer.as)
    return rejectOpen(subcode.open.badPeerAs, `the peer sent AS ${open.as}, but peer.as is ${peer.as}`)
  if (open.id === local.id && open.as === local.as)
    return rejectOpen(subcode.open.badBgpIdentifier, `the peer has our own BGP Identifier ${local.id} (RFC 6286 §2.1)`)
  if (open.holdTime === 0 && !config.allowZeroHoldTime)
    return rejectOpen(
      subcode.open.unacceptableHoldTime,
      'the peer proposes hold time 0, so that a dead session would never be detected',
    )
  const common = config.families.filter(family => offers(open, family))
  if (common.length === 0)
    return rejectWithout(`the peer offers none of ${config.families.join(', ')}`, config.families.map(multiprotocol))
  if (config.requireFourOctetAs && !has('four-octet-as'))
    return rejectWithout('the peer has no four-octet AS numbers', [fourOctetAs(config)])
  return {
    holdTime: Math.min(config.holdTime, open.holdTime),
    families: common,
    fourOctetAs: ours.fourOctetAs && has('four-octet-as'),
    routeRefresh: ours.routeRefresh && has('route-refresh'),
    enhancedRouteRefresh: ours.enhancedRouteRefresh && has('enhanced-route-refresh'),
    extendedNextHop: config.extendedNextHop && common.includes('ipv4-unicast') && extendsNextHop(open),
    extendedMessage: config.extendedMessage && has('extended-message'),
    ...agreedRestart(open, config),
    peerId: open.id,
  }
}

/** A peer without a multiprotocol capability supports IPv4 unicast (RFC 4760 §8). */
function offers({ capabilities }: Open, family: Family): boolean {
  const { afi, safi } = familyByName[family]
  const offered = capabilities.filter(capability => capability.name === 'multiprotocol')
  return offered.length === 0 ? family === 'ipv4-unicast' : offered.some(one => one.afi === afi && one.safi === safi)
}
function gracefulRestart(
  { families: offered }: SessionConfig,
  { restartTime, forwarding, restarting, notification }: NonNullable<SessionConfig['gracefulRestart']>,
  first: boolean,
): Capability {
  return {
    name: 'graceful-restart',
    restarting: restarting && first,
    notification,
    restartTime,
    families: offered.map(family => ({ afi: familyByName[family].afi, safi: familyByName[family].safi, forwarding })),
  }
}
function agreedRestart({ capabilities }: Open, { gracefulRestart: ours }: SessionConfig) {
  const theirs = capabilities.findLast(capability => capability.name === 'graceful-restart') // RFC 4724 §3
  return {
    endOfRib: theirs !== undefined,
    gracefulRestart: theirs !== undefined && ours !== undefined,
    hardReset: theirs?.notification === true && ours?.notification === true,
  }
}
const ipv4OverIpv6 = { afi: 1, safi: 1, nextHopAfi: 2 }
function extendsNextHop({ capabilities }: Open): boolean {
  const { afi, safi, nextHopAfi } = ipv4OverIpv6
  return capabilities.some(
    capability =>
      capability.name === 'extended-next-hop' &&
      capability.families.some(one => one.afi === afi && one.safi === safi && one.nextHopAfi === nextHopAfi),
  )
}
function fourOctetAs({ local }: SessionConfig): Capability {
  return { name: 'four-octet-as', as: local.as }
}
function multiprotocol(family: Family): Capability {
  const { afi, safi } = familyByName[family]
  return { name: 'multiprotocol', afi, safi }
}
/** The data has the capabilities that we require (RFC 5492 §5). */
function rejectWithout(detail: string, capabilities: readonly Capability[]): OpenRejection {
  return rejectOpen(subcode.open.unsupportedCapability, detail, join(capabilities.map(encodeCapability)))
}
function rejectOpen(sub: number, detail: string, data: Uint8Array = new Uint8Array()): OpenRejection {
  return {
    sent: { type: 'notification', code: notificationCode.open, subcode: sub, data },
    reason: 'notification-sent',
    detail,
  }
}
function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(part => [...part]))
}
