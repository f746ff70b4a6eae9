/** The caller's mistakes in the routes of an UPDATE: prefixes, families, next hops, attributes that a route must have. */
import { describe, expect, it } from 'vitest'
import type { Attributes } from './attribute/registry.ts'
import type { Context } from './context.ts'
import { encode, type Message } from './message.ts'
import type { Update } from './update.ts'

const route = { origin: 'igp', asPath: [{ type: 'sequence', as: [65001] }], nextHop: '192.0.2.1' } as const

function update(fields: Partial<Update>): Update {
  return { type: 'update', withdrawn: [], attributes: {}, announced: [], ...fields }
}
/** An announcement of one route with these attributes beside the mandatory ones. */
function announce(attributes: Attributes, announced = ['198.51.100.10/32']): Update {
  return update({ attributes: { ...route, ...attributes }, announced })
}
function reach(nextHop: readonly string[], announced = ['2001:db8::10/128']): Update {
  return announce({ mpReach: { family: 'ipv6-unicast', nextHop: untyped(nextHop), announced } }, [])
}
/** What a caller without types can write. */
function untyped<wanted>(value: unknown): wanted {
  return value as wanted // the type is wrong on purpose
}

const mistakes: [what: string, message: Message, error: RegExp, context?: Partial<Context>][] = [
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
]

describe('encode()', () => {
  it.each<(typeof mistakes)[number]>(mistakes)('throws an OptionError for %s', (_what, message, error, context) => {
    const mistake = expect.objectContaining({ name: 'OptionError', message: expect.stringMatching(error) })
    expect(() => encode(message, context)).toThrow(mistake)
  })
})
