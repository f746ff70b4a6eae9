/** Announcers in virtual time, with passive sessions as routers at the other end of connections in memory. */
import { getEventListeners } from 'node:events'
import type { AnnounceOptions, Announcer } from '@softspoken/announcer'
import { type Family, OptionError } from '@softspoken/wire'
import { describe, expect, test } from 'vitest'
import { Lab, type Router, type RouterOptions } from './lab.ts'

const VIP = '198.51.100.10/32'
const VIP6 = '2001:db8::10/128'
const OTHER = '198.51.100.11/32'

describe('announcing', () => {
  test('a route waits for the session, and is sent at once afterwards', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer({ maxPrefixes: 2 })
    announcer.announce(VIP)
    expect(router.received).toEqual([])
    await lab.pass(0)
    expect(router.table).toEqual({ [VIP]: '192.0.2.1' })
    announcer.announce(OTHER)
    await lab.pass(0)
    expect(router.table).toEqual({ [VIP]: '192.0.2.1', [OTHER]: '192.0.2.1' })
    expect(router.received).toHaveLength(2)
    await lab.pass(3600)
    expect(router.received).toHaveLength(2)
  })

  test('an announcement has the prefix in its canonical form', async () => {
    const lab = new Lab()
    lab.router({ families: ['ipv6-unicast'] })
    const announcer = lab.announcer({ families: ['ipv6-unicast'], nextHop: '2001:db8:1::1' })
    expect(announcer.announce('2001:DB8:0::10').prefix).toBe(VIP6)
    expect(announcer.status().announcements).toEqual([VIP6])
  })

  test('announce() rejects more prefixes than maxPrefixes', async () => {
    const lab = new Lab()
    lab.router()
    const announcer = lab.announcer()
    const first = announcer.announce(VIP)
    expect(() => announcer.announce(OTHER)).toThrow(
      new OptionError('prefix', OTHER, 'left out, because maxPrefixes is 1'),
    )
    first.withdraw()
    expect(announcer.announce(OTHER).prefix).toBe(OTHER)
  })

  test('announcing a prefix twice throws, in any spelling, and changes nothing', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer({ maxPrefixes: 2 })
    const first = announcer.announce(VIP)
    expect(() => announcer.announce('198.51.100.10', { med: 5 })).toThrow(
      new OptionError('prefix', '198.51.100.10', `another one, because ${VIP} is announced already`),
    )
    await lab.pass(0)
    expect(router.received.map(({ attributes }) => attributes.med)).toEqual([undefined])
    first.withdraw()
    expect(announcer.announce(VIP).prefix).toBe(VIP)
  })

  test('external and internal routers get their own attributes (RFC 4271 §5.1)', async () => {
    const lab = new Lab()
    const external = lab.router({ address: '192.0.2.254', as: 65000 })
    const internal = lab.router({ address: '192.0.2.253', as: 65001 })
    lab.announcer().announce(VIP, { localPref: 200, med: 7, communities: ['65000:1'], largeCommunities: ['65000:1:2'] })
    await lab.pass(0)
    const both = { origin: 'igp', nextHop: '192.0.2.1', med: 7 }
    const marks = { communities: ['65000:1'], largeCommunities: ['65000:1:2'] }
    expect(external.received[0]!.attributes).toEqual({ ...both, ...marks, asPath: [{ type: 'sequence', as: [65001] }] })
    expect(internal.received[0]!.attributes).toEqual({ ...both, ...marks, asPath: [], localPref: 200 })
  })

  test('an epoch makes the route of each new leader better, by MED and LOCAL_PREF', async () => {
    const lab = new Lab()
    const external = lab.router({ address: '192.0.2.254', as: 65000 })
    const internal = lab.router({ address: '192.0.2.253', as: 65001 })
    const announcer = lab.announcer()
    for (const epoch of [7, 8]) {
      using _ = announcer.announce(VIP, {
        med: { base: 1000, epoch },
        localPref: { base: 100, epoch },
        prepend: 1,
      })
      await lab.pass(60)
    }
    expect(external.meds).toEqual([993, 992])
    expect(internal.received.flatMap(({ attributes }) => attributes.localPref ?? [])).toEqual([107, 108])
    expect(external.received[0]!.attributes.asPath).toEqual([{ type: 'sequence', as: [65001, 65001] }])
    expect(internal.received[0]!.attributes.asPath).toEqual([])
  })

  test('a route is sent again after a reset, to the router of that session only', async () => {
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
    expect(one.received).toHaveLength(2)
    expect(two.received).toHaveLength(1)
  })

  test('a route that was withdrawn without a session is not sent on the next one', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcement = lab.announcer().announce(VIP)
    await lab.pass(10)
    router.reset()
    await lab.pass(1)
    announcement.withdraw()
    await lab.pass(120)
    expect(router.session.state).toBe('Established')
    expect(router.received).toHaveLength(1)
  })

  test('changes of the options object after announce() have no effect', async () => {
    const lab = new Lab()
    const router = lab.router()
    const communities = ['65000:1']
    lab.announcer().announce(VIP, { communities })
    communities[0] = 'nonsense'
    await lab.pass(0)
    expect(router.received[0]!.attributes.communities).toEqual(['65000:1'])
  })
})

describe('the interval between advertisements of one prefix (RFC 4271 §9.2.1.1)', () => {
  test.each([
    ['30 s to an external peer', 65000, {}, 30],
    ['5 s to an internal peer', 65001, {}, 5],
    ['what advertisementInterval says', 65000, { advertisementInterval: 12 }, 12],
  ])('the interval is %s, by default or by option (RFC 4271 §10)', async (_, as, options, interval) => {
    const lab = new Lab()
    const router = lab.router({ as })
    const announcement = lab.announcer(options).announce(VIP, { med: 1 })
    await lab.pass(1)
    announcement.update({ med: 2 })
    await lab.pass(interval - 1.001)
    expect(router.meds).toEqual([1])
    await lab.pass(0.001)
    expect(router.meds).toEqual([1, 2])
    expect(router.received[1]!.at - router.received[0]!.at).toBe(interval)
  })

  test('the interval holds for a route that is withdrawn and announced again', async () => {
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

  test('the interval does not hold across sessions', async () => {
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

  test('the interval is counted for each prefix alone', async () => {
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
  test('update() with equal content sends nothing', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcement = lab.announcer().announce(VIP, { med: 5, communities: ['65000:1'] })
    await lab.pass(0)
    for (const same of [{}, { med: 5 }, { communities: ['65000:1'] }, { largeCommunities: [] }]) {
      announcement.update(same)
      await lab.pass(60)
    }
    expect(router.received).toHaveLength(1)
  })

  test('update() with communities in another order or form sends nothing (RFC 1997)', async () => {
    const lab = new Lab()
    const router = lab.router()
    const given = { communities: ['no-export', '65000:1'], largeCommunities: ['65000:1:2', '65000:1:1'] }
    const announcement = lab.announcer().announce(VIP, given)
    await lab.pass(0)
    for (const same of [
      { communities: ['65000:1', '65535:65281'] },
      { communities: ['65000:1', 'no-export', '65000:1'] },
      { largeCommunities: ['65000:1:1', '65000:1:2'] },
    ]) {
      announcement.update(same)
      await lab.pass(60)
    }
    expect(router.received).toHaveLength(1)
    announcement.update({ communities: ['65000:1', 'no-advertise'] })
    await lab.pass(0)
    expect(router.received[1]!.attributes.communities).toEqual(['65000:1', '65535:65282'])
  })

  test('an update() that is undone before the interval is over sends nothing', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcement = lab.announcer().announce(VIP, { med: 5 })
    await lab.pass(0)
    announcement.update({ med: 6 })
    announcement.update({ med: 5 })
    await lab.pass(60)
    expect(router.meds).toEqual([5])
  })

  test('update() keeps the options of announce() that it does not name', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcement = lab.announcer().announce(VIP, { med: 5, communities: ['65000:1'] })
    await lab.pass(0)
    announcement.update({ med: 6 })
    await lab.pass(30)
    expect(router.received[1]!.attributes).toMatchObject({ med: 6, communities: ['65000:1'] })
    announcement.update({ communities: ['65000:2'] })
    await lab.pass(30)
    expect(router.received[2]!.attributes).toMatchObject({ med: 5, communities: ['65000:2'] })
  })

  test('update() throws once the announcement is withdrawn', async () => {
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

  test.each(ways)('a withdrawal by %s is sent once, at once, also within the interval', async (_, withdraw) => {
    const lab = new Lab()
    const router = lab.router()
    const controller = new AbortController()
    const announcer = lab.announcer()
    const announcement = announcer.announce(VIP, { signal: controller.signal })
    await lab.pass(1)
    withdraw(announcement, controller)
    await lab.pass(0)
    expect(router.table).toEqual({})
    expect(router.received.at(-1)).toMatchObject({ at: 1, withdrawn: [VIP] })
    for (const [, again] of ways) again(announcement, controller)
    await lab.pass(60)
    expect(router.received).toHaveLength(2)
    expect(announcer.status().announcements).toEqual([])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('the signal withdraws after an update()', async () => {
    const lab = new Lab()
    const router = lab.router()
    const controller = new AbortController()
    lab.announcer().announce(VIP, { signal: controller.signal }).update({ med: 3 })
    await lab.pass(0)
    controller.abort()
    await lab.pass(0)
    expect(router.table).toEqual({})
  })

  test('a signal that is aborted already makes announce() throw its reason', async () => {
    const lab = new Lab()
    lab.router()
    const announcer = lab.announcer()
    const reason = new Error('no longer leader')
    expect(() => announcer.announce(VIP, { signal: AbortSignal.abort(reason) })).toThrow(reason)
    expect(announcer.status().announcements).toEqual([])
  })

  test('an earlier announcement does not change a later one of the same prefix', async () => {
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

  test('a router that does not read delays no withdrawal to another', async () => {
    const lab = new Lab()
    const frozen = lab.router({ address: '192.0.2.254' })
    const silent = lab.router({ address: '192.0.2.253', answers: false })
    const healthy = lab.router({ address: '192.0.2.252' })
    const announcement = lab.announcer().announce(VIP)
    await lab.pass(1)
    expect([frozen, silent, healthy].map(({ table }) => VIP in table)).toEqual([true, false, true])
    frozen.freeze()
    announcement.withdraw()
    await lab.pass(0)
    expect(healthy.received.at(-1)).toMatchObject({ at: 1, withdrawn: [VIP] })
    expect(frozen.table).toHaveProperty(VIP)
  })
})

describe('a route refresh (RFC 2918)', () => {
  test('a route refresh is answered as soon as the interval allows', async () => {
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

  test('a route refresh waits for no route that is withdrawn meanwhile', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer({ maxPrefixes: 2 })
    announcer.announce(VIP)
    await lab.pass(50)
    const second = announcer.announce(OTHER)
    await lab.pass(10)
    router.refresh('ipv4-unicast')
    await lab.pass(5)
    second.withdraw()
    await lab.pass(0)
    expect(router.times).toEqual([0, 50, 65, 65])
    expect(router.received.at(-1)).toMatchObject({ announced: [VIP] })
  })

  test('a route refresh is answered in the family that it names, and no other', async () => {
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
  test('drain() withdraws at once, keeps the sessions, and rejects new routes', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    const { signal } = new AbortController()
    const announcement = announcer.announce(VIP, { signal })
    await lab.pass(0)
    const drained = outcome(announcer.drain())
    expect(() => announcer.announce(VIP)).toThrow('the announcer is draining or stopped')
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
    expect(router.received).toHaveLength(2)
    expect(() => announcer.announce(VIP)).toThrow('the announcer is draining or stopped')
  })

  test('drain() takes no time if no router has a route', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await announcer.drain() // before the session is established
    await lab.pass(60)
    expect(router.session.state).toBe('Established')
    expect(router.received).toEqual([])
  })

  test('drain() twice is one drain', async () => {
    const lab = new Lab()
    lab.router()
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await lab.pass(0)
    expect(announcer.drain()).toBe(announcer.drain())
  })
})

describe('drain() with gracefulShutdownTime (RFC 8326)', () => {
  test('drain() sends GRACEFUL_SHUTDOWN, then the withdrawals (RFC 8326 §4)', async () => {
    const lab = new Lab()
    const external = lab.router({ address: '192.0.2.254', as: 65000 })
    const internal = lab.router({ address: '192.0.2.253', as: 65001 })
    const announcer = lab.announcer({ gracefulShutdownTime: 10, maxPrefixes: 2 })
    const events = lab.events(announcer)
    for (const prefix of [VIP, OTHER]) announcer.announce(prefix, { localPref: 200, communities: ['65000:1'] })
    await lab.pass(60)
    const drained = outcome(announcer.drain())
    await lab.pass(9.999)
    for (const { table } of [external, internal]) expect(Object.keys(table)).toEqual([VIP, OTHER])
    const marked = { communities: ['65000:1', '65535:0'] }
    for (const { at, attributes } of internal.received.slice(2))
      expect({ at, attributes }).toMatchObject({ at: 60, attributes: { ...marked, localPref: 0 } })
    for (const { at, attributes } of external.received.slice(2))
      expect({ at, attributes }).toMatchObject({ at: 60, attributes: marked })
    expect(events.filter(text => text.startsWith('withdrawn'))).toEqual([])
    await lab.pass(0.001)
    for (const { table, times } of [external, internal]) {
      expect(table).toEqual({})
      expect(times).toEqual([0, 0, 60, 60, 70, 70])
    }
    expect(events.slice(-2)).toEqual([VIP, OTHER].map(prefix => `withdrawn ${prefix} the announcer drains`))
    await lab.pass(2.999)
    expect(drained.is).toBe('pending')
    await lab.pass(0.001)
    expect(drained.is).toBe('resolved')
  })

  test('withdraw() and leases end a route at once during a graceful shutdown', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer({ gracefulShutdownTime: 20, maxPrefixes: 3 })
    const third = '198.51.100.12/32'
    const first = announcer.announce(VIP)
    const second = announcer.announce(OTHER, { ttl: 50 })
    announcer.announce(third)
    await lab.pass(40)
    void announcer.drain()
    expect(() => announcer.announce('198.51.100.13')).toThrow('the announcer is draining or stopped')
    expect(() => first.update({ med: 1 })).toThrow('the announcer is draining or stopped')
    await lab.pass(5)
    first.withdraw()
    await lab.pass(0)
    expect(Object.keys(router.table)).toEqual([OTHER, third])
    await lab.pass(5)
    expect(Object.keys(router.table)).toEqual([third])
    expect(second.renew(), 'until the end it may be renewed').toBe(true)
    await lab.pass(10)
    expect(router.table).toEqual({})
    expect(second.renew()).toBe(false)
  })

  test('a graceful shutdown keeps the interval: a recent route is only withdrawn', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer({ gracefulShutdownTime: 10 })
    announcer.announce(VIP)
    await lab.pass(1)
    void announcer.stop()
    await lab.pass(20)
    expect(router.times).toEqual([0, 11])
    expect(router.notification).toMatchObject({ at: 14, code: 6, subcode: 2 })
  })

  test('a graceful shutdown marks the routes while another router is away', async () => {
    const lab = new Lab()
    const away = lab.router({ address: '192.0.2.254', answers: false })
    const there = lab.router({ address: '192.0.2.253' })
    const announcer = lab.announcer({ gracefulShutdownTime: 10 })
    announcer.announce(VIP)
    await lab.pass(60)
    void announcer.drain()
    await lab.pass(9.999)
    expect(there.received.at(-1)).toMatchObject({ at: 60, announced: [VIP], attributes: { communities: ['65535:0'] } })
    await lab.pass(0.001)
    expect(there.received.at(-1)).toMatchObject({ at: 70, withdrawn: [VIP] })
    expect(away.received).toEqual([])
  })

  test('a graceful shutdown takes no time if no router was sent a route', async () => {
    const lab = new Lab()
    lab.router({ answers: false })
    const announcer = lab.announcer({ gracefulShutdownTime: 10 })
    announcer.announce(VIP)
    await lab.pass(1)
    const drained = outcome(announcer.drain())
    await lab.pass(0)
    expect(drained.is).toBe('resolved')
  })

  test('a graceful shutdown is bounded if a router never reads', async () => {
    const lab = new Lab()
    const frozen = lab.router()
    const announcer = lab.announcer({ gracefulShutdownTime: 22 })
    announcer.announce(VIP)
    await lab.pass(60)
    frozen.freeze()
    const closed = outcome(announcer.stop())
    await lab.pass(22 + 3 + 1)
    expect(closed.is).toBe('resolved')
  })
})

describe('stop()', () => {
  test('stop() withdraws, waits drainTime, then sends Cease with the text (RFC 9003)', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer({ drainTime: 7 })
    const announcement = announcer.announce(VIP)
    await lab.pass(0)
    for (const med of [1, 2]) announcement.update({ med }) // waits for ever
    const closed = outcome(announcer.stop('maintenance'))
    await lab.pass(6.999)
    expect(router.table).toEqual({})
    expect(router.session.state).toBe('Established')
    await lab.pass(0.001)
    expect(router.notification).toEqual({ at: 7, code: 6, subcode: 2, text: 'maintenance' })
    expect(closed.is).toBe('resolved')
    await router.session.stop()
    expect(lab.clock.pendingTimers).toBe(0)
    await lab.pass(3600)
    expect(router.connections).toBe(1)
    expect(router.received).toHaveLength(2)
  })

  test('stop() waits drainTime for a route that was withdrawn just before', async () => {
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
    expect(router.notification).toMatchObject({ at: 13, code: 6, subcode: 2 })
  })

  test('stop() does not wait for a router whose session has ended', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    const announcement = announcer.announce(VIP)
    await lab.pass(0)
    announcement.withdraw()
    router.reset()
    await lab.pass(0)
    const closed = outcome(announcer.stop())
    await lab.pass(0)
    expect(closed.is).toBe('resolved')
  })

  test('stop() takes no time with drainTime 0, or with nothing to withdraw', async () => {
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
      const closed = outcome(announcer.stop())
      await lab.pass(0)
      expect(closed.is).toBe('resolved')
      expect(router.notification).toMatchObject({ code: 6, subcode: 2, text: undefined })
    }
  })

  test('stop() is bounded if a router never reads, and ends the others in time', async () => {
    const lab = new Lab()
    const frozen = lab.router({ address: '192.0.2.254' })
    const healthy = lab.router({ address: '192.0.2.253' })
    lab.router({ address: '192.0.2.252', answers: false })
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await lab.pass(0)
    frozen.freeze()
    const closed = outcome(announcer.stop())
    await lab.pass(3)
    expect(healthy.notification).toMatchObject({ at: 3, code: 6, subcode: 2 })
    expect(closed.is).toBe('pending')
    await lab.pass(1)
    expect(closed.is).toBe('resolved')
  })

  test('stop() twice is one end, while it runs and after it', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await lab.pass(0)
    const closing = announcer.stop('one')
    expect(announcer.stop('two')).toBe(closing)
    await lab.pass(3)
    expect(router.notification).toMatchObject({ at: 3, text: 'one' })
    await announcer.stop()
    await announcer.drain()
    expect(() => announcer.announce(VIP)).toThrow('the announcer is draining or stopped')
  })

  test('stop() after drain() drains no second time', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await lab.pass(0)
    void announcer.drain()
    await lab.pass(20)
    void announcer.stop()
    await lab.pass(0)
    expect(router.notification).toMatchObject({ at: 20 })
  })
})

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
      'nextHop: undefined is not allowed, it must be given, because the session with 2001:db8:1::fe has no IPv4 address of its own',
    )
  })
})

describe('End-of-RIB (RFC 4724 §2)', () => {
  const gracefulRestart = { restartTime: 120 }
  const ends = (router: Router) => router.received.map(({ end, announced }) => end ?? announced[0])

  test('End-of-RIB follows the first routes, once per family (RFC 4724 §2)', async () => {
    const lab = new Lab()
    const families: Family[] = ['ipv4-unicast', 'ipv6-unicast']
    const router = lab.router({ families, gracefulRestart })
    const announcer = lab.announcer({ families, maxPrefixes: 2 })
    announcer.announce(VIP)
    await lab.pass(0)
    expect(ends(router)).toEqual([VIP, 'ipv4-unicast', 'ipv6-unicast'])
    announcer.announce('198.51.100.11/32')
    await lab.pass(60)
    expect(ends(router)).toEqual([VIP, 'ipv4-unicast', 'ipv6-unicast', '198.51.100.11/32'])
  })
  test('End-of-RIB is sent if there is no route at all (RFC 4724 §2)', async () => {
    const lab = new Lab()
    const router = lab.router({ gracefulRestart })
    lab.announcer()
    await lab.pass(0)
    expect(ends(router)).toEqual(['ipv4-unicast'])
  })
  test('End-of-RIB is sent again on the next session (RFC 4724 §2)', async () => {
    const lab = new Lab()
    const router = lab.router({ gracefulRestart })
    lab.announcer({ gracefulRestart }).announce(VIP)
    await lab.pass(10)
    router.reset()
    await lab.pass(100)
    expect(ends(router)).toEqual([VIP, 'ipv4-unicast', VIP, 'ipv4-unicast'])
  })
  test('End-of-RIB is not sent to a router without graceful restart (RFC 4724 §2)', async () => {
    const lab = new Lab()
    const router = lab.router()
    lab.announcer({ gracefulRestart }).announce(VIP)
    await lab.pass(0)
    expect(ends(router)).toEqual([VIP])
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

const koffi = process.platform === 'linux' && !('deno' in process.versions) && !('bun' in process.versions)
describe.runIf(koffi)('socket options, on Linux with koffi', () => {
  const settingsOf = ({ sessions }: Announcer) =>
    sessions.map(({ config: { tcpMd5Key, ttlSecurity, multihop, bindDevice } }) => ({
      key: tcpMd5Key && new TextDecoder().decode(tcpMd5Key.octets()),
      ttlSecurity,
      multihop,
      bindDevice,
    }))
  test('socket options reach the session with each peer', () => {
    const lab = new Lab()
    lab.router()
    lab.router({ address: '192.0.2.253' })
    const announcer = lab.announcer({ tcpMd5Key: 'sesame', ttlSecurity: 1, bindDevice: 'eth0' })
    const all = { key: 'sesame', ttlSecurity: 1, multihop: undefined, bindDevice: 'eth0' }
    expect(settingsOf(announcer)).toEqual([all, all])
  })
  test('socket options may differ from peer to peer', () => {
    const lab = new Lab()
    const [one, two] = [lab.router(), lab.router({ address: '192.0.2.253' })]
    const announcer = lab.announcer({
      tcpMd5Key: 'sesame',
      peers: [
        { ...one.peer, multihop: 2 },
        { ...two.peer, tcpMd5Key: 'other', ttlSecurity: 1, bindDevice: 'eth1' },
      ],
    })
    expect(settingsOf(announcer)).toEqual([
      { key: 'sesame', ttlSecurity: undefined, multihop: 2, bindDevice: undefined },
      { key: 'other', ttlSecurity: 1, multihop: undefined, bindDevice: 'eth1' },
    ])
  })
  test('no status shows the TCP MD5 key', async () => {
    const lab = new Lab()
    lab.router()
    const announcer = lab.announcer({ tcpMd5Key: 'sesame' })
    await lab.pass(0)
    expect(JSON.stringify([announcer.status(), announcer, lab.lines('info'), lab.lines('debug')])).not.toContain(
      'sesame',
    )
  })
})

describe('new Announcer() rejects, and dials nothing:', () => {
  test.each<[string, object, ErrorConstructor | typeof OptionError, string]>([
    ['no peers', { peers: [] }, OptionError, 'peers: an empty list is not allowed'],
    ['peers that are no list', { peers: { as: 65000, address: '192.0.2.254' } }, OptionError, 'peers: '],
    [
      'an option of a session',
      { peer: { as: 65000, address: '192.0.2.254' } },
      OptionError,
      'peer: no such option, did you mean peers?',
    ],
    ['waiting for peers to dial', { passive: true }, OptionError, 'passive: true is not allowed, it must be left out'],
    ['an unknown option', { maxPrefix: 2 }, OptionError, 'maxPrefix: no such option, did you mean maxPrefixes?'],
    ['an unknown part of local', { local: { as: 65001, id: '192.0.2.1', port: 1 } }, OptionError, 'local.port: '],
    ['the same peer twice', { peers: Array(2).fill({ as: 65000, address: '192.0.2.254' }) }, OptionError, 'peers: '],
    [
      'the same peer in two spellings',
      { peers: ['192.0.2.254', '::ffff:c000:2fe'].map(address => ({ as: 65000, address })) },
      OptionError,
      "peers: '192.0.2.254 port 179' is not allowed, it must be listed once",
    ],
    [
      'a bad second peer',
      {
        peers: [
          { as: 1, address: '192.0.2.254' },
          { as: 0, address: '192.0.2.253' },
        ],
      },
      OptionError,
      'peers[1].as: 0',
    ],
    [
      'no second peer',
      { peers: [{ as: 1, address: '192.0.2.254' }, null] },
      OptionError,
      'peers[1]: null is not allowed',
    ],
    [
      'an unknown part of a peer',
      { peers: [{ as: 1, address: '192.0.2.254', key: 'x' }] },
      OptionError,
      'peers[0].key: no such option',
    ],
    ['no prefixes', { maxPrefixes: 0 }, OptionError, 'maxPrefixes: 0'],
    ['half a prefix', { maxPrefixes: 1.5 }, OptionError, 'maxPrefixes: 1.5'],
    ['a count as text', { maxPrefixes: '2' }, OptionError, "maxPrefixes: '2'"],
    ['a drain below 0', { drainTime: -1 }, OptionError, 'drainTime: -1'],
    ['a drain that outlasts Kubernetes', { drainTime: 26 }, OptionError, 'drainTime: 26'],
    ['a graceful shutdown below 0', { gracefulShutdownTime: -1 }, OptionError, 'gracefulShutdownTime: -1'],
    [
      'a graceful shutdown that outlasts Kubernetes',
      { gracefulShutdownTime: 23 },
      OptionError,
      'gracefulShutdownTime: 23 is not allowed, it must be at most 25 seconds together with drainTime, 3',
    ],
    ['an interval below 5 s', { advertisementInterval: 4 }, OptionError, 'advertisementInterval: 4'],
    ['next hop 0.0.0.0', { nextHop: '0.0.0.0' }, OptionError, "nextHop: '0.0.0.0'"],
    ['a next hop of no family', { nextHop: { ip4: '192.0.2.7' } }, OptionError, 'nextHop.ip4: no such option'],
    ['no next hop at all', { nextHop: null }, OptionError, 'nextHop: null is not allowed'],
    [
      'next hop 0.0.0.0 among two',
      { nextHop: { ipv4: '0.0.0.0' } },
      OptionError,
      "nextHop.ipv4: '0.0.0.0' is not allowed",
    ],
    ['no local', { local: undefined }, OptionError, 'local: undefined is not allowed'],
    [
      'an address of no family',
      { local: { as: 65001, id: '192.0.2.1', address: { v4: '192.0.2.1' } } },
      OptionError,
      'local.address.v4: no such option',
    ],
    ['next hop ::', { nextHop: '::' }, OptionError, "nextHop: '::'"],
    ['an IPv4-mapped next hop', { nextHop: '::ffff:192.0.2.1' }, OptionError, "nextHop: '::ffff:192.0.2.1'"],
    ['a next hop with a zone', { nextHop: 'fe80::1%eth0' }, OptionError, "nextHop: 'fe80::1%eth0'"],
    ['a name as next hop', { nextHop: 'localhost' }, OptionError, "nextHop: 'localhost'"],
  ])('new Announcer() rejects %s, and dials nothing', async (_, options, type, message) => {
    const lab = new Lab()
    const router = lab.router()
    expect(() => lab.announcer(options)).toThrow(type)
    expect(() => lab.announcer(options)).toThrow(message)
    await lab.pass(60)
    expect(router.connections).toBe(0)
  })
})

describe('announce() rejects, and sends nothing:', () => {
  test.each<[string, object, string, AnnounceOptions, string]>([
    [
      'the address of a peer in another spelling',
      { peers: [{ as: 65000, address: '2001:DB8:0::2' }] },
      '2001:db8::2',
      {},
      "prefix: '2001:db8::2/128' is not allowed, it must be another address than that of a peer",
    ],
    ['what is no host route', {}, '198.51.100.0/24', {}, "prefix: '198.51.100.0/24' is not allowed"],
    [
      'our BGP Identifier',
      { local: { as: 65001, id: '198.51.100.10' } },
      VIP,
      {},
      `prefix: '${VIP}' is not allowed, it must be another address than our BGP Identifier`,
    ],
    [
      'the address of a router',
      {},
      '192.0.2.254',
      {},
      "prefix: '192.0.2.254/32' is not allowed, it must be another address than that of a peer",
    ],
    [
      'a family that is not offered',
      {},
      VIP6,
      {},
      `prefix: '${VIP6}' is not allowed, it must be of a family that a session carries (with 192.0.2.254: ipv4-unicast); or give the option families with ipv6-unicast in it`,
    ],
    [
      'a next hop that is announced',
      { nextHop: '198.51.100.10' },
      VIP,
      {},
      "nextHop: '198.51.100.10' is not allowed, it must be another address, because 198.51.100.10 is the address that is announced",
    ],
    [
      'a session from the announced address',
      { local: { as: 65001, id: '192.0.2.1', address: '198.51.100.10' } },
      VIP,
      {},
      "nextHop: '198.51.100.10' is not allowed, it must be another address, because 198.51.100.10 is the address that is announced",
    ],
    [
      'a next hop that is the router (§5.1.3)',
      { nextHop: '192.0.2.254' },
      VIP,
      {},
      "nextHop: '192.0.2.254' is not allowed",
    ],
    [
      'a next hop of the other family',
      { nextHop: '2001:db8:1::1' },
      VIP,
      {},
      "nextHop: '2001:db8:1::1' is not allowed",
    ],
    [
      'the next hop of one family for the other',
      { nextHop: { ipv4: '2001:db8:1::1' } },
      VIP,
      {},
      "nextHop: '2001:db8:1::1' is not allowed, it must be another address, because 2001:db8:1::1 is not of the family of 198.51.100.10/32",
    ],
    [
      'no next hop of the family',
      { families: ['ipv6-unicast'] },
      VIP6,
      {},
      'nextHop: undefined is not allowed, it must be given, because the session with 192.0.2.254 has no IPv6 address',
    ],
    [
      'LOCAL_PREF where every peer is external (§5.1.5)',
      {},
      VIP,
      { localPref: 200 },
      'it must be left out: no peer is internal',
    ],
    [
      'prepending where every peer is internal (§9.1.2)',
      { local: { as: 65000, id: '192.0.2.1' } },
      VIP,
      { prepend: 1 },
      'it must be left out: no peer is external',
    ],
    ['too much prepending', {}, VIP, { prepend: 11 }, 'prepend: 11 is not allowed'],
    ['half an epoch', {}, VIP, { med: { base: 1, epoch: 0.5 } }, 'med.epoch: 0.5'],
    ['a MED beyond 32 bits', {}, VIP, { med: 2 ** 32 }, 'med: 4294967296'],
    ['a MED below 0', {}, VIP, { med: -1 }, 'med: -1'],
    ['a MED that is no whole number', {}, VIP, { med: 1.5 }, 'med: 1.5'],
    ['a community of one number', {}, VIP, { communities: ['100'] }, "communities: '100'"],
    ['a community beyond 16 bits', {}, VIP, { communities: ['65536:1'] }, "communities: '65536:1'"],
    ['a large community of two numbers', {}, VIP, { largeCommunities: ['1:2'] }, "largeCommunities: '1:2'"],
    ['more than fits one message', {}, VIP, { communities: manyCommunities(1020) }, 'update length: '],
    ['an unknown preference', {}, VIP, { mde: 1 } as AnnounceOptions, 'mde: no such option'], // a caller without types
  ])('announce() rejects %s, and sends nothing', async (_, options, prefix, preference, message) => {
    const lab = new Lab()
    const router = lab.router({ families: ['ipv4-unicast', 'ipv6-unicast'] })
    const announcer = lab.announcer(options)
    const { signal } = new AbortController()
    await lab.pass(0)
    expect(() => announcer.announce(prefix, { ...preference, signal })).toThrow(message)
    expect(announcer.status().announcements).toEqual([])
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await lab.pass(60)
    expect(router.received).toEqual([])
  })

  test('announce() throws if one of several peers cannot be sent the route', async () => {
    const lab = new Lab()
    const external = lab.router({ address: '192.0.2.254', as: 65000 })
    lab.router({ address: '192.0.2.253', as: 65001 })
    const announcer = lab.announcer()
    await lab.pass(0)
    expect(() => announcer.announce(VIP, { localPref: -1 })).toThrow('localPref: -1')
    await lab.pass(60)
    expect(external.received).toEqual([])
  })

  test('an update() that throws keeps the former preference', async () => {
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

  test('the longest message that is allowed is sent to a two-octet router too (RFC 6793)', async () => {
    for (let count = 1000; count <= 1020; count++) {
      const lab = new Lab()
      const router = lab.router({ twoOctetAs: true })
      const announcer = lab.announcer({ local: { as: 4200000001, id: '192.0.2.1' } })
      await lab.pass(0)
      try {
        announcer.announce(VIP, { communities: manyCommunities(count) })
      } catch (error) {
        expect(announcer.status().announcements).toEqual([])
        expect(error).toBeInstanceOf(OptionError)
        expect(count).toBeGreaterThan(1000)
        return
      }
      await lab.pass(0)
      expect(router.received).toHaveLength(1)
    }
    expect.unreachable('1020 communities do not fit a message')
  })
})

describe('status()', () => {
  test('status() has what was sent; a change that waits is not in it', async () => {
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

  test('status() has nothing sent once the session is down', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await lab.pass(0)
    router.reset()
    await lab.pass(1)
    const [peer] = announcer.status().peers
    expect(peer).toMatchObject({ state: 'Idle', sent: [], unsendable: {}, lastFailure: { from: 'Established' } })
    expect(peer!.nextDialIn).toBeGreaterThan(0)
  })
})

test('the log has one line per route that is sent or withdrawn', async () => {
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

function outcome(promise: Promise<unknown>): { readonly is: 'pending' | 'resolved' | 'rejected' } {
  const outcome: { is: 'pending' | 'resolved' | 'rejected' } = { is: 'pending' }
  promise.then(
    () => (outcome.is = 'resolved'),
    () => (outcome.is = 'rejected'),
  )
  return outcome
}

function manyCommunities(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `65000:${at}`)
}
