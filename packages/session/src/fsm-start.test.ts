import { describe, expect, it } from 'vitest'
import { inputs, nothing, open, Play, places } from '../tools/machine-play.ts'

describe('start and stop', () => {
  it('stop() sends Cease 6/2 with the reason (RFC 4271 §8.2.2, event 2; RFC 9003)', () => {
    const play = new Play().reach('Established').do(inputs.stop)
    expect(play.down).toMatchObject({
      reason: 'stopped',
      detail: 'stopped: maintenance',
      from: 'Established',
      sent: { code: 6, subcode: 2 },
    })
    expect(play.down?.sent?.data).toEqual(Uint8Array.of(11, ...new TextEncoder().encode('maintenance')))
    expect(play.down).not.toHaveProperty('retryIn')
    expect(play.timers).toEqual({})
  })
  it('a stopped session leaves Idle by start() only', () => {
    for (const place of places) {
      const play = new Play(place === 'Active' ? { passive: true } : {}).reach(place).do(inputs.stop)
      for (const [name, input] of Object.entries(inputs)) if (name !== 'start') play.do(input)
      expect([play.state, play.wait(1e6).state]).toEqual(['Idle', 'Idle'])
    }
  })
  it('firstDialDelay delays the first dial', () => {
    const play = new Play({ firstDialDelay: 20 }).do(inputs.start)
    expect([play.state, play.timers]).toEqual(['Idle', { idleHoldTimer: 20 }])
    expect(play.wait(19.999).taken()).toBe('')
    expect(play.wait(0.001).taken()).toBe('connect, emit dial, -> Connect')
  })
  it('repeated start() does not shorten a delay', () => {
    const play = new Play({ firstDialDelay: 20 }).do(inputs.start)
    for (let i = 0; i < 19; i++) play.wait(1).do(inputs.start)
    expect(play.timers).toEqual({ idleHoldTimer: 1 })
  })
  it('stop() and start() do not shorten minInterval', () => {
    const play = new Play({ backOff: { minInterval: 30 } }).reach('Established').wait(1).do(inputs.stop, inputs.start)
    expect([play.state, play.timers]).toEqual(['Idle', { idleHoldTimer: 29 }])
  })
  it('stop() and start() do not shorten a delay that has begun', () => {
    const play = new Play().reach('Established').receive({ type: 'notification', code: 6, subcode: 2, data: nothing })
    expect(play.wait(100).do(inputs.stop, inputs.start).timers).toEqual({ idleHoldTimer: 200 })
    expect(play.wait(150).do(inputs.stop).wait(60).do(inputs.start).state).toBe('Connect') // it ran out meanwhile
  })
  it('stop() and start() do not reset the failures', () => {
    const play = new Play().reach('Connect').do(inputs.disconnected).wait(5).do(inputs.disconnected)
    play.do(inputs.stop, inputs.start).wait(10).do(inputs.disconnected)
    expect(play.down?.retryIn).toBe(20)
  })
  it('a stable session that stop() ends resets the failures too', () => {
    const play = new Play().reach('Connect').do(inputs.disconnected).wait(5)
    play.do(inputs.connected).receive(open, { type: 'keepalive' }).sleep(300).do(inputs.stop, inputs.start)
    expect(play.do(inputs.disconnected).down?.retryIn).toBe(5)
  })
})

describe('an incoming connection', () => {
  const accepted = inputs.accepted

  it('a passive session waits in Active and never dials (RFC 4271 §8.1.1)', () => {
    const play = new Play({ passive: true }).do(inputs.start)
    expect([play.state, play.timers]).toEqual(['Active', {}])
    expect(play.wait(1e6).taken()).toBe('-> Active')
    expect(play.do(accepted).taken()).toBe('accept, send open, -> OpenSent')
  })
  it('a passive session accepts the peer at once after a failure, and never dials', () => {
    const play = new Play({ passive: true }).reach('OpenSent').do(inputs.disconnected)
    expect(play.down).not.toHaveProperty('retryIn')
    expect(play.state).toBe('Idle')
    expect(play.do(accepted).state).toBe('OpenSent')
    expect(play.do(inputs.disconnected).wait(1e6).state).toBe('Active')
    expect(play.taken()).not.toMatch(/connect/)
  })
  it('an incoming connection is accepted in Idle during the back-off', () => {
    const play = new Play().reach('Idle, waiting').do(accepted)
    expect(play.taken()).toBe('accept, send open, -> OpenSent')
    expect(play.receive(open, { type: 'keepalive' }).state).toBe('Established')
  })
  it('a stopped session rejects an incoming connection (RFC 4271 §8.2.2, Idle)', () => {
    expect(new Play().do(accepted).taken()).toBe('')
    expect(new Play().reach('Established').do(inputs.stop).do(accepted).state).toBe('Idle')
  })
  it('an incoming connection does not shorten the delay before our next dial', () => {
    const play = new Play().reach('Established').receive({ type: 'notification', code: 6, subcode: 2, data: nothing })
    play.wait(10).do(accepted, inputs.disconnected)
    expect(play.down?.retryIn).toBe(290)
  })
  it('a peer that leaves at once does not shorten minInterval', () => {
    const play = new Play({ backOff: { minInterval: 3600 } })
      .reach('Idle, waiting')
      .wait(1)
      .do(accepted, inputs.disconnected)
    expect(play.down?.retryIn).toBe(3599)
  })
})
