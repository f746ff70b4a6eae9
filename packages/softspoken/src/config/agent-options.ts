/** The program's options as the library's. */
import { type AnnouncerOptions, hostRoute, type Preference } from '@softspoken/announcer'
import { omitUndefined } from '@softspoken/session/internal'
import type { AgentOptions, KubernetesLeaseOptions } from '@softspoken/vip-agent'
import { usesBgp } from './bgp.ts'
import { electionOptions, nodeNameOf } from './election-options.ts'
import type { ProgramOptions } from './options.ts'
import { routerIdOf } from './router-id.ts'

/** Only with BGP: see usesBgp(). */
export function announcerOptions(options: ProgramOptions): AnnouncerOptions {
  const { prefix, localAs = 0, localAddress, peer = [], peerAs = 0, port, peers, withoutCapabilities } = options
  const { holdTime, tcpMd5Key, ttlSecurity, multihop, bindDevice, stateDirectory } = options
  const { drainTime, gracefulShutdownTime, backOff } = options
  const capabilities = withoutCapabilities && Object.fromEntries(withoutCapabilities.map(name => [name, false]))
  const alike = peer.map(address => ({ address, as: peerAs, ...omitUndefined({ port }) })) // validate() requires both
  return {
    local: { as: localAs, id: routerId(options), ...omitUndefined({ address: localAddress }) },
    peers: peers?.map(({ address, as, tcpMd5KeyFile: _, ...own }) => ({ address, as, ...omitUndefined(own) })) ?? alike,
    families: [...new Set(prefix.map(one => hostRoute(one).family))],
    maxPrefixes: prefix.length,
    ...omitUndefined({ nextHop: nextHop(options) }),
    ...omitUndefined({ holdTime, tcpMd5Key, ttlSecurity, multihop, bindDevice, capabilities, stateDirectory }),
    ...omitUndefined({ drainTime, gracefulShutdownTime }),
    ...(backOff && { backOff: omitUndefined(backOff) }),
  }
}

/** One address is for the routes of every family, as the library has it. */
function nextHop({ nextHop = [] }: ProgramOptions): AnnouncerOptions['nextHop'] {
  if (nextHop.length < 2) return nextHop[0]
  return Object.fromEntries(nextHop.map(address => [address.includes(':') ? 'ipv6' : 'ipv4', address]))
}

/** The BGP Identifier that applies. */
export function routerId(options: ProgramOptions): string {
  const { routerId = '' } = options // validate() requires it for BGP
  return routerId === 'auto' ? routerIdOf(nodeNameOf(options)) : routerId
}

export function preference(options: ProgramOptions): Preference {
  const { med, localPref, community, largeCommunity, prepend } = options
  return omitUndefined({ med, localPref, communities: community, largeCommunities: largeCommunity, prepend })
}

/** The VIPs on an interface. The library takes a list as one text. */
export function addressOptions({ address, interface: names, replaceAddress, arp }: ProgramOptions) {
  return address ?? omitUndefined({ interface: names?.join(',') ?? (arp ? 'auto' : undefined), replaceAddress })
}

/** A client of the API server, for the Lease and for the health check. */
export function apiServerOptions(options: ProgramOptions): Omit<KubernetesLeaseOptions, 'lease' | 'releaseServers'> {
  const { kubeconfig, apiServer, prefix } = options
  return { vips: prefix, ...omitUndefined({ kubeconfig, server: apiServer }) }
}

export function leaseOptions(options: ProgramOptions): KubernetesLeaseOptions {
  const { lease, apiServers } = options
  const { renewDeadline = 10 } = electionOptions(options)
  return {
    ...apiServerOptions(options),
    requestTimeout: Math.min(60, Math.max(0.1, renewDeadline * REQUEST_TIMEOUT)), // the election checks renewDeadline
    ...omitUndefined({ lease, releaseServers: apiServers }),
  }
}
/** Of the renew deadline: a request that hangs leaves time for two more. */
const REQUEST_TIMEOUT = 0.45

/** All but what runs: health, election and log. */
export function agentOptions(
  options: ProgramOptions,
): Omit<AgentOptions, 'health' | 'election' | 'drainOnCordon' | 'log'> {
  const { prefix, mode, address, requireAddress = address === 'none' } = options
  const { destroyConnections, kernelDeadline, disabledBy, arp, claimInUse } = options
  return {
    vips: prefix,
    ...(usesBgp(options) && { announcer: announcerOptions(options), preference: preference(options) }),
    address: addressOptions(options),
    requireAddress,
    kernelDeadline: kernelDeadline !== 'off',
    ...omitUndefined({ mode, destroyConnections, disabledBy, arp, claimInUse }),
  }
}
