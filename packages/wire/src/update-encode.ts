/** UPDATE (RFC 4271 §4.3), sent. */
import { type Attributes, byCode, byKey, type RawAttribute, rules } from './attribute/registry.ts'
import { categoryBits, flag } from './attribute/spec.ts'
import type { Writer } from './bytes.ts'
import { type Context, hasPathIds } from './context.ts'
import { assertList, assertObject, assertOctets, rethrow, throwOptionError, throwUnknownName } from './error.ts'
import { withFourOctet } from './four-octet-as.ts'
import { writePrefix } from './prefix.ts'
import type { Update } from './update.ts'

export function writeUpdate(w: Writer, { withdrawn, attributes, announced }: Update, context: Context): void {
  assertList('withdrawn', withdrawn)
  assertList('announced', announced)
  assertObject('attributes', attributes)
  requireMandatory(attributes, announced.length > 0)
  const withdrawnAt = w.length
  w.u16(0)
  const pathIds = hasPathIds(context, 'ipv4-unicast')
  for (const prefix of withdrawn) writePrefix(w, prefix, 4, pathIds, 'withdrawn')
  w.close(withdrawnAt, 2)
  const attributesAt = w.length
  w.u16(0)
  writeAttributes(w, context.fourOctetAs ? attributes : withFourOctet(attributes), context)
  w.close(attributesAt, 2)
  for (const prefix of announced) writePrefix(w, prefix, 4, pathIds, 'announced')
}

/** Every announced route has these (RFC 4271 §5). */
function requireMandatory(attributes: Attributes, announces: boolean): void {
  if (!announces && attributes.mpReach === undefined) return
  if (attributes.origin === undefined) throwMissing('origin')
  if (attributes.asPath === undefined) throwMissing('asPath')
  if (announces && attributes.nextHop === undefined) throwMissing('nextHop')
}
function throwMissing(key: keyof Attributes): never {
  throwOptionError(`attributes.${key}`, undefined, 'given with every announced route')
}

/** In the order of the table; unknown attributes among them by code, behind MP_* (RFC 7606 §5.1). */
function writeAttributes(w: Writer, attributes: Attributes, context: Context): void {
  const start = w.length
  const raws = attributes.unknown === undefined ? [] : sortedRaws(attributes.unknown)
  let next = 0
  let last = -1
  let key = ''
  try {
    for (key in attributes) {
      const value = attributes[key as keyof Attributes]
      if (key === 'unknown' || value === undefined) continue
      const row = byKey.get(key) ?? throwUnknownName('attributes', key, [...byKey.keys(), 'unknown'])
      if (row.place < last) {
        // Callers seldom give them in another order. Then all is written again, in order.
        w.length = start
        writeAttributes(w, inOrder(attributes), context)
        return
      }
      last = row.place
      while (next < raws.length && raws[next]!.code < row.code && row.onMalformed !== 'session-reset')
        writeRaw(w, raws[next++]!, context)
      writeAttribute(w, row.bits, row.code, row, value, context)
    }
  } catch (error) {
    rethrow(error, `attributes.${key}`, attributes[key as keyof Attributes])
  }
  while (next < raws.length) writeRaw(w, raws[next++]!, context)
}

function inOrder(attributes: Attributes): Attributes {
  const place = (key: string) => byKey.get(key)?.place ?? 0 // `unknown` has no place
  return Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => place(a) - place(b)))
}

/** One attribute: flags, code, length, value; the length in two octets if one is too few (RFC 4271 §4.3, Extended Length). */
function writeAttribute<value>(
  w: Writer,
  flags: number,
  code: number,
  encoder: { encode(w: Writer, value: value, context: Context): void },
  value: value,
  context: Context,
): void {
  const start = w.length
  w.u8(flags, 'flags').u8(code, 'attribute code').u8(0)
  encoder.encode(w, value, context)
  if (w.length - start - 3 <= 255) w.close(start + 2, 1)
  else {
    w.insert(start + 2)
    w.set(start, flags | flag.extendedLength)
    w.close(start + 2, 2)
  }
}

function writeRaw(w: Writer, raw: RawAttribute, context: Context): void {
  writeAttribute(w, raw.flags & ~flag.extendedLength, raw.code, rawEncoder, raw, context)
}
const rawEncoder = { encode: (w: Writer, { value }: RawAttribute) => w.put(value) }

/** The unknown attributes by code: each code once, none that this package has a name for, flags that a receiver accepts. */
function sortedRaws(unknown: readonly RawAttribute[]): readonly RawAttribute[] {
  assertList('attributes.unknown', unknown)
  const raws = [...unknown].sort((a, b) => a.code - b.code)
  for (const [i, { code, flags, value }] of raws.entries()) {
    assertOctets('attributes.unknown', value)
    if (byCode[code]) throwOptionError('attributes.unknown', code, `given by its name, ${byCode[code].key}`)
    if (code === raws[i + 1]?.code) throwOptionError('attributes.unknown', code, 'given once')
    const rule = rules[code]
    if (rule ? (flags & categoryBits) !== rule.bits || value.length === 0 : (flags & flag.optional) === 0)
      throwOptionError(
        'attributes.unknown',
        code,
        `flagged as ${rule ? `${rule.category}, and not empty` : 'optional'}`,
      )
  }
  return raws
}
