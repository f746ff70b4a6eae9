import { Socket } from 'node:net'
import { Session } from '@softspoken/session'
import { MemorySocket, openMessage, type ScriptedConnection, VirtualClock } from '@softspoken/session/testing'
import { cease, encode } from '@softspoken/wire'
import { describe, expect, it, vi } from 'vitest'
import { collectDowns, connectTo, establish, established, options, scripted, withdrawal } from './session-helpers.ts'

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
  it('a connection that is refused may emit an error', async () => {
    const { session } = await established()
    await session.stop()
    const [near] = MemorySocket.pair()
    session.accept(near)
    expect(near.destroyed).toBe(true)
    expect(() => near.emit('error', new Error('late'))).not.toThrow()
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
  ])('a connection that sends nothing and %s changes no dial and no lastFailure', async (_, leave) => {
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
