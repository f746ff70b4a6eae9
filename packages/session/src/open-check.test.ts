import { AS_TRANS, type Capability } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { given, open } from '../tools/machine-play.ts'
import { configure } from './config.ts'
import { checkOpen, needsNoCapability } from './open-check.ts'
import type { SessionOptions } from './options.ts'

const check = (capabilities: readonly Capability[], options: Partial<SessionOptions> = {}, as = open.as) =>
  checkOpen({ ...open, as, capabilities }, configure({ ...given, ...options }))
const ipv4: Capability = { name: 'multiprotocol', afi: 1, safi: 1 }
const ipv6: Capability = { name: 'multiprotocol', afi: 2, safi: 1 }

describe('the check of an OPEN', () => {
  it('one of the families that the peer offers is enough', () => {
    expect(check([ipv6, ipv4])).toMatchObject({ families: ['ipv4-unicast'] })
    expect(check([ipv6])).toMatchObject({ reason: 'notification-sent', sent: { code: 2, subcode: 7 } })
  })
  it('IPv6 next hops are one of the combinations that the peer offers (RFC 8950 §4)', () => {
    const multicast = { afi: 1, safi: 2, nextHopAfi: 2 }
    const unicast = { afi: 1, safi: 1, nextHopAfi: 2 }
    const offer = (families: (typeof unicast)[]) =>
      check([ipv4, { name: 'extended-next-hop', families }], { extendedNextHop: true })
    expect(offer([multicast, unicast])).toMatchObject({ extendedNextHop: true })
    expect(offer([multicast])).toMatchObject({ extendedNextHop: false })
  })
  it('AS_TRANS is a wrong AS if there is an AS number of four octets, too', () => {
    expect(check([{ name: 'four-octet-as', as: AS_TRANS }], {}, AS_TRANS)).toMatchObject({
      reason: 'notification-sent',
    })
    expect(check([], {}, AS_TRANS)).toMatchObject({ reason: 'as-trans' })
  })
  it.each([
    [65534, true],
    [65536, false],
  ])('a session with AS %i needs no capability: %j', (as, expected) => {
    expect(needsNoCapability(configure({ ...given, peer: { ...given.peer, as } }))).toBe(expected)
  })
})
