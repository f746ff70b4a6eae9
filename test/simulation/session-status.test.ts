import { Session, type SessionStatus } from '@softspoken/session'
import { openMessage, VirtualClock } from '@softspoken/session/testing'
import { cease } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { counters, establish, established, options, scripted, withdrawal } from './session-helpers.ts'

describe('status()', () => {
  it('status() before the start has both sides, and counters of zero', () => {
    expect(scripted({}, { start: false }).session.status()).toEqual({
      state: 'Idle',
      secondsInState: 0,
      local: { as: 65001, id: '192.0.2.1' },
      peer: { as: 65002, address: '192.0.2.2', port: 179 },
      counters: {
        dials: 0,
        fsmEstablishedTransitions: 0,
        inUpdates: 0,
        inMalformedUpdates: { 'treat-as-withdraw': 0, 'attribute-discard': 0 },
        outUpdates: 0,
        inTotalMessages: 0,
        outTotalMessages: 0,
        inMessages: counters({}),
        outMessages: counters({}),
      },
    })
  })
  it('secondsInState counts from the construction of the session', async () => {
    const clock = new VirtualClock()
    await clock.advance(1000)
    const session = new Session({ ...options, clock })
    await clock.advance(5)
    expect(session.status().secondsInState).toBe(5)
  })
  it('status() of an established session has all of its fields', async () => {
    const { session, clock, ends } = await established()
    ends()[0]!.localAddress = '::ffff:192.0.2.1' // the session has dialled once
    session.send(withdrawal)
    await clock.advance(10)
    expect(session.status()).toEqual({
      state: 'Established',
      secondsInState: 10,
      local: { as: 65001, id: '192.0.2.1', address: '192.0.2.1' },
      peer: { as: 65002, address: '192.0.2.2', port: 179 },
      connection: { direction: 'outgoing' },
      negotiated: {
        holdTime: 90,
        families: ['ipv4-unicast'],
        fourOctetAs: true,
        routeRefresh: true,
        enhancedRouteRefresh: false,
        extendedNextHop: false,
        extendedMessage: false,
        endOfRib: false,
        gracefulRestart: false,
        hardReset: false,
        peerId: '192.0.2.254',
      },
      counters: {
        dials: 1,
        fsmEstablishedTransitions: 1,
        inUpdates: 0,
        inMalformedUpdates: { 'treat-as-withdraw': 0, 'attribute-discard': 0 },
        outUpdates: 1,
        inTotalMessages: 2,
        outTotalMessages: 3,
        inMessages: counters({ open: 1, keepalive: 1 }),
        outMessages: counters({ open: 1, keepalive: 1, update: 1 }),
      },
    })
  })
  it('status() of a link-local session has the interface of both ends (RFC 4007 §11)', async () => {
    const { session, clock, peer, ends } = scripted({ peer: { as: 65002, address: 'FE80:0::1%eth0' } })
    await clock.advance(0)
    peer().send(openMessage(65002, { capabilities: [{ name: 'multiprotocol', afi: 2, safi: 1 }] }), {
      type: 'keepalive',
    })
    await clock.advance(0)
    ends()[0]!.localAddress = 'fe80::2%eth0' // the session has dialled once
    expect(session.status()).toMatchObject({
      state: 'Established',
      local: { address: 'fe80::2%eth0' },
      peer: { address: 'fe80::1%eth0' },
    })
  })
  it('status() after a failure has the time to the next dial, and a hint', async () => {
    const { session, clock, peer } = scripted()
    await clock.advance(0)
    peer().send(openMessage(65099))
    await clock.advance(10)
    const { lastFailure, nextDialIn, state } = session.status()
    expect([state, nextDialIn]).toEqual(['Idle', 50])
    expect(lastFailure).toEqual<SessionStatus['lastFailure']>({
      reason: 'notification-sent',
      detail: 'the peer sent AS 65099, but peer.as is 65002',
      hint: 'check the AS that we expect of 192.0.2.2, and that this is the router that you meant',
      from: 'OpenSent',
      sent: { type: 'notification', code: 2, subcode: 2, data: new Uint8Array() },
      at: expect.any(Date),
    })
  })
  it.each([
    [1, 'Maximum Number of Prefixes Reached'],
    [2, 'Administrative Shutdown'],
    [3, 'Peer De-configured'],
    [4, 'Administrative Reset'],
    [5, 'Connection Rejected'],
    [6, 'Other Configuration Change'],
    [7, 'Connection Collision Resolution'],
    [8, 'Out of Resources'],
  ])('lastFailure names Cease 6/%i with its text: %s (RFC 4486 §3, RFC 9003)', async (subcode, name) => {
    const { session, clock, peer } = await established()
    const spoken = subcode === 2 || subcode === 4
    peer().send(cease(subcode, spoken ? 'see ticket 7' : ''))
    await clock.advance(0)
    const words = `the peer sent Cease/${name} (6/${subcode})${spoken ? ': "see ticket 7"' : ''}`
    expect(session.status().lastFailure).toMatchObject({ detail: words, received: { code: 6, subcode } })
  })
  it('later events do not change a status() that was returned', async () => {
    const { session, clock } = await established()
    const { counters } = session.status()
    session.send(withdrawal)
    await clock.advance(0)
    expect(counters.outUpdates).toBe(0)
  })
  it('stop() sets no lastFailure', async () => {
    const { session } = await established()
    await session.stop()
    expect(session.status()).not.toHaveProperty('lastFailure')
  })
})

describe('the log', () => {
  it('the log has one line per change, not one per attempt', async () => {
    const { clock, lines } = scripted({}, { answers: false })
    await clock.advance(3600)
    expect(lines.filter(({ level }) => level !== 'debug')).toEqual([
      {
        level: 'warn',
        text: 'session down',
        peer: '192.0.2.2',
        reason: 'timeout',
        detail: 'no answer within 10 s',
        hint: 'check the route to the peer, access lists, and whether it wants a TCP MD5 key or TTL security',
        retryIn: 5,
      },
    ])
    expect(lines.filter(({ level, text }) => level === 'debug' && text === 'session down').length).toBeGreaterThan(20)
  })
  it('the log has each session that begins or ends, with the NOTIFICATION sent', async () => {
    const { session, clock, peer, lines } = await established()
    peer().send(openMessage(65002))
    await clock.advance(60)
    await establish(clock, peer())
    await session.stop()
    expect(lines.filter(({ level }) => level !== 'debug')).toMatchObject([
      { level: 'info', text: 'session established', holdTime: 90 },
      {
        level: 'warn',
        text: 'session down',
        detail: 'unexpected open in Established',
        sent: 'Finite State Machine Error/Receive Unexpected Message in Established State (5/3)',
      },
      { level: 'info', text: 'session established' },
      { level: 'info', text: 'session down', detail: 'stopped' },
    ])
  })
  it('the log has a warning for each change of the reason', async () => {
    const { clock, ends, lines } = scripted({}, { answers: false })
    await clock.advance(10 + 5)
    ends()[1]?.destroy()
    await clock.advance(10 + 10)
    expect(lines.filter(({ level }) => level === 'warn').map(({ detail }) => detail)).toEqual([
      'no answer within 10 s',
      'the connection was closed',
      'no answer within 10 s',
    ])
  })
})
