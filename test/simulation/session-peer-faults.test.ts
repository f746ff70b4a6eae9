/** A session with a peer that breaks the protocol, is silent, floods, or does not read. */
import type { MalformedUpdate } from '@softspoken/session'
import { openMessage } from '@softspoken/session/testing'
import { toHex } from '@softspoken/test-support/hex'
import { settled } from '@softspoken/test-support/settled'
import { cease, encode } from '@softspoken/wire'
import { describe, expect, it, vi } from 'vitest'
import {
  collectDowns,
  establish,
  established,
  scripted,
  strange,
  withdrawal,
  withLocalPref,
} from './session-helpers.ts'

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
