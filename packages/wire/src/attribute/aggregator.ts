/** AGGREGATOR, and AS4_AGGREGATOR, which carries its AS number through speakers with two-octet AS numbers. */
import { type Address, formatIpv4 } from '../address.ts'
import { AS_TRANS } from '../as-number.ts'
import { u16, u32, type Writer } from '../bytes.ts'
import { throwOptionError } from '../error.ts'
import { subcode } from '../notification-codes.ts'
import { writeIpv4 } from './next-hop.ts'
import { defineAttribute, type Malformed, wrongLength } from './spec.ts'

/** The speaker that has aggregated routes: its AS number and its BGP Identifier (RFC 4271 §5.1.7). */
export interface Aggregator {
  readonly as: number
  /** IPv4. */
  readonly address: Address
}

/** RFC 4271 §5.1.7, RFC 6793 §4.2.2, RFC 7606 §7.7, RFC 7607 §2. */
export const aggregator = defineAttribute<'aggregator', Aggregator>({
  code: 7,
  name: 'AGGREGATOR',
  category: 'optional transitive',
  onMalformed: 'attribute-discard',
  check: (bytes, at, end, { fourOctetAs }) => checkAggregator(bytes, at, end, fourOctetAs ? 4 : 2),
  read(into, bytes, at, _, { fourOctetAs }) {
    into.aggregator = readAggregator(bytes, at, fourOctetAs ? 4 : 2)
  },
  encode: (w, value, { fourOctetAs }) => writeAggregator(w, value, fourOctetAs ? 4 : 2, 'aggregator'),
})

/** RFC 6793 §3, §6. */
export const as4Aggregator = defineAttribute<'as4Aggregator', Aggregator>({
  code: 18,
  name: 'AS4_AGGREGATOR',
  category: 'optional transitive',
  onMalformed: 'attribute-discard',
  check(bytes, at, end, { fourOctetAs }) {
    if (fourOctetAs) return [subcode.update.optionalAttributeError, 'comes with four-octet AS numbers (RFC 6793 §4.1)']
    return checkAggregator(bytes, at, end, 4)
  },
  read(into, bytes, at) {
    into.as4Aggregator = readAggregator(bytes, at, 4)
  },
  encode(w, value, { fourOctetAs }) {
    if (fourOctetAs) throwOptionError('as4Aggregator', value, 'left out if AS numbers have four octets')
    writeAggregator(w, value, 4, 'as4Aggregator')
  },
})

function checkAggregator(bytes: Uint8Array, at: number, end: number, octets: 2 | 4): Malformed | undefined {
  if (end - at !== octets + 4) return wrongLength(end - at, `${octets + 4}`)
  const zero = u16(bytes, at) === 0 && (octets === 2 || u16(bytes, at + 2) === 0)
  return zero ? [subcode.update.optionalAttributeError, 'AS 0 (RFC 7607 §2)'] : undefined
}
function readAggregator(bytes: Uint8Array, at: number, octets: 2 | 4): Aggregator {
  return { as: octets === 4 ? u32(bytes, at) : u16(bytes, at), address: formatIpv4(u32(bytes, at + octets)) }
}
function writeAggregator(w: Writer, { as, address }: Aggregator, octets: 2 | 4, field: string): void {
  if (as === 0) throwOptionError(`${field}.as`, as, 'other than zero (RFC 7607 §2)')
  if (octets === 4) w.u32(as, `${field}.as`)
  else w.u16(as > 0xffff ? AS_TRANS : as, `${field}.as`) // RFC 6793 §4.2.2
  writeIpv4(w, address, `${field}.address`)
}
