/** ROUTE-REFRESH (RFC 2918, RFC 7313). */
import { toHex } from '@softspoken/test-support/hex'
import { encode, type Message } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { inputs, open, Play, refreshFor, update } from '../tools/machine-play.ts'
import { step } from './fsm.ts'

describe('ROUTE-REFRESH (RFC 2918, RFC 7313)', () => {
  it('a request for a family in use emits `refresh`', () => {
    const play = new Play().reach('Established')
    const [, actions] = step(play.machine, { type: 'message', message: refreshFor(1) }, { now: 0, jitter: 1 })
    expect(actions).toEqual([{ type: 'emit', event: { type: 'refresh', family: 'ipv4-unicast' } }])
  })
  it('a request for a family that is not in use is ignored (§4)', () => {
    expect(new Play().reach('Established').receive(refreshFor(2)).taken()).toBe('')
  })
  it('the marks around a refresh are ignored, because we keep no routes (RFC 7313 §4)', () => {
    for (const play of [new Play().reach('Established'), without().receive({ type: 'keepalive' })]) {
      play.taken()
      expect(play.receive(refreshFor(1, 1), refreshFor(1, 2)).taken()).toBe('')
    }
  })
  it('unknown subtypes are ignored (RFC 7313 §4)', () => {
    expect(new Play().reach('Established').receive(refreshFor(1, 3), refreshFor(1, 255)).taken()).toBe('')
  })
  it.each([1, 2])('a mark (%i) of a wrong length is answered with 7/1 and the message (RFC 7313 §5)', subtype => {
    const long: Message = { type: 'route-refresh', afi: 1, safi: 1, subtype, filters: Uint8Array.of(7, 7) }
    const play = new Play().reach('Established').receive(long)
    expect(play.taken()).toBe('send 7/1, close, emit down, -> Idle')
    expect(play.down).toMatchObject({ detail: 'the mark of a route refresh is too long', retryIn: 60 })
    expect(play.down?.sent?.data).toEqual(encode(long))
  })
  it.each([
    [4075, false, 4075],
    [4076, false, 4075],
    [4096, false, 4075],
    [5000, true, 5000],
    [65514, true, 65514],
    [65515, true, 65514],
    [65535, true, 65514],
  ])('a mark of %i octets (extended: %s) is answered with its first %i (RFC 7313 §5)', (octets, extended, answered) => {
    const long: Message = { type: 'route-refresh', afi: 1, safi: 1, subtype: 1, filters: new Uint8Array(octets - 23) }
    const capabilities = [...open.capabilities, { name: 'extended-message' } as const]
    const play = new Play({ extendedMessage: extended }).reach('OpenSent').receive({ ...open, capabilities })
    const { sent } = play.receive({ type: 'keepalive' }, long).down!
    expect(sent).toMatchObject({ code: 7, subcode: 1 })
    expect(toHex(sent!.data)).toBe(toHex(encode(long, { extendedMessage: true }).subarray(0, answered)))
    expect(encode(sent!, { extendedMessage: extended })).toHaveLength(21 + answered)
  })
  it('a mark of a wrong length is ignored without enhanced route refresh', () => {
    const play = without().receive({ type: 'keepalive' })
    play.taken()
    const long: Message = { type: 'route-refresh', afi: 1, safi: 1, subtype: 1, filters: Uint8Array.of(7) }
    expect([play.receive(long).taken(), play.state]).toEqual(['', 'Established'])
  })
  it('a request with filters is answered in full (RFC 5291)', () => {
    const request: Message = { type: 'route-refresh', afi: 1, safi: 1, subtype: 0, filters: Uint8Array.of(1) }
    expect(new Play().reach('Established').receive(request).taken()).toBe('emit refresh')
  })
  it('the answer has marks if the peer offered enhanced route refresh (RFC 7313 §4)', () => {
    const [, actions] = step(new Play().reach('Established').machine, inputs.resend, { now: 0, jitter: 1 })
    expect(actions.map(action => action.type === 'send' && action.message)).toEqual([
      { type: 'route-refresh', afi: 1, safi: 1, subtype: 1 },
      update,
      { type: 'route-refresh', afi: 1, safi: 1, subtype: 2 },
    ])
  })
  it('the answer has no marks if the peer did not offer enhanced route refresh', () => {
    const play = without().receive({ type: 'keepalive' })
    play.taken()
    expect(play.do(inputs.resend).taken()).toBe('send update')
  })
  it('an empty answer does not replace a KEEPALIVE (RFC 4271 §4.4)', () => {
    const play = new Play().reach('Established').wait(10).do({ type: 'resend', family: 'ipv4-unicast', updates: [] })
    expect([play.taken(), play.timers.keepaliveTimer]).toEqual(['send route-refresh, send route-refresh', 20])
  })

  /** In OpenConfirm with a peer that did not offer enhanced route refresh. */
  function without(): Play {
    const capabilities = open.capabilities.filter(({ name }) => name !== 'enhanced-route-refresh')
    return new Play().reach('OpenSent').receive({ ...open, capabilities })
  }
})
