import { type Context, decode, encode, routes, type Update } from '@softspoken/wire'
import { describe, expect, test } from 'vitest'
import { advertisement, type Preference, withdrawal } from './advertise.ts'
import { hostRoute } from './host-route.ts'

const ipv4 = hostRoute('198.51.100.10/32')
const ipv6 = hostRoute('2001:db8::10/128')
const external = { localAs: 65001, external: true, nextHop: '192.0.2.1' }
const internal = { ...external, external: false }
const external6 = { ...external, nextHop: '2001:db8:1::1' }

/** What a router would read from our bytes. */
function asRead(update: Update, context?: Partial<Context>): Update {
  const result = decode(encode(update, context), { external: false, ...context })
  if (!result.ok || result.value.type !== 'update') throw new Error('not an UPDATE')
  expect(result.value.issues).toBeUndefined()
  return result.value
}

describe('the UPDATE of a host route', () => {
  test('to an external peer has ORIGIN, our AS once, and NEXT_HOP (RFC 4271 §5.1.1 to §5.1.3)', () => {
    const update = asRead(advertisement(ipv4, {}, external))
    expect(update.attributes).toEqual({
      origin: 'igp',
      asPath: [{ type: 'sequence', as: [65001] }],
      nextHop: '192.0.2.1',
    })
    expect(update.announced).toEqual(['198.51.100.10/32'])
    expect(update.withdrawn).toEqual([])
  })

  test('to an internal peer has an empty AS_PATH and LOCAL_PREF 100 (RFC 4271 §5.1.2, §5.1.5)', () => {
    expect(asRead(advertisement(ipv4, {}, internal)).attributes).toEqual({
      origin: 'igp',
      asPath: [],
      nextHop: '192.0.2.1',
      localPref: 100,
    })
  })

  test('never takes LOCAL_PREF to an external peer (RFC 4271 §5.1.5)', () => {
    expect(asRead(advertisement(ipv4, { localPref: 200 }, external)).attributes).not.toHaveProperty('localPref')
    expect(asRead(advertisement(ipv4, { localPref: 200 }, internal)).attributes.localPref).toBe(200)
    expect(asRead(advertisement(ipv4, { localPref: 0 }, internal)).attributes.localPref).toBe(0)
  })

  test('has MULTI_EXIT_DISC where it is given, 0 included (RFC 4271 §5.1.4)', () => {
    for (const to of [external, internal])
      for (const med of [0, 1, 0xffffffff]) expect(asRead(advertisement(ipv4, { med }, to)).attributes.med).toBe(med)
  })

  test('has communities where there are any (RFC 1997, RFC 8092)', () => {
    const marked: Preference = { communities: ['65000:100', '65535:65281'], largeCommunities: ['4200000000:1:2'] }
    expect(asRead(advertisement(ipv4, marked, external)).attributes).toMatchObject(marked)
    const plain = asRead(advertisement(ipv4, { communities: [], largeCommunities: [] }, external)).attributes
    expect(Object.keys(plain)).toEqual(['origin', 'asPath', 'nextHop'])
  })

  test('has IPv6 routes in MP_REACH_NLRI, before every other attribute, and no NEXT_HOP (RFC 4760 §3, RFC 7606 §5.1)', () => {
    const update = asRead(advertisement(ipv6, { med: 7 }, external6))
    expect(update.attributes).toEqual({
      mpReach: { family: 'ipv6-unicast', nextHop: ['2001:db8:1::1'], announced: ['2001:db8::10/128'] },
      origin: 'igp',
      asPath: [{ type: 'sequence', as: [65001] }],
      med: 7,
    })
    expect(Object.keys(update.attributes)[0]).toBe('mpReach')
    expect(update.announced).toEqual([])
    expect(routes(update)).toEqual({
      withdrawn: [],
      announced: [{ prefix: '2001:db8::10/128', nextHop: '2001:db8:1::1' }],
    })
  })

  test('of IPv6 to an internal peer has LOCAL_PREF and an empty AS_PATH as well (RFC 4271 §5.1)', () => {
    expect(asRead(advertisement(ipv6, {}, { ...external6, external: false })).attributes).toMatchObject({
      asPath: [],
      localPref: 100,
    })
  })

  test('names an AS number beyond 65535 to a peer that has two octets for one (RFC 6793 §4.2.2)', () => {
    const to = { ...external, localAs: 4200000001 }
    const update = advertisement(ipv4, {}, to)
    expect(Buffer.from(encode(update, { fourOctetAs: false })).toString('hex')).toMatch(/02015ba0.*c011060201fa56ea01/)
    expect(asRead(update, { fourOctetAs: false }).attributes.asPath).toEqual([{ type: 'sequence', as: [4200000001] }])
  })
})

describe('the UPDATE that takes a host route back', () => {
  test('is a Withdrawn Routes field and nothing else for IPv4 (RFC 4271 §4.3)', () => {
    const update = asRead(withdrawal(ipv4))
    expect(update).toMatchObject({ withdrawn: ['198.51.100.10/32'], attributes: {}, announced: [] })
    expect(encode(withdrawal(ipv4))).toHaveLength(23 + 5)
  })

  test('is MP_UNREACH_NLRI and nothing else for IPv6 (RFC 4760 §4)', () => {
    const update = asRead(withdrawal(ipv6))
    expect(update.attributes).toEqual({ mpUnreach: { family: 'ipv6-unicast', withdrawn: ['2001:db8::10/128'] } })
    expect(routes(update)).toEqual({ withdrawn: ['2001:db8::10/128'], announced: [] })
  })
})
