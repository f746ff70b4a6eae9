import type { Family } from '@softspoken/wire'
import { describe, expect, test } from 'vitest'
import { VIP, VIP6 } from './announcer-helpers.ts'
import { Lab, type RouterOptions } from './lab.ts'

describe('routes that cannot be sent', () => {
  test('a family that is not negotiated is in the status, and in the log once', async () => {
    const lab = new Lab()
    const both: Family[] = ['ipv4-unicast', 'ipv6-unicast']
    const able = lab.router({ address: '192.0.2.254', families: both })
    const unable = lab.router({ address: '192.0.2.253', families: ['ipv4-unicast'] })
    const announcer = lab.announcer({ families: both, nextHop: '2001:db8:1::1' })
    const announcement = announcer.announce(VIP6)
    expect(announcer.status().peers.map(peer => peer.unsendable)).toEqual([{}, {}]) // not known before a session is established
    await lab.pass(0)
    announcement.update({ med: 1 })
    await lab.pass(60)
    expect(able.table).toEqual({ [VIP6]: '2001:db8:1::1' })
    expect(unable.received).toEqual([])
    const [one, two] = announcer.status().peers
    expect(one).toMatchObject({ sent: [VIP6], unsendable: {} })
    expect(two).toMatchObject({
      sent: [],
      unsendable: {
        [VIP6]: {
          reason: 'family-not-negotiated',
          detail: 'the peer does not take ipv6-unicast routes: check the families that the router has for us',
        },
      },
    })
    expect(lab.lines('error')).toEqual([
      {
        peer: '192.0.2.253',
        prefix: VIP6,
        reason: 'family-not-negotiated',
        detail: 'the peer does not take ipv6-unicast routes: check the families that the router has for us',
        text: 'route cannot be sent',
      },
    ])
    unable.reset()
    await lab.pass(100)
    expect(lab.lines('error'), 'another session, another line').toHaveLength(2)
  })

  test.each([
    ['0.0.0.0', 'next-hop-is-no-host', "0.0.0.0 is no host's address"],
    [null, 'local-address-unknown', "the session's own address is not known, nextHop must be given"],
    ['198.51.100.10', 'next-hop-is-announced', '198.51.100.10 is the address that is announced'],
    ['192.0.2.254', 'next-hop-is-peer', "192.0.2.254 is the peer's own address (RFC 4271 §5.1.3)"],
    [
      '2001:db8:1::1',
      'next-hop-of-another-family',
      '2001:db8:1::1 is not of the family of 198.51.100.10/32, and IPv6 next hops for IPv4 are not negotiated (RFC 8950)',
    ],
  ])('a route with the local address %s as next hop is unsendable', async (localAddress, reason, detail) => {
    const lab = new Lab()
    const router = lab.router({ localAddress })
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await lab.pass(0)
    expect(router.received).toEqual([])
    expect(announcer.status().peers[0]!.unsendable).toEqual({ [VIP]: { reason, detail } })
    expect(lab.lines('error')).toHaveLength(1)
  })
})

describe('IPv4 routes over IPv6 next hops (RFC 8950)', () => {
  const towards = (options: RouterOptions = {}) => {
    const lab = new Lab()
    const router = lab.router({ address: '2001:db8:1::fe', localAddress: '2001:db8:1::1', ...options })
    return { lab, router }
  }
  test('IPv4 routes go to a peer with an IPv6 address, and are withdrawn (RFC 8950)', async () => {
    const { lab, router } = towards()
    const announcement = lab.announcer({ families: ['ipv4-unicast'] }).announce(VIP)
    await lab.pass(0)
    expect(router.table).toEqual({ [VIP]: '2001:db8:1::1' })
    announcement.withdraw()
    await lab.pass(0)
    expect(router.table).toEqual({})
    expect(router.received.at(-1)).toMatchObject({ withdrawn: [VIP] })
  })
  test('IPv6 next hops go to a peer with an IPv4 address if negotiated (RFC 8950)', async () => {
    const { lab, router } = towards({ address: '192.0.2.254', localAddress: '192.0.2.1', extendedNextHop: true })
    lab.announcer({ extendedNextHop: true, nextHop: '2001:db8:1::1' }).announce(VIP)
    await lab.pass(0)
    expect(router.table).toEqual({ [VIP]: '2001:db8:1::1' })
  })
  test('IPv6 next hops are unsendable to a peer without RFC 8950', async () => {
    const { lab, router } = towards({ extendedNextHop: false })
    const announcer = lab.announcer({ families: ['ipv4-unicast'] })
    announcer.announce(VIP)
    await lab.pass(0)
    expect(router.received).toEqual([])
    expect(announcer.status().peers[0]!.unsendable).toEqual({
      [VIP]: {
        reason: 'next-hop-of-another-family',
        detail:
          '2001:db8:1::1 is not of the family of 198.51.100.10/32, and IPv6 next hops for IPv4 are not negotiated (RFC 8950)',
      },
    })
  })
  test('announce() throws if we do not offer RFC 8950', async () => {
    const { lab } = towards()
    const announcer = lab.announcer({ families: ['ipv4-unicast'], extendedNextHop: false })
    expect(() => announcer.announce(VIP)).toThrow(
      'nextHop: it must be given, because the session with 2001:db8:1::fe has no IPv4 address of its own',
    )
  })
})

describe('the next hop (RFC 4271 §5.1.3)', () => {
  test("the next hop is each session's own address by default (RFC 4271 §5.1.3)", async () => {
    const lab = new Lab()
    const one = lab.router({ address: '192.0.2.254' })
    const two = lab.router({ address: '203.0.113.254', localAddress: '203.0.113.1' })
    lab.announcer().announce(VIP)
    await lab.pass(0)
    expect(one.table).toEqual({ [VIP]: '192.0.2.1' })
    expect(two.table).toEqual({ [VIP]: '203.0.113.1' })
  })

  test('the next hop is the option nextHop (RFC 4271 §5.1.3)', async () => {
    const lab = new Lab()
    const router = lab.router()
    lab.announcer({ nextHop: '192.0.2.7' }).announce(VIP)
    await lab.pass(0)
    expect(router.table).toEqual({ [VIP]: '192.0.2.7' })
  })

  test('the next hop of an IPv6 route is an IPv6 address', async () => {
    const lab = new Lab()
    const router = lab.router({
      address: '2001:db8:1::ffff',
      localAddress: '2001:db8:1::1',
      families: ['ipv6-unicast'],
    })
    lab.announcer().announce(VIP6)
    await lab.pass(0)
    expect(router.table).toEqual({ [VIP6]: '2001:db8:1::1' })
  })

  test('the next hop is never an IPv4-mapped address of a socket of both families', async () => {
    const lab = new Lab()
    const router = lab.router({ localAddress: '::ffff:192.0.2.1' })
    lab.announcer().announce(VIP)
    await lab.pass(0)
    expect(router.table).toEqual({ [VIP]: '192.0.2.1' })
  })
})

describe('several routers, two families', () => {
  const four = { address: '192.0.2.254' }
  const six = { address: '2001:db8:1::ffff', localAddress: '2001:db8:1::1', families: ['ipv6-unicast'] as const }

  test('a route goes to each router whose session carries its family', async () => {
    const lab = new Lab()
    const [one, two] = [lab.router(four), lab.router(six)]
    const announcer = lab.announcer({ maxPrefixes: 2 })
    announcer.announce(VIP)
    announcer.announce(VIP6)
    await lab.pass(0)
    expect(one.table).toEqual({ [VIP]: '192.0.2.1' })
    expect(two.table).toEqual({ [VIP6]: '2001:db8:1::1' })
    expect(announcer.status().peers).toMatchObject([
      { sent: [VIP], unsendable: {} },
      { sent: [VIP6], unsendable: {} },
    ])
    expect(lab.lines('error')).toEqual([])
  })

  test('every session carries both families, with a next hop for each', async () => {
    const lab = new Lab()
    const families: Family[] = ['ipv4-unicast', 'ipv6-unicast']
    const [one, two] = [lab.router({ ...four, families }), lab.router({ ...four, address: '192.0.2.253', families })]
    const announcer = lab.announcer({
      maxPrefixes: 2,
      families,
      nextHop: { ipv4: '192.0.2.7', ipv6: '2001:db8:1::7' },
    })
    announcer.announce(VIP)
    announcer.announce(VIP6)
    await lab.pass(0)
    for (const { table } of [one, two]) expect(table).toEqual({ [VIP]: '192.0.2.7', [VIP6]: '2001:db8:1::7' })
  })

  test('a next hop for one family leaves the other its session address', async () => {
    const lab = new Lab()
    const [one, two] = [lab.router(four), lab.router(six)]
    const announcer = lab.announcer({ maxPrefixes: 2, nextHop: { ipv6: '2001:db8:1::7' } })
    announcer.announce(VIP)
    announcer.announce(VIP6)
    await lab.pass(0)
    expect(one.table).toEqual({ [VIP]: '192.0.2.1' })
    expect(two.table).toEqual({ [VIP6]: '2001:db8:1::7' })
  })

  test('each session is dialled from the address of its family', async () => {
    const lab = new Lab()
    lab.router(four)
    lab.router(six)
    const address = { ipv4: '192.0.2.1', ipv6: '2001:db8:1::1' }
    const announcer = lab.announcer({ local: { as: 65001, id: '192.0.2.1', address } })
    expect(announcer.sessions.map(({ config }) => config.local.address)).toEqual(['192.0.2.1', '2001:db8:1::1'])
    const one = lab.announcer({ local: { as: 65001, id: '192.0.2.1', address: { ipv6: '2001:db8:1::1' } } })
    expect(one.sessions.map(({ config }) => config.local.address)).toEqual([undefined, '2001:db8:1::1'])
  })

  test('a preference that no session of its family can carry is rejected', () => {
    const lab = new Lab()
    lab.router({ ...four, as: 65001 })
    lab.router(six)
    const announcer = lab.announcer({ maxPrefixes: 2 })
    expect(() => announcer.announce(VIP6, { localPref: 200 })).toThrow('it must be left out: no peer is internal')
    expect(() => announcer.announce(VIP, { prepend: 1 })).toThrow('it must be left out: no peer is external')
  })

  test.each(['freeze', 'reset', 'refuse', 'prefer'] as const)(
    'a router with a fault (%s) delays no withdrawal to another router',
    async fault => {
      for (const place of [0, 1, 2]) {
        const lab = new Lab()
        const routers = [lab.router(four), lab.router({ ...four, address: '192.0.2.253' }), lab.router(six)]
        const announcer = lab.announcer({ maxPrefixes: 2 })
        const announcements = [announcer.announce(VIP), announcer.announce(VIP6)]
        await lab.pass(1)
        const faulty = routers[place]!
        if (fault === 'freeze') faulty.freeze()
        if (fault === 'reset') faulty.reset()
        if (fault === 'refuse') await faulty.session.stop('maintenance')
        if (fault === 'prefer') for (const announcement of announcements) announcement.update({ med: 1 }) // all wait
        for (const announcement of announcements) announcement.withdraw()
        await lab.pass(0)
        for (const router of routers.filter(router => router !== faulty)) {
          expect(router.table).toEqual({})
          expect(router.times).toEqual([0, 1])
        }
      }
    },
  )
})

test('capabilities may be left out for all peers, and for each of them (RFC 5492)', () => {
  const lab = new Lab()
  const [one, two] = [lab.router(), lab.router({ address: '192.0.2.253' })]
  const { sessions } = lab.announcer({
    capabilities: { routeRefresh: false },
    peers: [one.peer, { ...two.peer, capabilities: { fourOctetAs: false } }],
  })
  expect(sessions.map(({ config }) => config.capabilities)).toMatchObject([
    { routeRefresh: false, fourOctetAs: true },
    { routeRefresh: true, fourOctetAs: false },
  ])
})
