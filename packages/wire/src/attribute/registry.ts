/** Every attribute this package reads, in the order in which it writes them. To add one: its file, its line here. */
import { aggregator, as4Aggregator } from './aggregator.ts'
import { aigp } from './aigp.ts'
import { as4Path, asPath } from './as-path.ts'
import { atomicAggregate } from './atomic-aggregate.ts'
import { communities, largeCommunities } from './communities.ts'
import { extendedCommunities, ipv6ExtendedCommunities } from './extended-communities.ts'
import { localPref, med } from './metric.ts'
import { mpReach, mpUnreach } from './mp-reach.ts'
import { nextHop } from './next-hop.ts'
import { onlyToCustomer } from './only-to-customer.ts'
import { origin } from './origin.ts'
import { clusterList, originatorId } from './route-reflection.ts'
import { type AttributeSpec, category } from './spec.ts'

export const registry = {
  // First, so that a receiver finds the routes before it finds a fault (RFC 7606 §5.1); then by code (RFC 4271 §5).
  mpReach,
  mpUnreach,
  origin,
  asPath,
  nextHop,
  med,
  localPref,
  atomicAggregate,
  aggregator,
  communities,
  originatorId,
  clusterList,
  extendedCommunities,
  as4Path,
  as4Aggregator,
  ipv6ExtendedCommunities,
  aigp,
  largeCommunities,
  onlyToCustomer,
} as const

type Registry = typeof registry
type ValueOf<spec> = spec extends AttributeSpec<infer value> ? value : never

/** An attribute that this package does not read, as it was received. */
export interface RawAttribute {
  readonly code: number
  /** Without the Extended Length bit, which follows from the value. */
  readonly flags: number
  readonly value: Uint8Array
}

/** Path attributes by name. `unknown` holds the rest, in the order of their codes when written. */
export type Attributes = { readonly [key in keyof Registry]?: ValueOf<Registry[key]> } & {
  readonly unknown?: readonly RawAttribute[]
}

/** A row whose value's type is no longer known; who calls it passes what the same row gave. */
export interface AttributeRow extends AttributeSpec<unknown> {
  readonly key: keyof Registry
  /** The Optional and Transitive bits of its category. */
  readonly bits: number
  /** Where it stands among those that are written. */
  readonly place: number
}

export const rows: readonly AttributeRow[] = Object.entries(registry).map(
  ([key, spec], place) => ({ key, bits: category[spec.category], place, ...spec }) as unknown as AttributeRow,
)

export const byCode: readonly (AttributeRow | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  rows.find(row => row.code === code),
)

export const byKey: ReadonlyMap<string, AttributeRow> = new Map(rows.map(row => [row.key, row]))
