/** Each end of a session has a reason, and what changes nothing sends nothing. */
import type { Message } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { inputs, nothing, open, Play } from '../tools/machine-play.ts'

const keepalive: Message = { type: 'keepalive' }
const refused = (code: number): Message => ({ type: 'notification', code, subcode: 4, data: nothing })
const longMark: Message = { type: 'route-refresh', afi: 1, safi: 1, subtype: 1, filters: Uint8Array.of(1) }
const isHere = { type: 'own-address', address: '192.0.2.1', presence: 'here' } as const

function neverReads(play: Play): Play {
  while (play.state === 'Established') play.wait(30).receive(keepalive)
  return play
}

describe('the reason of the end', () => {
  it.each<[string, string, string, (play: Play) => Play]>([
    ['a dial without an answer', 'timeout', 'no answer within 10 s', p => p.reach('Connect').wait(10)],
    ['a message during the dial', 'error', 'message in Connect', p => p.reach('Connect').receive(keepalive)],
    ['a wrong AS', 'notification-sent', 'AS 7', p => p.reach('OpenSent').receive({ ...open, as: 7 })],
    ['a long mark', 'notification-sent', 'too long', p => p.reach('Established').receive(longMark)],
    [
      'our address that is gone',
      'own-address-lost',
      '192.0.2.1 is no longer',
      p => p.reach('Established').do(isHere, inputs['own-address'], inputs['own-address']),
    ],
    ['a silent peer', 'hold-timer', 'for 90 s', p => p.reach('Established').wait(90)],
    ['no OPEN, noticed late', 'hold-timer', 'for 240 s', p => p.reach('OpenSent').sleep(300).do({ type: 'tick' })],
    ['a peer that does not read', 'send-hold-timer', 'for 480 s', p => neverReads(p.reach('Established'))],
    ['stop() with a communication', 'stopped', 'stopped: maintenance', p => p.reach('Established').do(inputs.stop)],
  ])('%s ends the session with the reason %s', (_, reason, detail, end) => {
    const { down } = end(new Play())
    expect(down).toMatchObject({ reason, detail: expect.stringContaining(detail) })
  })
  it('stop() without a communication has a detail without one', () => {
    expect(new Play().reach('Established').do({ type: 'stop', communication: '' }).down?.detail).toBe('stopped')
  })
})

describe('what changes nothing has no action', () => {
  it.each<[string, () => Play]>([
    ['start() during the back-off', () => new Play().reach('Idle, waiting').do(inputs.start)],
    ['start() with a delay', () => new Play({ firstDialDelay: 5 }).do(inputs.start)],
    ['a connection while the session is stopped', () => new Play().do(inputs.accepted)],
    ['octets that have left', () => new Play().reach('Established').do(inputs.sent)],
    [
      'a request for routes of another SAFI',
      () => new Play().reach('Established').receive({ type: 'route-refresh', afi: 1, safi: 2, subtype: 0 }),
    ],
  ])('%s has no action', (_, play) => {
    expect(play().log).toEqual([])
  })
})

describe('a peer that refuses capabilities (RFC 5492 §3)', () => {
  it('2/4 after its OPEN means the same as before', () => {
    expect(new Play().reach('OpenConfirm').receive(refused(2)).down?.reason).toBe('capabilities-refused')
  })
  it.each([1, 3, 6])('%i/4 has another meaning', code => {
    expect(new Play().reach('OpenSent').receive(refused(code)).down?.reason).toBe('notification-received')
  })
  it('a failure before does not use up the one attempt without capabilities', () => {
    const play = new Play().reach('OpenSent').do(inputs.disconnected).wait(60).do(inputs.connected)
    expect(play.receive(refused(2)).down?.reason).toBe('capabilities-refused')
  })
})
