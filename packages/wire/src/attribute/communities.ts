/** COMMUNITIES, each as a number, and LARGE_COMMUNITY, each as numbers with colons between them. */
import { u32 } from '../bytes.ts'
import { afterColon, decimal } from '../decimal.ts'
import { assertNonEmptyList, stringOr, throwOptionError } from '../error.ts'
import { defineAttribute, listOf } from './spec.ts'

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
 * A community as the number in its four octets. encode() also takes text: `'65000:100'`, or the name of a well-known one. decode()
 * always returns numbers; communityText() makes text of them.
 */
export type Community = number | string

/** RFC 1997, RFC 7606 §7.8. */
export const communities = defineAttribute<'communities', readonly Community[]>({
  code: 8,
  name: 'COMMUNITIES',
  category: 'optional transitive',
  onMalformed: 'treat-as-withdraw',
  check: listOf(4),
  read(into, bytes, at, end) {
    const all = new Array<number>((end - at) >> 2)
    for (let i = 0; at < end; i++, at += 4) all[i] = u32(bytes, at)
    into.communities = all
  },
  encode(w, all) {
    assertNonEmptyList('communities', all)
    for (const one of all)
      if (typeof one === 'number') w.u32(one, 'communities')
      else
        for (const number of numbersOf(wellKnown.get(one) ?? one, 2, 0xffff, 'communities', `65000:100${orNames}`))
          w.u16(number)
  },
})
const orNames = [...wellKnown.keys()].map(name => `, ${name}`).join('')

/** Each `'4200000000:1:2'`, three numbers up to 4294967295. RFC 8092 §3, §6. */
export const largeCommunities = defineAttribute<'largeCommunities', readonly string[]>({
  code: 32,
  name: 'LARGE_COMMUNITY',
  category: 'optional transitive',
  onMalformed: 'treat-as-withdraw',
  check: listOf(12),
  read(into, bytes, at, end) {
    const all = new Array<string>((end - at) / 12)
    for (let i = 0; at < end; i++, at += 12)
      all[i] = decimal(u32(bytes, at)) + afterColon(u32(bytes, at + 4)) + afterColon(u32(bytes, at + 8))
    into.largeCommunities = distinct(all)
  },
  encode(w, all) {
    assertNonEmptyList('largeCommunities', all)
    if (new Set(all).size < all.length) throwOptionError('largeCommunities', all, 'a list without repetition')
    for (const text of all)
      for (const number of numbersOf(text, 3, 0xffffffff, 'largeCommunities', '65000:1:2')) w.u32(number)
  },
})

/** Without repetition (RFC 8092 §3). A Set hashes each text, so for a few it is faster to compare them. */
function distinct(all: string[]): string[] {
  return all.length > 16 ? [...new Set(all)] : all.filter((text, i) => all.indexOf(text) === i)
}

/** A community as text: `'65000:100'`. Also a well-known one that is given by its name; encode() checks any other text. */
export function communityText(community: Community): string {
  if (typeof community !== 'number') return wellKnown.get(community) ?? community
  return decimal(community >>> 16) + afterColon(community & 0xffff)
}

/** The numbers between the colons of `text`. */
function numbersOf(text: string, count: 2 | 3, max: number, field: string, example: string): number[] {
  const parts = stringOr(text).split(':')
  if (parts.length !== count || !parts.every(part => /^(0|[1-9]\d*)$/.test(part) && Number(part) <= max))
    throwOptionError(field, text, `${count} numbers up to ${max}, such as ${example}`)
  return parts.map(Number)
}
