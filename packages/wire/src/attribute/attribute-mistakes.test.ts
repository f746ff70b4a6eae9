/** The caller's mistakes in path attributes. */
import { describe, expect, it } from 'vitest'
import type { Context } from '../context.ts'
import { encode, type Message } from '../message.ts'
import type { Update } from '../update.ts'
import type { Attributes, RawAttribute } from './registry.ts'

const route = { origin: 'igp', asPath: [{ type: 'sequence', as: [65001] }], nextHop: '192.0.2.1' } as const
const raw: RawAttribute = { code: 99, flags: 0xc0, value: new Uint8Array() }

/** An announcement of one route with these attributes beside the mandatory ones. */
function announce(attributes: Attributes): Update {
  return {
    type: 'update',
    withdrawn: [],
    attributes: { ...route, ...attributes },
    announced: ['198.51.100.10/32'],
  }
}
/** What a caller without types can write. */
function untyped<wanted>(value: unknown): wanted {
  return value as wanted // the type is wrong on purpose
}

const mistakes: [what: string, message: Message, error: RegExp, context?: Partial<Context>][] = [
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
  ['a community of 33 bits', announce({ communities: [2 ** 32] }), /^communities: 4294967296 is not allowed/],
  ['a community of half a bit', announce({ communities: [0.5] }), /^communities: 0.5 is not allowed/],
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

describe('encode()', () => {
  it.each<(typeof mistakes)[number]>(mistakes)('throws an OptionError for %s', (_what, message, error, context) => {
    const mistake = expect.objectContaining({ name: 'OptionError', message: expect.stringMatching(error) })
    expect(() => encode(message, context)).toThrow(mistake)
  })
})
