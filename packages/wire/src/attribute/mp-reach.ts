/** MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760): the routes of every family but plain IPv4 unicast. */
import { type Address, formatAddress, parseAddress } from '../address.ts'
import type { Reader, Writer } from '../bytes.ts'
import { type Family, families, familyOf } from '../family.ts'
import { checkPrefixes, type Prefix, readPrefixes, writePrefix } from '../prefix.ts'
import { defineAttribute, type Malformed } from './spec.ts'

export type MpReach =
  | {
      readonly family: Family
      /** One address, or a global and a link-local one (RFC 2545 §3). IPv6 for IPv4 routes is RFC 8950. */
      readonly nextHop: readonly [Address] | readonly [Address, Address]
      readonly announced: readonly Prefix[]
    }
  /** A family that this package does not read. */
  | {
      readonly family: 'other'
      readonly afi: number
      readonly safi: number
      readonly nextHop: Uint8Array
      readonly announced: Uint8Array
    }

export type MpUnreach =
  /** With nothing withdrawn it is the family's End-of-RIB (RFC 4724 §2). */
  | { readonly family: Family; readonly withdrawn: readonly Prefix[] }
  | { readonly family: 'other'; readonly afi: number; readonly safi: number; readonly withdrawn: Uint8Array }

// A route that cannot be found cannot be withdrawn: the session resets (RFC 7606 §3.j, §7.11, §7.12).
const OPTIONAL_ATTRIBUTE_ERROR = 9

export const mpReach = defineAttribute<MpReach>({
  code: 14,
  name: 'MP_REACH_NLRI',
  category: 'optional non-transitive',
  onMalformed: 'session-reset',
  rfc: 'RFC 4760 §3, RFC 2545 §3, RFC 7606 §5.3, §7.11, RFC 8950',
  check(r) {
    if (r.left < 5) return [OPTIONAL_ATTRIBUTE_ERROR, `${r.left} octets long, it must be 5 or more`]
    const family = familyOf(r.u16(), r.u8())
    const length = r.u8()
    if (length + 1 > r.left) return [OPTIONAL_ATTRIBUTE_ERROR, 'the next hop is cut short']
    if (family !== undefined && !isNextHop(length, family))
      return [OPTIONAL_ATTRIBUTE_ERROR, `a next hop of ${length} octets`]
    return family && checkNlri(r, r.at + length + 1, family)
  },
  decode(r) {
    const afi = r.u16()
    const safi = r.u8()
    const octets = r.take(r.u8())
    r.u8() // reserved
    const family = familyOf(afi, safi)
    if (family === undefined) return { family: 'other', afi, safi, nextHop: octets, announced: r.take(r.left) }
    return {
      family,
      nextHop:
        octets.length === 32
          ? [formatAddress(octets.subarray(0, 16)), formatAddress(octets.subarray(16))]
          : [formatAddress(octets)],
      announced: readPrefixes(r.bytes, r.at, r.end, families[family].octets),
    }
  },
  encode(w, value) {
    if (value.family === 'other') {
      w.u16(value.afi, 'afi').u8(value.safi, 'safi').u8(value.nextHop.length, 'next hop length').put(value.nextHop)
      w.u8(0, 'reserved').put(value.announced)
      return
    }
    const { family, nextHop } = value
    writeFamily(w, family)
    const hops = nextHop.map(address => parseAddress(address, 'nextHop'))
    const octets = hops.reduce((sum, hop) => sum + hop.length, 0)
    if (!isNextHop(octets, family) || hops.length !== (octets === 32 ? 2 : 1))
      throw new RangeError(
        `nextHop: '${nextHop.join(', ')}' is not allowed for ${family} routes, it must be one address or an IPv6 pair`,
      )
    w.u8(octets, 'next hop length')
    for (const hop of hops) w.put(hop)
    w.u8(0, 'reserved')
    for (const prefix of value.announced) writePrefix(w, prefix, families[family].octets, 'announced')
  },
})

export const mpUnreach = defineAttribute<MpUnreach>({
  code: 15,
  name: 'MP_UNREACH_NLRI',
  category: 'optional non-transitive',
  onMalformed: 'session-reset',
  rfc: 'RFC 4760 §4, RFC 7606 §5.3, §7.12',
  check(r) {
    if (r.left < 3) return [OPTIONAL_ATTRIBUTE_ERROR, `${r.left} octets long, it must be 3 or more`]
    const family = familyOf(r.u16(), r.u8())
    return family && checkNlri(r, r.at, family)
  },
  decode(r) {
    const afi = r.u16()
    const safi = r.u8()
    const family = familyOf(afi, safi)
    if (family === undefined) return { family: 'other', afi, safi, withdrawn: r.take(r.left) }
    return { family, withdrawn: readPrefixes(r.bytes, r.at, r.end, families[family].octets) }
  },
  encode(w, value) {
    if (value.family === 'other') {
      w.u16(value.afi, 'afi').u8(value.safi, 'safi').put(value.withdrawn)
      return
    }
    writeFamily(w, value.family)
    for (const prefix of value.withdrawn) writePrefix(w, prefix, families[value.family].octets, 'withdrawn')
  },
})

/** One address of the family, or of IPv6 with or without a link-local one (RFC 2545 §3, RFC 8950 §4). */
function isNextHop(octets: number, family: Family): boolean {
  return octets === families[family].octets || octets === 16 || octets === 32
}
function checkNlri(r: Reader, at: number, family: Family): Malformed | undefined {
  const why = checkPrefixes(r.bytes, at, r.end, families[family].octets)
  return why === undefined ? undefined : [OPTIONAL_ATTRIBUTE_ERROR, why]
}
function writeFamily(w: Writer, family: Family): void {
  const row = families[family]
  if (row === undefined)
    throw new RangeError(`family: '${family}' is not allowed, it must be one of ${Object.keys(families).join(', ')}`)
  w.u16(row.afi, 'afi').u8(row.safi, 'safi')
}
