/** What one row of the attribute table says (RFC 4271 §5, RFC 7606 §7). */
import type { Writer } from '../bytes.ts'
import type { CodecContext, Context } from '../context.ts'
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

/** Why a value is malformed, with the subcode of the UPDATE Message Error where that resets the session. */
export type Malformed = readonly [subcode: number, detail: string]

/** What a row says of an attribute that arrives, whether its value is read or kept as octets. */
export interface AttributeRule {
  readonly code: number
  /** As IANA spells it; for logs and errors. */
  readonly name: string
  readonly category: keyof typeof category
  /** What a malformed value costs (RFC 7606 §7). */
  readonly onMalformed: 'attribute-discard' | 'treat-as-withdraw' | 'session-reset'
  /** Discarded where it comes from an external peer (RFC 7606 §7.5). */
  readonly internalOnly?: true
  /** What a wrong Transitive bit costs, where the attribute's own RFC asks for less than RFC 7606 §3.c. */
  readonly onWrongTransitive?: 'attribute-discard'
  /** Looks at octets at..end without making anything of them. Where it finds nothing, read() cannot fail. */
  check(bytes: Uint8Array, at: number, end: number, context: Context): Malformed | undefined
}

/** One row: everything the driver needs to know, nothing it has to ask. */
export interface AttributeSpec<key extends string, value> extends AttributeRule {
  /**
   * Reads octets at..end, which check() has found sound, into its own field, by a literal name: through a computed one,
   * storing the value takes as long as reading it.
   */
  read(into: { [name in key]?: value }, bytes: Uint8Array, at: number, end: number, context: CodecContext): void
  /** @throws OptionError where the caller's value has no encoding. */
  encode(w: Writer, value: value, context: CodecContext): void
}

/** Keeps the types of the name and the value without spelling them twice. */
export function defineAttribute<key extends string, value>(spec: AttributeSpec<key, value>): AttributeSpec<key, value> {
  return spec
}

/** RFC 4271 §6.3: Attribute Length Error. */
export function exactly(octets: number): AttributeRule['check'] {
  return (_, at, end) => (end - at === octets ? undefined : wrongLength(end - at, `${octets}`))
}

/** RFC 7606 §7.8 and its like: a list of equal parts, and not an empty one. */
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
