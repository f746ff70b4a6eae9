/** What an announcer sends, and when, in virtual time. */
import { getEventListeners } from 'node:events'
import { communityText, OptionError } from '@softspoken/wire'
import { describe, expect, test } from 'vitest'
import { OTHER, VIP, VIP6 } from './announcer-helpers.ts'
import { Lab } from './lab.ts'

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
    expect(() => announcer.announce(OTHER)).toThrow(new OptionError('prefix', OTHER, 'within maxPrefixes, 1'))
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
    const marks = { communities: [0xfde80001], largeCommunities: ['65000:1:2'] }
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
    expect(router.received[0]!.attributes.communities?.map(communityText)).toEqual(['65000:1'])
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
    expect(router.received[1]!.attributes.communities?.map(communityText)).toEqual(['65000:1', '65535:65282'])
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
    expect(router.received[1]!.attributes).toMatchObject({ med: 6, communities: [0xfde80001] })
    announcement.update({ communities: ['65000:2'] })
    await lab.pass(30)
    expect(router.received[2]!.attributes).toMatchObject({ med: 5, communities: [0xfde80002] })
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

describe('status()', () => {
  test('status() has what was sent, and the change that waits for the interval', async () => {
    const lab = new Lab()
    lab.router()
    const announcer = lab.announcer()
    expect(announcer.status()).toMatchObject({ announcements: [], peers: [{ state: 'Connect', sent: [] }] })
    const announcement = announcer.announce(VIP)
    expect(announcer.status()).toMatchObject({ announcements: [VIP], peers: [{ sent: [] }] })
    await lab.pass(0)
    expect(announcer.status()).toMatchObject({ announcements: [VIP], peers: [{ state: 'Established', sent: [VIP] }] })
    expect(announcer.status().peers[0]).toMatchObject({ sent: [VIP], queued: {} })
    announcement.update({ med: 1 })
    await lab.pass(10)
    announcement.update({ med: 2 })
    const { sent, queued } = announcer.status().peers[0]!
    expect(sent).toEqual([VIP])
    expect(queued).toMatchObject({ [VIP]: { next: { med: 2 }, secondsLeft: 20 } })
    expect(queued[VIP]!.sent.med).toBeUndefined()
    await lab.pass(20)
    expect(announcer.status().peers[0]).toMatchObject({ sent: [VIP], queued: {} })
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
