/** A peer that stops reading is noticed, notified if that is possible, and never waited for without bound (RFC 9687). */

import { Announcer } from '@softspoken/announcer'
import { Session, type SessionOptions } from '@softspoken/session'
import { MemorySocket, openMessage, ScriptedConnection, VirtualClock } from '@softspoken/session/testing'
import { settled } from '@softspoken/test-support/settled'
import { encode, type Update } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'

const MiB = 1024 * 1024
const options: SessionOptions = {
  local: { as: 65001, id: '192.0.2.1' },
  peer: { as: 65002, address: '192.0.2.2' },
}
/** Close to the 4096 octets that a message may have. */
const large: Update = {
  type: 'update',
  withdrawn: Array.from({ length: 800 }, (_, i) => `198.51.${100 + (i >> 8)}.${i & 0xff}/32`),
  attributes: {},
  announced: [],
}

describe('a peer that sends and does not read', () => {
  it('a peer that does not read is dropped after 480 s (RFC 9687 §3.3, §4)', async () => {
    const { session, clock, peer, end } = await established()
    peer.socket.stall()
    await talk(clock, peer, 450)
    await clock.advance(29.999) // since the KEEPALIVE of the handshake, the last that left
    expect(session.state).toBe('Established')
    await clock.advance(0.001)
    expect(session.status()).toMatchObject({
      state: 'Idle',
      lastFailure: {
        detail: 'nothing of ours has left for 480 s: the peer does not read',
        hint: 'the peer keeps the connection and does not read it: check whether its BGP process hangs',
        sent: { code: 8, subcode: 0 },
      },
    })
    expect(end.destroyed).toBe(true)
  })
  it('the connection of a peer that does not read is closed at once', async () => {
    const { session, clock, peer, end } = await established({ sendHoldTime: 90 })
    peer.socket.stall()
    const gone: boolean[] = []
    session.on('down', () => gone.push(end.destroyed))
    await talk(clock, peer, 90)
    await session.stop() // has nothing to wait for
    expect(gone).toEqual([true])
    expect([session.state, session.status().lastFailure?.sent?.code, clock.pendingTimers]).toEqual(['Idle', 8, 0])
  })
  it('a peer that reads slowly is kept', async () => {
    const { session, clock, peer, end } = await established({ sendHoldTime: 90 })
    for (let quarters = 0; quarters < 8; quarters++) {
      peer.socket.stall()
      await talk(clock, peer, 60)
      peer.socket.resumeReading()
      await talk(clock, peer, 30)
    }
    expect([session.state, end.destroyed]).toEqual(['Established', false])
  })
})

describe('the backlog of a peer that does not read', () => {
  it('`backlogged` is true until `writable`', async () => {
    const { session, clock, peer } = await established()
    let writables = 0
    session.on('writable', () => writables++)
    expect(session.backlogged).toBe(false)
    peer.socket.stall()
    while (!session.backlogged) session.send(large)
    await clock.advance(1)
    expect([writables, session.backlogged]).toEqual([0, true])
    peer.socket.resumeReading()
    await clock.advance(0)
    expect([writables, session.backlogged]).toEqual([1, false])
  })
  it('send() throws if more than 8 MiB wait, and the session stays established', async () => {
    const { session, peer, end } = await established()
    peer.socket.stall()
    end.write(new Uint8Array(8 * MiB - 8192))
    const fill = () => {
      for (let times = 0; times < 5; times++) session.send(large)
    }
    expect(fill).toThrow(/^cannot send, 8\d{6} octets wait for a peer that does not read$/)
    expect(end.writableLength).toBeGreaterThan(8 * MiB)
    expect(end.writableLength).toBeLessThanOrEqual(8 * MiB + 4096)
    expect(session.state).toBe('Established')
  })
  it('an announcer adds nothing to a backlog, and sends the current state after it', async () => {
    const { announcer, clock, peer, near } = await announcing()
    fallBehind(peer, near)
    const waiting = near.writableLength
    for (let med = 0; med < 100; med++) {
      const announcement = announcer.announce('198.51.100.10/32', { med })
      if (med < 99) announcement.withdraw()
    }
    expect(near.writableLength).toBe(waiting)
    peer.socket.resumeReading()
    await clock.advance(0)
    const last = peer.received.flatMap(message => (message.type === 'update' ? message : [])).slice(-1)
    expect(last).toMatchObject([{ announced: ['198.51.100.10/32'], attributes: { med: 99 } }])
    expect(peer.received.filter(message => message.type === 'update' && message.announced.length > 0)).toHaveLength(1)
  })
  it('an announcer that stops gives the withdrawal drainTime to leave', async () => {
    const { announcer, clock, peer, near } = await announcing()
    announcer.announce('198.51.100.10/32')
    await clock.advance(0)
    fallBehind(peer, near)
    const closed = announcer.stop('bye')
    await clock.advance(1)
    peer.socket.resumeReading()
    await clock.advance(0)
    expect(peer.received.at(-1)).toMatchObject({ type: 'update', withdrawn: ['198.51.100.10/32'] })
    await clock.advance(3)
    await closed
    expect(peer.notification).toMatchObject({ code: 6, subcode: 2 })
  })
  it('an announcer that stops drops the backlog of a peer that never reads', async () => {
    const { announcer, clock, peer, near } = await announcing()
    announcer.announce('198.51.100.10/32')
    await clock.advance(0)
    fallBehind(peer, near)
    const closed = announcer.stop('bye')
    await clock.advance(3 + 1)
    await closed
    expect([near.destroyed, clock.pendingTimers]).toEqual([true, 0])
  })
})

// ---- helpers

async function established(change: Partial<SessionOptions> = {}) {
  const clock = new VirtualClock()
  const [end, far] = MemorySocket.pair()
  const peer = new ScriptedConnection(far)
  const session = new Session({ ...options, clock, random: () => 1, dial: () => end, ...change }).start()
  end.emitConnect()
  await clock.advance(0)
  peer.send(openMessage(65002), { type: 'keepalive' })
  await clock.advance(0)
  expect(session.state).toBe('Established')
  return { session, clock, peer, end }
}
/** An announcer whose one session is established. */
async function announcing() {
  const clock = new VirtualClock()
  const [near, far] = MemorySocket.pair()
  near.localAddress = '192.0.2.1'
  const { peer: to, ...rest } = options
  const announcer = new Announcer({ ...rest, peers: [to], clock, random: () => 1, dial: () => near })
  const peer = new ScriptedConnection(far)
  near.emitConnect()
  await clock.advance(0)
  peer.send(openMessage(65002), { type: 'keepalive' })
  await clock.advance(0)
  return { announcer, clock, peer, near }
}
/** An announcer's session cannot send this, so it is written to the announcer's end of the connection. */
function fallBehind(peer: ScriptedConnection, near: MemorySocket): void {
  peer.socket.stall()
  while (!near.writableNeedDrain) near.write(encode(large))
}
/** The peer sends a KEEPALIVE every 30 s. */
async function talk(clock: VirtualClock, peer: ScriptedConnection, seconds: number): Promise<void> {
  for (let past = 0; past < seconds; past += 30) {
    await clock.advance(30)
    peer.send({ type: 'keepalive' })
  }
  await settled()
}
