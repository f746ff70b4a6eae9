import { Reader, u16 } from '../bytes.ts'
import { assertList, assertOctets, throwOptionError } from '../error.ts'
import { subcode } from '../notification-codes.ts'
import { defineAttribute, wrongLength } from './spec.ts'

/** The accumulated IGP metric (RFC 7311). It is for networks under one administration; this package does not check that. */
export interface Aigp {
  /** Decimal, '0' to '18446744073709551614'. Text, because a number would be rounded and JSON has no bigint. */
  readonly metric?: string
  /** All other TLVs, a second metric too. They are written after the metric; a receiver passes them on (§3). */
  readonly others?: readonly AigpTlv[]
}

/** A TLV other than the metric (RFC 7311 §3). */
export interface AigpTlv {
  readonly type: number
  /** Without type and length. */
  readonly value: Uint8Array
}

const METRIC = 1
const HEAD = 3 // type and length, which are part of the length

/** RFC 7311 §3, §3.2. */
export const aigp = defineAttribute<'aigp', Aigp>({
  code: 26,
  name: 'AIGP',
  category: 'optional non-transitive',
  onMalformed: 'attribute-discard',
  onWrongTransitive: 'attribute-discard', // RFC 7311 §3.2
  check(bytes, at, end) {
    if (at === end) return wrongLength(0, '3 or more') // RFC 7606 §4
    for (let found = false; at < end; at += u16(bytes, at + 1)) {
      const length = end - at < HEAD ? 0 : u16(bytes, at + 1)
      if (length < HEAD || length > end - at) return [subcode.update.optionalAttributeError, 'a TLV is cut short']
      if (bytes[at] !== METRIC) continue
      if (length !== HEAD + 8) return [subcode.update.optionalAttributeError, `a metric of ${length - HEAD} octets`]
      // Only the first one counts (§3).
      if (!found && (u16(bytes, at + 3) & u16(bytes, at + 5) & u16(bytes, at + 7) & u16(bytes, at + 9)) === 0xffff)
        return [subcode.update.optionalAttributeError, 'the metric is unreachable (RFC 7311 §3.2)']
      found = true
    }
    return undefined
  },
  read(into, bytes, at, end) {
    const r = new Reader(bytes, at, end)
    let metric: string | undefined
    const others: AigpTlv[] = []
    while (r.left > 0) {
      const type = r.u8()
      const value = r.sub(r.u16() - HEAD)
      if (type === METRIC && metric === undefined) metric = String((BigInt(value.u32()) << 32n) + BigInt(value.u32()))
      else others.push({ type, value: value.take(value.left) })
    }
    into.aigp = { ...(metric !== undefined && { metric }), ...(others.length > 0 && { others }) } satisfies Aigp
  },
  encode(w, value) {
    const { metric, others = [] } = value
    assertList('aigp.others', others)
    if (metric === undefined && others.length === 0)
      throwOptionError('aigp', value, 'left out, or have a metric or others')
    if (metric !== undefined) {
      const digits = /^(0|[1-9]\d{0,19})$/.test(metric) ? BigInt(metric) : UNREACHABLE
      if (digits >= UNREACHABLE) throwOptionError('aigp.metric', metric, `decimal digits from 0 to ${UNREACHABLE - 1n}`)
      w.u8(METRIC)
        .u16(HEAD + 8)
        .u32(Number(digits >> 32n))
        .u32(Number(digits & 0xffffffffn))
    }
    for (const { type, value } of others) {
      assertOctets('aigp.others', value)
      if (type === METRIC && (metric === undefined || value.length !== 8))
        throwOptionError('aigp.others', type, 'another type, or a second metric of 8 octets')
      w.u8(type, 'aigp.others')
        .u16(HEAD + value.length, 'aigp.others')
        .put(value)
    }
  },
})
const UNREACHABLE = 2n ** 64n - 1n
