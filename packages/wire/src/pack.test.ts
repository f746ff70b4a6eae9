import { describe, expect, it } from 'vitest'
import type { Attributes } from './attribute/registry.ts'
import { decode, encode, type Message } from './message.ts'
import { encodeAll } from './pack.ts'
import { endOfRib, routes } from './routes.ts'
import { type Update, visitRoutes } from './update.ts'

const attributes = { origin: 'igp', asPath: [{ type: 'sequence', as: [65001] }], nextHop: '192.0.2.1' } as const
const reach = { family: 'ipv6-unicast', nextHop: ['2001:db8::1'] } as const
const hosts = (count: number) =>
  Array.from({ length: count }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32`)
const hosts6 = (count: number) => Array.from({ length: count }, (_, i) => `2001:db8::${(i + 1).toString(16)}/128`)

function update(parts: Partial<Update>): Update {
  return { type: 'update', withdrawn: [], attributes: {}, announced: [], ...parts }
}
function received(bytes: Uint8Array, context?: Parameters<typeof decode>[1]): Update {
  const result = decode(bytes, context)
  if (!result.ok || result.value.type !== 'update') throw new Error('an UPDATE was sent')
  return result.value
}

describe('encodeAll()', () => {
  it('encodes an UPDATE that fits as one message', () => {
    const one = update({ attributes, announced: hosts(3) })
    expect(encodeAll(one)).toEqual([encode(one)])
    expect(encodeAll(update({}))).toEqual([encode(update({}))]) // End-of-RIB
  })
  it('packs all prefixes in order, as many as fit a message (RFC 4271 §4.3)', () => {
    const announced = hosts(2000)
    const messages = encodeAll(update({ attributes, announced }))
    expect(messages.map(bytes => received(bytes)).flatMap(one => one.announced)).toEqual(announced)
    expect(messages).toHaveLength(3) // 4096 - 23 - 20 octets hold 810 prefixes of 5
    for (const bytes of messages.slice(0, -1)) expect(bytes.length).toBeGreaterThan(4090)
    for (const bytes of messages) expect(received(bytes).attributes).toEqual(attributes)
  })
  it('puts each kind of routes into its own messages, withdrawn first (RFC 7606 §5.1)', () => {
    const all = update({
      withdrawn: hosts(2),
      attributes: {
        ...attributes,
        mpReach: { ...reach, announced: hosts6(2) },
        mpUnreach: { family: 'ipv6-unicast', withdrawn: ['2001:db8:1::/48'] },
      },
      announced: ['198.51.100.10/32'],
    })
    const { origin, asPath } = attributes
    expect(encodeAll(all).map(bytes => JSON.parse(JSON.stringify(received(bytes))))).toEqual([
      update({ withdrawn: hosts(2) }),
      update({ attributes: { mpUnreach: { family: 'ipv6-unicast', withdrawn: ['2001:db8:1::/48'] } } }),
      update({ attributes, announced: ['198.51.100.10/32'] }),
      update({ attributes: { mpReach: { ...reach, announced: hosts6(2) }, origin, asPath } }),
    ])
  })
  it('splits MP_* attributes, and counts path identifiers (RFC 7911 §3)', () => {
    const context = { addPath: ['ipv6-unicast'] } as const
    const announced = hosts6(600).map((prefix, i) => `${prefix}#${i}`)
    const { origin, asPath } = attributes
    const sent = encodeAll(update({ attributes: { origin, asPath, mpReach: { ...reach, announced } } }), context)
    const got = sent.map(bytes => received(bytes, context).attributes.mpReach?.announced ?? []) as string[][]
    expect(got.flat()).toEqual(announced)
    expect(sent).toHaveLength(4) // 21 octets each
    const withdrawn = hosts6(600)
    const gone = encodeAll(update({ attributes: { mpUnreach: { family: 'ipv6-unicast', withdrawn } } }))
    expect(gone.flatMap(bytes => [...(received(bytes).attributes.mpUnreach?.withdrawn ?? [])])).toEqual(withdrawn)
  })
  it('fills each message without exceeding it, for any length of the attributes', () => {
    for (let octets = 0; octets < 17; octets++) {
      const unknown = [{ code: 200, flags: 0xc0, value: new Uint8Array(octets) }]
      const { origin, asPath } = attributes
      for (const [sent, size] of [
        [encodeAll(update({ attributes: { ...attributes, unknown }, announced: hosts(900) })), 5],
        [
          encodeAll(update({ attributes: { origin, asPath, mpReach: { ...reach, announced: hosts6(300) }, unknown } })),
          17,
        ],
      ] as const) {
        expect(sent.length).toBe(2)
        expect(sent[0]?.length).toBeLessThanOrEqual(4096)
        expect(sent[0]?.length).toBeGreaterThan(4096 - 1 - size)
      }
    }
  })
  it('makes fewer messages if they may be longer (RFC 8654)', () => {
    const context = { extendedMessage: true }
    const [bytes, ...rest] = encodeAll(update({ attributes, announced: hosts(2000) }), context)
    expect(rest).toEqual([])
    expect(received(bytes as Uint8Array, context).announced).toHaveLength(2000)
    expect(decode(bytes as Uint8Array)).toMatchObject({ ok: false, notification: { code: 1, subcode: 2 } })
  })
  it('does not split the routes of a family that is not modelled', () => {
    const other = { family: 'other', afi: 1, safi: 128, withdrawn: new Uint8Array(100) } as const
    expect(encodeAll(update({ attributes: { mpUnreach: other } }))).toHaveLength(1)
  })
  it('keeps an End-of-RIB and opaque routes beside other routes', () => {
    const endOfIpv6 = { family: 'ipv6-unicast', withdrawn: [] } as const
    const other = { family: 'other', afi: 1, safi: 128, withdrawn: Uint8Array.of(8, 10) } as const
    for (const mpUnreach of [endOfIpv6, other])
      expect(encodeAll(update({ withdrawn: hosts(1), attributes: { mpUnreach } }))).toEqual([
        encode(update({ withdrawn: hosts(1) })),
        encode(update({ attributes: { mpUnreach } })),
      ])
  })
  it('throws as encode() does, and returns nothing', () => {
    expect(() => encodeAll(update({ attributes, announced: [...hosts(2000), 'all'] }))).toThrow(/^announced: 'all'/)
  })
})

describe('messages beyond 4096 octets (RFC 8654 §4)', () => {
  const context = { extendedMessage: true }
  it('are not allowed for OPEN in any context', () => {
    const filler = { name: 'unknown', code: 200, value: new Uint8Array(255) } as const
    const open: Message = {
      type: 'open',
      version: 4,
      as: 65001,
      holdTime: 90,
      id: '192.0.2.1',
      capabilities: Array(16).fill(filler),
    }
    expect(() => encode(open, context)).toThrow(/^open length: 41\d\d is not allowed, it must be at most 4096 octets/)
  })
  it('have at most 65535 octets', () => {
    const raw = { code: 200, flags: 0xc0, value: new Uint8Array(65535 - 23 - 4) }
    const longest = encode(update({ attributes: { unknown: [raw] } }), context)
    expect(longest).toHaveLength(65535)
    expect(decode(longest, context)).toMatchObject({ ok: true })
    const longer = { ...raw, value: new Uint8Array(raw.value.length + 1) }
    expect(() => encode(update({ attributes: { unknown: [longer] } }), context)).toThrow(/is not allowed/)
  })
})

describe('endOfRib()', () => {
  it.each<[Update, ReturnType<typeof endOfRib>]>([
    [update({}), 'ipv4-unicast'],
    [update({ attributes: { mpUnreach: { family: 'ipv6-multicast', withdrawn: [] } } }), 'ipv6-multicast'],
    [
      update({ attributes: { mpUnreach: { family: 'other', afi: 1, safi: 128, withdrawn: new Uint8Array() } } }),
      'other',
    ],
    [update({ withdrawn: hosts(1) }), undefined],
    [update({ attributes, announced: hosts(1) }), undefined],
    [update({ attributes: { mpUnreach: { family: 'ipv6-unicast', withdrawn: hosts6(1) } } }), undefined],
  ])('of %j is %s (RFC 4724 §2)', (message, family) => {
    expect(endOfRib(received(encode(message)))).toBe(family)
  })
  it('is undefined for an UPDATE that errors have emptied (RFC 4724 §2, RFC 7606 §2)', () => {
    const localPref = encode(update({ attributes: { localPref: 100 } })) // discarded, from an external peer
    expect(received(localPref)).toMatchObject({ attributes: {}, issues: [{ handling: 'attribute-discard' }] })
    expect(endOfRib(received(localPref))).toBeUndefined()
    const wrongFlags = encode(update({ attributes: { mpUnreach: { family: 'ipv6-unicast', withdrawn: [] } } }))
    wrongFlags[23] = 0xc0
    expect(endOfRib(received(wrongFlags))).toBeUndefined()
  })
  it('is undefined for an UPDATE with attributes and no route', () => {
    expect(endOfRib(received(encode(update({ attributes: { med: 1 } }))))).toBeUndefined()
  })
})

describe('visitRoutes()', () => {
  const read = (message: Update) => {
    const seen: string[] = []
    const visit = (kind: string) => (length: number, bytes: Uint8Array, at: number, pathId?: number) =>
      seen.push(
        `${kind}${Buffer.from(bytes.subarray(at, at + ((length + 7) >> 3))).toString('hex')}/${length}#${pathId}`,
      )
    visitRoutes(message, visit('-'), visit('+'))
    return seen
  }
  it('visits every route of every field as octets', () => {
    const message = update({
      withdrawn: ['10.1.0.0/16'],
      attributes: {
        ...attributes,
        mpUnreach: { family: 'ipv4-multicast', withdrawn: ['10.2.0.0/16'] },
        mpReach: { ...reach, announced: ['2001:db8::/33'] },
      },
      announced: ['10.3.0.0/16', '0.0.0.0/0'],
    })
    const expected = [
      '-0a01/16#undefined',
      '+20010db800/33#undefined',
      '-0a02/16#undefined',
      '+0a03/16#undefined',
      '+/0#undefined',
    ]
    expect(read(received(encode(message)))).toEqual(expected)
    expect(routes(received(encode(message))).announced).toHaveLength(3)
  })
  it('visits path identifiers (RFC 7911 §3)', () => {
    const context = { addPath: ['ipv4-unicast'] } as const
    const bytes = encode(update({ withdrawn: ['10.0.0.0/8#7'] }), context)
    expect(read(received(bytes, context))).toEqual(['-0a/8#7'])
  })
  it('visits path identifiers only in families that have them (RFC 7911 §3)', () => {
    const context = { addPath: ['ipv6-unicast'] } as const
    const mpReach = { ...reach, announced: ['2001:db8::/32#7'] }
    const mpUnreach = { family: 'ipv6-unicast', withdrawn: ['2001:db9::/32#8'] } as const
    const message = update({ attributes: { ...attributes, mpReach, mpUnreach }, announced: ['10.0.0.0/8'] })
    expect(read(received(encode(message, context), context))).toEqual([
      '+20010db8/32#7',
      '-20010db9/32#8',
      '+0a/8#undefined',
    ])
  })
  it('visits MP_REACH_NLRI as withdrawn after treat-as-withdraw (RFC 7606 §2)', () => {
    const { origin, asPath } = attributes
    const bytes = encode(
      update({ attributes: { mpReach: { ...reach, announced: ['2001:db8::/32'] }, origin, asPath } }),
    )
    bytes[bytes.lastIndexOf(2) - 4] = 9 // ORIGIN 9, before AS_PATH
    expect(received(bytes).issues).toMatchObject([{ attribute: 'ORIGIN' }])
    expect(read(received(bytes))).toEqual(['-20010db8/32#undefined'])
  })
  it('visits announced routes as withdrawn after treat-as-withdraw (RFC 7606 §2)', () => {
    const bytes = encode(update({ attributes, announced: ['10.0.0.0/8'] }))
    bytes[26] = 9 // ORIGIN 9
    expect(read(received(bytes))).toEqual(['-0a/8#undefined'])
  })
  it('visits routes of MP_* in any place, of modelled families', () => {
    const behind = (mp: Attributes) => {
      const bytes = encode(update({ attributes: { ...attributes, ...mp }, announced: ['10.0.0.0/8'] }))
      const end = 23 + (bytes[21]! << 8) + bytes[22]!
      const first = 23 + 3 + bytes[25]! // behind the one of MP_*, which is written first
      return Uint8Array.of(
        ...bytes.slice(0, 23),
        ...bytes.slice(first, end),
        ...bytes.slice(23, first),
        ...bytes.slice(end),
      )
    }
    const other = { family: 'other', afi: 2, safi: 128, withdrawn: Uint8Array.of(8, 10) } as const
    expect(read(received(behind({ mpReach: { ...reach, announced: ['2001:db8::/33'] } })))).toEqual([
      '+20010db800/33#undefined',
      '+0a/8#undefined',
    ])
    expect(read(received(behind({ mpUnreach: { family: 'ipv6-unicast', withdrawn: ['2001:db8::/32'] } })))).toEqual([
      '-20010db8/32#undefined',
      '+0a/8#undefined',
    ])
    expect(read(received(behind({ mpUnreach: other })))).toEqual(['+0a/8#undefined'])
  })
  it('throws for an UPDATE that was not received', () => {
    expect(() =>
      visitRoutes(
        update({}),
        () => {},
        () => {},
      ),
    ).toThrow(/^update: an object is not allowed, it must be an UPDATE that decode\(\) returned/)
  })
})
