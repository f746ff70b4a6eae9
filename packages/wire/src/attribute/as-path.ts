/** AS_PATH, and AS4_PATH, which carries it through speakers with two-octet AS numbers: one format, two widths. */

import { AS_TRANS } from '../as-number.ts'
import { u16, u32, type Writer } from '../bytes.ts'
import { assertList, throwOptionError, throwUnknownName } from '../error.ts'
import { subcode } from '../notification-codes.ts'
import { defineAttribute, type Malformed } from './spec.ts'

const segmentTypes = { set: 1, sequence: 2, 'confed-sequence': 3, 'confed-set': 4 } as const // RFC 5065 §3

/** One segment of a path. The most recent AS of a sequence is the first one. */
export interface AsSegment {
  readonly type: keyof typeof segmentTypes
  readonly as: readonly number[]
}

/** RFC 4271 §5.1.2, RFC 5065, RFC 6793, RFC 7606 §7.2, RFC 7607 §2. */
export const asPath = defineAttribute<'asPath', readonly AsSegment[]>({
  code: 2,
  name: 'AS_PATH',
  category: 'well-known',
  onMalformed: 'treat-as-withdraw',
  check: (bytes, at, end, { fourOctetAs, external }) => checkPath(bytes, at, end, fourOctetAs ? 4 : 2, external),
  read(into, bytes, at, end, { fourOctetAs }) {
    into.asPath = readPath(bytes, at, end, fourOctetAs ? 4 : 2)
  },
  encode: (w, path, { fourOctetAs }) => writePath(w, path, fourOctetAs ? 4 : 2),
})

/** RFC 6793 §3, §6. */
export const as4Path = defineAttribute<'as4Path', readonly AsSegment[]>({
  code: 17,
  name: 'AS4_PATH',
  category: 'optional transitive',
  onMalformed: 'attribute-discard',
  check(bytes, at, end, { fourOctetAs }) {
    if (fourOctetAs) return [subcode.update.optionalAttributeError, 'comes with four-octet AS numbers (RFC 6793 §6)']
    const malformed = checkPath(bytes, at, end, 4, false)
    if (malformed) return malformed
    return withoutConfederations(readPath(bytes, at, end, 4)).length === 0
      ? [subcode.update.malformedAsPath, 'empty']
      : undefined
  },
  read(into, bytes, at, end) {
    into.as4Path = withoutConfederations(readPath(bytes, at, end, 4))
  },
  encode(w, path, { fourOctetAs }) {
    if (fourOctetAs || path.length === 0 || withoutConfederations(path).length < path.length)
      throwOptionError('as4Path', path, 'sets and sequences, and left out if AS numbers have four octets')
    writePath(w, path, 4)
  },
})

/** AS4_PATH has no confederation segments; those that a peer sends are ignored (RFC 6793 §6). */
export function withoutConfederations(path: readonly AsSegment[]): readonly AsSegment[] {
  return path.filter(({ type }) => type === 'set' || type === 'sequence')
}

function checkPath(
  bytes: Uint8Array,
  at: number,
  end: number,
  octets: number,
  external: boolean,
): Malformed | undefined {
  while (at < end) {
    const type = bytes[at]!
    const count = bytes[at + 1]!
    if (end - at < 2) return [subcode.update.malformedAsPath, 'a segment header is cut short']
    if (type < 1 || type > 4) return [subcode.update.malformedAsPath, `segment type ${type}`]
    if (external && type > 2)
      return [subcode.update.malformedAsPath, 'a confederation segment from an external peer (RFC 5065 §5)']
    if (count === 0) return [subcode.update.malformedAsPath, 'an empty segment']
    const next = at + 2 + count * octets
    if (next > end) return [subcode.update.malformedAsPath, 'a segment is cut short']
    // The last octet first, because it is seldom zero: every path of every UPDATE passes here.
    for (at += 2; at < next; at += octets)
      if (bytes[at + octets - 1] === 0 && (octets === 4 ? u32(bytes, at) : u16(bytes, at)) === 0)
        return [subcode.update.malformedAsPath, 'AS 0 (RFC 7607 §2)']
  }
  return undefined
}

/** Makes lists of their final length, because V8 allocates at least 17 places for one that grows. */
function readPath(bytes: Uint8Array, at: number, end: number, octets: number): AsSegment[] {
  let segments = 0
  for (let start = at; start < end; start += 2 + bytes[start + 1]! * octets) segments++
  const path = new Array<AsSegment>(segments)
  for (let segment = 0; segment < segments; segment++) {
    const type = segmentNames[bytes[at]! - 1]!
    const as = new Array<number>(bytes[at + 1]!)
    at += 2
    for (let i = 0; i < as.length; i++, at += octets) as[i] = octets === 4 ? u32(bytes, at) : u16(bytes, at)
    path[segment] = { type, as }
  }
  return path
}
const segmentNames = Object.keys(segmentTypes) as (keyof typeof segmentTypes)[] // in the order of their codes, 1 to 4

function writePath(w: Writer, path: readonly AsSegment[], octets: number): void {
  assertList('asPath', path)
  for (const { type, as } of path) {
    assertList('asPath', as)
    if (as.length < 1 || as.length > 255) throwOptionError('asPath', as.length, '1 to 255 AS numbers in a segment')
    const code = segmentTypes[type]
    if (code === undefined) throwUnknownName('asPath', type, segmentNames)
    w.u8(code).u8(as.length)
    for (const number of as) {
      if (number === 0) throwOptionError('asPath', number, 'AS numbers other than zero (RFC 7607 §2)')
      if (octets === 4) w.u32(number, 'asPath')
      else w.u16(number > 0xffff ? AS_TRANS : number, 'asPath') // RFC 6793 §4.2.2
    }
  }
}
