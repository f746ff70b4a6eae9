import { MemorySocket, openMessage } from '@softspoken/session/testing'
import { settled } from '@softspoken/test-support/settled'
import { cease, OptionError, shutdownText, type Update } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import {
  collectDowns,
  connectTo,
  establish,
  established,
  pairOfSessions,
  scripted,
  withdrawal,
} from './session-helpers.ts'

describe('two sessions, one that dials and one that waits', () => {
  it('two sessions reach Established and negotiate the same (RFC 4271 §8.2.2)', async () => {
    const { near, far, clock } = pairOfSessions()
    await clock.advance(0)
    expect([near.state, far.state]).toEqual(['Established', 'Established'])
    expect(near.status().negotiated).toEqual({
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
    expect(far.status().negotiated?.peerId).toBe('192.0.2.1')
  })
  it('a KEEPALIVE each third of the hold time keeps two sessions up (RFC 4271 §4.4)', async () => {
    const { near, far, clock } = pairOfSessions()
    await clock.advance(3600)
    expect([near.state, far.state]).toEqual(['Established', 'Established'])
    // OPEN and the first KEEPALIVE, then one every 30 s; `random` is 1, so without jitter.
    expect(near.status().counters).toMatchObject({ dials: 1, outTotalMessages: 2 + 120, inTotalMessages: 2 + 120 })
    expect(far.status().counters).toMatchObject({ dials: 0, outTotalMessages: 2 + 120, inTotalMessages: 2 + 120 })
  })
  it('both sessions end after the hold time if the cable is pulled (RFC 4271 §6.5)', async () => {
    const { near, far, clock, ends } = pairOfSessions()
    await clock.advance(30)
    ends()[0].cut()
    await clock.advance(89)
    expect([near.state, far.state]).toEqual(['Established', 'Established'])
    await clock.advance(1)
    expect([near.state, far.state]).toEqual(['Idle', 'Idle'])
    expect(near.status().lastFailure).toMatchObject({
      detail: 'no message from the peer for 90 s',
      from: 'Established',
      sent: { code: 4, subcode: 0 },
      hint: 'check the path to the peer, whether the router or this process stands still, and whether the router wants TTL security',
    })
    expect(near.status().nextDialIn).toBe(60)
  })
  it('both sessions are established again once the cable is back', async () => {
    const { near, far, clock, ends } = pairOfSessions()
    await clock.advance(30)
    ends()[0].cut()
    await clock.advance(90 + 60)
    expect([near.state, far.state]).toEqual(['Established', 'Established'])
    expect(near.status().counters).toMatchObject({ dials: 2, fsmEstablishedTransitions: 2 })
  })
  it('the text given to stop() arrives in the Cease (RFC 9003)', async () => {
    const { near, far, clock } = pairOfSessions()
    await clock.advance(1)
    const downs = collectDowns(far)
    const stopped = near.stop('kernel update, back at 14:00')
    await clock.advance(0)
    await stopped
    expect(downs[0]?.detail).toBe('the peer sent Cease/Administrative Shutdown (6/2): "kernel update, back at 14:00"')
    expect(downs[0]?.received && shutdownText(downs[0].received)).toBe('kernel update, back at 14:00')
  })
  it('an UPDATE that one session sends reaches the `update` listeners of the other', async () => {
    const { near, far, clock } = pairOfSessions()
    const emitted: (readonly string[])[] = []
    far.on('update', ({ update }) => emitted.push(update.withdrawn))
    await clock.advance(1)
    near.send(withdrawal)
    await clock.advance(0)
    expect(emitted).toEqual([['198.51.100.10/32']])
    expect(near.status().counters.outUpdates).toBe(1)
    expect(far.status().counters.inUpdates).toBe(1)
  })
  it('two stopped sessions leave no timer and no open connection', async () => {
    const { near, far, clock, ends } = pairOfSessions()
    await clock.advance(100)
    const stopped = Promise.all([near.stop(), far.stop()])
    await clock.advance(2)
    await stopped
    expect(clock.pendingTimers).toBe(0)
    expect(ends().map(end => end.destroyed)).toEqual([true, true])
  })
})

describe('events of a connection that the session has closed', () => {
  it('a late close of an old connection does not end the new one (RFC 4271 §8.2.1.5)', async () => {
    const { session, clock } = scripted({ passive: true })
    const old = connectTo(session)
    await clock.advance(0)
    old.socket.stall() // it does not see that we closed the connection, and does not close it
    old.write(Buffer.alloc(19)) // a message without a marker
    await clock.advance(0)
    expect(session.status()).toMatchObject({ state: 'Idle', lastFailure: { sent: { code: 1, subcode: 1 } } })
    await clock.advance(0.5)
    const back = connectTo(session)
    await establish(clock, back)
    expect(session.state).toBe('Established')
    await clock.advance(60)
    expect([session.state, back.closed]).toEqual(['Established', false])
  })
  it('`writable` is emitted only for the connection that the session uses', async () => {
    const { session, clock, ends, peer } = scripted()
    await establish(clock, peer())
    const [near, far] = MemorySocket.pair()
    session.accept(near)
    let drains = 0
    session.on('writable', () => drains++)
    near.emit('drain')
    expect([drains, far.destroyed]).toEqual([0, false])
    ends()[0]!.emit('drain') // the session has dialled once
    expect(drains).toBe(1)
  })
})

describe('stop()', () => {
  it('stop() resolves within about a second if the peer never reads', async () => {
    const { session, clock, peer, ends } = await established()
    peer().socket.stall()
    let returned = false
    const stopped = session.stop('bye').then(() => {
      returned = true
    })
    await clock.advance(0.999)
    expect(returned).toBe(false)
    await clock.advance(0.001)
    await stopped
    expect([ends()[0]?.destroyed, clock.pendingTimers]).toEqual([true, 0])
  })
  it.each(['Connect', 'OpenSent', 'Established'])(
    'stop() in %s resolves within about a second if the peer never closes',
    async state => {
      const { session, clock, peer, ends } = scripted({}, { answers: state !== 'Connect' })
      peer().socket.allowHalfOpen = true // it sees our FIN, and keeps its side open
      if (state === 'OpenSent') await clock.advance(0)
      if (state === 'Established') await establish(clock, peer())
      expect(session.state).toBe(state)
      const stopped = session.stop('bye')
      await clock.advance(1)
      await stopped
      expect([session.state, ends()[0]?.destroyed, clock.pendingTimers]).toEqual(['Idle', true, 0])
      if (state !== 'Connect') expect(peer().notification).toMatchObject({ code: 6, subcode: 2 })
    },
  )
  it('stop() resolves within about a second if the peer sends without end', async () => {
    const { session, clock, peer } = await established()
    peer().socket.allowHalfOpen = true
    let resolved = false
    const stopped = session.stop('bye').then(() => {
      resolved = true
    })
    for (let tenths = 0; tenths < 10; tenths++) {
      expect(resolved).toBe(false)
      peer().send(withdrawal, withdrawal, withdrawal)
      await clock.advance(0.1)
    }
    await clock.advance(0)
    await stopped
    expect([session.state, session.status().counters.inUpdates, clock.pendingTimers]).toEqual(['Idle', 0, 0])
  })
  it('stop() resolves once the Cease is sent if the peer reads and closes', async () => {
    const { session, clock, peer } = await established()
    await session.stop('bye')
    expect(peer().notification).toMatchObject({ code: 6, subcode: 2 })
    expect(peer().closed).toBe(true)
    expect([session.state, clock.pendingTimers]).toEqual(['Idle', 0])
  })
  it('stop() waits for the NOTIFICATION of a session that ended just before', async () => {
    const { session, clock, peer, ends } = await established()
    peer().send(openMessage(65002))
    peer().socket.stall()
    await settled()
    expect(session.state).toBe('Idle')
    const stopped = session.stop()
    await clock.advance(1)
    await stopped
    expect([ends()[0]?.destroyed, clock.pendingTimers]).toEqual([true, 0])
  })
  it('stop() twice at the same time is one stop, and both calls wait for it', async () => {
    const { session, clock, peer, ends } = await established()
    peer().socket.stall()
    const done: string[] = []
    const both = [session.stop('first').then(() => done.push('first')), session.stop().then(() => done.push('second'))]
    await clock.advance(0.5)
    expect(done).toEqual([])
    await clock.advance(0.5)
    await Promise.all(both)
    expect(ends()[0]?.destroyed).toBe(true)
  })
  it('stop() resolves at once before the start and after an earlier stop', async () => {
    const { session } = scripted({}, { start: false })
    await session.stop()
    await session.stop()
    expect(session.state).toBe('Idle')
  })
  it('stop() closes a dial in progress', async () => {
    const { session, clock, ends } = scripted({}, { answers: false })
    await clock.advance(1)
    const stopped = session.stop()
    await clock.advance(1)
    await stopped
    expect([session.state, ends()[0]?.destroyed, clock.pendingTimers]).toEqual(['Idle', true, 0])
    await clock.advance(1e5)
    expect(session.status().counters.dials).toBe(1)
  })
  it('`await using` stops the session', async () => {
    const { session, peer } = await established()
    await session[Symbol.asyncDispose]()
    expect(peer().notification).toMatchObject({ code: 6, subcode: 2 })
  })
})

describe('send()', () => {
  it("send() throws for a caller's mistake, writes nothing, and restarts no timer", async () => {
    const { session, clock, peer, ends } = await established()
    await clock.advance(20)
    const before = { written: ends()[0]?.bytesWritten, counters: session.status().counters }
    const nonsense: Update = { ...withdrawal, withdrawn: ['198.51.100.10/33'] }
    expect(() => session.send(nonsense)).toThrow(OptionError)
    expect({ written: ends()[0]?.bytesWritten, counters: session.status().counters }).toEqual(before)
    expect(peer().types).toEqual(['open', 'keepalive'])
    await clock.advance(10) // had the keepalive timer been restarted, it would run until 50 s
    expect(peer().types).toEqual(['open', 'keepalive', 'keepalive'])
    expect(session.state).toBe('Established')
  })
  it('send() allows 65535 octets if negotiated, otherwise 4096 (RFC 8654 §4)', async () => {
    const withdrawn = Array.from({ length: 2000 }, (_, i) => `198.51.${100 + (i >> 8)}.${i & 0xff}/32`)
    const { near, far, clock } = pairOfSessions({ extendedMessage: true })
    const emitted: number[] = []
    far.on('update', ({ update }) => emitted.push(update.withdrawn.length))
    await clock.advance(1)
    near.send({ ...withdrawal, withdrawn })
    await clock.advance(0)
    expect(emitted).toEqual([2000])
    const { session } = await established()
    expect(() => session.send({ ...withdrawal, withdrawn })).toThrow(/at most 4096 octets/)
  })
  it('an UPDATE restarts the keepalive timer (RFC 4271 §8.2.2, §4.4)', async () => {
    const { session, clock, peer } = await established()
    await clock.advance(20)
    session.send(withdrawal)
    await clock.advance(29)
    expect(peer().types).toEqual(['open', 'keepalive', 'update'])
    await clock.advance(1)
    expect(peer().types.at(-1)).toBe('keepalive')
  })
  it('send() throws if the session is not established', async () => {
    const { session, clock } = scripted()
    expect(() => session.send(withdrawal)).toThrow('cannot send in Connect')
    await clock.advance(0)
    expect(() => session.send(withdrawal)).toThrow('cannot send in OpenSent')
  })
})

describe('listeners', () => {
  it('a listener of `established` may send', async () => {
    const { session, clock, peer } = scripted()
    session.on('established', () => session.send(withdrawal))
    await establish(clock, peer())
    expect(peer().types).toEqual(['open', 'keepalive', 'update'])
  })
  it('a listener of `established` may stop the session', async () => {
    const { session, clock, peer } = scripted()
    session.on('established', () => void session.stop('that will do'))
    await establish(clock, peer())
    expect([session.state, peer().notification?.code]).toEqual(['Idle', 6])
  })
  it('a listener of `down` may stop the session, which then stays down', async () => {
    const { session, clock, peer } = await established()
    session.on('down', () => void session.stop())
    peer().close()
    await clock.advance(1e5)
    expect([session.state, session.status().counters.dials, clock.pendingTimers]).toEqual(['Idle', 1, 0])
  })
  it('`established` is emitted before later messages of the chunk are processed', async () => {
    const { session, clock, peer } = scripted()
    session.on('established', () => session.send(withdrawal))
    await clock.advance(0)
    peer().send(openMessage(65002), { type: 'keepalive' }, cease(4))
    await clock.advance(0)
    expect(peer().types).toEqual(['open', 'keepalive', 'update'])
    expect(session.status()).toMatchObject({ state: 'Idle', lastFailure: { received: { code: 6, subcode: 4 } } })
  })
  it('events are emitted in order, each after the step that caused it', async () => {
    const { session, clock, peer } = scripted({}, { start: false })
    const emitted: string[] = []
    session.on('state', ({ from, to }) => emitted.push(`${from} -> ${to}, now ${session.state}`))
    session.on('established', () => emitted.push('established'))
    session.on('dial', ({ failures }) => emitted.push(`dial after ${failures}`))
    session.on('down', ({ retryIn }) => emitted.push(`down for ${retryIn} s`))
    session.start()
    await clock.advance(0)
    await establish(clock, peer())
    peer().close()
    await clock.advance(0)
    expect(emitted).toEqual([
      'dial after 0',
      'Idle -> Connect, now Connect',
      'Connect -> OpenSent, now OpenSent',
      'OpenSent -> OpenConfirm, now OpenConfirm',
      'established',
      'OpenConfirm -> Established, now Established',
      'down for 60 s',
      'Established -> Idle, now Idle',
    ])
  })
  it('`refresh` is emitted when the peer requests our routes (RFC 2918)', async () => {
    const { session, clock, peer } = await established()
    const families: string[] = []
    session.on('refresh', ({ family }) => families.push(family))
    peer().send({ type: 'route-refresh', afi: 1, safi: 1, subtype: 0 })
    await clock.advance(0)
    expect(families).toEqual(['ipv4-unicast'])
  })
})
