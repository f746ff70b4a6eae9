/**
 * Tests that are the same for each path attribute: the flags of its category, the handling of a malformed value and of a
 * second occurrence, and the length of its value. The rows are those of docs/rfc.md.
 */
import { readFileSync } from 'node:fs'
import {
  attribute,
  nextHop,
  number,
  origin,
  path,
  received,
  refusal,
  route,
  update,
} from '@softspoken/test-support/by-hand'
import { toHex } from '@softspoken/test-support/hex'
import { type Context, decode, type Issue } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'

const flagsOf = { 'well-known': 0x40, 'optional transitive': 0xc0, 'optional non-transitive': 0x80 } as const

interface Row {
  readonly code: number
  readonly name: string
  readonly category: keyof typeof flagsOf
  readonly cost: Issue['handling'] | 'session-reset'
}
const line = /^\| (\d+) +\| ([^|]+?) +\| (well-known|optional (?:non-)?transitive) +\| ([a-z-]+) +\| RFC/gm
const rows = [...readFileSync(new URL('../../docs/rfc.md', import.meta.url), 'utf8').matchAll(line)].map(
  ([, code, name, category, cost]) => ({ code: Number(code), name, category, cost }) as Row, // as the pattern has it
)

/** A valid value of each attribute. */
const sound: { readonly [code: number]: string } = {
  1: '00',
  2: '02 01 0000fde9',
  3: 'c0000201',
  4: '00000001',
  5: '00000001',
  6: '',
  7: '0000fde9 c0000202',
  8: 'fde90064',
  9: 'c0000203',
  10: 'c0000204',
  14: '0002 01 10 20010db8000000000000000000000001 00 20 20010db8',
  15: '0002 01 20 20010db9',
  16: '0002fde900000064',
  17: '02 01 fa56ea00',
  18: 'fa56ea00 c0000202',
  25: '0002 20010db8000000000000000000000001 0064',
  26: '01 000b 0000000000000001',
  32: '0000fde9 00000001 00000002',
  35: '0000fde9',
}
/** Malformed values, for the attributes whose empty value is valid. */
const malformed: { readonly [code: number]: string } = { 2: '00 01 0000fde9', 6: '00' }

/** The context in which the attribute is not discarded: some come from internal peers only, some with two-octet AS numbers. */
function contextFor(code: number): Partial<Context> {
  return { external: ![5, 9, 10].includes(code), fourOctetAs: code !== 17 && code !== 18 }
}
/** An UPDATE of one route with the mandatory attributes and `attributes`, of which one has `code`. */
function withRoute(code: number, attributes: string): Uint8Array {
  const twoOctets = '40 02 04 02 01 5ba0'
  const needed = { 1: origin, 2: contextFor(code).fourOctetAs ? path : twoOctets, 3: nextHop }
  const others = Object.entries(needed).flatMap(([needs, octets]) => (Number(needs) === code ? [] : octets))
  return update(`${others.join(' ')} ${attributes}`)
}
function head(flags: number, code: number): string {
  return `${number(flags, 1)} ${number(code, 1)}`
}
function issues(bytes: Uint8Array, context?: Partial<Context>): unknown {
  return received(bytes, context).issues?.map(({ attribute, handling }) => [attribute, handling])
}

it('docs/rfc.md has a row for each attribute that may be malformed (RFC 7606 §4)', () => {
  expect(rows).toHaveLength(29)
  const others = Array.from({ length: 256 }, (_, code) => code).filter(code => !rows.some(row => row.code === code))
  for (const code of others) {
    for (const flags of [0x80, 0xc0, 0xe0])
      expect(issues(withRoute(code, attribute(head(flags, code), ''))), `${code}`).toBeUndefined()
    for (const flags of [0x00, 0x40])
      expect(refusal(decode(withRoute(code, attribute(head(flags, code), '')))).slice(0, 2)).toEqual([3, 2])
  }
})

describe.each(rows)('$name', ({ code, name, category, cost }) => {
  const context = contextFor(code)
  const value = sound[code] ?? '01'
  const flags = flagsOf[category]

  it(`${name} is accepted if flagged ${category}, partial or not (RFC 4271 §4.3)`, () => {
    for (const bits of category === 'optional transitive' ? [flags, flags | 0x20] : [flags])
      expect(issues(withRoute(code, attribute(head(bits, code), value)), context)).toBeUndefined()
  })

  it(`${name} with flags of another category withdraws the routes (RFC 7606 §3.c)`, () => {
    for (const bits of [0x00, 0x40, 0x80, 0xc0].filter(bits => bits !== flags)) {
      const less = name === 'AIGP' && bits === 0xc0 // RFC 7311 §3.2
      const bytes = withRoute(code, attribute(head(bits, code), value))
      expect(issues(bytes, context)).toEqual([[name, less ? 'attribute-discard' : 'treat-as-withdraw']])
      expect(received(bytes, context).attributes).not.toHaveProperty('aigp')
    }
  })

  it(`${name} leads to ${cost} if it is malformed (RFC 7606 §3.e)`, () => {
    const bytes = withRoute(code, attribute(head(flags, code), malformed[code] ?? ''))
    if (cost === 'session-reset') {
      expect(refusal(decode(bytes, context))).toEqual([3, 9, `${number(flags, 1)}${number(code, 1)}00`])
      return
    }
    expect(issues(bytes, context)).toEqual([[name, cost]])
    const { withdrawn, announced, attributes } = received(bytes, context)
    const left = received(withRoute(code, ''), context).attributes
    expect(attributes).toEqual(cost === 'treat-as-withdraw' ? {} : left)
    const prefix = ['198.51.100.10/32']
    expect({ withdrawn, announced }).toEqual(
      cost === 'treat-as-withdraw' ? { withdrawn: prefix, announced: [] } : { withdrawn: [], announced: prefix },
    )
  })

  if ([5, 9, 10].includes(code))
    it(`${name} is discarded if an external peer sends it (RFC 7606 §7.5, §7.9, §7.10)`, () => {
      const without = received(withRoute(code, '')).attributes
      for (const sent of [value, '', `${value}00`]) {
        const bytes = withRoute(code, attribute(head(flags, code), sent))
        expect(issues(bytes, { external: true })).toEqual([[name, 'attribute-discard']])
        expect(received(bytes, { external: true }).attributes).toEqual(without)
      }
    })

  const first = attribute(head(flags, code), value)
  const second = attribute(
    head(flags, code),
    value.replace(/.$/, last => `${last === '1' ? 2 : 1}`),
  )
  const between = attribute(head(0xc0, 62), '')
  if (cost === 'session-reset')
    it(`${name} resets the session if it occurs twice (RFC 7606 §3.g)`, () => {
      expect(refusal(decode(withRoute(code, `${first} ${between} ${second}`), context))).toEqual([3, 1, ''])
    })
  else
    it(`${name} is discarded if it occurs a second time (RFC 7606 §3.g)`, () => {
      const twice = received(withRoute(code, `${first} ${between} ${second}`), context)
      const once = received(withRoute(code, `${first} ${between}`), context)
      expect(twice.issues).toMatchObject([{ attribute: name, handling: 'attribute-discard' }])
      expect(twice.attributes).toEqual(once.attributes)
      expect(twice.announced).toEqual(once.announced)
    })
})

it.each([36, 61, 63, 99, 126, 255])(
  'attribute %i, which is unknown, is discarded if it occurs twice (RFC 7606 §3.g)',
  code => {
    const [first, other, second] = ['01', '02', '03'].map((value, i) =>
      attribute(head(0xc0, i === 1 ? 34 : code), value),
    )
    const { attributes, issues } = received(withRoute(code, `${first} ${other} ${second}`))
    expect(issues).toMatchObject([{ attribute: `attribute ${code}`, handling: 'attribute-discard' }])
    expect(attributes.unknown?.map(({ code, value }) => [code, toHex(value)])).toEqual([
      [code, '01'],
      [34, '02'],
    ])
  },
)

describe('lengths of values', () => {
  const multipleOf = (octets: number) => (length: number) => length > 0 && length % octets === 0
  const exactly = (octets: number) => (length: number) => length === octets
  it.each<[name: string, code: number, allowed: (length: number) => boolean, fourOctetAs?: boolean]>([
    ['ORIGIN', 1, exactly(1)],
    ['NEXT_HOP', 3, exactly(4)],
    ['MULTI_EXIT_DISC', 4, exactly(4)],
    ['LOCAL_PREF', 5, exactly(4)],
    ['ATOMIC_AGGREGATE', 6, exactly(0)],
    ['AGGREGATOR', 7, exactly(8)],
    ['AGGREGATOR beside two-octet AS numbers', 7, exactly(6), false],
    ['COMMUNITIES', 8, multipleOf(4)],
    ['ORIGINATOR_ID', 9, exactly(4)],
    ['CLUSTER_LIST', 10, multipleOf(4)],
    ['EXTENDED COMMUNITIES', 16, multipleOf(8)],
    ['AS4_AGGREGATOR', 18, exactly(8), false],
    ['IPv6 EXTENDED COMMUNITIES', 25, multipleOf(20)],
    ['LARGE_COMMUNITY', 32, multipleOf(12)],
    ['ONLY_TO_CUSTOMER', 35, exactly(4)],
  ])('a value of %s has a length that its RFC allows', (_name, code, allowed, fourOctetAs = true) => {
    const { category, cost } = rows.find(row => row.code === code)!
    const others = fourOctetAs ? path : '40 02 04 02 01 5ba0'
    for (let length = 0; length <= 41; length++) {
      const wrong = attribute(head(flagsOf[category], code), '01'.repeat(length))
      const needed =
        code === 1 ? `${others} ${nextHop}` : code === 3 ? `${origin} ${others}` : `${origin} ${others} ${nextHop}`
      const found = received(update(`${needed} ${wrong}`), { external: false, fourOctetAs }).issues
      expect(
        found?.map(({ handling }) => handling),
        `${length} octets`,
      ).toEqual(allowed(length) ? undefined : [cost])
    }
  })

  it.each([
    ['IPv4 unicast', '0001 01', [4, 16, 32]],
    ['IPv4 multicast', '0001 02', [4, 16, 32]],
    ['IPv6 unicast', '0002 01', [16, 32]],
    ['IPv6 multicast', '0002 02', [16, 32]],
  ] as const)('a next hop for %s has a length of %s (RFC 7606 §7.11)', (_name, family, allowed) => {
    for (let length = 0; length <= 64; length++) {
      const value = `${family} ${number(length, 1)} ${'20'.repeat(length)} 00`
      const result = decode(update(`${origin} ${path} ${attribute('80 0e', value)}`, ''))
      const expected = (allowed as readonly number[]).includes(length) ? 'nothing' : [3, 9]
      expect(result.ok ? 'nothing' : refusal(result).slice(0, 2), `${length} octets`).toEqual(expected)
    }
  })
})

describe('types of segments', () => {
  const known = [1, 2]
  it('segments of AS_PATH are set and sequence (RFC 4271 §4.3, RFC 5065 §5)', () => {
    for (let type = 0; type <= 255; type++)
      expect(issues(update(`${origin} 40 02 06 ${number(type, 1)} 01 0000fde9 ${nextHop}`)), `${type}`).toEqual(
        known.includes(type) ? undefined : [['AS_PATH', 'treat-as-withdraw']],
      )
  })
  it('segments of AS_PATH in a confederation may be of its two types (RFC 5065 §3)', () => {
    for (let type = 0; type <= 255; type++)
      expect(
        issues(update(`${origin} 40 02 06 ${number(type, 1)} 01 0000fde9 ${nextHop}`), { external: false }),
        `${type}`,
      ).toEqual([...known, 3, 4].includes(type) ? undefined : [['AS_PATH', 'treat-as-withdraw']])
  })
  it('segments of AS4_PATH are set and sequence, others are ignored (RFC 6793 §6)', () => {
    for (let type = 0; type <= 255; type++)
      expect(
        issues(withRoute(17, attribute('c0 11', `02 01 fa56ea00 ${number(type, 1)} 01 0000fde9`)), contextFor(17)),
        `${type}`,
      ).toEqual([...known, 3, 4].includes(type) ? undefined : [['AS4_PATH', 'attribute-discard']])
  })
})

describe('an error beside MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 7606 §2)', () => {
  const families = {
    'IPv4 unicast': ['0001 01', 'c0000201', '20 c633640b', '20 c633640c'],
    'IPv4 multicast': ['0001 02', 'c0000201', '20 c633640b', '20 c633640c'],
    'IPv6 unicast': ['0002 01', '20010db8000000000000000000000001', '20 20010db8', '20 20010db9'],
    'IPv6 multicast': ['0002 02', '20010db8000000000000000000000001', '20 20010db8', '20 20010db9'],
    'one that is not read': ['0001 80', 'c0000201', '08 0a', '08 0b'],
    'another that is not read': ['0001 84', 'c0000201', '08 0a', '08 0b'],
    'a third that is not read': ['0002 80', 'c0000201', '08 0a', '08 0b'],
  } as const
  const names = Object.keys(families) as (keyof typeof families)[]
  it.each(names.flatMap(announced => names.map(withdrawn => [announced, withdrawn] as const)))(
    'an error withdraws the routes of %s and %s, or ends the session',
    (one, other) => {
      const [family, hop, announced] = families[one]
      const [otherFamily, , , withdrawn] = families[other]
      const mp = `${attribute('80 0e', `${family} ${number(hop.length / 2, 1)} ${hop} 00 ${announced}`)} ${attribute('80 0f', `${otherFamily} ${withdrawn}`)}`
      const bytes = update(`${mp} 40 01 01 03 ${path} ${nextHop}`, route)
      // One UPDATE can withdraw IPv4 unicast routes and those of one more family.
      if (one !== other && one !== 'IPv4 unicast' && other !== 'IPv4 unicast') {
        expect(refusal(decode(bytes))).toEqual([3, 1, ''])
        return
      }
      const plain = ['198.51.100.10/32']
      if (other === 'IPv4 unicast') plain.push('198.51.100.12/32')
      if (one === 'IPv4 unicast') plain.push('198.51.100.11/32')
      const { withdrawn: gone, announced: left, attributes } = received(bytes)
      expect({ gone, left }).toEqual({ gone: plain, left: [] })
      const rest = other !== 'IPv4 unicast' ? other : one !== 'IPv4 unicast' ? one : undefined
      const { mpUnreach, ...others } = attributes
      expect(others).toEqual({})
      if (rest === undefined) expect(mpUnreach).toBeUndefined()
      else expect(mpUnreach?.withdrawn).toHaveLength((one === other ? 2 : 1) * (rest.includes('not read') ? 2 : 1))
    },
  )
})
