/** The columns of the attribute table (RFC 4271 §5, RFC 7606 §7). */
import type { Writer } from '../bytes.ts'
import type { Context } from '../context.ts'
import { subcode } from '../notification-codes.ts'

/** Attribute flags (RFC 4271 §4.3). */
export const flag = { optional: 0x80, transitive: 0x40, partial: 0x20, extendedLength: 0x10 } as const

export const categoryBits = flag.optional | flag.transitive

/** The Optional and Transitive bits of each category. */
export const category = {
  'well-known': flag.transitive,
  'optional transitive': flag.optional | flag.transitive,
  'optional non-transitive': flag.optional,
} as const

/** Why a value is malformed; the subcode of UPDATE Message Error is for a session reset. */
export type Malformed = readonly [subcode: number, detail: string]

/** How a received attribute is checked, whether its value is modelled or opaque. */
export interface AttributeRule {
  readonly code: number
  /** As in IANA's registry; for logs and errors. */
  readonly name: string
  readonly category: keyof typeof category
  /** The error handling of a malformed value (RFC 7606 §2, §7). */
  readonly onMalformed: 'attribute-discard' | 'treat-as-withdraw' | 'session-reset'
  /** Discarded if an external peer sends it (RFC 7606 §7.5). */
  readonly internalOnly?: true
  /** The handling of a wrong Transitive bit, if the attribute's own RFC asks for less than RFC 7606 §3.c. */
  readonly onWrongTransitive?: 'attribute-discard'
  /** Checks octets at..end without making an object. If it returns undefined, read() cannot fail. */
  check(bytes: Uint8Array, at: number, end: number, context: Context): Malformed | undefined
}

/** One row: everything that depends on the attribute. */
export interface AttributeSpec<key extends string, value> extends AttributeRule {
  /**
   * Reads octets at..end, which check() has checked, into the attribute's field. Each row names the field literally: storing
   * through a computed name takes as long as reading the value.
   */
  read(into: { [name in key]?: value }, bytes: Uint8Array, at: number, end: number, context: Context): void
  /** @throws OptionError if the value has no encoding */
  encode(w: Writer, value: value, context: Context): void
}

/** Infers the types of the key and the value. */
export function defineAttribute<key extends string, value>(spec: AttributeSpec<key, value>): AttributeSpec<key, value> {
  return spec
}

/** RFC 4271 §6.3: Attribute Length Error. */
export function exactly(octets: number): AttributeRule['check'] {
  return (_, at, end) => (end - at === octets ? undefined : wrongLength(end - at, `${octets}`))
}

/** RFC 7606 §7.8 and others: a list of items of equal length, not empty. */
export function listOf(octets: number): AttributeRule['check'] {
  return (_, at, end) =>
    end > at && (end - at) % octets === 0 ? undefined : wrongLength(end - at, `a multiple of ${octets}`)
}

export function wrongLength(
  octets: number,
  allowed: string,
  code: number = subcode.update.attributeLengthError,
): Malformed {
  return [code, `${octets} octets long, it must be ${allowed}`]
}
