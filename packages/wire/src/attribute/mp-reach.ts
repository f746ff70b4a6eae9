/** MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760): routes of any family; IPv4 unicast usually has fields of its own. */
import { type Address, formatAddress, parseAddress } from '../address.ts'
import { Reader, u16, type Writer } from '../bytes.ts'
import { type Context, hasPathIds } from '../context.ts'
import { assertList, assertOctets, throwOptionError } from '../error.ts'
import { type Family, familyByName, familyOf, familyRow } from '../family.ts'
import { subcode } from '../notification-codes.ts'
import { checkPrefixes, type Prefix, readPrefixes, type Visit, visitPrefixes, writePrefix } from '../prefix.ts'
import { defineAttribute, type Malformed, wrongLength } from './spec.ts'
import { nextAttribute, valueAt } from './walk.ts'

/** Routes announced in MP_REACH_NLRI (RFC 4760 §3), of one family. */
export type MpReach =
  | {
      readonly family: Family
      /** One address, or a global and a link-local IPv6 address (RFC 2545 §3). IPv4 routes may have IPv6 next hops (RFC 8950). */
      readonly nextHop: readonly [Address] | readonly [Address, Address]
      readonly announced: readonly Prefix[]
    }
  /** A family that this package does not model. */
  | {
      readonly family: 'other'
      readonly afi: number
      readonly safi: number
      readonly nextHop: Uint8Array
      readonly announced: Uint8Array
    }

/** Routes withdrawn in MP_UNREACH_NLRI (RFC 4760 §4), of one family. */
export type MpUnreach =
  /** An empty list is the End-of-RIB of the family (RFC 4724 §2). */
  | { readonly family: Family; readonly withdrawn: readonly Prefix[] }
  | { readonly family: 'other'; readonly afi: number; readonly safi: number; readonly withdrawn: Uint8Array }

// A route that cannot be read cannot be withdrawn, so the session resets (RFC 7606 §3.j, §7.11, §7.12).
const { optionalAttributeError } = subcode.update

/** RFC 4760 §3, RFC 2545 §3, RFC 7606 §5.3, §7.11, RFC 8950. */
export const mpReach = defineAttribute<'mpReach', MpReach>({
  code: 14,
  name: 'MP_REACH_NLRI',
  category: 'optional non-transitive',
  onMalformed: 'session-reset',
  check(bytes, at, end, context) {
    if (end - at < 5) return wrongLength(end - at, '5 or more', optionalAttributeError)
    const length = bytes[at + 3]!
    const nlri = at + 5 + length
    if (nlri > end || !isNextHop(length, familyAt(bytes, at)))
      return [optionalAttributeError, `a next hop of ${length} octets`]
    return checkNlri(bytes, at, nlri, end, context)
  },
  read(into, bytes, at, end, context) {
    into.mpReach = readReach(bytes, at, end, context)
  },
  encode(w, value, context) {
    writeFamily(w, value)
    if (value.family === 'other') assertOctets('nextHop', value.nextHop)
    else assertList('nextHop', value.nextHop)
    const hops = value.family === 'other' ? [value.nextHop] : value.nextHop.map(hop => parseAddress(hop, 'nextHop'))
    const octets = hops.reduce((sum, hop) => sum + hop.length, 0)
    if (!isNextHop(octets, value.family) || (value.family !== 'other' && hops.length !== (octets === 32 ? 2 : 1)))
      throwOptionError('nextHop', value.nextHop.join(', '), `one address for ${value.family} routes, or two of IPv6`)
    w.u8(octets, 'nextHop')
    for (const hop of hops) w.put(hop)
    w.u8(0)
    writeNlri(w, value, value.announced, context, 'announced')
  },
})

/** RFC 4760 §4, RFC 7606 §5.3, §7.12. */
export const mpUnreach = defineAttribute<'mpUnreach', MpUnreach>({
  code: 15,
  name: 'MP_UNREACH_NLRI',
  category: 'optional non-transitive',
  onMalformed: 'session-reset',
  check(bytes, at, end, context) {
    if (end - at < 3) return wrongLength(end - at, '3 or more', optionalAttributeError)
    return checkNlri(bytes, at, at + 3, end, context)
  },
  read(into, bytes, at, end, context) {
    into.mpUnreach = readUnreach(bytes, at, end, context)
  },
  encode(w, value, context) {
    writeFamily(w, value)
    writeNlri(w, value, value.withdrawn, context, 'withdrawn')
  },
})

/** The value of an MP_REACH_NLRI that has been checked. */
export function readReach(bytes: Uint8Array, at: number, end: number, context: Context): MpReach {
  const r = new Reader(bytes, at, end)
  const family = readFamily(r)
  const hop = r.take(r.u8())
  r.u8() // reserved
  const nextHop = family.family === 'other' ? hop : addresses(hop)
  return { ...family, nextHop, announced: readNlri(r, family, context) } as MpReach // the family decides which of the two types it is
}

/** The value of an MP_UNREACH_NLRI that has been checked. */
export function readUnreach(bytes: Uint8Array, at: number, end: number, context: Context): MpUnreach {
  const r = new Reader(bytes, at, end)
  const family = readFamily(r)
  return { ...family, withdrawn: readNlri(r, family, context) } as MpUnreach // the family decides which of the two types it is
}

/** Visits the routes of modelled families in the attributes at..end. With treat-as-withdraw, `reached` is `withdrawn`. */
export function visitMp(
  bytes: Uint8Array,
  at: number,
  end: number,
  context: Context,
  withdrawn: Visit,
  reached: Visit,
): void {
  for (let start = at, next = 0; start < end; start = next) {
    const flags = bytes[start]!
    const from = valueAt(start, flags)
    next = nextAttribute(bytes, flags, from, end)
    if (next === 0) break
    const code = bytes[start + 1]
    if (code !== mpReach.code && code !== mpUnreach.code) continue
    const value = new Reader(bytes, from, next)
    const family = familyOf(value.u16(), value.u8())
    if (family === undefined) continue
    let visit = withdrawn
    if (code === mpReach.code) {
      value.sub(value.u8() + 1) // the next hop, and a reserved octet
      visit = reached
    }
    visitPrefixes(bytes, value.at, value.end, hasPathIds(context, family), visit)
  }
}

/** A family by its name, or by its numbers if it is not modelled. */
type Named = { readonly family: Family } | { readonly family: 'other'; readonly afi: number; readonly safi: number }

function familyAt(bytes: Uint8Array, at: number): Family | 'other' {
  return familyOf(u16(bytes, at), bytes[at + 2]!) ?? 'other'
}
function readFamily(r: Reader): Named {
  const afi = r.u16()
  const safi = r.u8()
  const family = familyOf(afi, safi)
  return family ? { family } : { family: 'other', afi, safi }
}
function writeFamily(w: Writer, value: Named): void {
  const { afi, safi } = value.family === 'other' ? value : familyRow(value.family, 'family', 'other')
  const name = value.family === 'other' && familyOf(afi, safi)
  if (name) throwOptionError('family', 'other', `its name, '${name}'`)
  w.u16(afi, 'afi').u8(safi, 'safi')
}

function checkNlri(bytes: Uint8Array, at: number, nlri: number, end: number, context: Context): Malformed | undefined {
  const family = familyAt(bytes, at)
  const detail =
    family === 'other'
      ? undefined
      : checkPrefixes(bytes, nlri, end, familyByName[family].octets, hasPathIds(context, family))
  return detail === undefined ? undefined : [optionalAttributeError, detail]
}
function readNlri(r: Reader, { family }: Named, context: Context): readonly Prefix[] | Uint8Array {
  return family === 'other'
    ? r.take(r.left)
    : readPrefixes(r.bytes, r.at, r.end, familyByName[family].octets, hasPathIds(context, family))
}
function writeNlri(
  w: Writer,
  { family }: Named,
  nlri: readonly Prefix[] | Uint8Array,
  context: Context,
  field: string,
): void {
  if (family === 'other') {
    assertOctets(field, nlri)
    w.put(nlri)
    return
  }
  assertList(field, nlri)
  for (const prefix of nlri as readonly Prefix[])
    writePrefix(w, prefix, familyByName[family].octets, hasPathIds(context, family), field)
}

/** One address of the family, or of IPv6 with or without a link-local one (RFC 2545 §3, RFC 8950 §4). */
function isNextHop(octets: number, family: Family | 'other'): boolean {
  return family === 'other' || octets === familyByName[family].octets || octets === 16 || octets === 32
}
function addresses(hop: Uint8Array): Address[] {
  return hop.length === 32 ? [hop.subarray(0, 16), hop.subarray(16)].map(formatAddress) : [formatAddress(hop)]
}
