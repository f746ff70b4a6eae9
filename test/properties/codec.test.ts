/**
 * What holds for all messages and all octets. An attribute without a generator here is still held to the properties
 * of damaged messages, through its fixture.
 */
import {
  type AsSegment,
  type Attributes,
  type Capability,
  type Context,
  Decoder,
  decode,
  encode,
  type Family,
  formatAddress,
  type Message,
  type Result,
  routes,
} from '@softspoken/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fixtures, plain, toHex } from '../support/hex.ts'

// ---- everything that can be said in a message

const octet = fc.nat(0xff)
const u16 = fc.nat(0xffff)
const u32 = fc.nat(0xffffffff)
const some = { maxLength: 6 }
/** Lists that often are long enough for an extended length, yet never too long for a message together. */
const large = { size: 'max' } as const
const octets = fc.uint8Array({ maxLength: 20 })

const contexts: fc.Arbitrary<Context> = fc.record({ fourOctetAs: fc.boolean(), external: fc.boolean() })

function address(length: 4 | 16): fc.Arbitrary<string> {
  return fc.uint8Array({ minLength: length, maxLength: length }).map(formatAddress)
}
function prefix(length: 4 | 16): fc.Arbitrary<string> {
  return fc
    .tuple(fc.uint8Array({ minLength: length, maxLength: length }), fc.nat(length * 8))
    .map(([bytes, bits]) => `${formatAddress(bytes.map((octet, i) => octet & mask(bits - i * 8)))}/${bits}`)
}
/** The first `bits` of an octet. */
function mask(bits: number): number {
  return 0xff & ~(0xff >> Math.max(0, bits))
}
const prefixes = (length: 4 | 16) => fc.array(prefix(length), some)

const capability: fc.Arbitrary<Capability> = fc.oneof(
  fc.record({ name: fc.constant('multiprotocol'), afi: u16, safi: octet }),
  fc.record({ name: fc.constant('route-refresh') }),
  fc.record({
    name: fc.constant('extended-next-hop'),
    families: fc.array(fc.record({ afi: u16, safi: u16, nextHopAfi: u16 }), some),
  }),
  fc.record({ name: fc.constant('enhanced-route-refresh') }),
  fc.record({ name: fc.constant('unknown'), code: fc.integer({ min: 200, max: 255 }), value: octets }),
)
const open: fc.Arbitrary<Message> = fc
  .record({
    as: u32,
    holdTime: u16.filter(seconds => seconds !== 1 && seconds !== 2),
    id: address(4).filter(id => id !== '0.0.0.0'),
    capabilities: fc.array(capability, { maxLength: 30 }),
    four: fc.boolean(),
  })
  .map(({ four, capabilities, ...fields }) => ({
    type: 'open',
    version: 4,
    ...fields,
    capabilities:
      four || fields.as > 0xffff ? [...capabilities, { name: 'four-octet-as', as: fields.as }] : capabilities,
  }))

function path(as: fc.Arbitrary<number>, types: readonly AsSegment['type'][]): fc.Arbitrary<AsSegment[]> {
  return fc.array(
    fc.record({ type: fc.constantFrom(...types), as: fc.array(as, { minLength: 1, maxLength: 255, ...large }) }),
    { maxLength: 2 },
  )
}
const plainSegments = ['sequence', 'set'] as const
const otherFamily = fc.record({ family: fc.constant('other'), afi: u16, safi: fc.integer({ min: 2, max: 255 }) })

function mpReach(): fc.Arbitrary<NonNullable<Attributes['mpReach']>> {
  const of = (family: Family, length: 4 | 16, hop: 4 | 16) =>
    fc.record({ family: fc.constant(family), nextHop: fc.tuple(address(hop)), announced: prefixes(length) })
  const pair = fc.record({
    family: fc.constant<Family>('ipv6-unicast'),
    nextHop: fc.tuple(address(16), address(16)),
    announced: prefixes(16),
  })
  const other = fc.tuple(otherFamily, fc.record({ nextHop: octets, announced: octets }))
  return fc.oneof(
    of('ipv6-unicast', 16, 16),
    pair,
    of('ipv4-unicast', 4, 16),
    of('ipv4-unicast', 4, 4),
    other.map(([family, rest]) => ({ ...family, ...rest })),
  )
}
function mpUnreach(): fc.Arbitrary<NonNullable<Attributes['mpUnreach']>> {
  const of = (family: Family, length: 4 | 16) => fc.record({ family: fc.constant(family), withdrawn: prefixes(length) })
  const other = fc.tuple(otherFamily, octets)
  return fc.oneof(
    of('ipv6-unicast', 16),
    of('ipv4-unicast', 4),
    other.map(([family, withdrawn]) => ({ ...family, withdrawn })),
  )
}

function attributes({ fourOctetAs, external }: Context): fc.Arbitrary<Attributes> {
  const colons = (part: fc.Arbitrary<number>, parts: number) =>
    fc.array(part, { minLength: parts, maxLength: parts }).map(numbers => numbers.join(':'))
  return fc.record(
    {
      origin: fc.constantFrom('igp', 'egp', 'incomplete'),
      asPath: path(fourOctetAs ? u32 : u16, [...plainSegments, 'confed-sequence', 'confed-set']),
      nextHop: address(4),
      med: u32,
      ...(!external && { localPref: u32 }),
      atomicAggregate: fc.constant(true),
      communities: fc.array(colons(u16, 2), { minLength: 1, maxLength: 80, ...large }),
      largeCommunities: fc.uniqueArray(colons(u32, 3), { minLength: 1, maxLength: 30, ...large }),
      ...(!fourOctetAs && { as4Path: path(u32, plainSegments).filter(({ length }) => length > 0) }),
      mpReach: mpReach(),
      mpUnreach: mpUnreach(),
      unknown: fc
        .uniqueArray(
          fc.record({
            code: fc.integer({ min: 200, max: 254 }),
            flags: fc.constantFrom(0x80, 0xc0, 0xe0),
            value: octets,
          }),
          { minLength: 1, maxLength: 4, selector: ({ code }) => code },
        )
        .map(raws => raws.sort((a, b) => a.code - b.code)),
    },
    { requiredKeys: ['origin', 'asPath', 'nextHop'] },
  ) as fc.Arbitrary<Attributes> // the spread conditions above are beyond what record() infers
}
function update(context: Context): fc.Arbitrary<Message> {
  return fc.oneof(
    fc.record({
      type: fc.constant('update'),
      withdrawn: prefixes(4),
      attributes: attributes(context),
      announced: prefixes(4),
    }),
    fc.record({
      type: fc.constant('update'),
      withdrawn: prefixes(4),
      attributes: fc.record({ mpUnreach: mpUnreach() }, { requiredKeys: [] }),
      announced: fc.constant([]),
    }),
  )
}
const notification: fc.Arbitrary<Message> = fc.record({
  type: fc.constant('notification'),
  code: octet,
  subcode: octet,
  data: octets,
})
const routeRefresh: fc.Arbitrary<Message> = fc.record(
  {
    type: fc.constant('route-refresh'),
    afi: u16,
    safi: octet,
    subtype: octet.filter(subtype => subtype !== 1 && subtype !== 2), // those two take no filters (RFC 7313 §5)
    filters: fc.uint8Array({ minLength: 1, maxLength: 20 }),
  },
  { requiredKeys: ['type', 'afi', 'safi', 'subtype'] },
)
const keepalive: fc.Arbitrary<Message> = fc.constant({ type: 'keepalive' })

/** A message, and a context in which it can be said. */
const said: fc.Arbitrary<{ message: Message; context: Context }> = contexts.chain(context =>
  fc.record({
    message: fc.oneof(open, { arbitrary: update(context), weight: 4 }, notification, routeRefresh, keepalive),
    context: fc.constant(context),
  }),
)

// ---- and much that cannot be

/** A header that fits, around anything. */
const anyBody = fc
  .tuple(fc.integer({ min: 0, max: 6 }), fc.uint8Array({ maxLength: 120 }))
  .map(([type, body]) => framed(Uint8Array.of(...new Uint8Array(18), type, ...body)))

/** A fixture with a few octets changed, removed or added. */
const damaged = fc
  .tuple(
    fc.constantFrom(...fixtures().map(({ bytes }) => bytes)),
    fc.array(fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 3 }), fc.nat(3)), { minLength: 1, maxLength: 4 }),
    fc.boolean(),
  )
  .map(([bytes, wounds, mend]) => {
    let result = bytes
    for (const [place, piece, removed] of wounds) {
      const at = 18 + (place % Math.max(1, result.length - 17))
      result = Uint8Array.of(...result.subarray(0, at), ...piece, ...result.subarray(at + removed))
    }
    return mend ? framed(result) : result
  })

function framed(bytes: Uint8Array): Uint8Array {
  const result = bytes.slice()
  result.fill(0xff, 0, 16)
  result[16] = bytes.length >> 8
  result[17] = bytes.length
  return result
}

// ---- what holds

const outcome = (result: Result<Message>): unknown => plain(result)
const outcomes = (results: Iterable<Result<Message>>): unknown[] => [...results].map(outcome)

describe('of every message that can be said', () => {
  it('what is encoded and decoded again is the same', () => {
    fc.assert(
      fc.property(said, ({ message, context }) => {
        expect(outcome(decode(encode(message, context), context))).toEqual(plain({ ok: true, value: message }))
      }),
      { numRuns: 800 },
    )
  })
  it('a part is nothing to a stream, and the rest completes it', () => {
    fc.assert(
      fc.property(said, fc.nat(), ({ message, context }, place) => {
        const bytes = encode(message, context)
        const at = place % bytes.length
        const decoder = new Decoder(context)
        expect(outcomes(decoder.push(bytes.slice(0, at)))).toEqual([])
        expect(outcomes(decoder.push(bytes.slice(at)))).toEqual([plain({ ok: true, value: message })])
      }),
      { numRuns: 500 },
    )
  })
})

describe('of any octets', () => {
  it('decoding them ends in a message or in a NOTIFICATION that can be sent, and all of the message can be read', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), anyBody, damaged), contexts, (bytes, context) => {
        const result = decode(bytes, context)
        if (result.ok) {
          plain(result.value)
          if (result.value.type === 'update') routes(result.value)
        } else {
          expect([1, 2, 3, 7]).toContain(result.error.code)
          expect(decode(encode(result.error))).toEqual({ ok: true, value: result.error })
          expect(result.why).not.toBe('')
        }
      }),
      { numRuns: 5000 },
    )
  })
  it('a message among them has a form of ours, no longer than it was, which is sound and stays as it is', () => {
    fc.assert(
      fc.property(fc.oneof(anyBody, damaged), contexts, (bytes, context) => {
        const result = decode(bytes, context)
        if (!result.ok) return
        const ours = encode(result.value, context)
        expect(ours.length).toBeLessThanOrEqual(bytes.length)
        const again = decode(ours, context)
        if (!again.ok) throw new Error(again.why)
        expect(again.value).not.toHaveProperty('issues', expect.anything())
        expect(toHex(encode(again.value, context))).toBe(toHex(ours))
      }),
      { numRuns: 5000 },
    )
  })
  it('a stream decoder finds the same in them, however they are cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(damaged, { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        contexts,
        (messages, cuts, context) => {
          const bytes = Uint8Array.of(...messages.flatMap(message => [...message]))
          const edges = [0, ...cuts.map(cut => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
          const decoder = new Decoder(context)
          const inChunks = edges.flatMap((edge, i) => outcomes(decoder.push(bytes.slice(edge, edges[i + 1] ?? edge))))
          expect(inChunks).toEqual(outcomes(new Decoder(context).push(bytes)))
        },
      ),
      { numRuns: 2000 },
    )
  })
})
