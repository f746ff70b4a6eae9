/** COMMUNITIES and LARGE_COMMUNITY: each community as numbers with colons between them. */
import { u16, u32, type Writer } from '../bytes.ts'
import { afterColon, decimal } from '../decimal.ts'
import { assertNonEmptyList, stringOr, throwOptionError } from '../error.ts'
import { type AttributeSpec, defineAttribute, listOf } from './spec.ts'

/** IANA's "BGP Well-known Communities", without those that only drafts describe. */
const wellKnown: ReadonlyMap<string, string> = new Map([
  ['graceful-shutdown', '65535:0'], // RFC 8326
  ['accept-own', '65535:1'], // RFC 7611
  ['llgr-stale', '65535:6'], // RFC 9494
  ['no-llgr', '65535:7'], // RFC 9494
  ['standby-pe', '65535:9'], // RFC 9026
  ['blackhole', '65535:666'], // RFC 7999
  ['no-export', '65535:65281'], // RFC 1997
  ['no-advertise', '65535:65282'], // RFC 1997
  ['no-export-subconfed', '65535:65283'], // RFC 1997
  ['no-peer', '65535:65284'], // RFC 3765
])

/**
 * Each `'65000:100'`, two numbers up to 65535. encode() also takes the name of a well-known community; decode() always
 * returns numbers, so that equal communities are equal strings. RFC 1997, RFC 7606 §7.8.
 */
export const communities = defineAttribute<'communities', readonly string[]>({
  code: 8,
  name: 'COMMUNITIES',
  category: 'optional transitive',
  onMalformed: 'treat-as-withdraw',
  ...numbers('communities', 2, 'u16', wellKnown),
  read(into, bytes, at, end) {
    const all = new Array<string>((end - at) >> 2)
    for (let i = 0; at < end; i++, at += 4) all[i] = decimal(u16(bytes, at)) + afterColon(u16(bytes, at + 2))
    into.communities = all
  },
})

/** Each `'4200000000:1:2'`, three numbers up to 4294967295. RFC 8092 §3, §6. */
export const largeCommunities = defineAttribute<'largeCommunities', readonly string[]>({
  code: 32,
  name: 'LARGE_COMMUNITY',
  category: 'optional transitive',
  onMalformed: 'treat-as-withdraw',
  ...numbers('largeCommunities', 3, 'u32', new Map(), true),
  read(into, bytes, at, end) {
    const all = new Array<string>((end - at) / 12)
    for (let i = 0; at < end; i++, at += 12)
      all[i] = decimal(u32(bytes, at)) + afterColon(u32(bytes, at + 4)) + afterColon(u32(bytes, at + 8))
    into.largeCommunities = distinct(all)
  },
})

/** Without repetition (RFC 8092 §3). A Set hashes each text, so for a few it is faster to compare them. */
function distinct(all: string[]): string[] {
  return all.length > 16 ? [...new Set(all)] : all.filter((text, i) => all.indexOf(text) === i)
}

/** The numbers of a well-known community; any other text is returned as it is, and encode() checks it. */
export function communityByNumber(community: string): string {
  return wellKnown.get(community) ?? community
}

function numbers(
  field: string,
  count: 2 | 3,
  width: 'u16' | 'u32',
  names: ReadonlyMap<string, string>,
  /** A repeated one is not allowed (RFC 8092 §3). */
  unique = false,
): Pick<AttributeSpec<string, readonly string[]>, 'check' | 'encode'> {
  const octets = count * (width === 'u16' ? 2 : 4)
  const max = width === 'u16' ? 0xffff : 0xffffffff
  const example = count === 2 ? '65000:100' : '65000:1:2'
  const orNames = [...names.keys()].map(name => `, ${name}`).join('')
  return {
    check: listOf(octets),
    encode(w: Writer, all) {
      assertNonEmptyList(field, all)
      if (unique && new Set(all).size < all.length) throwOptionError(field, all, 'a list without repetition')
      for (const text of all) {
        const parts = (names.get(text) ?? stringOr(text)).split(':')
        if (parts.length !== count || !parts.every(part => /^(0|[1-9]\d*)$/.test(part) && Number(part) <= max))
          throwOptionError(field, text, `${count} numbers up to ${max}, such as ${example}${orNames}`)
        for (const part of parts) w[width](Number(part))
      }
    },
  }
}
