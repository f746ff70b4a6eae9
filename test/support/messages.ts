/**
 * Messages as fast-check makes them: all that can be encoded, and much that cannot. An attribute without a generator
 * here is tested through its fixture, which the properties of damaged messages use.
 */
import {
  type AsSegment,
  type Attributes,
  type Capability,
  type Context,
  decode,
  type Family,
  familyByName,
  formatAddress,
  type Message,
} from '@softspoken/wire'
import fc from 'fast-check'
import { fixtures } from './hex.ts'

// ---- every message that can be encoded

const octet = fc.nat(0xff)
const u16 = fc.nat(0xffff)
const u32 = fc.nat(0xffffffff)
const some = { maxLength: 6 }
/** Lists that are often long enough for an extended length. Together they always fit into a message. */
const large = { size: 'max' } as const
const octets = fc.uint8Array({ maxLength: 20 })

export const contexts: fc.Arbitrary<Context> = fc.record({
  fourOctetAs: fc.boolean(),
  external: fc.boolean(),
  extendedMessage: fc.boolean(),
  addPath: fc.subarray(Object.keys(familyByName) as Family[]), // its keys are the families
})

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
/** Prefixes of one family, with path identifiers if the context has them (RFC 7911). */
function prefixes(family: Family, { addPath }: Context): fc.Arbitrary<string[]> {
  const plain = prefix(familyByName[family].octets)
  return fc.array(addPath.includes(family) ? fc.tuple(plain, u32).map(parts => parts.join('#')) : plain, some)
}

/** More prefixes of mixed lengths than a message of 4096 octets takes. */
export const manyPrefixes: fc.Arbitrary<string[]> = fc.array(prefix(4), { minLength: 800, maxLength: 1600, ...large })

const afiSafi = { afi: u16, safi: octet }
const text = fc.string({ unit: 'grapheme', maxLength: 8 })
const families = <fields extends object>(fields: { [key in keyof fields]: fc.Arbitrary<fields[key]> }) =>
  fc.array(fc.record(fields), some)

const capability: fc.Arbitrary<Capability> = fc.oneof(
  fc.record({ name: fc.constant('multiprotocol'), ...afiSafi }),
  fc.record({ name: fc.constantFrom('route-refresh', 'extended-message', 'enhanced-route-refresh') }),
  fc.record({
    name: fc.constant('extended-next-hop'),
    families: families({ afi: u16, safi: u16, nextHopAfi: u16 }),
  }),
  fc.record({
    name: fc.constant('role'),
    role: fc.constantFrom('provider', 'rs', 'rs-client', 'customer', 'peer'),
  }),
  fc.record({
    name: fc.constant('graceful-restart'),
    restarting: fc.boolean(),
    notification: fc.boolean(),
    restartTime: fc.nat(0xfff),
    families: families({ ...afiSafi, forwarding: fc.boolean() }),
  }),
  fc.record({
    name: fc.constant('add-path'),
    families: families({ ...afiSafi, mode: fc.constantFrom('receive', 'send', 'both') }),
  }),
  fc.record({
    name: fc.constant('long-lived-graceful-restart'),
    families: families({ ...afiSafi, forwarding: fc.boolean(), staleTime: fc.nat(0xffffff) }),
  }),
  fc.record({ name: fc.constant('fqdn'), hostName: text, domainName: text }),
  fc.record({ name: fc.constant('software-version'), version: text }),
  fc.record({ name: fc.constant('unknown'), code: fc.integer({ min: 200, max: 255 }), value: octets }),
)
const open: fc.Arbitrary<Message> = fc
  .record({
    as: fc.integer({ min: 1, max: 0xffffffff }),
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

function path(as: fc.Arbitrary<number>, types: readonly AsSegment['type'][], maxLength = 2): fc.Arbitrary<AsSegment[]> {
  return fc.array(
    fc.record({ type: fc.constantFrom(...types), as: fc.array(as, { minLength: 1, maxLength: 255, ...large }) }),
    { maxLength },
  )
}
const as2 = fc.integer({ min: 1, max: 0xffff })
const as4 = fc.integer({ min: 1, max: 0xffffffff })
const plainSegments = ['sequence', 'set'] as const
const confederations = ['confed-sequence', 'confed-set'] as const
/** Paths that AS4_PATH can restore: a confederation comes first and has numbers of two octets (RFC 6793 §4.2.3). */
const twoOctetPath = fc.tuple(path(as2, confederations, 1), path(as4, plainSegments, 1)).map(parts => parts.flat())
const otherFamily = fc.record({ family: fc.constant('other'), afi: u16, safi: fc.integer({ min: 3, max: 255 }) })

function mpReach(context: Context): fc.Arbitrary<NonNullable<Attributes['mpReach']>> {
  const of = (family: Family, hop: 4 | 16) =>
    fc.record({ family: fc.constant(family), nextHop: fc.tuple(address(hop)), announced: prefixes(family, context) })
  const pair = fc.record({
    family: fc.constant<Family>('ipv6-unicast'),
    nextHop: fc.tuple(address(16), address(16)),
    announced: prefixes('ipv6-unicast', context),
  })
  const other = fc.tuple(otherFamily, fc.record({ nextHop: octets, announced: octets }))
  return fc.oneof(
    of('ipv6-unicast', 16),
    of('ipv6-multicast', 16),
    pair,
    of('ipv4-unicast', 16),
    of('ipv4-unicast', 4),
    of('ipv4-multicast', 4),
    other.map(([family, rest]) => ({ ...family, ...rest })),
  )
}
function mpUnreach(context: Context): fc.Arbitrary<NonNullable<Attributes['mpUnreach']>> {
  const of = (family: Family) => fc.record({ family: fc.constant(family), withdrawn: prefixes(family, context) })
  const other = fc.tuple(otherFamily, octets)
  return fc.oneof(
    of('ipv6-unicast'),
    of('ipv4-unicast'),
    of('ipv4-multicast'),
    of('ipv6-multicast'),
    other.map(([family, withdrawn]) => ({ ...family, withdrawn })),
  )
}

const aggregator = (most: number) => fc.record({ as: fc.integer({ min: 1, max: most }), address: address(4) })

/** Any octets, as their canonical text. A text that is no number is read from an UPDATE. */
function communitiesOf(key: 'extendedCommunities' | 'ipv6ExtendedCommunities', code: number, length: 8 | 20) {
  const head = fc.constantFrom([0, 2], [1, 2], [2, 2], [0, 3], [1, 3], [2, 3], [0x40, 4], [3, 11], [3, 12], [0x40, 2])
  const zeros = fc.nat(length - 2)
  return fc
    .tuple(fc.oneof(head, fc.tuple(octet, octet)), zeros, fc.uint8Array({ minLength: length, maxLength: length }))
    .map(([type, zeros, rest]) => {
      const value = Uint8Array.of(...type, ...new Uint8Array(zeros), ...rest.subarray(2 + zeros))
      const attribute = Uint8Array.of(0xc0, code, length, ...value)
      const result = decode(framed(Uint8Array.of(...new Uint8Array(18), 2, 0, 0, 0, attribute.length, ...attribute)))
      if (!result.ok || result.value.type !== 'update') throw new Error('no update')
      return result.value.attributes[key]![0]! // there is one in it
    })
}
const extendedCommunity = communitiesOf('extendedCommunities', 16, 8)
const ipv6ExtendedCommunity = communitiesOf('ipv6ExtendedCommunities', 25, 20)

const aigpFields = fc.record(
  {
    metric: fc.bigInt({ min: 0n, max: 2n ** 64n - 2n }).map(String),
    others: fc.array(fc.record({ type: fc.integer({ min: 2, max: 255 }), value: octets }), {
      minLength: 1,
      maxLength: 3,
    }),
  },
  { requiredKeys: [] },
)
const aigp = aigpFields.filter(({ metric, others }) => metric !== undefined || others !== undefined)
/** Unassigned codes, and one that is known and kept as octets; its value is not empty (RFC 7606 §4). */
const raw = fc.oneof(
  fc.record({ code: fc.integer({ min: 200, max: 254 }), flags: fc.constantFrom(0x80, 0xc0, 0xe0), value: octets }),
  fc.record({
    code: fc.constant(40),
    flags: fc.constantFrom(0xc0, 0xe0),
    value: fc.uint8Array({ minLength: 1, maxLength: 20 }),
  }),
)

function attributes(context: Context): fc.Arbitrary<Attributes> {
  const { fourOctetAs, external } = context
  const threeNumbers = fc.array(u32, { minLength: 3, maxLength: 3 }).map(numbers => numbers.join(':'))
  return fc.record(
    {
      origin: fc.constantFrom('igp', 'egp', 'incomplete'),
      // Segments of a confederation stay inside it (RFC 5065 §5).
      asPath: external
        ? path(as4, plainSegments, fourOctetAs ? 2 : 1)
        : fourOctetAs
          ? path(as4, [...plainSegments, ...confederations])
          : twoOctetPath,
      nextHop: address(4),
      med: u32,
      ...(!external && {
        localPref: u32,
        originatorId: address(4),
        clusterList: fc.array(address(4), { minLength: 1, maxLength: 6 }),
      }),
      atomicAggregate: fc.constant(true),
      aggregator: aggregator(fourOctetAs ? 0xffffffff : 0xffff),
      extendedCommunities: fc.array(extendedCommunity, { minLength: 1, maxLength: 33, ...large }),
      ipv6ExtendedCommunities: fc.array(ipv6ExtendedCommunity, { minLength: 1, maxLength: 3 }),
      aigp,
      onlyToCustomer: u32,
      communities: fc.array(u32, { minLength: 1, maxLength: 80, ...large }),
      largeCommunities: fc.uniqueArray(threeNumbers, { minLength: 1, maxLength: 30, ...large }),
      mpReach: mpReach(context),
      mpUnreach: mpUnreach(context),
      unknown: fc
        .uniqueArray(raw, { minLength: 1, maxLength: 4, selector: ({ code }) => code })
        .map(raws => raws.sort((a, b) => a.code - b.code)),
    },
    { requiredKeys: ['origin', 'asPath', 'nextHop'] },
  ) as fc.Arbitrary<Attributes> // the spread conditions above are beyond what record() infers
}
function update(context: Context): fc.Arbitrary<Message> {
  return fc.oneof(
    fc.record({
      type: fc.constant('update'),
      withdrawn: prefixes('ipv4-unicast', context),
      attributes: attributes(context),
      announced: prefixes('ipv4-unicast', context),
    }),
    fc.record({
      type: fc.constant('update'),
      withdrawn: prefixes('ipv4-unicast', context),
      attributes: fc.record({ mpUnreach: mpUnreach(context) }, { requiredKeys: [] }),
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

/** A message, and a context in which it can be encoded. */
export const encodable: fc.Arbitrary<{ message: Message; context: Context }> = contexts.chain(context =>
  fc.record({
    message: fc.oneof(open, { arbitrary: update(context), weight: 4 }, notification, routeRefresh, keepalive),
    context: fc.constant(context),
  }),
)

// ---- and much that cannot be

/** A header that fits, around anything. */
export const anyBody = fc
  .tuple(fc.integer({ min: 0, max: 6 }), fc.uint8Array({ maxLength: 120 }))
  .map(([type, body]) => framed(Uint8Array.of(...new Uint8Array(18), type, ...body)))

/** A fixture with a few octets changed, removed or added. */
export const damaged = fc
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
