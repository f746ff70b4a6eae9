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
import { opaque } from './opaque.ts'
import { origin } from './origin.ts'
import { clusterList, originatorId } from './route-reflection.ts'
import { type AttributeRule, type AttributeSpec, category } from './spec.ts'

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
type ValueOf<spec> = spec extends AttributeSpec<string, infer value> ? value : never

/** An attribute that this package does not read, as it was received. */
export interface RawAttribute {
  readonly code: number
  /** With the Partial bit, without Extended Length, which follows from the value. */
  readonly flags: number
  readonly value: Uint8Array
}

/**
 * Path attributes by name. `unknown` holds the rest, in the order of their codes when written. Those by name are written
 * with the flags of their category: a Partial bit (RFC 4271 §5) that a peer sent with one is not opaque.
 */
export type Attributes = { readonly [key in keyof Registry]?: ValueOf<Registry[key]> } & {
  readonly unknown?: readonly RawAttribute[]
}

/** How an attribute that arrives is judged. */
export interface RuleRow extends AttributeRule {
  /** The Optional and Transitive bits of its category. */
  readonly bits: number
  /** None where the value is opaque as octets. */
  readonly key?: keyof Registry
}

/** A row whose value's type is no longer known; who calls it passes what the same row gave. */
export interface AttributeRow extends AttributeSpec<string, unknown>, RuleRow {
  readonly key: keyof Registry
  /** Where it stands among those that are written. */
  readonly place: number
}

/** Each under the name by which its read() stores it. */
const specs: { readonly [key in keyof Registry]: AttributeSpec<key, never> } = registry

export const rows: readonly AttributeRow[] = Object.entries(specs).map(
  ([key, spec], place) => ({ key, bits: category[spec.category], place, ...spec }) as unknown as AttributeRow,
)

export const byCode: readonly (AttributeRow | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  rows.find(row => row.code === code),
)

/** The rules of those that are read and of those that are opaque. */
export const rules: readonly (RuleRow | undefined)[] = byCode.map((row, code) => row ?? opaqueRow(code))

function opaqueRow(code: number): RuleRow | undefined {
  const rule = opaque.find(one => one.code === code)
  return rule && { ...rule, bits: category[rule.category] }
}

export const byKey: ReadonlyMap<string, AttributeRow> = new Map(rows.map(row => [row.key, row]))
