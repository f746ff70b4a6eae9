import { type Context, decode, encode, endOfRib as readEndOfRib, routes, type Update } from '@softspoken/wire'
import { describe, expect, test } from 'vitest'
import { advertisement, endOfRib, type Preference, resolve, withdrawal, withGracefulShutdown } from './advertise.ts'
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
  test('an UPDATE to an external peer has ORIGIN, AS_PATH, NEXT_HOP (RFC 4271 §5.1)', () => {
    const update = asRead(advertisement(ipv4, {}, external))
    expect(update.attributes).toEqual({
      origin: 'igp',
      asPath: [{ type: 'sequence', as: [65001] }],
      nextHop: '192.0.2.1',
    })
    expect(update.announced).toEqual(['198.51.100.10/32'])
    expect(update.withdrawn).toEqual([])
  })

  test('an UPDATE to an internal peer has LOCAL_PREF and no AS (RFC 4271 §5.1)', () => {
    expect(asRead(advertisement(ipv4, {}, internal)).attributes).toEqual({
      origin: 'igp',
      asPath: [],
      nextHop: '192.0.2.1',
      localPref: 100,
    })
  })

  test('an external peer never gets LOCAL_PREF (RFC 4271 §5.1.5)', () => {
    expect(asRead(advertisement(ipv4, { localPref: 200 }, external)).attributes).not.toHaveProperty('localPref')
    expect(asRead(advertisement(ipv4, { localPref: 200 }, internal)).attributes.localPref).toBe(200)
    expect(asRead(advertisement(ipv4, { localPref: 0 }, internal)).attributes.localPref).toBe(0)
  })

  test('MULTI_EXIT_DISC is sent if it is given, 0 included (RFC 4271 §5.1.4)', () => {
    for (const to of [external, internal])
      for (const med of [0, 1, 0xffffffff]) expect(asRead(advertisement(ipv4, { med }, to)).attributes.med).toBe(med)
  })

  test('communities are sent if there are any (RFC 1997, RFC 8092)', () => {
    const marked = { communities: ['65000:100', '65535:65281'], largeCommunities: ['4200000000:1:2'] }
    const communities = [0xfde80064, 0xffffff01]
    expect(asRead(advertisement(ipv4, marked, external)).attributes).toMatchObject({ ...marked, communities })
    const plain = asRead(advertisement(ipv4, { communities: [], largeCommunities: [] }, external)).attributes
    expect(Object.keys(plain)).toEqual(['origin', 'asPath', 'nextHop'])
  })

  test.each([
    [{ communities: new Set(['no-export']) }, 'communities: an object is not allowed, it must be a list of strings'],
    [{ communities: 'no-export' }, "communities: 'no-export' is not allowed, it must be a list of strings"],
    [{ largeCommunities: {} }, 'largeCommunities: an object is not allowed, it must be a list of strings'],
    [{ communities: null }, 'communities: null is not allowed, it must be a list of strings'],
    [{ communities: [1] }, 'communities: a list is not allowed, it must be a list of strings'],
    [{ prepend: null }, 'prepend: null is not allowed, it must be from 0 to 10'],
  ])('resolve() rejects %o', (preference, message) => {
    expect(() => resolve(preference as unknown as Preference)).toThrow(message)
  })

  test('IPv4 routes with an IPv6 next hop are in MP_REACH_NLRI alone (RFC 8950 §3)', () => {
    const update = asRead(advertisement(ipv4, {}, external6))
    expect(update.attributes.mpReach).toEqual({
      family: 'ipv4-unicast',
      nextHop: ['2001:db8:1::1'],
      announced: ['198.51.100.10/32'],
    })
    expect([update.attributes.nextHop, update.announced]).toEqual([undefined, []])
  })

  test('IPv6 routes are in MP_REACH_NLRI, first, without NEXT_HOP (RFC 4760 §3)', () => {
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

  test('an IPv6 route to an internal peer has LOCAL_PREF and no AS (RFC 4271 §5.1)', () => {
    expect(asRead(advertisement(ipv6, {}, { ...external6, external: false })).attributes).toMatchObject({
      asPath: [],
      localPref: 100,
    })
  })

  test('well-known communities given by name are sent as numbers (RFC 1997)', () => {
    const update = advertisement(ipv4, { communities: ['no-export', 'graceful-shutdown'] }, external)
    expect(asRead(update).attributes.communities).toEqual([0xffffff01, 0xffff0000])
  })

  test('`prepend` adds our AS to AS_PATH for external peers (RFC 4271 §5.1.2)', () => {
    const path = (as: number[]) => [{ type: 'sequence', as }]
    expect(asRead(advertisement(ipv4, { prepend: 2 }, external)).attributes.asPath).toEqual(path([65001, 65001, 65001]))
    expect(asRead(advertisement(ipv4, { prepend: 0 }, external)).attributes.asPath).toEqual(path([65001]))
    expect(asRead(advertisement(ipv4, { prepend: 2 }, internal)).attributes.asPath).toEqual([])
  })

  test('AS numbers over 65535 are in AS4_PATH for a two-octet peer (RFC 6793 §4.2.2)', () => {
    const to = { ...external, localAs: 4200000001 }
    const update = advertisement(ipv4, {}, to)
    expect(Buffer.from(encode(update, { fourOctetAs: false })).toString('hex')).toMatch(/02015ba0.*c011060201fa56ea01/)
    expect(asRead(update, { fourOctetAs: false }).attributes.asPath).toEqual([{ type: 'sequence', as: [4200000001] }])
  })
})

describe('the withdrawal of a host route', () => {
  test('a withdrawal of IPv4 has only the field Withdrawn Routes (RFC 4271 §4.3)', () => {
    const update = asRead(withdrawal(ipv4.family, [ipv4.prefix]))
    expect(update).toMatchObject({ withdrawn: ['198.51.100.10/32'], attributes: {}, announced: [] })
    expect(encode(withdrawal(ipv4.family, [ipv4.prefix]))).toHaveLength(23 + 5)
  })

  test('a withdrawal of IPv6 has MP_UNREACH_NLRI and nothing else (RFC 4760 §4)', () => {
    const update = asRead(withdrawal(ipv6.family, [ipv6.prefix]))
    expect(update.attributes).toEqual({ mpUnreach: { family: 'ipv6-unicast', withdrawn: ['2001:db8::10/128'] } })
    expect(routes(update)).toEqual({ withdrawn: ['2001:db8::10/128'], announced: [] })
  })
})

test.each(['ipv4-unicast', 'ipv6-unicast'] as const)(
  'the End-of-RIB of %s is decoded as End-of-RIB (RFC 4724 §2)',
  family => {
    const update = asRead(endOfRib(family))
    expect(readEndOfRib(update)).toBe(family)
    expect(encode(endOfRib(family))).toHaveLength(family === 'ipv4-unicast' ? 23 : 23 + 6)
  },
)

describe('a preference by epoch', () => {
  test.each<[Preference, number | undefined, number | undefined]>([
    [{ med: { base: 100, epoch: 7 } }, 93, undefined],
    [{ med: { base: 100, epoch: 100 } }, 0, undefined],
    [{ med: { base: 100, epoch: 101 } }, 0, undefined],
    [{ localPref: { base: 100, epoch: 7 } }, undefined, 107],
    [{ localPref: { base: 0xfffffff0, epoch: 15 } }, undefined, 0xffffffff],
    [{ localPref: { base: 0xfffffff0, epoch: 16 } }, undefined, 0xffffffff],
    [{ med: 5, localPref: 6 }, 5, 6],
  ])('the epoch in %j makes MED %s and LOCAL_PREF %s (RFC 4271 §5.1.4)', (preference, med, localPref) => {
    const resolved = resolve(preference)
    expect([resolved.med, resolved.localPref]).toEqual([med, localPref])
  })

  test('each epoch gives a better metric, until the limit is reached', () => {
    for (let epoch = 1; epoch <= 50; epoch++) {
      const [before, after] = [epoch - 1, epoch].map(epoch =>
        resolve({ med: { base: 50, epoch }, localPref: { base: 100, epoch } }),
      )
      expect(after!.med!).toBeLessThan(before!.med!)
      expect(after!.localPref!).toBeGreaterThan(before!.localPref!)
    }
  })

  test.each<[object, string]>([
    [{ med: { base: -1, epoch: 0 } }, 'med.base: -1 is not allowed, it must be from 0 to 4294967295'],
    [{ med: { base: 1.5, epoch: 0 } }, 'med.base: 1.5 is not allowed, it must be a whole number'],
    [{ med: { base: 1 } }, 'med.epoch: undefined is not allowed'],
    [{ localPref: { base: 1, epoch: 2 ** 32 } }, 'localPref.epoch: 4294967296 is not allowed'],
    [{ localPref: { base: 1, epoch: 1, term: 1 } }, 'localPref.term: no such option'],
    [{ med: null }, 'med: null is not allowed'],
    [{ prepend: 11 }, 'prepend: 11 is not allowed, it must be from 0 to 10'],
    [{ prepend: 0.5 }, 'prepend: 0.5 is not allowed, it must be a whole number'],
  ])('an invalid epoch throws: %j', (preference, message) => {
    expect(() => resolve(preference)).toThrow(message)
  })
})

test('GRACEFUL_SHUTDOWN marks a route that is about to end (RFC 8326 §4)', () => {
  for (const communities of [['65000:1'], ['65000:1', '65535:0'], ['65000:1', 'graceful-shutdown']]) {
    const last = withGracefulShutdown({ med: 5, localPref: 200, communities })
    const marked = [0xfde80001, 0xffff0000]
    expect(asRead(advertisement(ipv4, last, internal)).attributes).toMatchObject({ localPref: 0, communities: marked })
    expect(asRead(advertisement(ipv4, last, external)).attributes).toMatchObject({ med: 5, communities: marked })
  }
})
