/** Every failure leads to a back-off. */
import { cease, hardReset, type Message, type Notification } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { inputs, nothing, open, Play, update } from '../tools/machine-play.ts'
import { step } from './fsm.ts'

/** What ends a session on which track. Seconds to the next dial are for the first such failure, without jitter. */
describe('every failure backs off', () => {
  const notificationOf = (code: number, subcode: number): Message => ({
    type: 'notification',
    code,
    subcode,
    data: nothing,
  })
  const slow = [
    ['a wrong AS', 'OpenSent', (p: Play) => p.receive({ ...open, as: 7 })],
    ['no OPEN in time', 'OpenSent', (p: Play) => p.sleep(240).do({ type: 'tick' })],
    ['a close after our OPEN', 'OpenSent', (p: Play) => p.do(inputs.disconnected)],
    ['a NOTIFICATION before the OPEN', 'OpenSent', (p: Play) => p.receive(notificationOf(2, 2))],
    ['a NOTIFICATION after the OPEN', 'OpenConfirm', (p: Play) => p.receive(notificationOf(2, 6))],
    ['a close after the OPEN', 'OpenConfirm', (p: Play) => p.do(inputs.disconnected)],
    ['garbage', 'OpenConfirm', (p: Play) => p.do(inputs.malformed)],
    ['an FSM error', 'OpenConfirm', (p: Play) => p.receive(update)],
    ['hold expiry', 'Established', (p: Play) => p.sleep(90).do({ type: 'tick' })],
    ['a NOTIFICATION', 'Established', (p: Play) => p.receive(notificationOf(3, 1))],
    ['an FSM error', 'Established', (p: Play) => p.receive(open)],
    ['a close before the session is stable', 'Established', (p: Play) => p.sleep(299.999).do(inputs.disconnected)],
    ['hold expiry of a stable session', 'Established', (p: Play) => p.sleep(300).do({ type: 'tick' })],
    ['a NOTIFICATION in a stable session', 'Established', (p: Play) => p.sleep(300).receive(notificationOf(6, 6))],
  ] as const
  it.each(slow)('%s in %s counts on the protocol track, 60 s first', (_, place, happen) => {
    const play = new Play().reach(place)
    happen(play)
    expect([play.state, play.down?.retryIn, play.down?.from]).toEqual(['Idle', 60, place])
    expect(play.machine.history).toMatchObject({ transport: 0, protocol: 1 })
  })

  const quick = [
    ['a refused dial', 'Connect', (p: Play) => p.do(inputs.disconnected)],
    ['a dial without an answer', 'Connect', (p: Play) => p.wait(10)],
    ['the loss of a stable session', 'Established', (p: Play) => p.sleep(300).do(inputs.disconnected)],
  ] as const
  it.each(quick)('%s in %s counts on the transport track, 5 s first', (_, place, happen) => {
    const play = new Play().reach(place)
    happen(play)
    expect([play.state, play.down?.retryIn, play.down?.from]).toEqual(['Idle', 5, place])
    expect(play.machine.history).toMatchObject({ transport: 1, protocol: 0 })
  })

  it.each([1, 2, 3, 5])('Cease 6/%i is administrative and waits 300 s at once (RFC 4486 §4)', subcode => {
    for (const place of ['OpenSent', 'OpenConfirm', 'Established'] as const)
      expect(new Play().reach(place).receive(notificationOf(6, subcode)).down?.retryIn).toBe(300)
  })
  it.each([0, 4, 6, 7, 8, 9, 10, 255])('Cease 6/%i counts on the protocol track', subcode => {
    expect(new Play().reach('Established').receive(notificationOf(6, subcode)).down?.retryIn).toBe(60)
  })
  describe('a router that is restarted properly (RFC 4486 §4)', () => {
    const stable = (seconds = 300) => new Play().reach('Established').sleep(seconds)

    it.each([2, 3])('Cease 6/%i of a stable session is followed by a dial after 30 to 60 s', subcode => {
      for (const received of [notificationOf(6, subcode), hardReset(cease(subcode))] as Notification[])
        for (const [jitter, seconds] of [
          [0.75, 30],
          [0.875, 45],
          [1, 60],
        ] as const) {
          const play = stable()
          play.jitter = jitter
          expect(play.receive(received).down?.retryIn).toBe(seconds)
          expect(play.machine.history).toMatchObject({ transport: 0, protocol: 1 })
        }
    })
    it.each([1, 5])('Cease 6/%i of a stable session is administrative too', subcode => {
      for (const received of [notificationOf(6, subcode), hardReset(cease(subcode))] as Notification[])
        expect(stable().receive(received).down?.retryIn).toBe(300)
    })
    it('a second restart before a stable session waits the full time', () => {
      for (const place of ['OpenSent', 'Established'] as const) {
        const play = stable().receive(notificationOf(6, 2)).wait(60).do(inputs.connected)
        if (place === 'Established') play.receive(open, { type: 'keepalive' }).sleep(299.999)
        expect(play.receive(notificationOf(6, 3)).down).toMatchObject({ retryIn: 300, from: place })
      }
    })
    it('a restart that ends the next stable session waits 30 to 60 s again', () => {
      const play = stable()
        .receive(notificationOf(6, 2))
        .wait(60)
        .do(inputs.connected)
        .receive(open, { type: 'keepalive' })
      expect(play.sleep(300).receive(notificationOf(6, 2)).down?.retryIn).toBe(60)
    })
    it('a restart counts as one failure: a rejection waits 120 s, a refused dial 5 s', () => {
      const again = () => stable().receive(notificationOf(6, 2)).wait(60)
      expect(again().do(inputs.connected, inputs.disconnected).down?.retryIn).toBe(120)
      expect(again().do(inputs.disconnected).down?.retryIn).toBe(5)
    })
    it('a restart waits for minInterval if that is longer', () => {
      const play = new Play({ backOff: { minInterval: 3600, resetAfter: 60 } }).reach('Established').sleep(60)
      expect(play.receive(notificationOf(6, 2)).down?.retryIn).toBe(3540)
    })
  })
  describe('an operator who resets the session (Cease 6/4)', () => {
    const stable = () => new Play().reach('Established').sleep(300)

    it('Cease 6/4 of a stable session is followed by a dial after 10 s', () => {
      for (const received of [notificationOf(6, 4), hardReset(cease(4))] as Notification[]) {
        const play = stable().receive(received)
        expect(play.down?.retryIn).toBe(10)
        expect(play.machine.history).toMatchObject({ transport: 1, protocol: 1 })
      }
    })
    it('a reset counts on both tracks: a rejection waits 120 s, a refused dial 10 s', () => {
      const again = () => stable().receive(notificationOf(6, 4)).wait(10)
      expect(again().do(inputs.connected, inputs.disconnected).down?.retryIn).toBe(120)
      expect(again().do(inputs.disconnected).down?.retryIn).toBe(10)
    })
    it('a second reset before a stable session counts on the protocol track', () => {
      const play = stable().receive(notificationOf(6, 4)).wait(10).do(inputs.connected)
      play.receive(open, { type: 'keepalive' }).sleep(299.999)
      expect(play.receive(notificationOf(6, 4)).down?.retryIn).toBe(120)
    })
  })
  it('the same subcodes of other codes are not administrative', () => {
    expect(new Play().reach('Established').receive(notificationOf(3, 2)).down?.retryIn).toBe(60)
  })

  it('refused dials wait 5, 10, 20, 40, 80, then 120 s', () => {
    expect(waits(7, p => p.do(inputs.disconnected))).toEqual([5, 10, 20, 40, 80, 120, 120])
  })
  it('rejections wait 60, 120, 240, then 300 s', () => {
    expect(waits(5, p => p.do(inputs.connected).receive({ ...open, as: 7 }))).toEqual([60, 120, 240, 300, 300])
  })
  it('a short session does not reset the failures', () => {
    const flap = (p: Play) => p.do(inputs.connected).receive(open, { type: 'keepalive' }).do(inputs.disconnected)
    expect(waits(5, flap)).toEqual([60, 120, 240, 300, 300])
  })
  it('a session that was established for resetAfter resets the failures', () => {
    const play = new Play().reach('Connect')
    for (let i = 0; i < 4; i++) play.do(inputs.disconnected).wait(play.down!.retryIn!) // each failure emits one
    play.do(inputs.connected).receive(open, { type: 'keepalive' }).sleep(300).do(inputs.disconnected)
    expect(play.down?.retryIn).toBe(5)
  })
  it.each(['OpenSent', 'OpenConfirm'] as const)('%s for longer than resetAfter is no stable session', place => {
    const play = new Play({ backOff: { resetAfter: 60 }, holdTime: 240 })
      .reach('Connect')
      .do(inputs.disconnected)
      .wait(5)
    play.do(inputs.connected)
    if (place === 'OpenConfirm') play.receive({ ...open, holdTime: 240 })
    play.wait(239).do(inputs.disconnected)
    expect(play.down).toMatchObject({ from: place, retryIn: 60 })
    expect(play.machine.history).toMatchObject({ transport: 1, protocol: 1 })
  })
  it('each track has its own count', () => {
    const play = new Play().reach('Connect')
    const refuse = () => play.do(inputs.disconnected).down?.retryIn
    const reject = () => play.do(inputs.connected).receive({ ...open, as: 7 }).down?.retryIn
    const seen = [refuse, reject, refuse, reject].map(fail => {
      const retryIn = fail()
      play.wait(retryIn!)
      return retryIn
    })
    expect(seen).toEqual([5, 60, 10, 120])
  })
  it('jitter shortens a delay by a quarter at most, not below minInterval (§10)', () => {
    const play = new Play().reach('Connect')
    play.jitter = 0.75
    expect(play.do(inputs.disconnected).down?.retryIn).toBe(5) // 3.75 s, but the dial was only now
    expect(play.wait(5).do(inputs.disconnected).down?.retryIn).toBe(7.5)
  })
  it('`down` has `sent` or `received`, and never both', () => {
    const received = notificationOf(6, 2)
    const ended = new Play().reach('Established').receive(received).down
    expect(ended).toEqual({
      type: 'down',
      from: 'Established',
      reason: 'notification-received',
      detail: 'the peer sent Cease/Administrative Shutdown (6/2)',
      received,
      retryIn: 300,
    })
    const taken = new Play().reach('OpenConfirm').receive(update).down
    expect(taken).toEqual({
      type: 'down',
      from: 'OpenConfirm',
      reason: 'notification-sent',
      detail: 'unexpected update in OpenConfirm',
      sent: notificationOf(5, 2),
      retryIn: 60,
    })
  })
  it('`dial` has the number of failures before it', () => {
    const play = new Play().reach('Connect').do(inputs.disconnected).wait(5).do(inputs.connected, inputs.disconnected)
    const [, actions] = step(play.machine, { type: 'tick' }, { now: 1e9, jitter: 1 })
    expect(actions).toContainEqual({ type: 'emit', event: { type: 'dial', failures: 2 } })
  })

  function waits(count: number, fail: (play: Play) => unknown): (number | undefined)[] {
    const play = new Play().reach('Connect')
    return Array.from({ length: count }, () => {
      fail(play)
      const retryIn = play.down?.retryIn
      play.wait(retryIn!) // every fall() of a session that dials has one
      return retryIn
    })
  }
})
