/** The options in the words of the library. */
import { type AnnounceOptions, type AnnouncerOptions, hostRoute } from '@softspoken/announcer'
import type { ProgramOptions } from './options.ts'

export function announcerOptions(options: ProgramOptions): AnnouncerOptions {
  const { prefix, localAs, routerId, localAddress, peer = [], peerAs = 0, port, peers } = options
  const { nextHop, holdTime, tcpMd5Key, ttlSecurity, multihop, bindDevice, withoutCapabilities, stateDirectory } =
    options
  const capabilities = withoutCapabilities && Object.fromEntries(withoutCapabilities.map(name => [name, false]))
  const alike = peer.map(address => ({ address, as: peerAs, ...given({ port }) })) // peerAs stands beside peer: sources.ts has seen to it
  return {
    local: { as: localAs, id: routerId, ...given({ address: localAddress }) },
    peers: peers?.map(({ address, as, ...own }) => ({ address, as, ...given(own) })) ?? alike,
    families: [hostRoute(prefix).family],
    ...given({ nextHop, holdTime, tcpMd5Key, ttlSecurity, multihop, bindDevice, capabilities, stateDirectory }),
  }
}

export function preference({ med, localPref, community }: ProgramOptions): AnnounceOptions {
  return given({ med, localPref, communities: community })
}

/** Without what was not given. */
export function given<all extends Record<string, unknown>>(all: all): { [key in keyof all]?: NonNullable<all[key]> } {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as {
    [key in keyof all]?: NonNullable<all[key]>
  }
}
