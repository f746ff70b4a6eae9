/** What encode() writes, with and without an Encoder; which error decode() finds first. */
import { describe, expect, it } from 'vitest'
import { communityText } from './attribute/communities.ts'
import type { Attributes, RawAttribute } from './attribute/registry.ts'
import type { Capability } from './capability/registry.ts'
import { cutToFit, decode, Encoder, encode, failure } from './message.ts'
import type { Open } from './open.ts'
import type { Update } from './update.ts'

const route = { origin: 'igp', asPath: [{ type: 'sequence', as: [65001] }], nextHop: '192.0.2.1' } as const
const raw: RawAttribute = { code: 99, flags: 0xc0, value: new Uint8Array() }

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

describe('decode()', () => {
  it('checks the length before the type, which may be unknown (RFC 4271 §6.1)', () => {
    const header = Uint8Array.of(...new Uint8Array(16).fill(0xff), 0, 18, 6)
    const notification = { code: 1, subcode: 2, data: Uint8Array.of(0, 18) }
    expect(decode(header)).toMatchObject({ ok: false, notification })
  })
  it.each([
    [4096, { code: 1, subcode: 3, data: Uint8Array.of(6) }],
    [4097, { code: 1, subcode: 2, data: Uint8Array.of(0x10, 0x01) }],
  ])('an unknown type has an allowed length of 4096 octets at most: %i', (length, notification) => {
    const header = Uint8Array.of(...new Uint8Array(16).fill(0xff), length >> 8, length & 0xff, 6)
    expect(decode(header)).toMatchObject({ ok: false, notification })
  })
  it('throws an error that is not of the peer again', () => {
    const error = new RangeError('not in a message')
    expect(() => failure(error, 0)).toThrow(error)
  })
})

describe('Encoder', () => {
  it('writes each message with the context set before it (RFC 6793 §4.1)', () => {
    const message = announce({})
    const encoder = new Encoder({ fourOctetAs: false })
    expect(encoder.encode(message)).toEqual(encode(message, { fourOctetAs: false }))
    encoder.context = { ...encoder.context, fourOctetAs: true }
    expect(encoder.encode(message)).toEqual(encode(message))
    expect(encoder.context).toEqual({ fourOctetAs: true, external: true, extendedMessage: false, addPath: [] })
  })
})

describe('encode()', () => {
  it('writes both messages if a getter of one encodes the other', () => {
    const inner = encode(announce({ med: 1 }))
    const message: Update = {
      ...announce({ med: 2 }),
      get withdrawn() {
        expect(encode(announce({ med: 1 }))).toEqual(inner)
        return []
      },
    }
    expect(encode(message)).toEqual(encode(announce({ med: 2 })))
  })
  it('begins a message of any length with its marker (RFC 4271 §4.1)', () => {
    const withdrawn = Array.from({ length: 2000 }, (_, i) => `10.0.${i >> 8}.${i & 255}/32`)
    for (const message of [update({ withdrawn }), update({})])
      expect(encode(message, { extendedMessage: true }).subarray(0, 16)).toEqual(new Uint8Array(16).fill(0xff))
  })
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
    const names = ['no-export', '65000:100', 'graceful-shutdown', 0xfde80001]
    const { communities = [] } = received(encode(announce({ communities: names }))).attributes
    expect(communities).toEqual([0xffffff01, 0xfde80064, 0xffff0000, 0xfde80001])
    expect(communities.map(communityText)).toEqual(['65535:65281', '65000:100', '65535:0', '65000:1'])
    expect(names.map(communityText)).toEqual(communities.map(communityText))
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
    const [community = 0] = received(bytes).attributes.communities ?? []
    expect(communityText(community)).toBe(communityText(name))
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
