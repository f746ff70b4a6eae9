/** A peer that refuses our capabilities (RFC 5492 §3). */
import type { Message, Open } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { inputs, nothing, open, Play } from '../tools/machine-play.ts'
import { step } from './fsm.ts'
import type { SessionOptions } from './options.ts'

describe('a peer that answers our OPEN with 2/4 (RFC 5492 §3)', () => {
  const refused: Message = { type: 'notification', code: 2, subcode: 4, data: nothing }
  const plainOpen: Open = { ...open, capabilities: [] }
  /** Connects, and returns the number of capabilities in our OPEN. */
  function connect(play: Play): number | undefined {
    play.wait(Math.max(0, ...Object.values(play.timers)))
    const [next, actions] = step(play.machine, inputs.connected, { now: play.now, jitter: 1 })
    play.machine = next
    return actions.flatMap(action =>
      action.type === 'send' && action.message.type === 'open' ? action.message.capabilities.length : [],
    )[0]
  }
  const again = (settings: Partial<SessionOptions> = {}) => new Play(settings).reach('OpenSent').receive(refused)

  it('the next OPEN has no capabilities, after the same back-off', () => {
    const play = again()
    expect(play.down).toMatchObject({ retryIn: 60, reason: 'capabilities-refused' })
    expect(connect(play)).toBe(0)
    expect(play.receive(plainOpen, { type: 'keepalive' }).state).toBe('Established')
    expect(play.machine.negotiated).toMatchObject({
      families: ['ipv4-unicast'],
      fourOctetAs: false,
      routeRefresh: false,
    })
  })
  it('the next OPEN has none even if dials fail in between', () => {
    const play = again().wait(60).do(inputs.disconnected)
    expect(connect(play)).toBe(0)
  })
  it('later OPENs have none as long as sessions are established', () => {
    const play = again()
    for (let i = 0; i < 3; i++) {
      expect(connect(play)).toBe(0)
      play.receive(plainOpen, { type: 'keepalive' }).do(inputs.disconnected)
    }
  })
  it.each<[string, (play: Play) => Play]>([
    ['refuses that with 2/4 as well', play => play.receive(refused)],
    ['closes', play => play.do(inputs.disconnected)],
    ['sends an OPEN that we refuse', play => play.receive({ ...plainOpen, as: 65003 })],
    ['falls silent after its OPEN', play => play.receive(plainOpen).wait(90)],
  ])('after %s the next OPEN has capabilities again, without a second attempt', (_, fail) => {
    const play = again()
    connect(play)
    fail(play)
    for (let i = 0; i < 3; i++) {
      expect(connect(play)).toBe(4)
      expect(play.receive(refused).down?.reason).not.toBe('capabilities-refused')
    }
  })
  it('a session with capabilities allows another attempt', () => {
    const play = again()
    connect(play)
    play.do(inputs.disconnected)
    connect(play)
    play.receive(open, { type: 'keepalive' }).do(inputs.disconnected)
    connect(play)
    expect(play.receive(refused).down?.reason).toBe('capabilities-refused')
    expect(connect(play)).toBe(0)
  })
  it('start() after stop() has capabilities again', () => {
    expect(connect(again().do(inputs.stop, inputs.start))).toBe(4)
    const play = again()
    connect(play)
    expect(connect(play.do(inputs.stop, inputs.start))).toBe(4)
  })
  it('if our OPEN had none, the reason is not capabilities-refused', () => {
    const capabilities = { multiprotocol: false, routeRefresh: false, fourOctetAs: false }
    const play = again({ capabilities })
    expect(play.down?.reason).not.toBe('capabilities-refused')
    expect(connect(play)).toBe(0)
  })
  it.each<Partial<SessionOptions>>([
    { families: ['ipv6-unicast'] },
    { families: ['ipv4-unicast', 'ipv6-unicast'] },
    { extendedNextHop: true },
    { extendedMessage: true },
    { requireFourOctetAs: true },
    { gracefulRestart: { restartTime: 120 } },
    { peer: { as: 65536, address: '192.0.2.2' } },
    { local: { as: 65536, id: '192.0.2.1' } },
  ])('the next OPEN has capabilities if one is needed: %j', settings => {
    const play = again(settings)
    expect(play.down?.reason).not.toBe('capabilities-refused')
    expect(connect(play)).toBeGreaterThan(0)
  })
  it('only 2/4, and only before Established, removes capabilities', () => {
    expect(connect(new Play().reach('Established').receive(refused))).toBe(4)
    for (const subcode of [0, 2, 7]) {
      const play = new Play().reach('OpenSent').receive({ type: 'notification', code: 2, subcode, data: nothing })
      expect(connect(play)).toBe(4)
    }
  })
})
