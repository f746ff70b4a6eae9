/** The UPDATEs of one host route. Their attributes depend on whether the peer is external or internal. */

import {
  assertInteger,
  assertObject,
  numberOption,
  type OptionTable,
  rejectUnknown,
} from '@softspoken/session/internal'
import {
  type Address,
  type Attributes,
  communityText,
  type Family,
  OptionError,
  type Prefix,
  type Update,
} from '@softspoken/wire'
import type { HostRoute } from './host-route.ts'

/** A route that the caller wants advertised now. */
export interface DesiredRoute {
  readonly route: HostRoute
  /** Another object whenever it changes. */
  readonly preference: ResolvedPreference
}

/** How a route is preferred and marked. */
export interface Preference {
  /**
   * MULTI_EXIT_DISC, 0 to 4294967295; the lower wins, among routes from one neighbouring AS (RFC 4271 §5.1.4, §9.1.2.2).
   * `{ base, epoch }` is `base - epoch`, and no less than 0. Default: not sent.
   */
  med?: number | Epoch
  /**
   * LOCAL_PREF, 0 to 4294967295; the higher wins; iBGP only (RFC 4271 §5.1.5). `{ base, epoch }` is `base + epoch`, and
   * no more than 4294967295. Default 100.
   */
  localPref?: number | Epoch
  /** Each `'65000:100'`, or the name of a well-known one: `'no-export'` (RFC 1997). Default: none. */
  communities?: readonly string[]
  /** Each `'65000:1:2'` (RFC 8092). Default: none. */
  largeCommunities?: readonly string[]
  /** How often our own AS is in AS_PATH beyond the first time, 0 to 10; eBGP only (RFC 4271 §5.1.2). Default 0. */
  prepend?: number
}

/**
 * A metric that gets better with each leader, so that the route of a new leader wins over that of a dead one, whose session
 * the router still holds. `epoch` is a number that every election raises, such as `leaseTransitions` of a Kubernetes Lease.
 * When the metric reaches its limit, leaders are equal again: choose a MED's base above the number of elections to come,
 * for example 1000000.
 */
export interface Epoch {
  base: number
  epoch: number
}

const MAX_METRIC = 0xffffffff

export const preferenceOptions = {
  med: { type: 'integer', min: 0, max: MAX_METRIC },
  localPref: { type: 'integer', default: 100, min: 0, max: MAX_METRIC },
  communities: { type: 'list' },
  largeCommunities: { type: 'list' },
  prepend: { type: 'integer', default: 0, min: 0, max: 10 }, // a longer path changes no decision, and may be filtered
} as const satisfies OptionTable<Preference>

/** Computes the metrics, and makes sets of the communities (RFC 1997, RFC 8092 §3). @throws OptionError */
export function resolve(preference: Preference): ResolvedPreference {
  const { med, localPref, communities, largeCommunities, ...rest } = preference
  numberOption(preferenceOptions, 'prepend', rest.prepend)
  return {
    ...rest,
    ...(communities !== undefined && { communities: asSet(communities, 'communities', communityText) }),
    ...(largeCommunities !== undefined && { largeCommunities: asSet(largeCommunities, 'largeCommunities') }),
    ...(med !== undefined && { med: metric(med, 'med', (base, epoch) => Math.max(0, base - epoch)) }),
    ...(localPref !== undefined && {
      localPref: metric(localPref, 'localPref', (base, epoch) => Math.min(MAX_METRIC, base + epoch)),
    }),
  }
}

/** Sorted, without repetition and in one spelling, so that equal sets compare equal and are not sent again. */
function asSet(all: readonly string[], name: string, spell = (one: string): string => one): readonly string[] {
  if (!Array.isArray(all) || !all.every(one => typeof one === 'string'))
    throw new OptionError(name, all, 'a list of strings')
  return [...new Set(all.map(spell))].sort() // encode() checks each
}

/** A preference with computed metrics: equal ones have equal fields. */
export interface ResolvedPreference extends Preference {
  readonly med?: number
  readonly localPref?: number
}

function metric(given: number | Epoch, name: string, at: (base: number, epoch: number) => number): number {
  if (typeof given === 'number') return given // encode() checks it
  assertObject(given, name, 'a number or { base, epoch }')
  rejectUnknown(given, ['base', 'epoch'], name)
  return at(
    assertInteger(given.base, 0, MAX_METRIC, `${name}.base`),
    assertInteger(given.epoch, 0, MAX_METRIC, `${name}.epoch`),
  )
}

/** For a graceful shutdown (GRACEFUL_SHUTDOWN, RFC 8326 §4): a router uses such a route only if it has no other. */
export function withGracefulShutdown(preference: ResolvedPreference): ResolvedPreference {
  const { communities = [] } = preference
  return resolve({ ...preference, localPref: 0, communities: [...communities, 'graceful-shutdown'] })
}

/** What an UPDATE depends on, beside the route and its preference. */
export interface PeerContext {
  readonly localAs: number
  readonly external: boolean
  readonly nextHop: Address
}

export function advertisement({ prefix, family }: HostRoute, preference: ResolvedPreference, to: PeerContext): Update {
  const { med, communities = [], largeCommunities = [] } = preference
  const { localPref = preferenceOptions.localPref.default, prepend = preferenceOptions.prepend.default } = preference
  const isPlain = fitsIpv4Fields(family, to.nextHop)
  const attributes: Attributes = {
    // In the order of the message.
    ...(!isPlain && { mpReach: { family, nextHop: [to.nextHop], announced: [prefix] } }),
    origin: 'igp',
    // Empty to an internal peer: a path with its own AS is a loop (RFC 4271 §5.1.2, §9.1.2).
    asPath: to.external ? [{ type: 'sequence', as: Array<number>(1 + prepend).fill(to.localAs) }] : [],
    ...(isPlain && { nextHop: to.nextHop }),
    ...(med !== undefined && { med }),
    ...(!to.external && { localPref }),
    ...(communities.length > 0 && { communities }),
    ...(largeCommunities.length > 0 && { largeCommunities }),
  }
  return { type: 'update', withdrawn: [], attributes, announced: isPlain ? [prefix] : [] }
}

/** IPv4 always in the field of RFC 4271: OpenBGPD ends the session over MP_UNREACH_NLRI for IPv4 unicast. */
export function withdrawal(family: Family, withdrawn: readonly Prefix[]): Update {
  return family === 'ipv4-unicast'
    ? { type: 'update', withdrawn, attributes: {}, announced: [] }
    : { type: 'update', withdrawn: [], attributes: { mpUnreach: { family, withdrawn } }, announced: [] }
}

/** The end of the routes of this family: an empty withdrawal (RFC 4724 §2). */
export function endOfRib(family: Family): Update {
  return withdrawal(family, [])
}

/** IPv4 with an IPv4 next hop; the fields of RFC 4271 have no room for an IPv6 one (RFC 8950 §3). */
function fitsIpv4Fields(family: HostRoute['family'], nextHop: Address): boolean {
  return family === 'ipv4-unicast' && !nextHop.includes(':')
}
