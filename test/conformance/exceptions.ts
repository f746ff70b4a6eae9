/**
 * The vectors with which the codec disagrees, and the RFC that decides. The test fails if another vector disagrees, and if one
 * of these agrees: then delete its entry.
 *
 * An entry has a rule, or a list of vectors. A rule shares no code with the codec, and `count` is the number of vectors that it
 * explains, so that it cannot come to explain more unnoticed.
 */
import type { Vector } from '@softspoken/test-support/vectors'
import type { Reading } from './agree.ts'
import { rawAttributes, runs } from './canonical.ts'

type Exception = { readonly why: string; readonly settledBy: string } & (
  | { readonly ids: readonly string[] }
  | { readonly count: number; readonly rule: (vector: Vector, reading: Reading) => boolean }
)

/** IANA's codes of path attributes in use. */
const ASSIGNED = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 22, 23, 24, 25, 26, 27, 29, 32, 33, 34, 35, 36, 37, 38, 39, 40,
  128,
]

/** Whether a prefix is longer than its family allows, or runs beyond the field. */
function isBroken(run: Uint8Array, bits: number): boolean {
  let at = 0
  while (at < run.length) {
    if (run[at]! > bits) return true
    at += 1 + Math.ceil(run[at]! / 8)
  }
  return at > run.length
}

function claimsToBeWellKnown(bytes: Uint8Array): boolean {
  return rawAttributes(bytes).some(({ code, flags }) => (flags & 0x80) === 0 && !ASSIGNED.includes(code))
}

function malformedMp(bytes: Uint8Array): boolean {
  return rawAttributes(bytes).some(({ code, value }) => {
    if (code !== 14 && code !== 15) return false
    const octets = Buffer.from(value, 'hex')
    const bits = { '000101': 32, '000201': 128 }[value.slice(0, 6)]
    const hop = octets[3] ?? 0
    if (code === 15) return octets.length < 3 || (bits !== undefined && isBroken(octets.subarray(3), bits))
    if (octets.length < 5 + hop) return true
    if (bits === undefined) return false
    return ![bits / 8, 16, 32].includes(hop) || isBroken(octets.subarray(5 + hop), bits)
  })
}

/** Whether there are attributes of routes, and no route. */
function withoutRoutes(bytes: Uint8Array): boolean {
  const attributes = rawAttributes(bytes)
  const reach = attributes.find(({ code }) => code === 14)
  const octets = Buffer.from(reach?.value ?? '', 'hex')
  return (
    runs(bytes).nlri.length === 0 && octets.length <= 5 + (octets[3] ?? 0) && attributes.some(({ code }) => code !== 15)
  )
}

const outcomeIsReset = ({ expect }: Vector) => expect.outcome === null || expect.outcome === 'session-reset'

export const exceptions: readonly Exception[] = [
  {
    why: 'a prefix in the Withdrawn Routes or NLRI field is broken: Invalid Network Field, whatever else is wrong',
    settledBy: 'RFC 4271 §6.3, RFC 7606 §3.a, §5.3: the NOTIFICATION is for the error that resets the session',
    count: 257,
    rule: (vector, { answer }) =>
      outcomeIsReset(vector) &&
      answer === '3/10' &&
      (isBroken(runs(vector.bytes).withdrawn, 32) || isBroken(runs(vector.bytes).nlri, 32)),
  },
  {
    why: 'MP_REACH_NLRI or MP_UNREACH_NLRI is malformed: Optional Attribute Error, and no milder handling',
    settledBy: 'RFC 4760 §7, RFC 7606 §3.j, §7.11, §7.12',
    count: 15,
    rule: ({ bytes, expect }, { answer }) => expect.ok === false && answer === '3/9' && malformedMp(bytes),
  },
  {
    why: 'an unassigned attribute claims to be well-known, whatever else is wrong',
    settledBy: 'RFC 4271 §6.3: Unrecognized Well-known Attribute, which RFC 7606 leaves as it is',
    count: 81,
    rule: ({ bytes }, { answer }) => answer === '3/2' && claimsToBeWellKnown(bytes),
  },
  {
    why: 'attributes are malformed and there is no route: perhaps the routes could not be read',
    settledBy: 'RFC 7606 §5.2: session reset',
    count: 28,
    rule: ({ bytes, expect }, { answer }) =>
      expect.outcome === 'treat-as-withdraw' && /^3\/[3-6]$/.test(answer ?? '') && withoutRoutes(bytes),
  },
  {
    why: 'Tunnel Encapsulation is flagged as non-transitive: the routes are withdrawn',
    settledBy: 'RFC 7606 §3.c, RFC 9012 §2: it is optional transitive',
    ids: ['3e0e79a5f2ef2a'],
  },
  {
    why: 'an ORIGIN or a MULTI_EXIT_DISC has wrong flags and more is wrong after it; the codec reports the flags, which come first',
    settledBy: 'RFC 4271 §6.3 puts the checks in no order',
    ids: ['f853084a7414d5', '8508feb9a9dda4', 'f3423419675c83', '8192793c71461c'],
  },
  {
    why: 'an attribute is cut short after others are repeated; the codec reports its length',
    settledBy: 'RFC 4271 §6.3: Attribute Length Error; RFC 7606 §3.g: repeated ones cost nothing',
    ids: ['a86219a7e9d4e4'],
  },
  {
    why: 'ORIGIN is missing beside an MP_REACH_NLRI without a route; the codec reports the missing one',
    settledBy: 'RFC 7606 §3.d, §5.2; octets of an unknown family are not malformed',
    ids: ['43e51705a1a486'],
  },
  {
    why: 'an OPEN has several errors; the codec reports a wrong length before a wrong value',
    settledBy: 'RFC 4271 §6.2 puts the checks in no order',
    ids: ['a40afc0cd84cf9', '4addbd07f94d79', '2f2c80977a9b82'],
  },
  {
    why: 'a ROUTE-REFRESH without a body: the length in its header is wrong',
    settledBy: 'RFC 4271 §6.1; RFC 7313 §5 is about subtypes 1 and 2, and there is none here. Other vectors expect 1/2',
    ids: ['03bc8cc3895909'],
  },
  {
    why: 'an IPv6 route has a next hop of 4 octets',
    settledBy: 'RFC 7606 §7.11: an inconsistent length of the next hop resets the session; RFC 8950 has no such form',
    ids: ['bbcbeb3e39a3fa'],
  },
  {
    why: 'AS4_PATH comes from a speaker whose AS_PATH has four-octet AS numbers: it is discarded',
    settledBy: 'RFC 6793 §6',
    ids: ['243805c176faa6'],
  },
  {
    why: 'a large community occurs twice: it is kept once',
    settledBy: 'RFC 8092 §3',
    ids: ['1acf1a6980cc4f'],
  },
]

export function settles(exception: Exception, vector: Vector, reading: Reading): boolean {
  return 'ids' in exception ? exception.ids.includes(vector.id) : exception.rule(vector, reading)
}
