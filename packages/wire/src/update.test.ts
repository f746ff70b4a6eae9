import { inspect } from 'node:util'
import { base, update } from '@softspoken/test-support/by-hand'
import { describe, expect, it } from 'vitest'
import { opaque } from './attribute/opaque.ts'
import type { Attributes } from './attribute/registry.ts'
import { byCode, registry, rows } from './attribute/registry.ts'
import { decode, encode } from './message.ts'
import { routes } from './routes.ts'
import { type Update, visitRoutes } from './update.ts'

const plain: Update = {
  type: 'update',
  withdrawn: ['198.51.100.11/32'],
  attributes: { origin: 'igp', asPath: [], nextHop: '192.0.2.1' },
  announced: ['198.51.100.10/32'],
}
function received(update: Update): Update {
  const result = decode(encode(update))
  if (!result.ok || result.value.type !== 'update') throw new Error('no update')
  return result.value
}

describe('a received UPDATE', () => {
  it('makes each list once, when it is first asked for', () => {
    const update = received(plain)
    expect(update.announced).toBe(update.announced)
    expect(update.withdrawn).toBe(update.withdrawn)
    expect(update.attributes).toBe(update.attributes)
  })
  it('has getters: a spread copies no list, JSON.stringify() reads all', () => {
    expect({ ...received(plain) }).not.toHaveProperty('announced')
    expect(JSON.parse(JSON.stringify(received(plain)))).toEqual(plain)
  })
  it('has plain attributes: those of the message, also in a spread and in JSON', () => {
    const { attributes } = received(plain)
    expect(['asPath' in attributes, 'communities' in attributes]).toEqual([true, false])
    expect({ ...attributes }).toEqual(plain.attributes)
    expect(JSON.parse(JSON.stringify(attributes))).toEqual(plain.attributes)
  })
  it('has its octets if it has issues (RFC 7606 §6)', () => {
    expect(received(plain).octets).toBeUndefined()
    const bytes = encode({ ...plain, attributes: { ...plain.attributes, localPref: 1 } }) // from an external peer
    const result = decode(Buffer.from([1, 2, 3, ...bytes, 4]).subarray(3, -1))
    if (!result.ok || result.value.type !== 'update') throw new Error('no update')
    expect([...(result.value.octets ?? [])]).toEqual([...bytes])
  })
  it('has its own next hop after messages with others (RFC 4271 §5.1.3)', () => {
    const hops = [
      '192.0.2.1',
      '198.51.100.1',
      '0.0.0.1',
      '192.0.2.1',
      '192.0.2.2',
      '198.51.100.1',
      '0.0.0.0',
      '255.255.255.255',
    ]
    const read = hops.map(
      nextHop => received({ ...plain, attributes: { ...plain.attributes, nextHop } }).attributes.nextHop,
    )
    expect(read).toEqual(hops)
  })
  it('is shown in Node with all its fields', () => expect(inspect(received(plain))).toBe(inspect(plain)))
  it.each([
    ['Withdrawn Routes', update('', '', '21 c633640a00')],
    ['NLRI', update(base, '21 c633640a00')],
  ])('is rejected with the name of the field for a wrong prefix in %s', (field, bytes) => {
    expect(decode(bytes)).toMatchObject({ ok: false, detail: expect.stringMatching(`^${field}: prefix length 33`) })
  })
  it('can be encoded again', () => expect(encode(received(plain))).toEqual(encode(plain)))
  it.each([2, 16, 17, 300])('reads %i large communities with one repetition as one less (RFC 8092 §3)', count => {
    const largeCommunities = Array.from({ length: count }, (_, i) => `4200000000:1:${i}`)
    const bytes = encode({ ...plain, announced: [], attributes: { ...plain.attributes, largeCommunities } })
    bytes.copyWithin(bytes.length - 12, bytes.length - 24, bytes.length - 12)
    expect(decode(bytes)).toMatchObject({
      value: { attributes: { largeCommunities: largeCommunities.slice(0, -1) } },
    })
  })
  it('returns copies of octets, also if the message was in a Buffer', () => {
    const unknown = [{ code: 99, flags: 0xc0, value: Uint8Array.of(1, 2) }]
    const bytes = Buffer.from(encode({ ...plain, attributes: { ...plain.attributes, unknown } }))
    const result = decode(bytes)
    expect(result).toMatchObject({ value: { attributes: { unknown } } })
    bytes.fill(0)
    expect(result).toMatchObject({ value: { attributes: { unknown } } })
  })
  it('reads the buffer it came in later, so that must not change', () => {
    const bytes = encode(plain)
    const result = decode(bytes)
    bytes[bytes.length - 1] = 99
    expect(result).toMatchObject({ value: { announced: ['198.51.100.99/32'] } })
  })
})

describe('routes()', () => {
  const path = { origin: 'igp', asPath: [] } as const
  it('joins the four fields that carry unicast routes (RFC 4760 §3, §4)', () => {
    const attributes: Attributes = {
      ...plain.attributes,
      mpReach: { family: 'ipv6-unicast', nextHop: ['2001:db8::1', 'fe80::1'], announced: ['2001:db8::10/128'] },
      mpUnreach: { family: 'ipv6-unicast', withdrawn: ['2001:db8::11/128'] },
    }
    expect(routes(received({ ...plain, attributes }))).toEqual({
      withdrawn: ['198.51.100.11/32', '2001:db8::11/128'],
      announced: [
        { prefix: '198.51.100.10/32', nextHop: '192.0.2.1' },
        { prefix: '2001:db8::10/128', nextHop: '2001:db8::1' },
      ],
    })
  })
  it('gives an IPv4 route its IPv6 next hop (RFC 8950 §4)', () => {
    const mpReach = { family: 'ipv4-unicast', nextHop: ['2001:db8::1'], announced: ['198.51.100.10/32'] } as const
    expect(
      routes({ type: 'update', withdrawn: [], announced: [], attributes: { ...path, mpReach } }).announced,
    ).toEqual([{ prefix: '198.51.100.10/32', nextHop: '2001:db8::1' }])
  })
  it('leaves out multicast routes (RFC 4760 §6)', () => {
    const attributes: Attributes = {
      ...path,
      mpReach: { family: 'ipv6-multicast', nextHop: ['2001:db8::1'], announced: ['2001:db8::10/128'] },
      mpUnreach: { family: 'ipv4-multicast', withdrawn: ['198.51.100.12/32'] },
    }
    const update = received({ type: 'update', withdrawn: [], announced: [], attributes })
    expect(update.attributes.mpReach?.announced).toEqual(['2001:db8::10/128'])
    expect(routes(update)).toEqual({ withdrawn: [], announced: [] })
  })
  it('leaves out families that are not modelled', () => {
    const octets = Uint8Array.of(0x08, 0x0a)
    const attributes: Attributes = {
      ...path,
      mpReach: { family: 'other', afi: 1, safi: 128, nextHop: Uint8Array.of(192, 0, 2, 1), announced: octets },
      mpUnreach: { family: 'other', afi: 1, safi: 128, withdrawn: octets },
    }
    expect(routes(received({ type: 'update', withdrawn: [], announced: [], attributes }))).toEqual({
      withdrawn: [],
      announced: [],
    })
  })
})

describe('visitRoutes()', () => {
  it('visits the routes of an attribute that is cut short as withdrawn (RFC 7606 §4)', () => {
    const result = decode(update(`${base} c0 63 02 00`))
    if (!result.ok || result.value.type !== 'update') throw new Error('no update')
    const visited: string[] = []
    const visit = (list: string) => (length: number, bytes: Uint8Array, at: number) =>
      visited.push(`${list} ${bytes.subarray(at, at + length / 8).join('.')}`)
    visitRoutes(result.value, visit('withdrawn'), visit('announced'))
    expect(visited).toEqual(['withdrawn 198.51.100.10'])
  })
})

describe('the attribute table', () => {
  it('has one row per code, MP_* first, then by code (RFC 4271 §5, RFC 7606 §5.1)', () => {
    const codes = rows.map(({ code }) => code)
    expect(codes.slice(0, 2)).toEqual([registry.mpReach.code, registry.mpUnreach.code])
    expect(codes.slice(2)).toEqual([...new Set(codes.slice(2))].sort((a, b) => a - b))
  })
  it('has one rule and no row for each opaque attribute (RFC 7606 §3.c)', () => {
    const codes = opaque.map(({ code }) => code)
    expect(codes.filter(code => byCode[code])).toEqual([])
    expect(codes).toEqual([...new Set(codes)].sort((a, b) => a - b))
  })
})
