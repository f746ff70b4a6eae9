/** Announcers in virtual time, with passive sessions as routers at the other end of connections in memory. */
import { getEventListeners } from 'node:events'
import type { Duplex } from 'node:stream'
import { type AnnounceOptions, Announcer, type AnnouncerOptions } from '@softspoken/announcer'
import { type DownEvent, type Peer, Session } from '@softspoken/session'
import {
  type Attributes,
  decode,
  encode,
  type Family,
  families,
  type Prefix,
  type Route,
  routes,
  shutdownText,
  type Update,
} from '@softspoken/wire'
import { describe, expect, test } from 'vitest'
import { End } from '../support/connection.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const VIP = '198.51.100.10/32'
const VIP6 = '2001:db8::10/128'
const OTHER = '198.51.100.11/32'

describe('announcing', () => {
  test('before the session stands waits for it, and after it is sent at once', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer({ maxPrefixes: 2 })
    announcer.announce(VIP)
    expect(router.heard).toEqual([])
    await lab.pass(0)
    expect(router.table).toEqual({ [VIP]: '192.0.2.1' })
    announcer.announce(OTHER)
    await lab.pass(0)
    expect(router.table).toEqual({ [VIP]: '192.0.2.1', [OTHER]: '192.0.2.1' })
    expect(router.heard).toHaveLength(2)
    await lab.pass(3600)
    expect(router.heard).toHaveLength(2)
  })

  test('gives the prefix in its one spelling', async () => {
    const lab = new Lab()
    lab.router({ families: ['ipv6-unicast'] })
    const announcer = lab.announcer({ families: ['ipv6-unicast'], nextHop: '2001:db8:1::1' })
    expect(announcer.announce('2001:DB8:0::10').prefix).toBe(VIP6)
    expect(announcer.status().announcements).toEqual([VIP6])
  })

  test('takes no more prefixes than maxPrefixes, and room that is given back is room', async () => {
    const lab = new Lab()
    lab.router()
    const announcer = lab.announcer()
    const first = announcer.announce(VIP)
    expect(() => announcer.announce(OTHER)).toThrow(`prefix: ${OTHER} would be more than maxPrefixes, 1, allows`)
    first.withdraw()
    expect(announcer.announce(OTHER).prefix).toBe(OTHER)
  })

  test('twice throws, in any spelling, and changes nothing', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer({ maxPrefixes: 2 })
    const first = announcer.announce(VIP)
    expect(() => announcer.announce('198.51.100.10', { med: 5 })).toThrow(`prefix: ${VIP} is announced already`)
    await lab.pass(0)
    expect(router.heard.map(({ attributes }) => attributes.med)).toEqual([undefined])
    first.withdraw()
    expect(announcer.announce(VIP).prefix).toBe(VIP)
  })

  test('reaches each of several routers, each in its own way (RFC 4271 §5.1)', async () => {
    const lab = new Lab()
    const external = lab.router({ address: '192.0.2.254', as: 65000 })
    const internal = lab.router({ address: '192.0.2.253', as: 65001 })
    lab.announcer().announce(VIP, { localPref: 200, med: 7, communities: ['65000:1'], largeCommunities: ['65000:1:2'] })
    await lab.pass(0)
    const both = { origin: 'igp', nextHop: '192.0.2.1', med: 7 }
    const marks = { communities: ['65000:1'], largeCommunities: ['65000:1:2'] }
    expect(external.heard[0]!.attributes).toEqual({ ...both, ...marks, asPath: [{ type: 'sequence', as: [65001] }] })
    expect(internal.heard[0]!.attributes).toEqual({ ...both, ...marks, asPath: [], localPref: 200 })
  })

  test('is replayed when a session comes back, and only to the router whose session it is', async () => {
    const lab = new Lab()
    const one = lab.router({ address: '192.0.2.254' })
    const two = lab.router({ address: '192.0.2.253' })
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await lab.pass(10)
    one.reset()
    await lab.pass(1)
    expect(one.table).toEqual({})
    expect(announcer.status().peers.map(({ sent }) => sent)).toEqual([[], [VIP]])
    await lab.pass(60)
    expect(one.table).toEqual({ [VIP]: '192.0.2.1' })
    expect(one.heard).toHaveLength(2)
    expect(two.heard).toHaveLength(1)
  })

  test('what was withdrawn while the session was down is not replayed', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcement = lab.announcer().announce(VIP)
    await lab.pass(10)
    router.reset()
    await lab.pass(1)
    announcement.withdraw()
    await lab.pass(120)
    expect(router.session.state).toBe('Established')
    expect(router.heard).toHaveLength(1)
  })

  test('keeps no hold on what the caller changes afterwards', async () => {
    const lab = new Lab()
    const router = lab.router()
    const communities = ['65000:1']
    lab.announcer().announce(VIP, { communities })
    communities[0] = 'nonsense'
    await lab.pass(0)
    expect(router.heard[0]!.attributes.communities).toEqual(['65000:1'])
  })
})

describe('the interval between advertisements of one prefix (RFC 4271 §9.2.1.1)', () => {
  test.each([
    ['30 s to an external peer', 65000, {}, 30],
    ['5 s to an internal peer', 65001, {}, 5],
    ['what advertisementInterval says', 65000, { advertisementInterval: 12 }, 12],
  ])('is %s, by default or by option (RFC 4271 §10)', async (_, as, options, interval) => {
    const lab = new Lab()
    const router = lab.router({ as })
    const announcement = lab.announcer(options).announce(VIP, { med: 1 })
    await lab.pass(1)
    announcement.update({ med: 2 })
    await lab.pass(interval - 1.001)
    expect(router.meds).toEqual([1])
    await lab.pass(0.001)
    expect(router.meds).toEqual([1, 2])
    expect(router.heard[1]!.at - router.heard[0]!.at).toBe(interval)
  })

  test('holds for a route that is withdrawn and announced again', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    announcer.announce(VIP).withdraw()
    await lab.pass(0)
    const first = announcer.announce(VIP)
    await lab.pass(1)
    first.withdraw()
    announcer.announce(VIP)
    await lab.pass(28.999)
    expect(router.table).toEqual({})
    await lab.pass(0.001)
    expect(router.table).toEqual({ [VIP]: '192.0.2.1' })
  })

  test('does not hold across sessions: a router that forgot us hears of us at once', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcement = lab.announcer().announce(VIP)
    await lab.pass(400) // stable, so that the next dial comes soon
    announcement.update({ med: 1 })
    await lab.pass(1)
    router.reset()
    await lab.pass(5)
    expect(router.times).toEqual([0, 400, 406])
  })

  test('is counted for each prefix alone', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer({ maxPrefixes: 2 })
    announcer.announce(VIP).update({ med: 1 })
    await lab.pass(10)
    announcer.announce(OTHER)
    await lab.pass(0)
    expect(router.table).toHaveProperty(OTHER)
  })
})

describe('update()', () => {
  test('with what stands already sends nothing, ever', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcement = lab.announcer().announce(VIP, { med: 5, communities: ['65000:1'] })
    await lab.pass(0)
    for (const same of [{}, { med: 5 }, { communities: ['65000:1'] }, { largeCommunities: [] }]) {
      announcement.update(same)
      await lab.pass(60)
    }
    expect(router.heard).toHaveLength(1)
  })

  test('taken back before the interval is over sends nothing', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcement = lab.announcer().announce(VIP, { med: 5 })
    await lab.pass(0)
    announcement.update({ med: 6 })
    announcement.update({ med: 5 })
    await lab.pass(60)
    expect(router.meds).toEqual([5])
  })

  test('leaves what it does not name as announce() said it', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcement = lab.announcer().announce(VIP, { med: 5, communities: ['65000:1'] })
    await lab.pass(0)
    announcement.update({ med: 6 })
    await lab.pass(30)
    expect(router.heard[1]!.attributes).toMatchObject({ med: 6, communities: ['65000:1'] })
    announcement.update({ communities: ['65000:2'] })
    await lab.pass(30)
    expect(router.heard[2]!.attributes).toMatchObject({ med: 5, communities: ['65000:2'] })
  })

  test('does not bring back what is withdrawn', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    const announcement = announcer.announce(VIP)
    await lab.pass(0)
    announcement.withdraw()
    expect(() => announcement.update({ med: 1 })).toThrow(`prefix: ${VIP} is withdrawn`)
    announcer.announce(VIP)
    expect(() => announcement.update({ med: 1 })).toThrow(`prefix: ${VIP} is withdrawn`)
    await lab.pass(60)
    expect(router.meds).toEqual([undefined, undefined])
  })
})

describe('withdrawing', () => {
  const ways = [
    ['withdraw()', announcement => announcement.withdraw()],
    ['disposing', announcement => announcement[Symbol.dispose]()],
    ['aborting the signal', (_, controller) => controller.abort()],
  ] satisfies [string, (announcement: Disposable & { withdraw(): void }, controller: AbortController) => void][]

  test.each(ways)('by %s is heard at once, within the interval too, and once', async (_, withdraw) => {
    const lab = new Lab()
    const router = lab.router()
    const controller = new AbortController()
    const announcer = lab.announcer()
    const announcement = announcer.announce(VIP, { signal: controller.signal })
    await lab.pass(1)
    withdraw(announcement, controller)
    await lab.pass(0)
    expect(router.table).toEqual({})
    expect(router.heard.at(-1)).toMatchObject({ at: 1, withdrawn: [VIP] })
    for (const [, again] of ways) again(announcement, controller)
    await lab.pass(60)
    expect(router.heard).toHaveLength(2)
    expect(announcer.status().announcements).toEqual([])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('by the signal works after an update()', async () => {
    const lab = new Lab()
    const router = lab.router()
    const controller = new AbortController()
    lab.announcer().announce(VIP, { signal: controller.signal }).update({ med: 3 })
    await lab.pass(0)
    controller.abort()
    await lab.pass(0)
    expect(router.table).toEqual({})
  })

  test('with a signal that is aborted already announces nothing and throws its reason', async () => {
    const lab = new Lab()
    lab.router()
    const announcer = lab.announcer()
    const reason = new Error('no longer leader')
    expect(() => announcer.announce(VIP, { signal: AbortSignal.abort(reason) })).toThrow(reason)
    expect(announcer.status().announcements).toEqual([])
  })

  test('an earlier announcement does not touch a later one of the same prefix', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    const controller = new AbortController()
    const first = announcer.announce(VIP, { signal: controller.signal })
    first.withdraw()
    announcer.announce(VIP)
    first.withdraw()
    controller.abort()
    await lab.pass(0)
    expect(router.table).toHaveProperty(VIP)
  })

  test('is not delayed for one router by another that is dead', async () => {
    const lab = new Lab()
    const frozen = lab.router({ address: '192.0.2.254' })
    const silent = lab.router({ address: '192.0.2.253', answers: false })
    const well = lab.router({ address: '192.0.2.252' })
    const announcement = lab.announcer().announce(VIP)
    await lab.pass(1)
    expect([frozen, silent, well].map(({ table }) => VIP in table)).toEqual([true, false, true])
    frozen.freeze()
    announcement.withdraw()
    await lab.pass(0)
    expect(well.heard.at(-1)).toMatchObject({ at: 1, withdrawn: [VIP] })
    expect(frozen.table).toHaveProperty(VIP)
  })
})

describe('a route refresh (RFC 2918)', () => {
  test('is answered with our route, as soon as the interval allows', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await lab.pass(100)
    router.refresh('ipv4-unicast')
    await lab.pass(0)
    expect(router.times).toEqual([0, 100])
    router.refresh('ipv4-unicast')
    await lab.pass(29)
    expect(router.times).toEqual([0, 100])
    expect(announcer.status().peers[0]!.sent).toEqual([VIP])
    await lab.pass(1)
    expect(router.times).toEqual([0, 100, 130])
    await lab.pass(600)
    expect(router.times).toEqual([0, 100, 130])
  })

  test('is answered in the family that it names, and no other', async () => {
    const lab = new Lab()
    const both: Family[] = ['ipv4-unicast', 'ipv6-unicast']
    const router = lab.router({ families: both })
    lab.announcer({ families: both }).announce(VIP)
    await lab.pass(60)
    router.refresh('ipv6-unicast')
    await lab.pass(60)
    expect(router.times).toEqual([0])
  })
})

describe('drain()', () => {
  test('withdraws at once, keeps the sessions, takes nothing new, and gives the routers drainTime', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    const { signal } = new AbortController()
    const announcement = announcer.announce(VIP, { signal })
    await lab.pass(0)
    const drained = outcome(announcer.drain())
    expect(() => announcer.announce(VIP)).toThrow('the announcer is draining or closed')
    expect(() => announcement.update({ med: 1 })).toThrow(`prefix: ${VIP} is withdrawn`)
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await lab.pass(0)
    expect(router.table).toEqual({})
    await lab.pass(2.999)
    expect(drained.is).toBe('pending')
    await lab.pass(0.001)
    expect(drained.is).toBe('resolved')
    await lab.pass(3600)
    expect(router.session.state).toBe('Established')
    expect(router.heard).toHaveLength(2)
    expect(() => announcer.announce(VIP)).toThrow('the announcer is draining or closed')
  })

  test('takes no time where no router was told anything, and none is told anything when it comes', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await announcer.drain() // before the session stands
    await lab.pass(60)
    expect(router.session.state).toBe('Established')
    expect(router.heard).toEqual([])
  })

  test('twice is one drain', async () => {
    const lab = new Lab()
    lab.router()
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await lab.pass(0)
    expect(announcer.drain()).toBe(announcer.drain())
  })
})

describe('close()', () => {
  test('withdraws, serves on for drainTime, then says Cease with the reason (RFC 4486, RFC 9003)', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer({ drainTime: 7 })
    const announcement = announcer.announce(VIP)
    await lab.pass(0)
    for (const med of [1, 2]) announcement.update({ med }) // waits for ever
    const closed = outcome(announcer.close('maintenance'))
    await lab.pass(6.999)
    expect(router.table).toEqual({})
    expect(router.session.state).toBe('Established')
    await lab.pass(0.001)
    expect(router.farewell).toEqual({ at: 7, code: 6, subcode: 2, text: 'maintenance' })
    expect(closed.is).toBe('resolved')
    await router.session.stop()
    expect(lab.clock.pending).toBe(0)
    await lab.pass(3600)
    expect(router.connections).toBe(1)
    expect(router.heard).toHaveLength(2)
  })

  test('gives the routers drainTime after a route that was withdrawn just before, as scopes end', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    const announcement = announcer.announce(VIP)
    await lab.pass(10)
    announcement.withdraw()
    await lab.pass(1)
    void announcer[Symbol.asyncDispose]()
    await lab.pass(1.999)
    expect(router.session.state).toBe('Established')
    await lab.pass(0.001)
    expect(router.farewell).toMatchObject({ at: 13, code: 6, subcode: 2 })
  })

  test('does not wait for a router that has gone since', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    const announcement = announcer.announce(VIP)
    await lab.pass(0)
    announcement.withdraw()
    router.reset()
    await lab.pass(0)
    const closed = outcome(announcer.close())
    await lab.pass(0)
    expect(closed.is).toBe('resolved')
  })

  test('takes no time with drainTime 0, or where nothing is out there to withdraw', async () => {
    for (const drainTime of [0, 25]) {
      const lab = new Lab()
      const router = lab.router()
      const announcer = lab.announcer({ drainTime })
      const announcement = announcer.announce(VIP)
      await lab.pass(1)
      if (drainTime > 0) {
        announcement.withdraw()
        await lab.pass(25)
      }
      const closed = outcome(announcer.close())
      await lab.pass(0)
      expect(closed.is).toBe('resolved')
      expect(router.farewell).toMatchObject({ code: 6, subcode: 2, text: undefined })
    }
  })

  test('is bounded where a router never reads, and says goodbye to the others in time', async () => {
    const lab = new Lab()
    const frozen = lab.router({ address: '192.0.2.254' })
    const well = lab.router({ address: '192.0.2.253' })
    lab.router({ address: '192.0.2.252', answers: false })
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await lab.pass(0)
    frozen.freeze()
    const closed = outcome(announcer.close())
    await lab.pass(3)
    expect(well.farewell).toMatchObject({ at: 3, code: 6, subcode: 2 })
    expect(closed.is).toBe('pending')
    await lab.pass(1)
    expect(closed.is).toBe('resolved')
  })

  test('twice is one closing, while it runs and after it', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await lab.pass(0)
    const closing = announcer.close('one')
    expect(announcer.close('two')).toBe(closing)
    await lab.pass(3)
    expect(router.farewell).toMatchObject({ at: 3, text: 'one' })
    await announcer.close()
    await announcer.drain()
    expect(() => announcer.announce(VIP)).toThrow('the announcer is draining or closed')
  })

  test('after drain() drains no second time', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await lab.pass(0)
    void announcer.drain()
    await lab.pass(20)
    void announcer.close()
    await lab.pass(0)
    expect(router.farewell).toMatchObject({ at: 20 })
  })
})

describe('what a router cannot be sent', () => {
  test('because it did not negotiate the family is in the status, and in the log once', async () => {
    const lab = new Lab()
    const both: Family[] = ['ipv4-unicast', 'ipv6-unicast']
    const able = lab.router({ address: '192.0.2.254', families: both })
    const unable = lab.router({ address: '192.0.2.253', families: ['ipv4-unicast'] })
    const announcer = lab.announcer({ families: both, nextHop: '2001:db8:1::1' })
    const announcement = announcer.announce(VIP6)
    expect(announcer.status().peers.map(peer => peer.unsendable)).toEqual([{}, {}]) // not known before a session stands
    await lab.pass(0)
    announcement.update({ med: 1 })
    await lab.pass(60)
    expect(able.table).toEqual({ [VIP6]: '2001:db8:1::1' })
    expect(unable.heard).toEqual([])
    const [one, two] = announcer.status().peers
    expect(one).toMatchObject({ sent: [VIP6], unsendable: {} })
    expect(two).toMatchObject({ sent: [], unsendable: { [VIP6]: 'the peer does not take ipv6-unicast routes' } })
    expect(lab.lines('error')).toEqual([
      {
        peer: '192.0.2.253',
        prefix: VIP6,
        why: 'the peer does not take ipv6-unicast routes',
        text: 'route cannot be sent',
      },
    ])
    unable.reset()
    await lab.pass(100)
    expect(lab.lines('error'), 'another session, another line').toHaveLength(2)
  })

  test.each([
    ['0.0.0.0', "0.0.0.0 is no host's address"],
    [null, "the session's own address is not known, nextHop must be given"],
    ['198.51.100.10', '198.51.100.10 is the address that is announced'],
    ['192.0.2.254', "192.0.2.254 is the peer's own address (RFC 4271 §5.1.3)"],
    ['2001:db8:1::1', '2001:db8:1::1 is not of the family of 198.51.100.10/32'],
  ])('because the session has the address %s of its own is in the status', async (localAddress, why) => {
    const lab = new Lab()
    const router = lab.router({ localAddress })
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await lab.pass(0)
    expect(router.heard).toEqual([])
    expect(announcer.status().peers[0]!.unsendable).toEqual({ [VIP]: why })
    expect(lab.lines('error')).toHaveLength(1)
  })
})

describe('the next hop (RFC 4271 §5.1.3)', () => {
  test("is each session's own address where none is given", async () => {
    const lab = new Lab()
    const one = lab.router({ address: '192.0.2.254' })
    const two = lab.router({ address: '203.0.113.254', localAddress: '203.0.113.1' })
    lab.announcer().announce(VIP)
    await lab.pass(0)
    expect(one.table).toEqual({ [VIP]: '192.0.2.1' })
    expect(two.table).toEqual({ [VIP]: '203.0.113.1' })
  })

  test('is the one that is given', async () => {
    const lab = new Lab()
    const router = lab.router()
    lab.announcer({ nextHop: '192.0.2.7' }).announce(VIP)
    await lab.pass(0)
    expect(router.table).toEqual({ [VIP]: '192.0.2.7' })
  })

  test('of an IPv6 route is an IPv6 address', async () => {
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

  test('is never an IPv4-mapped address, though a socket of both families says so', async () => {
    const lab = new Lab()
    const router = lab.router({ localAddress: '::ffff:192.0.2.1' })
    lab.announcer().announce(VIP)
    await lab.pass(0)
    expect(router.table).toEqual({ [VIP]: '192.0.2.1' })
  })
})

describe('refused at construction, with nothing dialled:', () => {
  test.each<[string, object, ErrorConstructor, string]>([
    ['no peers', { peers: [] }, TypeError, 'peers: '],
    ['peers that are no list', { peers: { as: 65000, address: '192.0.2.254' } }, TypeError, 'peers: '],
    ['an option of a session', { peer: { as: 65000, address: '192.0.2.254' } }, TypeError, 'peer: no such option'],
    ['waiting for peers to dial', { passive: true }, TypeError, 'passive: no such option'],
    ['an unknown option', { maxPrefix: 2 }, TypeError, 'maxPrefix: no such setting'],
    ['an unknown part of local', { local: { as: 65001, id: '192.0.2.1', port: 1 } }, TypeError, 'local.port: '],
    ['the same peer twice', { peers: Array(2).fill({ as: 65000, address: '192.0.2.254' }) }, RangeError, 'peers: '],
    [
      'a bad second peer',
      {
        peers: [
          { as: 1, address: '192.0.2.254' },
          { as: 0, address: '192.0.2.253' },
        ],
      },
      RangeError,
      'peer.as: 0',
    ],
    ['no prefixes', { maxPrefixes: 0 }, RangeError, 'maxPrefixes: 0'],
    ['half a prefix', { maxPrefixes: 1.5 }, RangeError, 'maxPrefixes: 1.5'],
    ['a count as text', { maxPrefixes: '2' }, RangeError, 'maxPrefixes: 2'],
    ['a drain below 0', { drainTime: -1 }, RangeError, 'drainTime: -1'],
    ['a drain that outlasts Kubernetes', { drainTime: 26 }, RangeError, 'drainTime: 26'],
    ['an interval below 5 s', { advertisementInterval: 4 }, RangeError, 'advertisementInterval: 4'],
    ['next hop 0.0.0.0', { nextHop: '0.0.0.0' }, RangeError, 'nextHop: 0.0.0.0'],
    ['next hop ::', { nextHop: '::' }, RangeError, 'nextHop: ::'],
    ['an IPv4-mapped next hop', { nextHop: '::ffff:192.0.2.1' }, RangeError, 'nextHop: ::ffff:192.0.2.1'],
    ['a next hop with a zone', { nextHop: 'fe80::1%eth0' }, RangeError, "nextHop: 'fe80::1%eth0'"],
    ['a name as next hop', { nextHop: 'localhost' }, RangeError, "nextHop: 'localhost'"],
  ])('%s', async (_, options, type, message) => {
    const lab = new Lab()
    const router = lab.router()
    expect(() => lab.announcer(options)).toThrow(type)
    expect(() => lab.announcer(options)).toThrow(message)
    await lab.pass(60)
    expect(router.connections).toBe(0)
  })
})

describe('refused at announce(), with nothing sent and nothing left behind:', () => {
  test.each<[string, object, string, AnnounceOptions, string]>([
    ['what is no host route', {}, '198.51.100.0/24', {}, "prefix: '198.51.100.0/24' is not allowed"],
    [
      'our BGP Identifier',
      { local: { as: 65001, id: '198.51.100.10' } },
      VIP,
      {},
      `prefix: ${VIP} is not allowed, it is our BGP Identifier`,
    ],
    [
      'the address of a router',
      {},
      '192.0.2.254',
      {},
      'prefix: 192.0.2.254/32 is not allowed, it is the address of a peer',
    ],
    [
      'a family that is not offered',
      {},
      VIP6,
      {},
      `prefix: ${VIP6} is not allowed, the families of the session with 192.0.2.254 are ipv4-unicast`,
    ],
    ['a next hop that is announced', { nextHop: '198.51.100.10' }, VIP, {}, 'nextHop: 198.51.100.10 is not allowed'],
    [
      'a session from the announced address',
      { local: { as: 65001, id: '192.0.2.1', address: '198.51.100.10' } },
      VIP,
      {},
      'nextHop: 198.51.100.10 is not allowed',
    ],
    [
      'a next hop that is the router (§5.1.3)',
      { nextHop: '192.0.2.254' },
      VIP,
      {},
      'nextHop: 192.0.2.254 is not allowed',
    ],
    ['a next hop of the other family', { nextHop: '2001:db8:1::1' }, VIP, {}, 'nextHop: 2001:db8:1::1 is not allowed'],
    ['no next hop of the family', { families: ['ipv6-unicast'] }, VIP6, {}, 'nextHop: leaving it out is not allowed'],
    [
      'LOCAL_PREF where every peer is external (§5.1.5)',
      {},
      VIP,
      { localPref: 200 },
      'localPref: not allowed, no peer is internal',
    ],
    ['a MED beyond 32 bits', {}, VIP, { med: 2 ** 32 }, 'med: 4294967296'],
    ['a MED below 0', {}, VIP, { med: -1 }, 'med: -1'],
    ['a MED that is no whole number', {}, VIP, { med: 1.5 }, 'med: 1.5'],
    ['a community of one number', {}, VIP, { communities: ['100'] }, "communities: '100'"],
    ['a community beyond 16 bits', {}, VIP, { communities: ['65536:1'] }, "communities: '65536:1'"],
    ['a large community of two numbers', {}, VIP, { largeCommunities: ['1:2'] }, "largeCommunities: '1:2'"],
    ['more than fits one message', {}, VIP, { communities: Array(1020).fill('65000:1') }, 'update length: '],
    ['an unknown preference', {}, VIP, { mde: 1 } as AnnounceOptions, 'mde: no such preference'], // a caller without types
  ])('%s', async (_, options, prefix, preference, message) => {
    const lab = new Lab()
    const router = lab.router({ families: ['ipv4-unicast', 'ipv6-unicast'] })
    const announcer = lab.announcer(options)
    const { signal } = new AbortController()
    await lab.pass(0)
    expect(() => announcer.announce(prefix, { ...preference, signal })).toThrow(message)
    expect(announcer.status().announcements).toEqual([])
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await lab.pass(60)
    expect(router.heard).toEqual([])
  })

  test('what only one of several peers could not be sent', async () => {
    const lab = new Lab()
    const external = lab.router({ address: '192.0.2.254', as: 65000 })
    lab.router({ address: '192.0.2.253', as: 65001 })
    const announcer = lab.announcer()
    await lab.pass(0)
    expect(() => announcer.announce(VIP, { localPref: -1 })).toThrow('localPref: -1')
    await lab.pass(60)
    expect(external.heard).toEqual([])
  })

  test('an update() that is refused leaves the former preference standing', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcement = lab.announcer().announce(VIP, { med: 5 })
    await lab.pass(60)
    expect(() => announcement.update({ med: -1 })).toThrow('med: -1')
    expect(() => announcement.update({ localPref: 1 })).toThrow('localPref: ')
    await lab.pass(60)
    expect(router.meds).toEqual([5])
    router.reset()
    await lab.pass(120)
    expect(router.meds).toEqual([5, 5])
    announcement.update({ med: 6 })
    await lab.pass(60)
    expect(router.meds).toEqual([5, 5, 6])
  })

  test('a message of the greatest length that passes is sent to a router with two-octet AS numbers too (RFC 6793)', async () => {
    for (let count = 1000; count <= 1020; count++) {
      const lab = new Lab()
      const router = lab.router({ twoOctetAs: true })
      const announcer = lab.announcer({ local: { as: 4200000001, id: '192.0.2.1' } })
      await lab.pass(0)
      try {
        announcer.announce(VIP, { communities: Array(count).fill('65000:1') })
      } catch (error) {
        expect(announcer.status().announcements).toEqual([])
        expect(error).toBeInstanceOf(RangeError)
        expect(count).toBeGreaterThan(1000)
        return
      }
      await lab.pass(0)
      expect(router.heard).toHaveLength(1)
    }
    expect.unreachable('1020 communities do not fit a message')
  })
})

describe('status()', () => {
  test('says what has been sent, not what was taken: a change that waits is not among it', async () => {
    const lab = new Lab()
    lab.router()
    const announcer = lab.announcer()
    expect(announcer.status()).toMatchObject({ announcements: [], peers: [{ state: 'Connect', sent: [] }] })
    const announcement = announcer.announce(VIP)
    expect(announcer.status()).toMatchObject({ announcements: [VIP], peers: [{ sent: [] }] })
    await lab.pass(0)
    expect(announcer.status()).toMatchObject({ announcements: [VIP], peers: [{ state: 'Established', sent: [VIP] }] })
    announcement.update({ med: 1 })
    expect(announcer.status().peers[0]!.sent).toEqual([])
    await lab.pass(30)
    expect(announcer.status().peers[0]!.sent).toEqual([VIP])
    announcement.withdraw()
    expect(announcer.status()).toMatchObject({ announcements: [], peers: [{ sent: [] }] })
  })

  test('names nothing as sent once the session is down', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await lab.pass(0)
    router.reset()
    await lab.pass(1)
    const [peer] = announcer.status().peers
    expect(peer).toMatchObject({ state: 'Idle', sent: [], unsendable: {}, lastError: { from: 'Established' } })
    expect(peer!.nextDialIn).toBeGreaterThan(0)
  })
})

test('the log has one line for each thing that is sent', async () => {
  const lab = new Lab()
  lab.router()
  const announcement = lab.announcer().announce(VIP, { med: 5 })
  await lab.pass(120)
  announcement.withdraw()
  const lines = lab.lines('info').filter(({ prefix }) => prefix === VIP)
  expect(lines).toMatchObject([
    { peer: '192.0.2.254', text: 'route sent', med: 5, nextHop: '192.0.2.1' },
    { peer: '192.0.2.254', text: 'withdrawal sent' },
  ])
})

// ---- the laboratory

interface RouterOptions {
  readonly address?: string
  readonly as?: number
  readonly families?: readonly Family[]
  /** The address that the announcer's end of a connection to this router has; null where its socket does not say. */
  readonly localAddress?: string | null
  /** Whether a dial is ever answered. */
  readonly answers?: boolean
  /** Offers no four-octet AS numbers (RFC 6793). */
  readonly twoOctetAs?: boolean
}

interface Heard {
  /** Seconds since the lab was made. */
  readonly at: number
  readonly announced: readonly Prefix[]
  readonly withdrawn: readonly Prefix[]
  readonly attributes: Attributes
}

/** An announcer and its routers, on one clock. */
class Lab {
  readonly clock = new VirtualClock()
  readonly #routers: Router[] = []
  readonly #lines: { readonly level: string; readonly text: string; readonly [field: string]: unknown }[] = []

  router(options: RouterOptions = {}): Router {
    const router = new Router(this.clock, options)
    this.#routers.push(router)
    return router
  }
  /** Towards every router made so far. `options` may be nonsense, as of a caller without types. */
  announcer(options: Partial<AnnouncerOptions> | object = {}): Announcer {
    const note = (level: string) => (fields: object, text: string) => this.#lines.push({ ...fields, level, text })
    return new Announcer({
      local: { as: 65001, id: '192.0.2.1' },
      peers: this.#routers.map(router => router.peer),
      clock: this.clock,
      random: () => 1, // the whole of every wait
      log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
      dial: ({ local, peer }) => this.#routers.find(router => router.peer.address === peer.address)!.answer(local.as),
      ...options,
    })
  }
  pass(seconds: number): Promise<void> {
    return this.clock.pass(seconds)
  }
  lines(wanted: string): { readonly [field: string]: unknown }[] {
    return this.#lines.filter(({ level }) => level === wanted).map(({ level: _, ...line }) => line)
  }
}

/** A passive session that believes what it is told, and what it has been told. */
class Router {
  readonly peer: Peer
  readonly heard: Heard[] = []
  connections = 0
  farewell: { at: number; code: number; subcode: number; text: string | undefined } | undefined
  readonly #clock: VirtualClock
  readonly #options: RouterOptions
  readonly #table = new Map<Prefix, string>()
  #session: Session | undefined
  #connection: End | undefined

  constructor(clock: VirtualClock, options: RouterOptions) {
    this.#clock = clock
    this.#options = options
    this.peer = { as: options.as ?? 65000, address: options.address ?? '192.0.2.254' }
  }
  get session(): Session {
    if (!this.#session) throw new Error('nobody has dialled this router yet')
    return this.#session
  }
  get table(): Record<Prefix, string> {
    return Object.fromEntries(this.#table)
  }
  get times(): number[] {
    return this.heard.map(({ at }) => at)
  }
  /** MULTI_EXIT_DISC of every advertisement so far. */
  get meds(): (number | undefined)[] {
    return this.heard.filter(({ announced }) => announced.length > 0).map(({ attributes }) => attributes.med)
  }

  /** A connection from the announcer: its end. */
  answer(peerAs: number): Duplex {
    const { answers = true, localAddress = '192.0.2.1', twoOctetAs = false } = this.#options
    this.connections++
    const [ours, theirs] = End.pair()
    theirs.localAddress = localAddress ?? undefined
    if (twoOctetAs) ours.rewrite = withoutFourOctetAs
    this.#connection = ours
    if (answers)
      queueMicrotask(() => {
        theirs.emit('connect')
        this.#session ??= this.#start(peerAs)
        this.#session.accept(ours)
      })
    return theirs
  }
  /** The connection is lost, as by a reboot. */
  reset(): void {
    this.#connection?.reset()
  }
  /** From now on nothing is read, as by a process that is stopped. */
  freeze(): void {
    this.#connection?.stall()
  }
  refresh(family: Family): void {
    const { afi, safi } = families[family]
    this.#connection?.write(encode({ type: 'route-refresh', afi, safi, subtype: 0 }))
  }

  #start(peerAs: number): Session {
    const session = new Session({
      local: { as: this.peer.as, id: '192.0.2.254' },
      peer: { as: peerAs, address: this.peer.address.includes(':') ? '2001:db8:1::1' : '192.0.2.1' },
      families: this.#options.families ?? ['ipv4-unicast'],
      passive: true,
      clock: this.#clock,
      random: () => 1,
    })
    session.on('update', ({ update }) => this.#learn(update))
    session.on('down', down => this.#forget(down))
    return session.start()
  }
  #learn(update: Update): void {
    const { announced, withdrawn } = routes(update)
    for (const prefix of withdrawn) this.#table.delete(prefix)
    for (const { prefix, nextHop } of announced) this.#table.set(prefix, nextHop)
    const prefixes = announced.map(({ prefix }: Route) => prefix)
    this.heard.push({ at: this.#clock.now() / 1000, announced: prefixes, withdrawn, attributes: update.attributes })
  }
  #forget({ received }: DownEvent): void {
    this.#table.clear()
    if (received === undefined) return
    const { code, subcode } = received
    this.farewell = { at: this.#clock.now() / 1000, code, subcode, text: shutdownText(received) }
  }
}

function withoutFourOctetAs(bytes: Uint8Array): Uint8Array {
  const result = decode(bytes)
  if (!result.ok || result.value.type !== 'open') return bytes
  const { capabilities } = result.value
  return encode({ ...result.value, capabilities: capabilities.filter(({ name }) => name !== 'four-octet-as') })
}

function outcome(promise: Promise<unknown>): { readonly is: 'pending' | 'resolved' | 'rejected' } {
  const outcome: { is: 'pending' | 'resolved' | 'rejected' } = { is: 'pending' }
  promise.then(
    () => (outcome.is = 'resolved'),
    () => (outcome.is = 'rejected'),
  )
  return outcome
}
