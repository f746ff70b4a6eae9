import { attribute, base, nextHop, origin, path, reach } from '@softspoken/test-support/by-hand'
import { hex } from '@softspoken/test-support/hex'
import { describe, expect, it } from 'vitest'
import { contextOf } from './context.ts'
import { wellFormedCodes } from './update-errors.ts'

const bits = (...codes: readonly number[]) => codes.reduce((set, code) => set | (1 << code), 0)
const largeCommunity = attribute('c0 20', '0000fde9 00000001 00000001')
/** The set for attributes of an UPDATE with NLRI; `before` is what the buffer holds before them. */
function codesOf(attributes: string, { announces = true, external = true, before = '' } = {}): number {
  const bytes = hex(`${before} ${attributes}`)
  return wellFormedCodes(bytes, hex(before).length, bytes.length, announces, contextOf({ external }))
}

describe('wellFormedCodes()', () => {
  it.each([
    ['the mandatory attributes', base, bits(1, 2, 3)],
    ['attributes of a code below 32 and of one above', `${base} ${largeCommunity}`, bits(1, 2, 3)],
    ['codes that differ by 32', `${base} c0 1f 00 c0 3f 00`, bits(1, 2, 3, 31)],
    ['an unknown optional attribute of a code above 63', `${base} c0 63 00`, bits(1, 2, 3)],
  ])('returns the codes below 32 of %s', (_what, attributes, codes) => {
    expect(codesOf(attributes)).toBe(codes)
  })
  it('returns an empty set for no attributes, if none is needed', () => {
    expect(codesOf('', { announces: false })).toBe(0)
  })
  it.each([
    ['an attribute that occurs twice', `${base} ${origin}`],
    ['an attribute above 31 that occurs twice', `${base} ${largeCommunity} ${largeCommunity}`],
    ['an unknown attribute that is flagged as well-known', `${base} 40 63 00`],
    ['wrong flags', `c0 01 01 00 ${path} ${nextHop}`],
    ['a malformed value', `40 01 01 03 ${path} ${nextHop}`],
    ['half an attribute', `${base} c0`],
    ['an attribute beyond the end', `${base} c0 63 01`],
    ['no ORIGIN', `${path} ${nextHop}`],
    ['no AS_PATH', `${origin} ${nextHop}`],
    ['no NEXT_HOP', `${origin} ${path}`],
  ])('returns -1 for %s', (_what, attributes) => {
    expect(codesOf(attributes)).toBe(-1)
  })
  it('returns -1 for an attribute beyond the end, whatever the buffer holds before', () => {
    // An attribute of 6 octets, if a reader began again at octet 0: it would end where the attributes end.
    expect(codesOf('c0 64 05 00', { announces: false, before: 'c0 63 06 00 00' })).toBe(-1)
  })
  it('requires ORIGIN and AS_PATH beside MP_REACH_NLRI, and no NEXT_HOP (RFC 4760 §3)', () => {
    expect(codesOf(`${reach} ${origin} ${path}`, { announces: false })).toBe(bits(14, 1, 2))
    expect(codesOf(`${reach} ${origin}`, { announces: false })).toBe(-1)
  })
  it('allows LOCAL_PREF from an internal peer only (RFC 7606 §7.5)', () => {
    const attributes = `${base} 40 05 04 00000064`
    expect(codesOf(attributes, { external: false })).toBe(bits(1, 2, 3, 5))
    expect(codesOf(attributes, { external: true })).toBe(-1)
  })
  it('allows from an internal peer what an external one may send (RFC 7606 §7.5)', () => {
    expect(codesOf(base, { external: false })).toBe(bits(1, 2, 3))
  })
})
