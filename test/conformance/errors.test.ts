/**
 * A peer's errors, clause by clause: the octets, and the NOTIFICATION or the RFC 7606 handling that they lead to.
 * RFC 4271 §6.1 header, §6.2 OPEN, §6.3 UPDATE as RFC 7606 revises it.
 */

import {
  base,
  message,
  nextHop,
  number,
  open,
  origin,
  path,
  reach,
  received,
  refusal,
  route,
  size,
  sound,
  unreach,
  update,
} from '@softspoken/test-support/by-hand'
import { hex, plain } from '@softspoken/test-support/hex'
import { type Context, decode } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'

type Answer = readonly [code: number, subcode: number, data?: string]

const refused: readonly (readonly [clause: string, why: string, bytes: Uint8Array, answer: Answer])[] = [
  ['RFC 4271 §6.1', 'a marker with one bit missing', hex(`${'ff'.repeat(15)}fe 0013 04`), [1, 1, '']],
  ['RFC 4271 §6.1', 'a length of 18', hex(`${'ff'.repeat(16)} 0012 04`), [1, 2, '0012']],
  ['RFC 4271 §6.1', 'a length of 4097', hex(`${'ff'.repeat(16)} 1001 02 ${'00'.repeat(4078)}`), [1, 2, '1001']],
  ['RFC 4271 §6.1', 'an OPEN of 28 octets', message(1, '04 fde9 005a c0000201'), [1, 2, '001c']],
  ['RFC 4271 §6.1', 'an UPDATE of 22 octets', message(2, '0000 00'), [1, 2, '0016']],
  ['RFC 4271 §6.1', 'a NOTIFICATION of 20 octets', message(3, '06'), [1, 2, '0014']],
  ['RFC 4271 §6.1', 'a KEEPALIVE of 20 octets', message(4, '00'), [1, 2, '0014']],
  ['RFC 4271 §6.1', 'a ROUTE-REFRESH of 22 octets', message(5, '0001 00'), [1, 2, '0016']],
  ['RFC 4271 §6.1', 'a message of type 0', message(0, ''), [1, 3, '00']],
  ['RFC 4271 §6.1', 'a message of type 6', message(6, ''), [1, 3, '06']],

  ['RFC 4271 §6.2', 'version 3; the data is the supported version', open('03 fde9 005a c0000201'), [2, 1, '0004']],
  ['RFC 7607 §2', 'AS 0', open('04 0000 005a c0000201'), [2, 2, '']],
  ['RFC 7607 §2', 'AS 0 in the capability', open(sound, '02 06 41 04 00000000'), [2, 2, '']],
  ['RFC 6286 §2.1', 'a BGP Identifier of zero', open('04 fde9 005a 00000000'), [2, 3, '']],
  ['RFC 4271 §6.2', 'an unknown optional parameter', open(sound, '63 02 abcd'), [2, 4, '']],
  ['RFC 4271 §6.2', 'authentication, which is deprecated', open(sound, '01 01 00'), [2, 4, '']],
  ['RFC 4271 §6.2', 'a hold time of 1 s', open('04 fde9 0001 c0000201'), [2, 6, '']],
  ['RFC 4271 §6.2', 'a hold time of 2 s', open('04 fde9 0002 c0000201'), [2, 6, '']],
  ['RFC 4271 §6.2', 'parameters that end before their length', message(1, `${sound} 05 02 02 02`), [2, 0, '']],
  ['RFC 4271 §6.2', 'parameters that go on after their length', message(1, `${sound} 00 00`), [2, 0, '']],
  ['RFC 4271 §6.2', 'a parameter that is cut short', open(sound, '02 05 02 00'), [2, 0, '']],
  ['RFC 4271 §6.2', 'a parameter without a length', open(sound, '02'), [2, 0, '']],
  ['RFC 5492 §4', 'a capability that is cut short', open(sound, '02 04 41 04 0000'), [2, 0, '']],
  ['RFC 5492 §4', 'a capability without a length', open(sound, '02 01 41'), [2, 0, '']],
  ['RFC 4760 §8', 'multiprotocol in 3 octets', open(sound, '02 05 01 03 000100'), [2, 0, '']],
  ['RFC 6793 §3', 'a four-octet AS in 2 octets', open(sound, '02 04 41 02 fde9'), [2, 0, '']],
  ['RFC 8950 §4', 'extended next hop in 5 octets', open(sound, '02 07 05 05 0001000100'), [2, 0, '']],
  ['RFC 9072 §2', 'an extended length that is too long', message(1, `${sound} ff ff 0003 02 0002`), [2, 0, '']],
  ['RFC 9072 §2', 'an extended length behind a length of zero', message(1, `${sound} 00 ff 0000`), [2, 0, '']],
  ['RFC 9072 §2', 'an extended length that is cut short', message(1, `${sound} ff ff 00`), [2, 0, '']],

  ['RFC 7606 §3.b', 'a Withdrawn Routes Length beyond the message', message(2, '0001 0000'), [3, 1, '']],
  ['RFC 7606 §3.b', 'a Total Path Attribute Length beyond the message', message(2, '0000 0001'), [3, 1, '']],
  [
    'RFC 4271 §6.3',
    'an unknown well-known attribute; the data is the attribute',
    update(`${base} 40 63 02 abcd`),
    [3, 2, '406302abcd'],
  ],
  ['RFC 7606 §3.g', 'two MP_REACH_NLRI', update(`${reach} ${reach} ${origin} ${path}`, ''), [3, 1, '']],
  ['RFC 7606 §3.g', 'two MP_UNREACH_NLRI', update(`${unreach} ${unreach}`, ''), [3, 1, '']],
  [
    'RFC 7606 §3.h',
    'the stronger of two findings',
    update(`40 01 01 03 ${path} ${nextHop} ${unreach} ${unreach}`),
    [3, 1],
  ],
  ['RFC 7606 §3.i', 'a withdrawn prefix of 33 bits', update('', '', '21 c633640a00'), [3, 10, '']],
  ['RFC 7606 §3.i', 'a withdrawn prefix that is cut short', update('', '', '20 c63364'), [3, 10, '']],
  ['RFC 7606 §5.3', 'a prefix of 33 bits', update(base, '21 c633640a00'), [3, 10, '']],
  ['RFC 7606 §5.3', 'a prefix that is cut short', update(base, '20 c63364'), [3, 10, '']],
  [
    'RFC 7606 §3.j',
    'an MP_REACH_NLRI beyond the attributes',
    update(`${base} 80 0e 09 0002 01 10`),
    [3, 5, '800e0900020110'],
  ],
  [
    'RFC 7606 §3.j',
    'an MP_UNREACH_NLRI beyond the attributes',
    update(`${base} 80 0f 09 0002 01 20`),
    [3, 5, '800f0900020120'],
  ],
  // RFC 7606 §5.2: attributes of routes, and no route. The NOTIFICATION is for the first error.
  ['RFC 7606 §5.2', 'an ORIGIN of 3 and no route', update(`40 01 01 03 ${path} ${nextHop}`, ''), [3, 6, '40010103']],
  ['RFC 7606 §5.2', 'an ORIGIN of two octets and no route', update('40 01 02 0000', ''), [3, 5, '4001020000']],
  ['RFC 7606 §5.2', 'an AS_PATH of one octet and no route', update('40 02 01 02', ''), [3, 11, '40020102']],
  ['RFC 7606 §5.2', 'an ORIGIN with wrong flags and no route', update('80 01 01 00', ''), [3, 4, '80010100']],
  ['RFC 7606 §5.2', 'half an attribute and no route', update('40', ''), [3, 5, '40']],
  [
    'RFC 7606 §5.2',
    'an MP_REACH_NLRI with no route and no ORIGIN; the data is the code that is missing',
    update(`80 0e 15 0002 01 10 20010db8000000000000000000000001 00 ${path}`, ''),
    [3, 3, '01'],
  ],
  [
    'RFC 7606 §2',
    'an error beside two families other than IPv4 unicast: one UPDATE cannot withdraw both',
    update(`${reach} 80 0f 08 0002 02 20 20010db9 40 01 01 03 ${path}`, ''),
    [3, 1],
  ],
  ['RFC 7606 §7.11', 'an MP_REACH_NLRI of 4 octets', update('80 0e 04 0002 01 00', ''), [3, 9, '800e0400020100']],
  ['RFC 7606 §7.11', 'a next hop of 15 octets', update(`80 0e 14 0002 01 0f ${'00'.repeat(15)} 00`, ''), [3, 9]],
  ['RFC 7606 §7.11', 'an IPv4 next hop for IPv6 routes', update('80 0e 09 0002 01 04 c0000201 00', ''), [3, 9]],
  ['RFC 7606 §7.11', 'a next hop beyond the attribute', update('80 0e 06 0002 01 10 20 01', ''), [3, 9]],
  ['RFC 7606 §7.11', 'a next hop up to the end, so no reserved octet', update('80 0e 05 0063 01 01 20', ''), [3, 9]],
  [
    'RFC 7606 §5.3',
    'an IPv6 prefix of 129 bits announced',
    update(`80 0e 27 0002 01 10 ${'00'.repeat(16)} 00 81 ${'00'.repeat(17)}`, ''),
    [3, 9],
  ],
  [
    'RFC 7606 §5.3',
    'an IPv6 prefix of 129 bits withdrawn',
    update(`80 0f 15 0002 01 81 ${'00'.repeat(17)}`, ''),
    [3, 9],
  ],
  ['RFC 7606 §5.3', 'an IPv6 prefix that is cut short', update('80 0f 07 0002 01 20 200000', ''), [3, 9]],
  ['RFC 7606 §7.12', 'an MP_UNREACH_NLRI of 2 octets', update('80 0f 02 0002', ''), [3, 9, '800f020002']],
]

describe('an error that resets the session', () => {
  it.each(refused)('%s: %s resets the session', (_clause, _why, bytes, [code, subcode, data]) => {
    const answer = refusal(decode(bytes))
    expect(answer).toEqual([code, subcode, data ?? answer[2]])
  })
  it('an error that resets the session has a sentence for the log', () => {
    expect(decode(message(6, ''))).toMatchObject({ ok: false, detail: 'message type 6' })
  })
})

type Issues = readonly (readonly [attribute: string, handling: 'withdraw' | 'discard'])[]

type Survived = [clause: string, why: string, attributes: string, Issues, Partial<Context>?]

const survived: readonly Survived[] = [
  [
    'RFC 7606 §3.c',
    'a well-known attribute flagged optional',
    `c0 01 01 00 ${path} ${nextHop}`,
    [['ORIGIN', 'withdraw']],
  ],
  [
    'RFC 7606 §3.c',
    'a well-known attribute not flagged transitive',
    `00 01 01 00 ${path} ${nextHop}`,
    [['ORIGIN', 'withdraw']],
  ],
  [
    'RFC 7606 §3.c',
    'an optional attribute flagged well-known',
    `${base} 40 04 04 00000001`,
    [['MULTI_EXIT_DISC', 'withdraw']],
  ],
  [
    'RFC 7606 §3.c',
    'a non-transitive attribute flagged transitive',
    `${base} c0 04 04 00000001`,
    [['MULTI_EXIT_DISC', 'withdraw']],
  ],
  [
    'RFC 7606 §3.c',
    'wrong flags of an attribute that is discarded if its value is wrong',
    `${base} c0 06 00`,
    [['ATOMIC_AGGREGATE', 'withdraw']],
  ],
  ...(
    [
      ['PMSI_TUNNEL', '80 16'],
      ['Tunnel Encapsulation', '80 17'],
      ['Traffic Engineering', 'c0 18'],
      ['PE Distinguisher Labels', '80 1b'],
      ['BGP-LS Attribute', 'c0 1d'],
      ['BGPsec_PATH', 'c0 21'],
      ['SFP attribute', '80 25'],
      ['BFD Discriminator', '80 26'],
      ['BGP Prefix-SID', '80 28'],
      ['ATTR_SET', '00 80'],
    ] as const
  ).map(
    ([name, flagsAndCode]) =>
      [
        'RFC 7606 §3.c',
        `wrong flags on ${name}, whose value is not read`,
        `${base} ${flagsAndCode} 04 00000001`,
        [[name, 'withdraw']],
      ] as Survived,
  ),
  ['RFC 7311 §3.2', 'an AIGP flagged as transitive', `${base} c0 1a 03 02 0003`, [['AIGP', 'discard']]],
  ['RFC 7606 §3.c', 'an AIGP flagged as well-known', `${base} 40 1a 03 02 0003`, [['AIGP', 'withdraw']]],
  [
    'RFC 7606 §4, §7.13',
    'a Traffic Engineering of no octets',
    `${base} 80 18 00`,
    [['Traffic Engineering', 'withdraw']],
  ],
  [
    'RFC 7606 §4, RFC 9552 §8.2.2',
    'a BGP-LS Attribute of no octets',
    `${base} 80 1d 00`,
    [['BGP-LS Attribute', 'discard']],
  ],
  ['RFC 7606 §3.d', 'no ORIGIN', `${path} ${nextHop}`, [['ORIGIN', 'withdraw']]],
  ['RFC 7606 §3.d', 'no AS_PATH', `${origin} ${nextHop}`, [['AS_PATH', 'withdraw']]],
  ['RFC 7606 §3.d', 'no NEXT_HOP', `${origin} ${path}`, [['NEXT_HOP', 'withdraw']]],
  [
    'RFC 7606 §3.d',
    'no attribute at all',
    '',
    [
      ['ORIGIN', 'withdraw'],
      ['AS_PATH', 'withdraw'],
      ['NEXT_HOP', 'withdraw'],
    ],
  ],
  ['RFC 7606 §3.f', 'an ATOMIC_AGGREGATE of one octet', `${base} 40 06 01 00`, [['ATOMIC_AGGREGATE', 'discard']]],
  [
    'RFC 7606 §3.g',
    'a second MULTI_EXIT_DISC',
    `${base} 80 04 04 00000001 80 04 04 00000002`,
    [['MULTI_EXIT_DISC', 'discard']],
  ],
  ['RFC 7606 §3.g', 'an unknown attribute twice', `${base} c0 63 00 c0 63 00`, [['attribute 99', 'discard']]],
  [
    'RFC 7606 §3.h',
    'the stronger of two findings',
    `40 01 01 03 ${path} ${nextHop} 40 06 01 00`,
    [
      ['ORIGIN', 'withdraw'],
      ['ATOMIC_AGGREGATE', 'discard'],
    ],
  ],
  [
    'RFC 7606 §4',
    'an attribute that goes beyond the attributes',
    `${base} 80 04 05 00000001`,
    [['MULTI_EXIT_DISC', 'withdraw']],
  ],
  [
    'RFC 7606 §4',
    'COMMUNITIES whose second half would be the NLRI',
    `${base} c0 08 08 fde90064`,
    [['COMMUNITIES', 'withdraw']],
  ],
  [
    'RFC 7606 §4',
    'an unknown attribute that would go on in the NLRI',
    `${base} c0 63 02 00`,
    [['attribute 99', 'withdraw']],
  ],
  [
    'RFC 7606 §3.d, §4',
    'half an attribute and no other',
    '80',
    [
      ['attribute 0', 'withdraw'],
      ['ORIGIN', 'withdraw'],
      ['AS_PATH', 'withdraw'],
      ['NEXT_HOP', 'withdraw'],
    ],
  ],
  ['RFC 7606 §4', 'one octet after the last attribute', `${base} 80`, [['attribute 0', 'withdraw']]],
  ['RFC 7606 §4', 'two octets after the last attribute', `${base} 80 04`, [['MULTI_EXIT_DISC', 'withdraw']]],
  [
    'RFC 7606 §4',
    'three octets where the length should have two',
    `${base} 90 04 00`,
    [['MULTI_EXIT_DISC', 'withdraw']],
  ],
  ['RFC 7606 §7.1', 'an ORIGIN of no octets', `40 01 00 ${path} ${nextHop}`, [['ORIGIN', 'withdraw']]],
  ['RFC 7606 §7.1', 'an ORIGIN of 3', `40 01 01 03 ${path} ${nextHop}`, [['ORIGIN', 'withdraw']]],
  [
    'RFC 7606 §7.2',
    'a segment of unknown type',
    `${origin} 40 02 06 05 01 0000fde9 ${nextHop}`,
    [['AS_PATH', 'withdraw']],
  ],
  [
    'RFC 7606 §7.2',
    'a segment that overruns',
    `${origin} 40 02 06 02 02 0000fde9 ${nextHop}`,
    [['AS_PATH', 'withdraw']],
  ],
  [
    'RFC 7606 §7.2',
    'a segment that leaves one octet',
    `${origin} 40 02 07 02 01 0000fde9 02 ${nextHop}`,
    [['AS_PATH', 'withdraw']],
  ],
  ['RFC 7606 §7.2', 'a segment without an AS', `${origin} 40 02 02 02 00 ${nextHop}`, [['AS_PATH', 'withdraw']]],
  [
    'RFC 7606 §7.2',
    'two octets per AS where four are negotiated',
    `${origin} 40 02 04 02 01 fde9 ${nextHop}`,
    [['AS_PATH', 'withdraw']],
  ],
  [
    'RFC 7606 §7.2',
    'four octets per AS where two are negotiated',
    base,
    [['AS_PATH', 'withdraw']],
    { fourOctetAs: false },
  ],
  [
    'RFC 7607 §2',
    'an AS_PATH with AS 0',
    `${origin} 40 02 0a 02 02 0000fde9 00000000 ${nextHop}`,
    [['AS_PATH', 'withdraw']],
  ],
  [
    'RFC 7607 §2',
    'an AS_PATH with AS 0 in two octets',
    `${origin} 40 02 06 02 02 fde9 0000 ${nextHop}`,
    [['AS_PATH', 'withdraw']],
    { fourOctetAs: false },
  ],
  ...(['03', '04'] as const).map(
    type =>
      [
        'RFC 5065 §5',
        `a confederation's segment of type ${type} from an external peer`,
        `${origin} 40 02 0c ${type} 01 0000fc00 02 01 0000fde9 ${nextHop}`,
        [['AS_PATH', 'withdraw']],
      ] as Survived,
  ),
  ['RFC 7606 §7.3', 'a NEXT_HOP of 5 octets', `${origin} ${path} 40 03 05 c000020100`, [['NEXT_HOP', 'withdraw']]],
  ['RFC 7606 §7.4', 'a MULTI_EXIT_DISC of 3 octets', `${base} 80 04 03 000001`, [['MULTI_EXIT_DISC', 'withdraw']]],
  [
    'RFC 7606 §7.5',
    'a LOCAL_PREF of 5 octets',
    `${base} 40 05 05 0000000001`,
    [['LOCAL_PREF', 'withdraw']],
    { external: false },
  ],
  ['RFC 7606 §7.5', 'a LOCAL_PREF from an external peer', `${base} 40 05 04 00000001`, [['LOCAL_PREF', 'discard']]],
  ['RFC 7606 §7.5', 'a malformed LOCAL_PREF from an external peer', `${base} 40 05 01 00`, [['LOCAL_PREF', 'discard']]],
  ['RFC 7606 §7.6', 'an ATOMIC_AGGREGATE of 4 octets', `${base} 40 06 04 00000000`, [['ATOMIC_AGGREGATE', 'discard']]],
  ['RFC 7606 §7.8', 'COMMUNITIES of 5 octets', `${base} c0 08 05 fde9006400`, [['COMMUNITIES', 'withdraw']]],
  ['RFC 7606 §7.8', 'COMMUNITIES of no octets', `${base} c0 08 00`, [['COMMUNITIES', 'withdraw']]],
  [
    'RFC 8092 §6',
    'a LARGE_COMMUNITY of 8 octets',
    `${base} c0 20 08 0000fde900000001`,
    [['LARGE_COMMUNITY', 'withdraw']],
  ],
  ['RFC 8092 §6', 'a LARGE_COMMUNITY of no octets', `${base} c0 20 00`, [['LARGE_COMMUNITY', 'withdraw']]],
  ['RFC 7606 §7.7', 'an AGGREGATOR of 6 octets', `${base} c0 07 06 fde9 c0000202`, [['AGGREGATOR', 'discard']]],
  [
    'RFC 7606 §7.7',
    'an AGGREGATOR of 8 octets where two per AS are negotiated',
    `${origin} 40 02 04 02 01 fde9 ${nextHop} c0 07 08 0000fde9 c0000202`,
    [['AGGREGATOR', 'discard']],
    { fourOctetAs: false },
  ],
  ['RFC 7607 §2', 'an AGGREGATOR of AS 0', `${base} c0 07 08 00000000 c0000202`, [['AGGREGATOR', 'discard']]],
  [
    'RFC 7606 §7.9',
    'an ORIGINATOR_ID of 5 octets',
    `${base} 80 09 05 c000020300`,
    [['ORIGINATOR_ID', 'withdraw']],
    { external: false },
  ],
  [
    'RFC 7606 §7.9',
    'an ORIGINATOR_ID from an external peer',
    `${base} 80 09 04 c0000203`,
    [['ORIGINATOR_ID', 'discard']],
  ],
  [
    'RFC 7606 §7.10',
    'a CLUSTER_LIST of 6 octets',
    `${base} 80 0a 06 c00002040000`,
    [['CLUSTER_LIST', 'withdraw']],
    { external: false },
  ],
  [
    'RFC 7606 §7.10',
    'a CLUSTER_LIST of no octets',
    `${base} 80 0a 00`,
    [['CLUSTER_LIST', 'withdraw']],
    { external: false },
  ],
  [
    'RFC 7606 §7.10',
    'a malformed CLUSTER_LIST from an external peer',
    `${base} 80 0a 00`,
    [['CLUSTER_LIST', 'discard']],
  ],
  [
    'RFC 7606 §7.14',
    'EXTENDED COMMUNITIES of 9 octets',
    `${base} c0 10 09 0002fde90000006400`,
    [['EXTENDED COMMUNITIES', 'withdraw']],
  ],
  ['RFC 7606 §7.14', 'EXTENDED COMMUNITIES of no octets', `${base} c0 10 00`, [['EXTENDED COMMUNITIES', 'withdraw']]],
  [
    'RFC 7606 §7.15',
    'IPv6 EXTENDED COMMUNITIES of 8 octets',
    `${base} c0 19 08 0002fde900000064`,
    [['IPv6 EXTENDED COMMUNITIES', 'withdraw']],
  ],
  ['RFC 9234 §5', 'an ONLY_TO_CUSTOMER of 2 octets', `${base} c0 23 02 fde9`, [['ONLY_TO_CUSTOMER', 'withdraw']]],
  ...(
    [
      ['of no octets', ''],
      ['whose TLV has half a head', '01 00'],
      ['whose TLV is shorter than its head', '02 0002'],
      ['whose TLV overruns', '02 0005 00'],
      ['whose metric has 4 octets', '01 0007 00000001'],
      ['whose second metric has 4 octets', '01 000b 0000000000000001 01 0007 00000001'],
      ['whose metric is the largest there is', '01 000b ffffffffffffffff'],
      ['whose metric is the largest there is, behind another TLV', '02 0003 01 000b ffffffffffffffff'],
      ['whose metric has 4 octets, behind another TLV', '02 0004 00 01 0007 00000001'],
      ['whose second TLV overruns', '01 000b 0000000000000001 02 0005 00'],
    ] as const
  ).map(
    ([what, value]) =>
      [
        'RFC 7311 §3.2',
        `an AIGP ${what}`,
        `${base} 80 1a ${number(size(value), 1)} ${value}`,
        [['AIGP', 'discard']],
      ] as Survived,
  ),
  [
    'RFC 6793 §4.1',
    'an AS4_AGGREGATOR where AS_PATH has four octets',
    `${base} c0 12 08 fa56ea00 c0000202`,
    [['AS4_AGGREGATOR', 'discard']],
  ],
  ...(['fde9 c0000202', '00000000 c0000202', ''] as const).map(
    value =>
      [
        'RFC 6793 §6, RFC 7607 §2',
        `an AS4_AGGREGATOR of ${value || 'nothing'}`,
        `${origin} 40 02 04 02 01 fde9 ${nextHop} c0 12 ${number(size(value), 1)} ${value}`,
        [['AS4_AGGREGATOR', 'discard']],
        { fourOctetAs: false },
      ] as Survived,
  ),
  [
    'RFC 6793 §6',
    'an AS4_PATH where AS_PATH has four octets',
    `${base} c0 11 06 02 01 fa56ea00`,
    [['AS4_PATH', 'discard']],
  ],
  ...(
    [
      ['of no octets', ''],
      ['of five octets', '02 01 fa56ea'],
      ['whose segment has no AS', '02 00 02 01 fa56ea00'],
      ['whose segment overruns', '02 02 fa56ea00'],
      ['of unknown type', '05 01 fa56ea00'],
      ['of nothing but a confederation', '03 01 0000fc00'],
      ['with AS 0', '02 01 00000000'],
    ] as const
  ).map(
    ([what, value]) =>
      [
        'RFC 6793 §6',
        `an AS4_PATH ${what}`,
        `${origin} 40 02 04 02 01 5ba0 ${nextHop} c0 11 ${number(size(value), 1)} ${value}`,
        [['AS4_PATH', 'discard']],
        { fourOctetAs: false },
      ] as Survived,
  ),
]

describe('an error that does not reset the session', () => {
  it.each<Survived>(survived)('%s: %s does not reset the session', (_clause, _why, attributes, issues, context) => {
    const { withdrawn, announced, issues: found } = received(update(attributes), context)
    const handling = { withdraw: 'treat-as-withdraw', discard: 'attribute-discard' } as const
    expect(found).toMatchObject(issues.map(([attribute, cost]) => ({ attribute, handling: handling[cost] })))
    const gone = issues.some(([, cost]) => cost === 'withdraw')
    expect({ withdrawn, announced }).toEqual(
      gone ? { withdrawn: ['198.51.100.10/32'], announced: [] } : { withdrawn: [], announced: ['198.51.100.10/32'] },
    )
  })
  it('the other attributes stay after attribute discard (RFC 7606 §3.g, §7.6)', () => {
    const { attributes } = received(update(`${base} 40 06 01 00 80 04 04 00000001 80 04 04 00000002`))
    expect(attributes).toEqual({
      origin: 'igp',
      asPath: [{ type: 'sequence', as: [65001] }],
      nextHop: '192.0.2.1',
      med: 1,
    })
  })
  it('no attribute stays after treat-as-withdraw (RFC 7606 §2)', () => {
    expect(received(update(`40 01 01 03 ${path} ${nextHop}`)).attributes).toEqual({})
  })
  it('withdrawn routes come before those of treat-as-withdraw (RFC 7606 §2)', () => {
    const { withdrawn } = received(update(`40 01 01 03 ${path} ${nextHop}`, route, '18 c63364'))
    expect(withdrawn).toEqual(['198.51.100.0/24', '198.51.100.10/32'])
  })
  it('IPv6 routes are withdrawn as IPv6 routes, after those withdrawn (RFC 7606 §2)', () => {
    const { attributes } = received(update(`${reach} ${unreach} 40 01 01 03 ${path}`, ''))
    expect(attributes).toEqual({
      mpUnreach: { family: 'ipv6-unicast', withdrawn: ['2001:db9::/32', '2001:db8::/32'] },
    })
  })
  it('IPv4 routes of MP_REACH_NLRI are withdrawn with the others (RFC 7606, RFC 8950)', () => {
    const { withdrawn, attributes } = received(
      update(`80 0e 0e 0001 01 04 c0000201 00 20 c633640b 80 0f 08 0001 01 20 c633640c 40 01 01 03 ${path} ${nextHop}`),
    )
    expect({ withdrawn, attributes }).toEqual({
      withdrawn: ['198.51.100.10/32', '198.51.100.12/32', '198.51.100.11/32'],
      attributes: {},
    })
  })
  it('routes of a family that is not modelled are withdrawn as octets (RFC 7606 §2)', () => {
    const other = '80 0e 0e 0001 80 04 c0000201 00 20 c633640b 80 0f 08 0001 80 20 c633640c'
    expect(plain(received(update(`${other} 40 01 01 03 ${path}`, '')).attributes)).toEqual({
      mpUnreach: { family: 'other', afi: 1, safi: 128, withdrawn: 'hex:20c633640c20c633640b' },
    })
  })
  it('an error beside an empty MP_REACH_NLRI makes no End-of-RIB (RFC 4724 §2)', () => {
    const empty = '80 0e 15 0002 01 10 20010db8000000000000000000000001 00'
    expect(received(update(`${empty} 40 01 01 03 ${path} ${nextHop}`)).attributes).toEqual({})
  })
})

describe('no error', () => {
  it.each<[clause: string, what: string, bytes: Uint8Array, Partial<Context>?]>([
    [
      'RFC 7606 §3.d',
      'LOCAL_PREF missing from an internal peer: it is not mandatory',
      update(base),
      { external: false },
    ],
    ['RFC 4760 §3', 'NEXT_HOP missing where all routes are in MP_REACH_NLRI', update(`${reach} ${origin} ${path}`, '')],
    [
      'RFC 7606 §5.1',
      'routes of all four fields, MP_* behind the other attributes',
      update(`${base} ${unreach} ${reach}`, route, '18 c63364'),
    ],
    ['RFC 7606 §5.2', 'an MP_UNREACH_NLRI alone', update(unreach, '')],
    ['RFC 7606 §7.3', 'a NEXT_HOP that is no address of a host', update(`${origin} ${path} 40 03 04 e0000001`)],
    ['RFC 4271 §6.3', 'a multicast prefix, which is left to the caller', update(base, '20 e0000001')],
    ['RFC 7606 §3.c', 'the Partial bit and the four low bits of the flags', update(`6f 01 01 00 ${path} ${nextHop}`)],
    ['RFC 4271 §4.3', 'an extended length where one octet would do', update(`50 01 0001 00 ${path} ${nextHop}`)],
    ['RFC 4271 §5', 'attributes without any route', update(base, '')],
    [
      'RFC 4760 §3',
      'a reserved octet that is not zero',
      update(`${reach.replace(' 00 20', ' 01 20')} ${origin} ${path}`, ''),
    ],
    ['RFC 4271 §5', 'an unknown optional attribute, transitive or not', update(`${base} c0 63 00 80 64 00`)],
    ['RFC 7606 §7.14', 'an extended community of an unknown type', update(`${base} c0 10 08 ${'ff'.repeat(8)}`)],
    ['RFC 7311 §3.2', 'an AIGP without a metric', update(`${base} 80 1a 03 02 0003`)],
    [
      'RFC 7311 §3',
      'an AIGP whose second metric is the largest there is: the first one counts',
      update(`${base} 80 1a 16 01 000b 0000000000000001 01 000b ffffffffffffffff`),
    ],
    [
      'RFC 5065 §5',
      'segments of a confederation from a member of it',
      update(`${origin} 40 02 0c 03 01 0000fc00 02 01 0000fde9 ${nextHop}`),
      { external: false },
    ],
    [
      'RFC 6793 §6',
      'segments of a confederation in AS4_PATH, which are ignored',
      update(`${origin} 40 02 04 02 01 5ba0 ${nextHop} c0 11 0c 03 01 0000fc00 02 01 fa56ea00`),
      { fourOctetAs: false },
    ],
    ['RFC 7607 §2', 'AS numbers with zeros in them', update(`${origin} 40 02 0a 02 02 00010000 00000001 ${nextHop}`)],
  ])('%s: %s is no error of an UPDATE', (_clause, _what, bytes, context) =>
    expect(received(bytes, context).issues).toBeUndefined(),
  )

  it.each([
    ['RFC 4271 §4.2', 'a hold time of 0', open('04 fde9 0000 c0000201')],
    ['RFC 4271 §4.2', 'a hold time of 3', open('04 fde9 0003 c0000201')],
    ['RFC 6286 §2.1', 'a BGP Identifier that is no address of a host', open('04 fde9 005a ffffffff')],
    ['RFC 5492 §3', 'an unknown capability', open(sound, '02 04 fe 02 abcd')],
    ['RFC 5492 §4', 'a parameter without any capability', open(sound, '02 00')],
    ['RFC 4271 §6.4', 'a NOTIFICATION with unknown numbers', message(3, 'ff ff')],
    ['RFC 7313 §4', 'an unknown ROUTE-REFRESH subtype', message(5, '0001 09 01')],
    // RFC 7313 §5: it is error 7/1 if the peer sent the capability, which the codec does not know.
    ['RFC 2918 §3', 'an EoRR with an octet too many', message(5, '0001 02 01 00')],
  ])('%s: %s is no error', (_clause, _what, bytes) => expect(refusal(decode(bytes))).toBe('nothing'))
})

describe('the place of an error', () => {
  it.each(Array.from({ length: 16 }, (_, at) => at))('the place of a wrong marker is its octet %i', at => {
    const bytes = message(4, '')
    bytes[at] = 0xfe
    expect(decode(bytes)).toMatchObject({ ok: false, notification: { code: 1, subcode: 1 }, at })
  })

  it.each<[what: string, bytes: Uint8Array, at: number]>([
    ['the length', hex(`${'ff'.repeat(16)} 0012 04`), 16],
    ['the length, if the header is cut short', message(4, '').slice(0, 18), 16],
    ['the type', message(6, ''), 18],
    ['the version', open('03 fde9 005a c0000201'), 19],
    ['the AS', open('04 0000 005a c0000201'), 20],
    ['the hold time', open('04 fde9 0001 c0000201'), 22],
    ['the identifier', open('04 fde9 005a 00000000'), 24],
    ['the length of the parameters', message(1, `${sound} 00 00`), 28],
    ['the parameter', open(sound, '02 00 63 00'), 31],
    ['the capability', open(sound, '02 06 02 00 41 02 fde9'), 33],
    ['missing octets', open(sound, '02 05 02 00'), 31],
    ['Withdrawn Routes Length', message(2, '0001 0000'), 19],
    ['Total Path Attribute Length', message(2, '0000 0001'), 21],
    ['Withdrawn Routes', update(base, '', '21 c633640a00'), 21],
    ['NLRI', update(base, '21 c633640a00'), 43],
    ['an attribute', update(`${base} 40 63 02 abcd`), 43],
    ['the second of two attributes', update(`${origin} ${unreach} ${unreach}`, ''), 38],
    ['the first error, if there is no route', update(`${origin} 40 02 01 02 80 04 00`, ''), 27],
  ])('the place of the error is that of %s', (_what, bytes, at) =>
    expect(decode(bytes)).toMatchObject({ ok: false, at }),
  )

  it('an issue has the place of its attribute, or of the first if it is missing', () => {
    const bytes = update(`${origin} 80 04 00 ${path} 40 06 01 00`, route, '18 c63364')
    const { issues, octets } = received(bytes)
    expect(octets, 'the whole message').toEqual(bytes)
    expect(issues?.map(({ attribute, at }) => [attribute, at])).toEqual([
      ['MULTI_EXIT_DISC', 31],
      ['ATOMIC_AGGREGATE', 43],
      ['NEXT_HOP', 27],
    ])
  })
})

describe('decode() takes exactly one message', () => {
  const keepalive = message(4, '')
  it.each([
    ['nothing', hex('')],
    ['half a header', keepalive.slice(0, 9)],
    ['two messages', Uint8Array.of(...keepalive, ...keepalive)],
  ])('decode() answers %s with a bad length (RFC 4271 §6.1)', (_what, bytes) => {
    expect(refusal(decode(bytes)).slice(0, 2)).toEqual([1, 2])
  })
})
