/** Sessions in virtual time, over connections in memory. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  type MalformedUpdate,
  type MessageCounters,
  Session,
  type SessionFailure,
  type SessionOptions,
  type SessionStatus,
} from '@softspoken/session'
import { MemorySocket, openMessage, ScriptedConnection, VirtualClock } from '@softspoken/session/testing'
import { toHex } from '@softspoken/test-support/hex'
import { settled } from '@softspoken/test-support/settled'
import { type Capability, cease, encode, OptionError, shutdownText, type Update } from '@softspoken/wire'
import { describe, expect, it, vi } from 'vitest'

const withdrawal: Update = { type: 'update', withdrawn: ['198.51.100.10/32'], attributes: {}, announced: [] }

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

describe('a dial that is given up', () => {
  it('stop() destroys a dial in progress at once, without waiting a second', async () => {
    const dialled = Object.assign(new Socket(), { connecting: true })
    const end = vi.spyOn(dialled, 'end')
    const { session, clock } = scripted({ dial: () => dialled })
    await clock.advance(0)
    expect(session.state).toBe('Connect')
    await session.stop()
    expect([dialled.destroyed, end.mock.calls.length]).toEqual([true, 0])
  })
})

describe('a peer that does not read', () => {
  it('a peer that does not read gets an RST when the send hold time ends (RFC 9687)', async () => {
    const server = createServer().listen(0, '127.0.0.1').unref()
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo // a TCP server's address has one
    const far = connect(port, '127.0.0.1')
    const [near] = (await once(server, 'connection')) as [Socket]
    const { session, clock } = scripted({ passive: true, sendHoldTime: 90 })
    session.accept(near)
    const real = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 1 })
    far.pause().write(Buffer.concat([encode(openMessage(65002)), encode({ type: 'keepalive' })]))
    await real(() => expect(session.state).toBe('Established'))
    const prefixes = Array.from({ length: 250 }, (_, i) => `10.0.${i}.0/24`)
    while (near.writableLength < 1_000_000)
      session.send({ type: 'update', withdrawn: prefixes, attributes: {}, announced: [] })
    await clock.advance(50)
    far.write(encode({ type: 'keepalive' }))
    await real(() => expect(session.status().counters.inTotalMessages).toBe(3))
    const reset = vi.spyOn(near, 'resetAndDestroy')
    await clock.advance(41)
    expect(session.status().lastFailure?.sent).toMatchObject({ code: 8, subcode: 0 })
    expect([near.destroyed, reset.mock.calls.length]).toEqual([true, 1]) // Node reads an RST behind data as an end
    far.destroy()
  })
})

describe('a peer that dials us again and again', () => {
  it('a peer that dials without end is accepted once a second, and seldom logged', async () => {
    const { session, clock, lines } = scripted({ passive: true })
    const incomings: ScriptedConnection[] = []
    for (let dials = 0; dials < 115 * 60; dials++) {
      const incoming = connectTo(session)
      incomings.push(incoming)
      incoming.send(openMessage(65002), { type: 'keepalive' })
      await clock.advance(0.5 / 115)
      incoming.socket.destroy()
      await clock.advance(0.5 / 115)
    }
    expect(incomings.filter(({ received }) => received.length > 0).length).toBeLessThanOrEqual(10 + 60)
    expect(session.status().counters.fsmEstablishedTransitions).toBeGreaterThan(60)
    expect(incomings.every(({ socket }) => socket.destroyed || socket.readableEnded)).toBe(true)
    const seen = lines.filter(({ level }) => level !== 'debug')
    expect(seen.length).toBeLessThanOrEqual(20 + 10 + 1)
    expect(seen.filter(({ text }) => text === 'too many connections of the peer: closed')).toHaveLength(1)
  })
  it('a peer that dialled too often is accepted again a second later', async () => {
    const { session, clock } = scripted({ passive: true })
    for (let dials = 0; dials < 1000; dials++) connectTo(session).socket.destroy()
    await clock.advance(1)
    await establish(clock, connectTo(session))
    expect(session.state).toBe('Established')
  })
  it('a peer that dials without end does not change an established session', async () => {
    const { session, clock } = scripted({ passive: true })
    await establish(clock, connectTo(session))
    for (let dials = 0; dials < 1000; dials++) connectTo(session).socket.destroy()
    await clock.advance(2)
    expect([session.state, session.status().counters.outTotalMessages < 30]).toEqual(['Established', true])
  })
})

describe('a caller without types', () => {
  const wrong = [null, Number.NaN, Symbol('x'), () => '', ['x'], {}, Object.create(null), new Error('x'), true]
  it.each([undefined, 'x', ...wrong])('accept() throws for a value that is no stream, and changes nothing', given => {
    const { session } = scripted({ passive: true })
    expect(() => session.accept(given as never)).toThrow(/^connection: .* is not allowed, it must be a Duplex$/)
    expect(session.state).toBe('Active')
  })
  it.each(wrong)('stop() with a text of another type stops the session with a Cease', async given => {
    const { session, clock } = scripted({ passive: true })
    const peer = connectTo(session)
    const stopped = session.stop(given as never)
    await clock.advance(0)
    expect([session.state, peer.notification?.code, peer.notification?.subcode]).toEqual(['Idle', 6, 2])
    await clock.advance(1)
    await stopped
  })
})

describe('a peer that does not do its part', () => {
  it('a peer that never sends OPEN gets 4/0 after 240 s (RFC 4271 §8.2.2)', async () => {
    const { session, clock, peer } = scripted()
    await clock.advance(239.999)
    expect([session.state, peer().types]).toEqual(['OpenSent', ['open']])
    await clock.advance(0.001)
    expect(peer().notification).toMatchObject({ code: 4, subcode: 0 })
    expect(session.status()).toMatchObject({
      state: 'Idle',
      nextDialIn: 60,
      lastFailure: {
        hint: "check the router's neighbor statement for our address, and its remote-as (we are AS 65001), and whether the router wants TTL security",
      },
    })
  })
  it('a dial without an answer is closed after connectTimeout', async () => {
    const { session, clock, ends } = scripted({ connectTimeout: 7 }, { answers: false })
    await clock.advance(7)
    expect(session.status()).toMatchObject({
      state: 'Idle',
      nextDialIn: 5,
      lastFailure: { detail: 'no answer within 7 s' },
    })
    await clock.advance(1)
    expect(ends()[0]?.destroyed).toBe(true)
  })
  it.each(['EMFILE', 'ENFILE'])('a dial that fails with %s has a sentence and a hint in the status', async code => {
    const { session, clock, ends } = scripted({}, { answers: false })
    await clock.advance(0)
    ends()[0]?.destroy(Object.assign(new Error(`connect ${code}`), { code }))
    await clock.advance(0)
    expect(session.status()).toMatchObject({
      nextDialIn: 5,
      lastFailure: {
        detail: 'no file descriptor is left for a connection',
        hint: 'raise the limit of open files of this process, or find what holds them',
      },
    })
  })
  it('a peer that proposes hold time 1 gets 2/6 (RFC 4271 §6.2)', async () => {
    const { clock, peer } = scripted()
    await clock.advance(0)
    const open = encode(openMessage(65002))
    open[23] = 1 // the low octet of the hold time, after marker, length, type, version and AS
    peer().write(open)
    await clock.advance(0)
    expect(peer().notification).toMatchObject({ code: 2, subcode: 6 })
  })
  it('messages that arrive octet by octet are decoded', async () => {
    const { session, clock, peer } = scripted()
    await clock.advance(0)
    for (const octet of Buffer.concat([encode(openMessage(65002)), encode({ type: 'keepalive' })]))
      peer().write(Uint8Array.of(octet))
    await clock.advance(0)
    expect(session.state).toBe('Established')
  })
  it('octets after a malformed message in one chunk are not decoded', async () => {
    const { session, clock, peer } = await established()
    const seen: unknown[] = []
    session.on('update', update => seen.push(update))
    const garbage = new Uint8Array(19)
    peer().write(encode(withdrawal), garbage, encode(withdrawal))
    await clock.advance(0)
    expect(seen).toHaveLength(1)
    expect(peer().notification).toMatchObject({ code: 1, subcode: 1 })
    expect(session.status().counters).toMatchObject({
      inUpdates: 1,
      inMessages: { byType: { open: 1, keepalive: 1, update: 1, malformed: 1 } },
      outMessages: {
        notifications: [{ code: 'Message Header Error', subcode: 'Connection Not Synchronized', count: 1 }],
      },
    })
  })
  it('messages after the one that ended the session are not counted', async () => {
    const { session, clock, peer } = await established()
    peer().send(openMessage(65002), withdrawal, withdrawal)
    await clock.advance(0)
    expect(session.status()).toMatchObject({ state: 'Idle', counters: { inUpdates: 0, inTotalMessages: 3 } })
  })
  it.each([
    ['in the middle of a message', encode(withdrawal).subarray(0, 21)],
    ['with garbage', new Uint8Array(40)],
  ])('after a connection that ended %s, the next one is decoded from its start', async (_, bytes) => {
    const { session, clock, peer } = await established()
    peer().write(bytes)
    peer().close()
    await clock.advance(60)
    await establish(clock, peer())
    expect(session.status()).toMatchObject({ state: 'Established', counters: { fsmEstablishedTransitions: 2 } })
  })
  it('messages on a connection that we closed change nothing', async () => {
    const { session, clock, peer } = await established()
    peer().send(openMessage(65002))
    await clock.advance(0)
    expect(session.state).toBe('Idle')
    const { counters } = session.status()
    peer().send({ type: 'keepalive' }, withdrawal)
    await clock.advance(0.5)
    expect(session.status()).toMatchObject({ state: 'Idle', counters })
  })
  it('a reset of a connection that we closed changes nothing', async () => {
    const { session, clock, peer } = await established()
    peer().send(openMessage(65002))
    await settled()
    peer().socket.reset()
    await clock.advance(1)
    expect(session.status().lastFailure?.detail).toBe('unexpected open in Established')
  })
  it('down reports that the peer reset the connection', async () => {
    const { session, clock, peer } = await established()
    const downs = collectDowns(session)
    peer().socket.reset()
    await clock.advance(0)
    expect(downs.map(({ detail }) => detail)).toEqual(['the peer reset the connection'])
  })
  it('down reports a close without NOTIFICATION, with a hint before Established', async () => {
    const { session, clock, peer } = scripted()
    const downs = collectDowns(session)
    await clock.advance(0)
    peer().close()
    await clock.advance(0)
    expect(downs).toMatchObject([
      {
        detail: 'the peer closed the connection',
        from: 'OpenSent',
        hint: "check the router's neighbor statement for our address, and its remote-as (we are AS 65001)",
      },
    ])
  })
})

describe('an error on our side ends the connection, and never the process', () => {
  const enhanced: Capability[] = [...openMessage(65002).capabilities, { name: 'enhanced-route-refresh' }]
  const mark = (octets: number) =>
    encode(
      { type: 'route-refresh', afi: 1, safi: 1, subtype: 2, filters: new Uint8Array(octets - 23) },
      { extendedMessage: true },
    )

  it.each([
    [4076, false],
    [4096, false],
    [5000, true],
    [65535, true],
  ])('a mark of %i octets (extended: %s) gets 7/1, and a back-off (RFC 7313 §5)', async (octets, extendedMessage) => {
    const { session, clock, peer } = await established(extendedMessage)
    peer().write(mark(octets))
    await clock.advance(0)
    const data = mark(octets).subarray(0, extendedMessage ? 65514 : 4075)
    expect(peer().notification).toEqual({ type: 'notification', code: 7, subcode: 1, data })
    expect([session.state, session.status().nextDialIn]).toEqual(['Idle', 60])
  })
  it('a NOTIFICATION is as long as its own connection negotiated (RFC 8654 §4)', async () => {
    const { session, clock, peer } = await established(true)
    const incoming = connectTo(session)
    peer().write(mark(4096))
    incoming.send(openMessage(65002), { type: 'keepalive' })
    await clock.advance(0)
    expect(peer().notification?.data).toEqual(mark(4096))
    expect(session.state).toBe('Established')
  })
  it('an OPEN that cannot be encoded is reported, and causes a back-off', async () => {
    const { session, clock } = scripted({
      dial: config => {
        Object.assign(config.local, { id: 'nonsense' })
        const [near, far] = MemorySocket.pair()
        near.emitConnect()
        new ScriptedConnection(far)
        return near
      },
    })
    const downs = collectDowns(session)
    await clock.advance(0)
    expect(downs).toMatchObject([{ from: 'OpenSent', retryIn: 60 }])
    expect(downs[0]?.detail).toContain("id: 'nonsense' is not allowed")
    expect(session.status().counters.outTotalMessages).toBe(0)
  })
  it('a state machine that throws ends the connection, and causes a back-off', async () => {
    const { session, clock, peer } = scripted()
    const downs = collectDowns(session)
    await clock.advance(0)
    Object.assign(session.config, { families: undefined })
    peer().send(openMessage(65002))
    await clock.advance(0)
    expect(downs).toMatchObject([{ from: 'OpenSent', retryIn: 60 }])
    await vi.waitFor(() => expect(peer().closed).toBe(true))
  })
  /** Both sides have enhanced route refresh, and the peer offers messages beyond 4096 octets. */
  async function established(extendedMessage: boolean) {
    const stage = scripted({ extendedMessage })
    await stage.clock.advance(0)
    stage.peer().decoder.context = { ...stage.peer().decoder.context, extendedMessage }
    stage
      .peer()
      .send(openMessage(65002, { capabilities: [...enhanced, { name: 'extended-message' }] }), { type: 'keepalive' })
    await stage.clock.advance(0)
    return stage
  }
  it.each<[string, () => Duplex]>([
    ['returns no connection', () => undefined as unknown as Duplex],
    ['returns another object', () => ({}) as unknown as Duplex],
    ['returns a connection that cannot be written to', () => broken('write')],
    ['returns a connection that cannot be closed', () => broken('end')],
    ['returns a connection that cannot be destroyed', () => broken('end', 'destroy')],
    ['returns a connection that emits text', () => broken().setEncoding('latin1')],
    [
      'throws an object without a text',
      () => {
        throw {
          toString: () => {
            throw new Error()
          },
        }
      },
    ],
  ])('a dial function that %s counts as a failed dial', async (_, dial) => {
    const { session, clock } = scripted({ dial, connectTimeout: 5 })
    const downs = collectDowns(session)
    await clock.advance(0)
    broken.peer?.send(openMessage(65099))
    await clock.advance(10)
    expect(downs.length).toBeGreaterThan(0)
    expect(session.status().counters.dials).toBeLessThanOrEqual(2)
    await clock.advance(600)
    expect(session.status().counters.dials).toBeGreaterThan(1)
    const stopped = session.stop()
    await clock.advance(1)
    await stopped
  })
  it.each([
    [
      'throws',
      () => {
        throw new Error('no dice')
      },
    ],
    ['is no number', () => Number.NaN],
    ['is out of bounds', () => -1000],
  ])('a `random` that %s changes no bound of a wait (RFC 4271 §10)', async (_, random) => {
    const { session, clock, ends } = scripted({ random }, { answers: false })
    await clock.advance(0)
    ends()[0]?.destroy(new Error('refused'))
    await clock.advance(0)
    expect(session.status().nextDialIn).toBeGreaterThanOrEqual(5)
    expect(session.status().nextDialIn).toBeLessThanOrEqual(5 / 0.75)
  })
})

describe('an OPEN and a NOTIFICATION in one chunk', () => {
  const rejected = { ...cease(2), subcode: 5, data: new Uint8Array() }
  it.each([
    ['an OPEN that we reject', encode(openMessage(65099))],
    ['an OPEN that cannot be decoded', encode(openMessage(65002)).with(19, 3)],
    ['an OPEN that we accept', encode(openMessage(65002))],
    ['an OPEN and a KEEPALIVE', Buffer.concat([encode(openMessage(65099)), encode({ type: 'keepalive' })])],
  ])('a NOTIFICATION after %s is reported, and gets no answer', async (_, open) => {
    const { session, clock, peer } = scripted()
    await clock.advance(0)
    peer().write(open, encode(rejected))
    await clock.advance(0)
    expect(session.status().lastFailure).toMatchObject({ detail: 'the peer sent Cease/Connection Rejected (6/5)' })
    expect(session.status().nextDialIn).toBe(300)
    expect(peer().types).not.toContain('notification')
  })
  it("our own NOTIFICATION is reported if only half of the peer's arrived", async () => {
    const { session, clock, peer } = scripted()
    await clock.advance(0)
    peer().write(encode(openMessage(65099)), encode(rejected).subarray(0, 20))
    await clock.advance(0)
    expect(session.status().lastFailure).toMatchObject({ sent: { code: 2, subcode: 2 } })
  })
})

describe('a peer that speaks another protocol', () => {
  it.each([
    ['TLS', '\x15\x03\x01\x00\x02\x02\x46'],
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.6p1 Debian\r\n'],
  ])('the detail names %s that a peer speaks, and the hint is to check the port', async (protocol, octets) => {
    const { session, clock, peer } = scripted()
    await clock.advance(0)
    peer().write(Buffer.from(octets, 'latin1'))
    peer().close()
    await clock.advance(0)
    expect(session.status().lastFailure).toMatchObject({
      from: 'OpenSent',
      detail: `the peer speaks ${protocol}, not BGP`,
      hint: 'what answers on 192.0.2.2 port 179 does not speak BGP: check the address and the port',
    })
  })
})

describe('a peer that sends without end', () => {
  it('UPDATEs without end do not delay our KEEPALIVE (RFC 4271 §4.4)', async () => {
    const { clock, peer } = await established()
    const set = vi.spyOn(clock, 'setTimeout')
    for (let i = 0; i < 50; i++) {
      peer().send(withdrawal)
      await settled()
    }
    expect(set).not.toHaveBeenCalled()
    await clock.advance(30)
    expect(peer().types).toEqual(['open', 'keepalive', 'keepalive'])
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

describe('dialling', () => {
  it('a second start() does not dial again', async () => {
    const { session, clock, ends } = scripted({}, { answers: false })
    session.start().start()
    await clock.advance(1)
    expect([session.start().state, ends().length]).toEqual(['Connect', 1])
  })
  it('a dial function that throws is reported as a failed dial, with back-off', async () => {
    const clock = new VirtualClock()
    const session = new Session({
      ...options,
      clock,
      random: () => 1,
      dial: () => {
        throw new Error('no descriptors left')
      },
    })
    const downs = collectDowns(session.start())
    await clock.advance(60)
    expect(downs.map(({ detail, retryIn }) => [detail, retryIn])).toEqual([
      ['no descriptors left', 5],
      ['no descriptors left', 10],
      ['no descriptors left', 20],
      ['no descriptors left', 40],
    ])
  })
  it('a peer that dials while we dial is accepted, and its OPEN ends our dial', async () => {
    const { session, clock, ends } = scripted({}, { answers: false })
    await clock.advance(1)
    const incoming = connectTo(session)
    await establish(clock, incoming)
    ends()[0]?.emitConnect()
    expect(session.state).toBe('Established')
    expect(incoming.types).toEqual(['open', 'keepalive'])
    await clock.advance(1)
    expect(ends()[0]?.destroyed).toBe(true)
  })
  it.each([
    ['192.0.2.254', 'theirs'],
    ['192.0.2.0', 'ours'],
  ])('a collision with the peer %s keeps the connection: %s (RFC 4271 §6.8)', async (id, kept) => {
    const { session, clock, peer, ends } = scripted({}, { answers: false })
    const emitted: string[] = []
    session.on('established', () => emitted.push('established'))
    session.on('down', () => emitted.push('down'))
    const incoming = connectTo(session)
    ends()[0]?.emitConnect()
    await clock.advance(0)
    for (const end of [peer(), incoming]) end.send(openMessage(65002, { id }), { type: 'keepalive' })
    await clock.advance(0)
    const [winner, loser] = kept === 'ours' ? [peer(), incoming] : [incoming, peer()]
    expect(winner.types).toEqual(['open', 'keepalive'])
    expect([loser.types, loser.closed]).toEqual([['open', 'notification'], true])
    expect(loser.notification).toMatchObject({ code: 6, subcode: 7 })
    expect([session.state, emitted]).toEqual(['Established', ['established']])
    session.send(withdrawal)
    await clock.advance(0)
    expect(winner.types).toEqual(['open', 'keepalive', 'update'])
  })
  it('each of two connections has its own decoder', async () => {
    const { session, clock, peer } = scripted()
    await clock.advance(0)
    const incoming = connectTo(session)
    const open = encode(openMessage(65002))
    incoming.write(open.subarray(0, 20))
    peer().write(open.subarray(0, 25))
    await clock.advance(0)
    incoming.write(open.subarray(20))
    incoming.send({ type: 'keepalive' })
    await clock.advance(0)
    expect(session.state).toBe('Established')
    expect(peer().notification).toMatchObject({ code: 6, subcode: 7 })
  })
  it('a second connection to an established session gets Cease 6/7 (RFC 4271 §6.8)', async () => {
    const { session, clock, peer } = await established()
    const incoming = connectTo(session)
    await clock.advance(1)
    expect([incoming.types, incoming.closed]).toEqual([['open'], false])
    incoming.send(openMessage(65002))
    await clock.advance(0)
    expect([incoming.notification, incoming.closed]).toMatchObject([{ code: 6, subcode: 7 }, true])
    expect([session.state, peer().types]).toEqual(['Established', ['open', 'keepalive']])
  })
  it('a Cease 6/7 on the only connection causes a back-off and a hint (RFC 4486 §4)', async () => {
    const { session, clock, peer } = scripted()
    const downs = collectDowns(session)
    await clock.advance(0)
    peer().send({ ...cease(2), subcode: 7, data: new Uint8Array() })
    await clock.advance(0)
    expect(downs).toMatchObject([
      {
        retryIn: 60,
        hint: 'the router keeps another connection with our address: an earlier one of ours, or another speaker on this host',
      },
    ])
  })
  it('a stopped session refuses an incoming connection', async () => {
    const { session, clock } = await established()
    await session.stop()
    const incoming = connectTo(session)
    await clock.advance(0)
    expect([incoming.closed, incoming.types]).toEqual([true, []])
  })
})

describe('an incoming connection without an OPEN', () => {
  it('a newer incoming connection replaces one without an OPEN (RFC 4271 §6.8)', async () => {
    const { session, clock } = scripted({ passive: true })
    const silent = connectTo(session)
    await clock.advance(5)
    const router = connectTo(session)
    await establish(clock, router)
    expect([silent.closed, silent.notification]).toMatchObject([true, { code: 6, subcode: 7 }])
    expect([session.state, router.closed]).toEqual(['Established', false])
  })
  it('a preferred connection without an OPEN delays ours by 10 s (RFC 4271 §6.8)', async () => {
    const { session, clock, peer } = scripted()
    await clock.advance(0)
    const silent = connectTo(session)
    peer().send(openMessage(65002), { type: 'keepalive' })
    await clock.advance(9.999)
    expect(session.state).toBe('OpenSent')
    await clock.advance(0.001)
    expect([session.state, silent.closed, silent.notification]).toMatchObject(['Established', true, { code: 4 }])
    expect(session.status().lastFailure).toBeUndefined()
  })
  it('an incoming connection without an OPEN does not delay our own dial', async () => {
    const { session, clock, ends, peer } = scripted({}, { answers: false })
    await clock.advance(0)
    ends()[0]?.destroy()
    await clock.advance(1)
    connectTo(session)
    await clock.advance(3.999)
    expect(session.status().counters.dials).toBe(1)
    await clock.advance(0.001)
    ends()[1]?.emitConnect()
    await clock.advance(0)
    peer().send(openMessage(65002), { type: 'keepalive' })
    await clock.advance(10)
    expect([session.state, session.status().counters.dials]).toEqual(['Established', 2])
  })
  it.each<[string, (probe: ScriptedConnection) => unknown]>([
    ['closes', probe => probe.close()],
    ['resets', probe => probe.socket.reset()],
  ])('one that sends nothing and %s changes neither the next dial nor lastFailure', async (_, leave) => {
    const { session, clock, ends } = scripted({}, { answers: false })
    for (const wait of [0, 5, 10, 20]) {
      await clock.advance(wait)
      ends()
        .at(-1)
        ?.destroy(Object.assign(new Error(), { code: 'ECONNREFUSED' }))
      await clock.advance(0)
    }
    const { lastFailure } = session.status()
    expect(session.status().nextDialIn).toBe(40)
    const downs = collectDowns(session)
    for (let i = 0; i < 5; i++) {
      leave(connectTo(session))
      await clock.advance(1)
    }
    expect([session.state, session.status().nextDialIn, downs]).toEqual(['Idle', 35, []])
    expect(session.status().lastFailure).toEqual(lastFailure)
  })
  it('a connection that closes after half an OPEN counts as a failure', async () => {
    const { session, clock, ends } = scripted({}, { answers: false })
    await clock.advance(0)
    ends()[0]?.destroy()
    await clock.advance(0)
    const incoming = connectTo(session)
    incoming.write(encode(openMessage(65002)).subarray(0, 20))
    await clock.advance(1)
    incoming.close()
    await clock.advance(0)
    expect([session.state, session.status().nextDialIn]).toEqual(['Idle', 60])
    expect(session.status().lastFailure).toMatchObject({ detail: 'the peer closed the connection', from: 'OpenSent' })
  })
})

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

describe('a malformed UPDATE that does not end the session (RFC 7606 §6)', () => {
  it('a malformed UPDATE is counted by handling, and emitted with its faults', async () => {
    const { session, clock, peer, lines } = await established()
    const emitted: MalformedUpdate[] = []
    const order: string[] = []
    session.on('update', () => order.push('update'))
    session.on('malformed', event => {
      emitted.push(event)
      order.push('malformed')
    })
    peer().write(strange)
    await clock.advance(0)
    expect(session.status()).toMatchObject({
      state: 'Established',
      counters: { inUpdates: 1, inMalformedUpdates: { 'treat-as-withdraw': 1, 'attribute-discard': 0 } },
    })
    const fields = {
      handling: 'treat-as-withdraw',
      faults: [expect.stringMatching(/^ORIGIN at octet 23: /), expect.stringMatching(/^LOCAL_PREF at octet \d+: /)],
      routes: ['198.51.100.7/32'],
      updates: 1,
    }
    expect(emitted).toEqual([{ type: 'malformed', ...fields, octets: expect.anything() }])
    expect(toHex(emitted[0]!.octets)).toBe(toHex(strange)) // there is one
    expect(order).toEqual(['update', 'malformed'])
    expect(lines.filter(({ level }) => level === 'warn')).toEqual([
      { level: 'warn', text: 'malformed UPDATE', peer: '192.0.2.2', ...fields, message: toHex(strange) },
    ])
  })
  it('an UPDATE with a discarded attribute is counted', async () => {
    const { session, clock, peer } = await established()
    peer().write(withLocalPref)
    await clock.advance(0)
    expect(session.status().counters.inMalformedUpdates).toEqual({ 'treat-as-withdraw': 0, 'attribute-discard': 1 })
  })
  it('a flood of malformed UPDATEs is counted, and emitted once a minute', async () => {
    const { session, clock, peer, lines } = await established()
    for (let second = 0; second <= 60; second++) {
      peer().write(strange)
      await clock.advance(1)
    }
    expect(session.status().counters.inMalformedUpdates['treat-as-withdraw']).toBe(61)
    const emitted = lines.filter(({ text }) => text === 'malformed UPDATE')
    expect(emitted.map(({ updates }) => updates)).toEqual([1, 60])
  })
  it('an UPDATE without a fault is not counted as malformed', async () => {
    const { session, clock, peer, lines } = await established()
    peer().send(withdrawal)
    await clock.advance(0)
    expect(session.status().counters.inMalformedUpdates).toEqual({ 'treat-as-withdraw': 0, 'attribute-discard': 0 })
    expect(lines.map(({ text }) => text)).not.toContain('malformed UPDATE')
  })
})

// ---- the stage

/** LOCAL_PREF from an external peer is discarded (RFC 7606 §7.5). */
const withLocalPref = encode({
  type: 'update',
  withdrawn: [],
  attributes: { origin: 'igp', asPath: [{ type: 'sequence', as: [65002] }], nextHop: '192.0.2.2', localPref: 7 },
  announced: ['198.51.100.7/32'],
})
/** An undefined ORIGIN is treated as withdraw (RFC 7606 §7.1). */
const strange = withLocalPref.with(26, 9)

const options: SessionOptions = {
  local: { as: 65001, id: '192.0.2.1' },
  peer: { as: 65002, address: '192.0.2.2' },
}

/** A session that dials, and a passive one. `ends` are the sockets of the latest connection. */
function pairOfSessions(given: Partial<SessionOptions> = {}) {
  const clock = new VirtualClock()
  let latest: readonly [MemorySocket, MemorySocket] | undefined
  const far = new Session({
    local: { as: 65002, id: '192.0.2.2' },
    peer: { as: 65001, address: '192.0.2.1' },
    passive: true,
    clock,
    random: () => 1,
    ...given,
  })
  const near = new Session({
    ...options,
    ...given,
    clock,
    random: () => 1,
    dial: () => {
      const [caller, answerer] = (latest = MemorySocket.pair())
      caller.once('connect', () => far.accept(answerer))
      caller.emitConnect()
      return caller
    },
  })
  far.start()
  near.start()
  const ends = (): readonly [MemorySocket, MemorySocket] => latest! // start() has dialled
  return { near, far, clock, ends }
}

/** A session, and a peer that the test scripts: a new one for each dial. `ends` are the session's sockets. */
function scripted(given: Partial<SessionOptions> = {}, { answers = true, start = true } = {}) {
  const clock = new VirtualClock()
  const lines: { level: string; text: string; [field: string]: unknown }[] = []
  const note = (level: string) => (fields: object, text: string) => void lines.push({ level, text, ...fields })
  const peers: ScriptedConnection[] = []
  const ends: MemorySocket[] = []
  const session = new Session({
    ...options,
    clock,
    random: () => 1,
    log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
    dial: () => {
      const [near, far] = MemorySocket.pair()
      ends.push(near)
      peers.push(new ScriptedConnection(far))
      if (answers) near.emitConnect()
      return near
    },
    ...given,
  })
  if (start) session.start()
  const peer = (): ScriptedConnection => peers.at(-1)! // asked for after a dial
  return { session, clock, peer, ends: () => ends, lines }
}

/** A connection whose methods throw. `broken.peer` is the peer of the latest one. */
function broken(...methods: ('write' | 'end' | 'destroy')[]): MemorySocket {
  const [near, far] = MemorySocket.pair()
  broken.peer = new ScriptedConnection(far)
  near.emitConnect()
  for (const method of methods)
    near[method] = () => {
      throw new Error(`no ${method}`)
    }
  return near
}
broken.peer = undefined as ScriptedConnection | undefined

/** The peer makes a connection to the session. */
function connectTo(session: Session): ScriptedConnection {
  const [near, far] = MemorySocket.pair()
  session.accept(near)
  return new ScriptedConnection(far)
}
async function established() {
  const stage = scripted()
  await stage.clock.advance(0)
  await establish(stage.clock, stage.peer())
  return stage
}
async function establish(clock: VirtualClock, peer: ScriptedConnection): Promise<void> {
  await clock.advance(0)
  peer.send(openMessage(65002), { type: 'keepalive' })
  await clock.advance(0)
}
function collectDowns(session: Session): SessionFailure[] {
  const downs: SessionFailure[] = []
  session.on('down', down => downs.push(down))
  return downs
}

function counters(seen: Partial<MessageCounters['byType']>): MessageCounters {
  const none = { open: 0, update: 0, notification: 0, keepalive: 0, 'route-refresh': 0, malformed: 0 }
  return { byType: { ...none, ...seen }, notifications: [] }
}
