/** Every attribute that this package models, in the order in which it is written. To add one: its file, and a line here. */
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
  // First, so that a receiver finds the routes before it finds an error (RFC 7606 §5.1). The others by code (RFC 4271 §5).
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

/** An attribute that this package does not model, as it was received. */
export interface RawAttribute {
  readonly code: number
  /** With the Partial bit; without Extended Length, which encode() sets if the value needs it. */
  readonly flags: number
  readonly value: Uint8Array
}

/**
 * Path attributes by name, and the others in `unknown`. An attribute with a name is written with the flags of its
 * category: the Partial bit of a received one (RFC 4271 §5) is not kept.
 */
export type Attributes = { readonly [key in keyof Registry]?: ValueOf<Registry[key]> } & {
  readonly unknown?: readonly RawAttribute[]
}

/** How a received attribute is checked. */
export interface RuleRow extends Omit<AttributeRule, 'internalOnly' | 'onWrongTransitive'> {
  /** The Optional and Transitive bits of its category. */
  readonly bits: number
  readonly internalOnly: boolean
  readonly onWrongTransitive: 'attribute-discard' | undefined
  /** Undefined if the value is opaque. */
  readonly key: keyof Registry | undefined
}

/** A row without the type of its value: read() and encode() take what the same row returned. */
export interface AttributeRow extends RuleRow, Pick<AttributeSpec<string, unknown>, 'read' | 'encode'> {
  readonly key: keyof Registry
  /** Its position in the order of writing. */
  readonly place: number
}

/** Each under the name by which its read() stores it. */
const specs: { readonly [key in keyof Registry]: AttributeSpec<key, never> } = registry

/** In the order in which they are written. */
export const rows: readonly AttributeRow[] = Object.entries(specs).map(
  ([key, spec], place) => rowOf(spec, key, place) as AttributeRow,
)
export const byKey: ReadonlyMap<string, AttributeRow> = new Map(rows.map(row => [row.key, row]))

/** By code, 0 to 255: the attributes with a name. */
export const byCode: readonly (AttributeRow | undefined)[] = indexed(rows)

/** By code, 0 to 255: how each is checked, opaque ones included. */
export const rules: readonly (RuleRow | undefined)[] = indexed([...rows, ...opaque.map(rule => rowOf(rule) as RuleRow)])

/** All rows have the same fields in the same order: V8 then reads them without a lookup. */
function rowOf(spec: AttributeRule & Partial<AttributeSpec<string, never>>, key?: string, place?: number): object {
  const { code, name, onMalformed, internalOnly = false, onWrongTransitive, check, read, encode } = spec
  const bits = category[spec.category]
  return {
    code,
    name,
    category: spec.category,
    bits,
    onMalformed,
    internalOnly,
    onWrongTransitive,
    check,
    read,
    encode,
    key,
    place,
  }
}

function indexed<row extends { readonly code: number }>(rows: readonly row[]): (row | undefined)[] {
  const byCode = new Array<row | undefined>(256).fill(undefined)
  for (const row of rows) byCode[row.code] = row
  return byCode
}
