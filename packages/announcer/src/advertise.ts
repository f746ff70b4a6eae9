/** The UPDATEs of one host route: what it says depends on the side of the AS border the peer is on. */
import type { Address, Attributes, Update } from '@softspoken/wire'
import type { HostRoute } from './host-route.ts'

/** How a route is to be preferred and marked. */
export interface Preference {
  /** MULTI_EXIT_DISC, 0 to 4294967295; the lower wins (RFC 4271 §5.1.4). Default: not sent. */
  med?: number
  /** LOCAL_PREF, 0 to 4294967295; the higher wins; iBGP only (RFC 4271 §5.1.5). Default 100. */
  localPref?: number
  /** Each `'65000:100'` (RFC 1997). Default: none. */
  communities?: readonly string[]
  /** Each `'65000:1:2'` (RFC 8092). Default: none. */
  largeCommunities?: readonly string[]
}

/** The peer, as far as an UPDATE depends on it. */
export interface Towards {
  readonly localAs: number
  readonly external: boolean
  readonly nextHop: Address
}

export function advertisement({ prefix, family }: HostRoute, preference: Preference, to: Towards): Update {
  const { med, localPref = 100, communities = [], largeCommunities = [] } = preference
  const attributes: Attributes = {
    origin: 'igp',
    asPath: to.external ? [{ type: 'sequence', as: [to.localAs] }] : [],
    ...(med !== undefined && { med }),
    ...(!to.external && { localPref }),
    ...(communities.length > 0 && { communities }),
    ...(largeCommunities.length > 0 && { largeCommunities }),
  }
  return family === 'ipv4-unicast'
    ? { type: 'update', withdrawn: [], attributes: { ...attributes, nextHop: to.nextHop }, announced: [prefix] }
    : {
        type: 'update',
        withdrawn: [],
        attributes: { mpReach: { family, nextHop: [to.nextHop], announced: [prefix] }, ...attributes },
        announced: [],
      }
}

export function withdrawal({ prefix, family }: HostRoute): Update {
  return family === 'ipv4-unicast'
    ? { type: 'update', withdrawn: [prefix], attributes: {}, announced: [] }
    : { type: 'update', withdrawn: [], attributes: { mpUnreach: { family, withdrawn: [prefix] } }, announced: [] }
}
