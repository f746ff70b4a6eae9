import type { Duplex } from 'node:stream'
import { MemorySocket, openMessage, ScriptedConnection } from '@softspoken/session/testing'
import { toHex } from '@softspoken/test-support/hex'
import { type Capability, encode } from '@softspoken/wire'
import { describe, expect, it, vi } from 'vitest'
import { broken, collectDowns, connectTo, scripted } from './session-helpers.ts'

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
    expect(peer().notification).toMatchObject({ code: 7, subcode: 1 })
    expect(toHex(peer().notification!.data)).toBe(toHex(data)) // there is one
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
