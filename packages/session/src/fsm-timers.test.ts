import { describe, expect, it } from 'vitest'
import { inputs, open, Play, refreshFor, update } from '../tools/machine-play.ts'
import type { Input, Presence } from './fsm.ts'

describe('timers', () => {
  it('a peer that is silent for the hold time gets 4/0 (RFC 4271 §6.5)', () => {
    const play = new Play({ holdTime: 9 }).reach('Established').wait(8.999)
    expect(play.state).toBe('Established')
    play.log = []
    expect(play.wait(0.001).taken()).toBe('send 4/0, close, emit down, -> Idle')
    expect(play.down).toMatchObject({ detail: 'no message from the peer for 9 s', from: 'Established', retryIn: 60 })
  })
  it('a peer has 240 s for its OPEN (RFC 4271 §8.2.2)', () => {
    const play = new Play().reach('OpenSent')
    expect(play.wait(239.999).state).toBe('OpenSent')
    expect(play.wait(0.001).down).toMatchObject({ detail: 'no message from the peer for 240 s', sent: { code: 4 } })
  })
  it('KEEPALIVE and UPDATE restart the hold timer, not ROUTE-REFRESH (RFC 4271 §4.4)', () => {
    const play = new Play().reach('Established').wait(10)
    expect(play.timers.holdTimer).toBe(80)
    expect(play.receive(refreshFor(1)).timers.holdTimer).toBe(80)
    expect(play.receive({ type: 'keepalive' }).timers.holdTimer).toBe(90)
    expect(play.wait(10).receive(update).timers.holdTimer).toBe(90)
  })
  it('a KEEPALIVE is sent every third of the negotiated hold time (RFC 4271 §4.4)', () => {
    const play = new Play({ holdTime: 9 }).reach('Established')
    for (let i = 1; i <= 8; i++) play.wait(1).receive({ type: 'keepalive' })
    expect(play.taken()).toBe('send keepalive, send keepalive')
  })
  it.each([0.75, 0.9, 1])('the time between KEEPALIVEs has a jitter of %d (RFC 4271 §10)', jitter => {
    const play = new Play()
    play.jitter = jitter
    expect(play.reach('Established').timers.keepaliveTimer).toBeCloseTo(30 * jitter)
    expect(play.timers.holdTimer).toBe(90) // the hold timer itself has no jitter: the peer counts on it
  })
  it('an UPDATE that we send restarts the keepalive timer (RFC 4271 §8.2.2, §4.4)', () => {
    const play = new Play().reach('Established').wait(20)
    expect(play.do(inputs.send).timers.keepaliveTimer).toBe(30)
  })
  /** Receives a keepalive every third of the hold time. `leaves`: what we send leaves this process. */
  function receiveKeepalives(play: Play, seconds: number, leaves: boolean): Play {
    const third = (play.machine.negotiated?.holdTime ?? 0) / 3
    for (let past = 0; past < seconds && play.state === 'Established'; past += third) {
      play.wait(third).receive({ type: 'keepalive' })
      if (leaves) play.do(inputs.sent)
    }
    return play
  }
  it.each([
    ['480 s', {}, 480],
    ['twice the negotiated hold time, if that is more', { holdTime: 300 }, 600],
    ['sendHoldTime, if it is set', { sendHoldTime: 90 }, 90],
  ])('a peer that sends and does not read is dropped after %s, with 8/0 (RFC 9687 §4)', (_, settings, seconds) => {
    const play = new Play(settings).reach('OpenConfirm')
    play.machine = {
      ...play.machine,
      negotiated: { ...play.machine.negotiated!, holdTime: play.machine.config.holdTime },
    }
    receiveKeepalives(play.receive({ type: 'keepalive' }), seconds - 1, false)
    expect(play.now / 1000).toBe(seconds)
    expect(play.down).toMatchObject({
      detail: `nothing of ours has left for ${seconds} s: the peer does not read`,
      from: 'Established',
      sent: { code: 8, subcode: 0 },
      retryIn: 60,
    })
    expect(play.taken()).toMatch(/send 8\/0, close at once, emit down, -> Idle$/)
  })
  it('a peer that reads is kept for a day', () => {
    expect(receiveKeepalives(new Play().reach('Established'), 86_400, true).state).toBe('Established')
  })
  it('without a hold time there is no send hold timer (RFC 9687 §3.3)', () => {
    const play = new Play({ allowZeroHoldTime: true }).reach('OpenSent').receive({ ...open, holdTime: 0 })
    play.receive({ type: 'keepalive' }).do(inputs.sent)
    expect([play.state, play.timers]).toEqual(['Established', {}])
  })
  it('after a long pause the hold timer expires before a KEEPALIVE is sent', () => {
    const play = new Play().reach('Established').sleep(100_000).do({ type: 'tick' })
    expect(play.taken()).toBe('send 4/0, close, emit down, -> Idle')
  })
  it('a dial without an answer ends after connectTimeout (RFC 4271 §8.2.2, event 9)', () => {
    const play = new Play({ connectTimeout: 20 }).reach('Connect')
    expect(play.wait(19.999).state).toBe('Connect')
    expect(play.wait(0.001).taken()).toBe('close, emit down, -> Idle')
    expect(play.down).toMatchObject({ detail: 'no answer within 20 s', from: 'Connect', retryIn: 5 })
  })
})

describe('our own address', () => {
  const looks = (...presences: readonly Presence[]) =>
    presences.map((presence): Input => ({ type: 'own-address', address: '192.0.2.1', presence }))
  const established = () => new Play().reach('Established')

  it('an address that two checks in a row miss ends the session (transport track)', () => {
    const play = established().do(...looks('here', 'gone'))
    expect([play.state, play.taken()]).toEqual(['Established', ''])
    play.do(...looks('gone'))
    expect([play.state, play.taken(), play.timers]).toEqual([
      'Idle',
      'close at once, emit down, -> Idle',
      { idleHoldTimer: 5 },
    ])
    expect(play.down).toMatchObject({ detail: 'our own address 192.0.2.1 is no longer on this host', retryIn: 5 })
  })
  it.each<[string, readonly Presence[]]>([
    ['never seen, because a local route has made it,', ['gone', 'gone', 'gone']],
    ['never known', ['unknown', 'unknown', 'gone', 'gone', 'gone']],
    ['gone once and back, again and again,', ['here', 'gone', 'here', 'gone', 'here', 'gone']],
    ['gone once and then not known', ['here', 'gone', 'unknown', 'gone', 'unknown', 'gone']],
    ['not known any more', ['here', 'unknown', 'unknown', 'unknown']],
  ])('an own address that is %s changes nothing', (_, presences) => {
    const play = established()
    const { timers } = play
    play.do(...looks(...presences))
    expect([play.state, play.taken(), play.timers]).toEqual(['Established', '', timers])
  })
  it('the next session begins its checks anew', () => {
    const play = established()
      .do(...looks('here', 'gone'), { type: 'disconnected', reason: 'closed', detail: 'reset' })
      .wait(60)
    play
      .do({ type: 'connected' })
      .receive(open, { type: 'keepalive' })
      .do(...looks('gone', 'gone'))
    expect(play.state).toBe('Established')
  })
})
