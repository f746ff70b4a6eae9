/** What the two OPENs agree on. */
import { type Capability, cease, hardReset, type Notification, type Open } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { given, inputs, nothing, open, Play, update } from '../tools/machine-play.ts'
import { configure } from './config.ts'
import { type Input, newMachine, step } from './fsm.ts'
import type { SessionOptions } from './options.ts'

describe('negotiation', () => {
  /** What becomes of an OPEN that differs from the usual one. */
  function offer(change: Partial<Open>, settings: Partial<SessionOptions> = {}): Play {
    return new Play(settings).reach('OpenSent').receive({ ...open, ...change })
  }
  const refusal = (play: Play): Notification | undefined => play.down?.sent

  it('the session uses what both sides support', () => {
    const play = offer({})
    expect(play.state).toBe('OpenConfirm')
    expect(play.machine.negotiated).toEqual({
      holdTime: 90,
      families: ['ipv4-unicast'],
      fourOctetAs: true,
      routeRefresh: true,
      enhancedRouteRefresh: true,
      extendedNextHop: false,
      extendedMessage: false,
      endOfRib: false,
      gracefulRestart: false,
      hardReset: false,
      peerId: '192.0.2.2',
    })
  })
  it('our OPEN offers families, both route refreshes and four-octet AS only (RFC 5492)', () => {
    const families = ['ipv4-unicast', 'ipv6-unicast'] as const
    const machine = newMachine(configure({ ...given, families, holdTime: 30 }), 0)
    const connecting = step(machine, inputs.start, { now: 0, jitter: 1 })[0]
    expect(step(connecting, inputs.connected, { now: 0, jitter: 1 })[1][0]).toEqual({
      type: 'send',
      message: {
        type: 'open',
        version: 4,
        as: 65001,
        holdTime: 30,
        id: '192.0.2.1',
        capabilities: [
          { name: 'multiprotocol', afi: 1, safi: 1 },
          { name: 'multiprotocol', afi: 2, safi: 1 },
          { name: 'route-refresh' },
          { name: 'enhanced-route-refresh' },
          { name: 'four-octet-as', as: 65001 },
        ],
      },
    })
  })
  const ipv4OverIpv6 = { name: 'extended-next-hop', families: [{ afi: 1, safi: 1, nextHopAfi: 2 }] } as const
  function offered(settings: Partial<SessionOptions>): readonly Capability[] {
    const play = new Play(settings).reach('Connect')
    const [, [action]] = step(play.machine, inputs.connected, { now: 0, jitter: 1 })
    return action?.type === 'send' && action.message.type === 'open' ? action.message.capabilities : []
  }
  const offering = (...more: Capability[]): Partial<Open> => ({ capabilities: [...open.capabilities, ...more] })

  describe('IPv6 next hops for IPv4 routes (RFC 8950 §4)', () => {
    const peer = { as: 65002, address: '2001:db8:1::2' }
    const families = ['ipv4-unicast'] as const

    it('IPv6 next hops are offered by default to a peer with an IPv6 address', () => {
      expect(offered({ peer, families })).toContainEqual(ipv4OverIpv6)
      expect(offered({ peer, families: ['ipv6-unicast', 'ipv4-unicast'] })).toContainEqual(ipv4OverIpv6)
    })
    it('IPv6 next hops are offered to a peer with an IPv4 address if the option is true', () => {
      expect(offered({ extendedNextHop: true })).toContainEqual(ipv4OverIpv6)
    })
    it('IPv6 next hops are not offered otherwise', () => {
      for (const settings of [{}, { peer }, { peer, families, extendedNextHop: false }])
        expect(offered(settings)).not.toContainEqual(ipv4OverIpv6)
    })
    it('IPv6 next hops are negotiated if both sides offer exactly that', () => {
      const agreed = (settings: Partial<SessionOptions>, more: Capability[]) =>
        offer(offering(...more), settings).machine.negotiated?.extendedNextHop
      const others: Capability = { name: 'extended-next-hop', families: [{ afi: 1, safi: 128, nextHopAfi: 2 }] }
      expect(agreed({ extendedNextHop: true }, [ipv4OverIpv6])).toBe(true)
      expect(agreed({ extendedNextHop: true }, [others, ipv4OverIpv6])).toBe(true)
      expect(agreed({ extendedNextHop: true }, [others])).toBe(false)
      for (const other of [{ afi: 2 }, { safi: 2 }, { nextHopAfi: 1 }]) {
        const families = [{ afi: 1, safi: 1, nextHopAfi: 2, ...other }]
        expect(agreed({ extendedNextHop: true }, [{ name: 'extended-next-hop', families }])).toBe(false)
      }
      expect(agreed({ extendedNextHop: true }, [])).toBe(false)
      expect(agreed({}, [ipv4OverIpv6])).toBe(false)
    })
    it('IPv6 next hops are not negotiated if the peer does not offer IPv4', () => {
      const change = { capabilities: [{ name: 'multiprotocol', afi: 2, safi: 1 }, ipv4OverIpv6] } as const
      const play = offer(change, { families: ['ipv4-unicast', 'ipv6-unicast'], extendedNextHop: true })
      expect(play.machine.negotiated).toMatchObject({ families: ['ipv6-unicast'], extendedNextHop: false })
    })
  })

  describe('capabilities that are left out (RFC 5492)', () => {
    const none = { multiprotocol: false, routeRefresh: false, enhancedRouteRefresh: false, fourOctetAs: false }

    it('a capability that is left out is not offered, and the others are', () => {
      expect(offered({ capabilities: none })).toEqual([])
      expect(offered({ capabilities: { enhancedRouteRefresh: false } }).map(({ name }) => name)).toEqual([
        'multiprotocol',
        'route-refresh',
        'four-octet-as',
      ])
    })
    it('a capability that is left out is not negotiated, whatever the peer offers', () => {
      const { machine } = offer({}, { capabilities: none })
      expect(machine.negotiated).toMatchObject({
        families: ['ipv4-unicast'],
        fourOctetAs: false,
        routeRefresh: false,
        enhancedRouteRefresh: false,
      })
    })
  })
  it('AS 23456 alone is refused with 2/2, with a reason of its own (RFC 6793 §4.2.3)', () => {
    const play = offer({ as: 23456, capabilities: [] }, { peer: { as: 4_200_000_000, address: '192.0.2.2' } })
    expect(play.down).toMatchObject({ sent: { code: 2, subcode: 2 }, reason: 'as-trans' })
    expect(play.down?.detail).toBe('the peer sent AS 23456 and no AS number of four octets')
  })
  it('messages over 4096 octets need both offers, and are off by default (RFC 8654)', () => {
    const extended: Capability = { name: 'extended-message' }
    expect(offered({})).not.toContainEqual(extended)
    expect(offered({ extendedMessage: true })).toContainEqual(extended)
    expect(offer(offering(extended), { extendedMessage: true }).machine.negotiated?.extendedMessage).toBe(true)
    expect(offer(offering(extended)).machine.negotiated?.extendedMessage).toBe(false)
    expect(offer({}, { extendedMessage: true }).machine.negotiated?.extendedMessage).toBe(false)
  })
  describe('graceful restart (RFC 4724)', () => {
    const asked = { gracefulRestart: { restartTime: 120 } }
    const theirs: Capability = {
      name: 'graceful-restart',
      restarting: false,
      notification: true,
      restartTime: 120,
      families: [],
    }
    const ours = (settings: Partial<SessionOptions>) =>
      offered(settings).find(({ name }) => name === 'graceful-restart')

    it('graceful restart is not offered by default', () => {
      expect(ours({})).toBeUndefined()
    })
    it('graceful restart is offered for our families, with the given flags only (§3)', () => {
      const families = ['ipv4-unicast', 'ipv6-unicast'] as const
      const flags = { restarting: false, notification: false }
      expect(ours({ ...asked, families })).toEqual({
        name: 'graceful-restart',
        restartTime: 120,
        ...flags,
        families: [
          { afi: 1, safi: 1, forwarding: false },
          { afi: 2, safi: 1, forwarding: false },
        ],
      })
      const all = { restartTime: 1, forwarding: true, restarting: true, notification: true }
      expect(ours({ gracefulRestart: all })).toMatchObject({
        restartTime: 1,
        restarting: true,
        notification: true,
        families: [{ forwarding: true }],
      })
    })
    it('graceful restart has the R bit until a session was established (§4.1)', () => {
      const restarting = (play: Play): unknown => {
        const [, actions] = step(play.machine, inputs.connected, { now: play.now, jitter: 1 })
        return actions.flatMap(action =>
          action.type === 'send' && action.message.type === 'open'
            ? action.message.capabilities.flatMap(one => (one.name === 'graceful-restart' ? one.restarting : []))
            : [],
        )
      }
      const play = new Play({ gracefulRestart: { restartTime: 120, restarting: true } }).reach('Connect')
      expect(restarting(play)).toEqual([true])
      play.do(inputs.connected, inputs.disconnected).wait(60) // refused after our OPEN: the peer did not accept it
      expect(restarting(play)).toEqual([true])
      play.do(inputs.connected).receive(open, { type: 'keepalive' }).do(inputs.disconnected).wait(120)
      expect([play.state, restarting(play)]).toEqual(['Connect', [false]])
      play.do(inputs.stop, inputs.start).wait(5)
      expect(restarting(play)).toEqual([false])
    })
    it('graceful restart is negotiated if both sides offer it, for any families (§3)', () => {
      const agreed = (settings: Partial<SessionOptions>, ...more: Capability[]) => {
        const { endOfRib, gracefulRestart, hardReset } = offer(offering(...more), settings).machine.negotiated!
        return { endOfRib, gracefulRestart, hardReset }
      }
      const both = { gracefulRestart: { restartTime: 120, notification: true } }
      expect(agreed({}, theirs)).toEqual({ endOfRib: true, gracefulRestart: false, hardReset: false })
      expect(agreed(asked)).toEqual({ endOfRib: false, gracefulRestart: false, hardReset: false })
      expect(agreed(asked, theirs)).toEqual({ endOfRib: true, gracefulRestart: true, hardReset: false })
      expect(agreed(both, theirs)).toEqual({ endOfRib: true, gracefulRestart: true, hardReset: true })
      expect(agreed(both, { ...theirs, notification: false })).toMatchObject({ hardReset: false })
    })
    it('the last of several graceful restart capabilities counts (§3)', () => {
      const agreed = (...more: Capability[]) =>
        offer(offering(...more), { gracefulRestart: { restartTime: 120, notification: true } }).machine.negotiated
      const without: Capability = { ...theirs, notification: false }
      expect(agreed(theirs, without)).toMatchObject({ gracefulRestart: true, hardReset: false })
      expect(agreed(without, theirs)).toMatchObject({ gracefulRestart: true, hardReset: true })
    })
    it.each([
      [true, '6/9', [6, 2, 11]],
      [false, '6/2', [11]],
    ])('if a NOTIFICATION keeps our routes (%s), stop() sends %s (RFC 8538 §3.1)', (notification, sent, data) => {
      const play = offer(offering(theirs), { gracefulRestart: { restartTime: 120, notification } })
      play.receive({ type: 'keepalive' }).taken()
      expect(play.do(inputs.stop).taken()).toBe(`send ${sent}, close, emit down, -> Idle`)
      expect([...(play.down?.sent?.data ?? [])]).toEqual([...data, ...new TextEncoder().encode('maintenance')])
    })
    it('a Hard Reset counts as the NOTIFICATION inside it (RFC 8538 §3)', () => {
      const down = new Play().reach('Established').receive(hardReset(cease(2, 'moving house'))).down
      expect(down).toMatchObject({
        detail: 'the peer sent Cease/Hard Reset (6/9) for Cease/Administrative Shutdown (6/2): "moving house"',
        retryIn: 300,
      })
      expect(new Play().reach('Established').receive(hardReset(cease(4))).down?.retryIn).toBe(60)
    })
  })
  it('requireFourOctetAs refuses an old peer with 2/7 and our capability (RFC 5492)', () => {
    const capabilities = open.capabilities.filter(({ name }) => name !== 'four-octet-as')
    expect(offer({ capabilities }).machine.negotiated?.fourOctetAs).toBe(false)
    const play = offer({ capabilities }, { requireFourOctetAs: true })
    expect(refusal(play)).toMatchObject({ code: 2, subcode: 7, data: Uint8Array.of(65, 4, 0, 0, 0xfd, 0xe9) })
    expect(play.down?.detail).toBe('the peer has no four-octet AS numbers')
    expect(offer({}, { requireFourOctetAs: true }).state).toBe('OpenConfirm')
  })
  it('a peer in our own AS is accepted as internal (RFC 4271 §1.1)', () => {
    const peer = { as: 65001, address: '192.0.2.2' }
    expect(offer({ as: 65001 }, { peer }).state).toBe('OpenConfirm')
    expect(refusal(offer({ as: 65002 }, { peer }))).toMatchObject({ code: 2, subcode: 2 })
  })
  it('another AS than configured is refused with 2/2 (RFC 4271 §6.2)', () => {
    const play = offer({ as: 65003 })
    expect(refusal(play)).toMatchObject({ code: 2, subcode: 2 })
    expect(play.down?.detail).toBe('the peer sent AS 65003, but peer.as is 65002')
    expect(play.taken()).toBe('send 2/2, close, emit down, -> Idle')
  })
  it('our own BGP Identifier is refused from an internal peer with 2/3 (RFC 6286 §2.1)', () => {
    const play = offer(
      { as: 65001, id: '192.0.2.1', capabilities: [{ name: 'four-octet-as', as: 65001 }] },
      { peer: { as: 65001, address: '192.0.2.2' } },
    )
    expect(refusal(play)).toMatchObject({ code: 2, subcode: 3 })
  })
  it('our own BGP Identifier is allowed from an external peer (RFC 6286 §2.1)', () => {
    expect(offer({ id: '192.0.2.1' }).state).toBe('OpenConfirm')
  })
  it('another BGP Identifier is allowed from an internal peer (RFC 6286 §2.1)', () => {
    const peer = { as: 65001, address: '192.0.2.2' }
    expect(offer({ as: 65001, capabilities: [] }, { peer }).state).toBe('OpenConfirm')
  })
  it('a NOTIFICATION right behind what we refuse is reported instead (RFC 4271 §6)', () => {
    const followedBy: Notification = { type: 'notification', code: 6, subcode: 5, data: nothing }
    const error: Notification = { type: 'notification', code: 2, subcode: 6, data: nothing }
    const refused: readonly Input[] = [
      { type: 'message', message: { ...open, as: 65003 }, followedBy },
      { type: 'message', message: update, followedBy },
      { type: 'malformed', sent: error, reason: 'notification-sent', detail: '', followedBy },
    ]
    for (const input of refused) {
      const play = new Play().reach('OpenSent').do(input)
      expect(play.taken()).toBe('close, emit down, -> Idle')
      expect(play.down).toMatchObject({ detail: 'the peer sent Cease/Connection Rejected (6/5)', retryIn: 300 })
    }
    expect(new Play().reach('OpenSent').do({ type: 'message', message: open, followedBy }).state).toBe('OpenConfirm')
  })
  it('hold time 0 is refused with 2/6, as an implementation may (RFC 4271 §6.2)', () => {
    expect(refusal(offer({ holdTime: 0 }))).toMatchObject({ code: 2, subcode: 6 })
  })
  it('hold time 0 is accepted with allowZeroHoldTime, without timers (RFC 4271 §4.4)', () => {
    const play = offer({ holdTime: 0 }, { allowZeroHoldTime: true })
    expect([play.state, play.timers]).toEqual(['OpenConfirm', { holdTimer: 240 }]) // of the OPEN
    expect([play.receive({ type: 'keepalive' }).state, play.timers]).toEqual(['Established', {}])
    expect(play.receive({ type: 'keepalive' }, update).timers).toEqual({})
    expect(play.do(inputs.send).timers).toEqual({})
    expect(play.wait(1e6).state).toBe('Established')
  })
  it('hold time 0 does not keep us in OpenConfirm if no KEEPALIVE comes', () => {
    const play = offer({ holdTime: 0 }, { allowZeroHoldTime: true })
    play.taken()
    expect(play.wait(240).taken()).toBe('send 4/0, close, emit down, -> Idle')
    expect(play.down).toMatchObject({ detail: 'no message from the peer for 240 s' })
  })
  it.each([
    [90, 30, 30],
    [30, 90, 30],
    [90, 3, 3],
    [65535, 65535, 65535],
  ])('we propose hold time %i, the peer %i: %i counts (RFC 4271 §4.2)', (ours, theirs, counts) => {
    const play = offer({ holdTime: theirs }, { holdTime: ours })
    expect(play.machine.negotiated?.holdTime).toBe(counts)
    expect(play.timers).toEqual({ holdTimer: counts, keepaliveTimer: counts / 3 })
  })
  it('a peer without a common family gets 2/7 with what it lacks (RFC 5492 §5)', () => {
    const play = offer({ capabilities: [{ name: 'multiprotocol', afi: 2, safi: 1 }] })
    expect(refusal(play)).toEqual({
      type: 'notification',
      code: 2,
      subcode: 7,
      data: Uint8Array.of(1, 4, 0, 1, 0, 1), // multiprotocol, 4 octets: AFI 1, SAFI 1
    })
    expect(play.down?.detail).toBe('the peer offers none of ipv4-unicast')
  })
  it('2/7 has every family that we offer (RFC 5492 §5)', () => {
    const families = ['ipv4-unicast', 'ipv6-unicast'] as const
    const play = offer({ capabilities: [{ name: 'multiprotocol', afi: 25, safi: 70 }] }, { families })
    expect(refusal(play)?.data).toEqual(Uint8Array.of(1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1))
  })
  it('a peer without any multiprotocol capability speaks IPv4 unicast (RFC 4760 §8)', () => {
    expect(offer({ capabilities: [] }).machine.negotiated?.families).toEqual(['ipv4-unicast'])
    expect(refusal(offer({ capabilities: [] }, { families: ['ipv6-unicast'] }))).toMatchObject({ code: 2, subcode: 7 })
  })
  it('a peer with other capabilities only speaks IPv4 unicast too (RFC 4760 §8)', () => {
    const capabilities = open.capabilities.filter(({ name }) => name !== 'multiprotocol')
    expect(offer({ capabilities }).machine.negotiated).toMatchObject({ families: ['ipv4-unicast'], fourOctetAs: true })
    expect(refusal(offer({ capabilities }, { families: ['ipv6-unicast'] }))).toMatchObject({ code: 2, subcode: 7 })
  })
  it.each([
    [1, 2],
    [1, 128],
    [2, 1],
    [16388, 1],
  ])('a family is AFI and SAFI together: %i and %i is not IPv4 unicast (RFC 4760 §8)', (afi, safi) => {
    expect(refusal(offer({ capabilities: [{ name: 'multiprotocol', afi, safi }] }))).toMatchObject({ subcode: 7 })
  })
  it('the families are those that both sides offer (RFC 4760 §8)', () => {
    const families = ['ipv6-unicast', 'ipv4-unicast'] as const
    expect(offer({}, { families }).machine.negotiated?.families).toEqual(['ipv4-unicast'])
  })
  it('a peer without the four-octet AS capability is accepted (RFC 6793 §4.2.1)', () => {
    expect(offer({ capabilities: [] }).machine.negotiated).toMatchObject({ fourOctetAs: false, routeRefresh: false })
  })
  it('`negotiated` is absent once the session has ended', () => {
    const play = new Play().reach('Established').do(inputs.disconnected)
    expect(play.machine.negotiated).toBeUndefined()
  })
  it('the AS is checked first, so that a wrong neighbour gets 2/2', () => {
    expect(refusal(offer({ as: 65003, holdTime: 0, capabilities: [] }))).toMatchObject({ subcode: 2 })
  })
})
