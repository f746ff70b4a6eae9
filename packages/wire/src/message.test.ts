/** The caller's mistakes: each throws an OptionError with the field, the value and what is allowed. */
import { describe, expect, it } from 'vitest'
import { formatAddress } from './address.ts'
import { communityByNumber } from './attribute/communities.ts'
import { type Attributes, byKey, type RawAttribute } from './attribute/registry.ts'
import type { Capability } from './capability/registry.ts'
import type { Context } from './context.ts'
import { Decoder } from './decoder.ts'
import { cutToFit, decode, encode, type Message } from './message.ts'
import { cease, describeNotification, hardReset } from './notification.ts'
import type { Open } from './open.ts'
import { OptionError } from './option-error.ts'
import { endOfRib, routes } from './routes.ts'
import type { Update } from './update.ts'

const route = { origin: 'igp', asPath: [{ type: 'sequence', as: [65001] }], nextHop: '192.0.2.1' } as const

function update(fields: Partial<Update>): Update {
  return { type: 'update', withdrawn: [], attributes: {}, announced: [], ...fields }
}
/** An announcement of one route with these attributes beside the mandatory ones. */
function announce(attributes: Attributes, announced = ['198.51.100.10/32']): Update {
  return update({ attributes: { ...route, ...attributes }, announced })
}
function open(fields: Partial<Open>): Open {
  return { type: 'open', version: 4, as: 65001, holdTime: 90, id: '192.0.2.1', capabilities: [], ...fields }
}
/** What a caller without types can write. */
function untyped<wanted>(value: unknown): wanted {
  return value as wanted // the type is wrong on purpose
}
function reach(nextHop: readonly string[], announced = ['2001:db8::10/128']): Update {
  return announce({ mpReach: { family: 'ipv6-unicast', nextHop: untyped(nextHop), announced } }, [])
}

function isCallersMistake(attempt: () => unknown): boolean {
  try {
    attempt()
    return false
  } catch (error) {
    return error instanceof OptionError
  }
}

function received(bytes: Uint8Array): Update {
  const result = decode(bytes)
  if (!result.ok || result.value.type !== 'update') throw new Error('no UPDATE')
  return result.value
}

/** The codes of the attributes of an UPDATE without withdrawn routes and with short attributes, in their order. */
function codesOf(bytes: Uint8Array): number[] {
  const codes: number[] = []
  for (let at = 23; at < bytes.length; at += 3 + (bytes[at + 2] ?? 0)) codes.push(bytes[at + 1] ?? -1)
  return codes
}

const raw: RawAttribute = { code: 99, flags: 0xc0, value: new Uint8Array() }
const long = Array.from({ length: 1000 }, (_, i) => `10.0.${i >> 8}.${i & 255}/32`)

const mistakes: [what: string, message: Message, error: RegExp, context?: Partial<Context>][] = [
  ['an unknown type', untyped({ type: 'hello' }), /^type: 'hello' is not allowed, it must be one of open, update, /],
  [
    'a message beyond 4096 octets',
    update({ withdrawn: long }),
    /^update length: 5023 is not allowed, it must be at most 4096 octets/,
  ],

  ['another version', open({ version: 3 }), /^version: 3 is not allowed, it must be 4/],
  ['an AS number of five octets', open({ as: 2 ** 32 }), /^as: 4294967296 is not allowed/],
  ['a negative AS number', open({ as: -1 }), /^as: -1 is not allowed, it must be a whole number from 0 to 4294967295/],
  ['a four-octet AS number without the capability', open({ as: 4200000000 }), /^as: 4200000000 is not allowed/],
  [
    'an AS number unlike that in the capability',
    open({ capabilities: [{ name: 'four-octet-as', as: 65002 }] }),
    /^as: 65001 is not allowed, it must be that of the capability four-octet-as/,
  ],
  ['an AS number of zero', open({ as: 0 }), /^as: 0 is not allowed, it must be other than zero/],
  ['a hold time of 2 s', open({ holdTime: 2 }), /^holdTime: 2 is not allowed, it must be 0 or at least 3 s/],
  ['a hold time of half a second', open({ holdTime: 0.5 }), /^holdTime: 0.5 is not allowed/],
  ['a hold time of a day', open({ holdTime: 86400 }), /^holdTime: 86400 is not allowed, .* from 0 to 65535/],
  ['a hold time of no number', open({ holdTime: Number.NaN }), /^holdTime: NaN is not allowed/],
  ['an identifier that is a name', open({ id: 'router1' }), /^id: 'router1' is not allowed/],
  [
    'an identifier of IPv6',
    open({ id: '2001:db8::1' }),
    /^id: '2001:db8::1' is not allowed, it must be an IPv4 address/,
  ],
  ['an identifier of zero', open({ id: '0.0.0.0' }), /^id: '0.0.0.0' is not allowed/],
  [
    'an unknown capability name',
    open({ capabilities: [untyped<Capability>({ name: 'psychic' })] }),
    /^capabilities: 'psychic'/,
  ],
  [
    'a capability of 256 octets',
    open({ capabilities: [{ name: 'unknown', code: 73, value: new Uint8Array(256) }] }),
    /^capability length: 256 is not allowed, .* from 0 to 255/,
  ],
  [
    'a family beyond sixteen bits',
    open({ capabilities: [{ name: 'multiprotocol', afi: 65536, safi: 1 }] }),
    /^afi: 65536 is/,
  ],

  [
    'an unknown role',
    open({ capabilities: [{ name: 'role', role: untyped('boss') }] }),
    /^role: 'boss' is not allowed, it must be one of provider, rs,/,
  ],
  [
    'a restart time of 4096 s',
    open({
      capabilities: [
        { name: 'graceful-restart', restarting: false, notification: false, restartTime: 4096, families: [] },
      ],
    }),
    /^restartTime: 4096 is not allowed, it must be a whole number from 0 to 4095/,
  ],
  [
    'an unknown ADD-PATH mode',
    open({ capabilities: [{ name: 'add-path', families: [{ afi: 1, safi: 1, mode: untyped('none') }] }] }),
    /^mode: 'none' is not allowed, it must be one of receive, send, both/,
  ],
  [
    'a stale time of 2^24 s',
    open({
      capabilities: [
        { name: 'long-lived-graceful-restart', families: [{ afi: 1, safi: 1, forwarding: true, staleTime: 2 ** 24 }] },
      ],
    }),
    /^staleTime: 16777216 is not allowed/,
  ],
  [
    'a host name of 256 octets',
    open({ capabilities: [{ name: 'fqdn', hostName: 'x'.repeat(256), domainName: '' }] }),
    /^octets of hostName: 256 is not allowed/,
  ],
  [
    'two names that are too long together',
    open({ capabilities: [{ name: 'fqdn', hostName: 'x'.repeat(127), domainName: 'x'.repeat(127) }] }),
    /^length: 256 is not allowed/,
  ],

  ['an error code of 256', { type: 'notification', code: 256, subcode: 0, data: new Uint8Array() }, /^code: 256 is/],
  ['a subcode of -1', { type: 'notification', code: 6, subcode: -1, data: new Uint8Array() }, /^subcode: -1 is/],
  ['a safi of 256', { type: 'route-refresh', afi: 1, safi: 256, subtype: 0 }, /^safi: 256 is not allowed/],

  [
    'a prefix without a length',
    announce({}, ['198.51.100.10']),
    /^announced: '198.51.100.10' is not allowed, it must be a prefix/,
  ],
  ['a prefix of 33 bits', announce({}, ['198.51.100.10/33']), /^announced: '198.51.100.10\/33' is not allowed/],
  ['a prefix whose length is a word', announce({}, ['198.51.100.10/all']), /^announced: '198.51.100.10\/all' is not/],
  ['a prefix whose length begins with 0', announce({}, ['198.51.100.0/024']), /^announced: '198.51.100.0\/024' is not/],
  ['a prefix of three octets', announce({}, ['198.51.100/24']), /^announced: '198.51.100' is not allowed/],
  [
    'a prefix with bits beyond its length',
    announce({}, ['198.51.100.10/24']),
    /^announced: .* it must be a prefix without bits set beyond its length/,
  ],
  [
    'an IPv6 prefix among IPv4 ones',
    announce({}, ['2001:db8::/32']),
    /^announced: '2001:db8::\/32' .* must be an IPv4 prefix/,
  ],
  [
    'an IPv4 prefix among IPv6 ones',
    reach(['2001:db8::1'], ['10.0.0.0/8']),
    /^announced: '10.0.0.0\/8' .* must be an IPv6 prefix/,
  ],
  ...['10.0.0.0/8', '10.0.0.0/8#', '10.0.0.0/8#01', '10.0.0.0/8#-1', '10.0.0.0/8#1#2', '10.0.0.0/8#4294967296'].map(
    prefix =>
      [
        `'${prefix}' where path identifiers were agreed (RFC 7911 §3)`,
        update({ withdrawn: [prefix] }),
        /^withdrawn: '10.*' is not allowed, it must be a prefix with a path identifier, such as 198.51.100.10\/32#7$/,
        { addPath: ['ipv4-unicast'] },
      ] as (typeof mistakes)[number],
  ),
  [
    'a path identifier where none was agreed',
    update({ withdrawn: ['10.0.0.0/8#1'] }),
    /^withdrawn: '10.0.0.0\/8#1' is/,
  ],
  ['a withdrawn prefix that is none', update({ withdrawn: ['all'] }), /^withdrawn: 'all' is not allowed/],
  ['a prefix that is a number', announce({}, [untyped<string>(42)]), /^announced: 42 is not allowed/],
  [
    'attributes that are a text',
    update({ attributes: untyped('igp') }),
    /^attributes: 'igp' is not allowed, it must be an object/,
  ],
  [
    'one prefix where a list belongs',
    update({ withdrawn: untyped('10.0.0.0/8') }),
    /^withdrawn: '10.0.0.0\/8' is not allowed, it must be a list/,
  ],

  [
    'no ORIGIN',
    update({ announced: ['10.0.0.0/8'], attributes: { asPath: [], nextHop: '192.0.2.1' } }),
    /^attributes.origin: undefined is not allowed, it must be given/,
  ],
  [
    'no AS_PATH',
    update({ announced: ['10.0.0.0/8'], attributes: { origin: 'igp', nextHop: '192.0.2.1' } }),
    /^attributes.asPath: undefined is not allowed, it must be given/,
  ],
  [
    'no NEXT_HOP',
    update({ announced: ['10.0.0.0/8'], attributes: { origin: 'igp', asPath: [] } }),
    /^attributes.nextHop: undefined is not allowed, it must be given/,
  ],
  [
    'no ORIGIN beside IPv6 routes',
    update({ attributes: { mpReach: { family: 'ipv6-unicast', nextHop: ['2001:db8::1'], announced: [] } } }),
    /^attributes.origin: undefined is not allowed, it must be given/,
  ],
  [
    'an attribute whose name is misspelt',
    announce(untyped({ localpref: 100 })),
    /^attributes: 'localpref' is not allowed, did you mean 'localPref'\?$/,
  ],
  ['an unknown origin', announce({ origin: untyped('ebgp') }), /^origin: 'ebgp' is not allowed, did you mean 'egp'\?$/],
  [
    'a segment without an AS',
    announce({ asPath: [{ type: 'sequence', as: [] }] }),
    /^asPath: 0 is not allowed, it must be 1 to 255 AS numbers/,
  ],
  [
    'a segment of 256',
    announce({ asPath: [{ type: 'sequence', as: new Array(256).fill(1) }] }),
    /^asPath: 256 is not allowed, it must be 1 to 255 AS numbers/,
  ],
  [
    'an unknown segment type',
    announce({ asPath: [{ type: untyped('list'), as: [1] }] }),
    /^asPath: 'list' is not allowed, it must be one of set, sequence/,
  ],
  [
    'an AS number that is too large',
    announce({ asPath: [{ type: 'sequence', as: [2 ** 32] }] }),
    /^asPath: 4294967296 is not allowed/,
  ],
  [
    'an AS number of zero in a path',
    announce({ asPath: [{ type: 'sequence', as: [65001, 0] }] }),
    /^asPath: 0 is not allowed, it must be AS numbers other than zero/,
  ],
  [
    'an AS number that is a fraction',
    announce({ asPath: [{ type: 'sequence', as: [1.5] }] }),
    /^asPath: 1.5 is not allowed/,
  ],
  [
    'a next hop of IPv6 for IPv4 routes in NLRI',
    announce({ nextHop: '2001:db8::1' }),
    /^nextHop: '2001:db8::1' .* must be an IPv4 address/,
  ],
  ['a next hop that is a name', announce({ nextHop: 'gateway' }), /^nextHop: 'gateway' is not allowed/],
  ['a next hop with a leading zero', announce({ nextHop: '192.0.2.01' }), /^nextHop: '192.0.2.01' is not allowed/],
  [
    'a next hop of IPv4 for IPv6 routes',
    reach(['192.0.2.1']),
    /^nextHop: '192.0.2.1' is not allowed, it must be one address for ipv6-unicast routes/,
  ],
  [
    'no next hop for IPv6 routes',
    reach([]),
    /^nextHop: '' is not allowed, it must be one address for ipv6-unicast routes/,
  ],
  [
    'three next hops',
    reach(['2001:db8::1', 'fe80::1', 'fe80::2']),
    /^nextHop: '2001:db8::1, fe80::1, fe80::2' is not allowed/,
  ],
  ['a next hop with a zone', reach(['fe80::1%eth0']), /^nextHop: 'fe80::1%eth0' is not allowed/],
  [
    'four IPv4 next hops, which are as long as one of IPv6',
    reach(['1.1.1.1', '1.1.1.1', '1.1.1.1', '1.1.1.1']),
    /^nextHop: /,
  ],
  [
    'an unknown family',
    update({ attributes: { mpUnreach: { family: untyped<'ipv6-unicast'>('ipv6'), withdrawn: [] } } }),
    /^family: 'ipv6' is not allowed, it must be one of ipv4-unicast, ipv6-unicast/,
  ],
  [
    'routes of a family that has a name, without it',
    update({ attributes: { mpUnreach: { family: 'other', afi: 1, safi: 1, withdrawn: new Uint8Array() } } }),
    /^family: 'other' is not allowed, it must be its name, 'ipv4-unicast'/,
  ],
  [
    'routes announced of a family that has a name, without it',
    announce({
      mpReach: { family: 'other', afi: 2, safi: 2, nextHop: new Uint8Array(16), announced: new Uint8Array() },
    }),
    /^family: 'other' is not allowed, it must be its name, 'ipv6-multicast'/,
  ],
  [
    'a MED below zero',
    announce({ med: -1 }),
    /^med: -1 is not allowed, it must be a whole number from 0 to 4294967295/,
  ],
  ['a LOCAL_PREF of five octets', announce({ localPref: 2 ** 32 }), /^localPref: 4294967296 is not allowed/],
  [
    'no communities at all',
    announce({ communities: [] }),
    /^communities: an empty list is not allowed, it must be left out/,
  ],
  [
    'an unknown community name',
    announce({ communities: ['no-imports'] }),
    /^communities: 'no-imports' is not allowed, it must be 2 numbers up to 65535, such as 65000:100, graceful-shutdown/,
  ],
  ['a community of three numbers', announce({ communities: ['1:2:3'] }), /^communities: '1:2:3' is not allowed/],
  [
    'a community of 65536',
    announce({ communities: ['65536:1'] }),
    /^communities: '65536:1' is not allowed, it must be 2 numbers up to 65535/,
  ],
  ['a community in hexadecimal', announce({ communities: ['0x1:1'] }), /^communities: '0x1:1' is not allowed/],
  [
    'an AGGREGATOR of AS 0',
    announce({ aggregator: { as: 0, address: '192.0.2.2' } }),
    /^aggregator.as: 0 is not allowed, it must be other than zero/,
  ],
  [
    'an AGGREGATOR of five octets',
    announce({ aggregator: { as: 2 ** 32, address: '192.0.2.2' } }),
    /^aggregator.as: 4294967296 is not allowed/,
  ],
  [
    'an AGGREGATOR of IPv6',
    announce({ aggregator: { as: 1, address: '2001:db8::1' } }),
    /^aggregator.address: '2001:db8::1' .* an IPv4 address/,
  ],
  [
    'AS4_AGGREGATOR where AGGREGATOR has four octets',
    announce({ as4Aggregator: { as: 1, address: '192.0.2.2' } }),
    /^as4Aggregator: an object is not allowed, it must be left out if AS numbers have four octets/,
  ],
  ['an ORIGINATOR_ID that is a name', announce({ originatorId: 'router1' }), /^originatorId: 'router1' is not allowed/],
  [
    'an empty CLUSTER_LIST',
    announce({ clusterList: [] }),
    /^clusterList: an empty list is not allowed, it must be left out/,
  ],
  ['a cluster of IPv6', announce({ clusterList: ['2001:db8::1'] }), /^clusterList: '2001:db8::1' .* an IPv4 address/],
  [
    'no extended communities at all',
    announce({ extendedCommunities: [] }),
    /^extendedCommunities: an empty list is not allowed/,
  ],
  ...[
    'rt:65000', // no number
    'rt:65000:100:1', // one too many
    'rt:65000:4294967296', // too large for both
    'rt:4200000000:65536', // too large beside four octets
    'rt:4200000000L:1', // needs no L
    'rt:65000l:1',
    'rt:065000:1',
    'rt:192.0.2:1',
    'rt:192.0.2.256:1',
    'rt:192.0.2.1:65536',
    'RT:65000:100',
    'target:65000:100',
    '65000:100',
    'lb:65000:0.1', // a 32-bit float holds 0.10000000149011612
    'lb:65000:-1',
    'lb:65000:Infinity',
    'color:4294967296',
    'encap:65536',
    '0x0002fde900000064', // rt:65001:100
    '0x4002FDE900000064',
    '0x40020000',
    '',
  ].map(
    text =>
      [
        `an extended community '${text}'`,
        announce({ extendedCommunities: [text] }),
        new RegExp(`^extendedCommunities: '${text}' is not allowed, it must be such as rt:65000:100, ro:`),
      ] as (typeof mistakes)[number],
  ),
  ...['rt:[192.0.2.1]:1', 'rt:2001:db8::1:1', 'rt:[2001:DB8::1]:1', 'rt:[2001:db8::1]:65536', '0x00'].map(
    text =>
      [
        `an IPv6 extended community '${text}'`,
        announce({ ipv6ExtendedCommunities: [text] }),
        /^ipv6ExtendedCommunities: '.*' is not allowed, it must be (such as rt:\[|an IPv4 or IPv6 address)/,
      ] as (typeof mistakes)[number],
  ),
  [
    'an AIGP metric that means unreachable',
    announce({ aigp: { metric: '18446744073709551615' } }),
    /^aigp.metric: '18446744073709551615' .* digits from 0 to 18446744073709551614/,
  ],
  [
    'an AIGP of nothing',
    announce({ aigp: {} }),
    /^aigp: an object is not allowed, it must be left out, or have a metric or others/,
  ],
  ['an AIGP metric in hexadecimal', announce({ aigp: { metric: '0x10' } }), /^aigp.metric: '0x10' is not allowed/],
  [
    'an AIGP metric among the others',
    announce({ aigp: { others: [{ type: 1, value: new Uint8Array(8) }] } }),
    /^aigp.others: 1 is not allowed/,
  ],
  [
    'a second AIGP metric of four octets',
    announce({ aigp: { metric: '1', others: [{ type: 1, value: new Uint8Array(4) }] } }),
    /^aigp.others: 1 is not allowed, it must be another type, or a second metric of 8 octets/,
  ],
  [
    'an AIGP metric beyond 64 bits',
    announce({ aigp: { metric: '99999999999999999999' } }),
    /^aigp.metric: '9{20}' is not/,
  ],
  [
    'an ONLY_TO_CUSTOMER of five octets',
    announce({ onlyToCustomer: 2 ** 32 }),
    /^onlyToCustomer: 4294967296 is not allowed/,
  ],
  [
    'a large community of two numbers',
    announce({ largeCommunities: ['1:2'] }),
    /^largeCommunities: '1:2' .* 3 numbers up to 4294967295, such as 65000:1:2/,
  ],
  [
    'a large community with leading zeros',
    announce({ largeCommunities: ['1:2:03'] }),
    /^largeCommunities: '1:2:03' is not/,
  ],
  [
    'a large community twice',
    announce({ largeCommunities: ['1:2:3', '1:2:3'] }),
    /^largeCommunities: a list is not allowed, it must be a list without repetition/,
  ],
  [
    'a raw attribute that has a name',
    announce({ unknown: [{ ...raw, code: 4 }] }),
    /^attributes.unknown: 4 is not allowed, it must be given by its name, med/,
  ],
  [
    'a raw attribute twice',
    announce({ unknown: [raw, raw] }),
    /^attributes.unknown: 99 is not allowed, it must be given once/,
  ],
  [
    'a raw attribute flagged well-known',
    announce({ unknown: [{ ...raw, flags: 0x40 }] }),
    /^attributes.unknown: 99 is not allowed, it must be flagged as optional/,
  ],
  [
    'a kept attribute whose flags are not its own',
    announce({ unknown: [{ code: 40, flags: 0x80, value: Uint8Array.of(1) }] }),
    /^attributes.unknown: 40 is not allowed, it must be flagged as optional transitive, and not empty/,
  ],
  [
    'a kept attribute without a value',
    announce({ unknown: [{ code: 40, flags: 0xc0, value: new Uint8Array() }] }),
    /^attributes.unknown: 40 is not allowed, it must be flagged as optional transitive, and not empty/,
  ],
  [
    'a raw attribute of code 256',
    announce({ unknown: [{ ...raw, code: 256 }] }),
    /^attribute code: 256 is not allowed/,
  ],
  [
    'AS4_PATH where AS_PATH has four octets',
    announce({ as4Path: route.asPath }),
    /^as4Path: a list is not allowed, it must be sets and sequences, and left out if/,
  ],
  ['an empty AS4_PATH', announce({ as4Path: [] }), /^as4Path: an empty list is not allowed/, { fourOctetAs: false }],
  [
    'a confederation in AS4_PATH',
    announce({ as4Path: [{ type: 'confed-set', as: [64512] }] }),
    /^as4Path: a list is not allowed/,
    { fourOctetAs: false },
  ],
]

/** What a caller without types can give for anything. */
const wrongTypes = [undefined, null, 1.5, 10n, 'x', true, {}, [null], [{}], Symbol('x'), () => 0, Uint8Array.of(1)]

describe('encode() with values of wrong types', () => {
  const messages: { [type in Message['type']]: Message } = {
    open: open({}),
    update: announce({}),
    notification: { type: 'notification', code: 6, subcode: 2, data: new Uint8Array() },
    keepalive: { type: 'keepalive' },
    'route-refresh': { type: 'route-refresh', afi: 1, safi: 1, subtype: 0 },
  }
  const fields = Object.values(messages).flatMap(message =>
    Object.keys(message).map(field => [message, field] as const),
  )
  const throwsNothingElse = (run: () => unknown) => {
    try {
      run()
    } catch (error) {
      expect(error).toBeInstanceOf(OptionError)
    }
  }
  it.each(fields)('throws only OptionErrors for field %2$s of %1$o', (message, field) => {
    for (const value of wrongTypes) throwsNothingElse(() => encode(untyped({ ...message, [field]: value })))
  })
  it.each([...byKey.keys(), 'unknown'])('throws only OptionErrors for attribute %s', key => {
    for (const value of wrongTypes)
      for (const fourOctetAs of [true, false])
        throwsNothingElse(() => encode(announce(untyped({ [key]: value })), { fourOctetAs }))
  })
  it('throws an OptionError for each argument of the public functions', () => {
    const attempts: ((value: never) => unknown)[] = [
      value => decode(value),
      value => new Decoder().push(value),
      value => encode(value),
      value => encode({ type: 'keepalive' }, { addPath: value }),
      value => formatAddress(value),
      value => cease(2, value),
      value => describeNotification(value),
      value => hardReset(value),
      value => cutToFit(value),
      value => routes(value),
      value => endOfRib(value),
    ]
    for (const attempt of attempts) expect(() => attempt(untyped(null))).toThrow(OptionError)
    expect(() => decode(untyped('ffff'))).toThrow("bytes: 'ffff' is not allowed, it must be a Uint8Array")
    expect(() => decode(new Uint8Array(19), untyped(null))).toThrow(OptionError)
  })
})

describe('encode() throws an OptionError for', () => {
  it.each<(typeof mistakes)[number]>(mistakes)('%s', (_what, message, error, context) => {
    expect(() => encode(message, context)).toThrow(error)
    expect(() => encode(message, context)).toSatisfy(isCallersMistake)
  })
  it('nothing in the message after one that has thrown', () => {
    expect(() => encode(announce({ med: -1 }))).toThrow()
    expect(encode({ type: 'keepalive' })).toHaveLength(19)
  })
})

describe('encode()', () => {
  it.each([
    [4075, {}, 4075],
    [4076, {}, 4075],
    [70_000, {}, 4075],
    [65_514, { extendedMessage: true }, 65_514],
    [65_515, { extendedMessage: true }, 65_514],
  ])('writes %i octets of data as cutToFit() cuts them (RFC 4271 §4.5, RFC 8654 §4)', (octets, context, left) => {
    const cut = cutToFit({ type: 'notification', code: 1, subcode: 2, data: new Uint8Array(octets).fill(7) }, context)
    expect(decode(encode(cut, context), context)).toEqual({
      ok: true,
      value: { ...cut, data: new Uint8Array(left).fill(7) },
    })
  })
  it('writes 255 octets of OPEN parameters with one-octet lengths (RFC 9072 §2)', () => {
    const filler: Capability = { name: 'unknown', code: 73, value: new Uint8Array(249) }
    const message = open({ capabilities: [filler, { name: 'route-refresh' }] })
    const bytes = encode(message)
    expect([bytes.length, bytes[28], bytes[29]]).toEqual([29 + 255, 255, 2])
    expect(decode(bytes)).toEqual({ ok: true, value: message })
  })
  it('writes 256 octets of OPEN parameters in the extended form (RFC 9072 §2)', () => {
    const filler: Capability = { name: 'unknown', code: 73, value: new Uint8Array(250) }
    const message = open({ capabilities: [filler, { name: 'route-refresh' }] })
    const bytes = encode(message)
    expect([bytes.length, bytes[28], bytes[29]]).toEqual([29 + 4 + 255 + 1 + 1 - 1, 255, 255])
    expect(decode(bytes)).toEqual({ ok: true, value: message })
  })
  it('adds AS4_PATH without confederations if AS_PATH loses a number (RFC 6793 §4.2.2)', () => {
    const asPath = [
      { type: 'confed-sequence', as: [64512] },
      { type: 'sequence', as: [4200000000, 65001] },
    ] as const
    const context = { fourOctetAs: false, external: false }
    const bytes = encode(announce({ asPath }), context)
    expect(Buffer.from(bytes).toString('hex')).toContain('0301fc0002025ba0fde9') // AS_TRANS for the one that is lost
    expect(Buffer.from(bytes).toString('hex')).toContain('c0110a0202fa56ea000000fde9')
    expect(decode(bytes, context)).toMatchObject({ value: { attributes: { asPath } } })
  })
  it('adds no AS4_PATH if only a confederation loses a number (RFC 6793 §4.2.2)', () => {
    const asPath = [{ type: 'confed-sequence', as: [4200000000] }] as const
    const context = { fourOctetAs: false, external: false }
    const decoded = decode(encode(announce({ asPath }), context), context)
    expect(decoded).toMatchObject({ value: { attributes: { asPath: [{ as: [23456] }] } } })
    expect(decoded).not.toHaveProperty('value.attributes.as4Path')
  })
  it.each([
    [65535, 'ffff', [2, 7]],
    [65536, '5ba0', [2, 7, 17, 18]],
  ])('writes AS %i in two octets as %s, in attributes %j (RFC 6793 §4.2.2)', (as, octets, codes) => {
    const attributes = { asPath: [{ type: 'sequence', as: [as] }], aggregator: { as, address: '192.0.2.2' } } as const
    const bytes = encode(update({ attributes }), { fourOctetAs: false })
    expect(codesOf(bytes)).toEqual(codes)
    expect(Buffer.from(bytes).toString('hex')).toContain(`4002040201${octets}c00706${octets}c0000202`)
  })
  it('writes a well-known community given by name, and reads numbers (RFC 1997)', () => {
    const names = ['no-export', '65000:100', 'graceful-shutdown']
    const numbers = ['65535:65281', '65000:100', '65535:0']
    const decoded = decode(encode(announce({ communities: names })))
    expect(decoded).toMatchObject({ value: { attributes: { communities: numbers } } })
  })
  it.each([
    ['graceful-shutdown', 'ffff0000', 'RFC 8326 §7'],
    ['accept-own', 'ffff0001', 'RFC 7611 §6'],
    ['llgr-stale', 'ffff0006', 'RFC 9494 §7'],
    ['no-llgr', 'ffff0007', 'RFC 9494 §7'],
    ['standby-pe', 'ffff0009', 'RFC 9026 §7'],
    ['blackhole', 'ffff029a', 'RFC 7999 §5'],
    ['no-export', 'ffffff01', 'RFC 1997'],
    ['no-advertise', 'ffffff02', 'RFC 1997'],
    ['no-export-subconfed', 'ffffff03', 'RFC 1997'],
    ['no-peer', 'ffffff04', 'RFC 3765 §2'],
  ])('writes the community %s as 0x%s (%s)', (name, octets) => {
    const bytes = encode(announce({ communities: [name] }, []))
    expect(Buffer.from(bytes).toString('hex')).toMatch(new RegExp(`c00804${octets}$`))
    const [community] = received(bytes).attributes.communities ?? []
    expect(community).toBe(communityByNumber(name))
  })
  it('writes AS_TRANS for an aggregator above 65535 (RFC 6793 §4.2.2)', () => {
    const bytes = encode(announce({ aggregator: { as: 4200000000, address: '192.0.2.2' } }), { fourOctetAs: false })
    expect(Buffer.from(bytes).toString('hex')).toContain('c007065ba0c0000202')
  })
  it('writes attributes given in any order by code, MP_* first (RFC 7606 §5.1)', () => {
    const backwards = Object.fromEntries(Object.entries({ ...route, med: 1, unknown: [raw] }).reverse())
    expect(encode(announce(backwards))).toEqual(encode(announce({ med: 1, unknown: [raw] })))
  })
  it('writes unknown attributes by code, behind MP_* (RFC 7606 §5.1)', () => {
    const { origin, asPath } = route
    const mpReach = { family: 'ipv6-unicast', nextHop: ['2001:db8::1'], announced: ['2001:db8::10/128'] } as const
    const unknown = [251, 11, 30, 21].map(code => ({ ...raw, code }))
    const attributes = { mpReach, origin, asPath, med: 1, communities: ['1:1'], onlyToCustomer: 1, unknown }
    expect(codesOf(encode(update({ attributes })))).toEqual([14, 1, 2, 4, 8, 11, 21, 30, 35, 251])
  })
  it.each([
    [255, 'one octet', '63 ff'],
    [256, 'two octets', '63 0100'],
  ])('writes the length of an attribute of %i octets in %s (RFC 4271 §4.3)', (length, _what, head) => {
    const bytes = encode(update({ attributes: { unknown: [{ ...raw, value: new Uint8Array(length).fill(7) }] } }))
    expect(Buffer.from(bytes.subarray(23, 23 + 4)).toString('hex')).toContain(head.replace(' ', ''))
    expect(decode(bytes)).toMatchObject({ value: { attributes: { unknown: [{ flags: raw.flags }] } } })
  })
  it('leaves out an attribute that is undefined', () => {
    const given: object = { med: undefined, unknown: undefined }
    expect(encode(announce(given))).toEqual(encode(announce({})))
  })
  it('sets Extended Length only if the value needs it (RFC 4271 §4.3)', () => {
    const flagged = { ...raw, flags: raw.flags | 0x10, value: Uint8Array.of(1) }
    expect(encode(update({ attributes: { unknown: [flagged] } }))).toEqual(
      encode(update({ attributes: { unknown: [{ ...flagged, flags: raw.flags }] } })),
    )
  })
})
