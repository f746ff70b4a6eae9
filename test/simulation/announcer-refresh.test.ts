import type { Family } from '@softspoken/wire'
import { describe, expect, test } from 'vitest'
import { OTHER, VIP } from './announcer-helpers.ts'
import { Lab, type Router } from './lab.ts'

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
