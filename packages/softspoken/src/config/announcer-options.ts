/** The program's options as the library's. */
import { type AnnounceOptions, type AnnouncerOptions, hostRoute } from '@softspoken/announcer'
import { omitUndefined } from '@softspoken/session/internal'
import type { ProgramOptions } from './options.ts'

export function announcerOptions(options: ProgramOptions): AnnouncerOptions {
  const { prefix, localAs, routerId, localAddress, peer = [], peerAs = 0, port, peers, withoutCapabilities } = options
  const { nextHop, holdTime, tcpMd5Key, ttlSecurity, multihop, bindDevice, stateDirectory } = options
  const { drainTime, gracefulShutdownTime, backOff } = options
  const capabilities = withoutCapabilities && Object.fromEntries(withoutCapabilities.map(name => [name, false]))
  const alike = peer.map(address => ({ address, as: peerAs, ...omitUndefined({ port }) })) // validate() requires peerAs
  return {
    local: { as: localAs, id: routerId, ...omitUndefined({ address: localAddress }) },
    peers: peers?.map(({ address, as, tcpMd5KeyFile: _, ...own }) => ({ address, as, ...omitUndefined(own) })) ?? alike,
    families: [hostRoute(prefix).family],
    ...omitUndefined({ nextHop, holdTime, tcpMd5Key, ttlSecurity, multihop, bindDevice, capabilities, stateDirectory }),
    ...omitUndefined({ drainTime, gracefulShutdownTime }),
    ...(backOff && { backOff: omitUndefined(backOff) }),
  }
}

export function preference(options: ProgramOptions): AnnounceOptions {
  const { med, localPref, community, largeCommunity, prepend } = options
  return omitUndefined({ med, localPref, communities: community, largeCommunities: largeCommunity, prepend })
}
