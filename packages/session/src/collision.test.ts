/** Which of two connections is kept (RFC 4271 §6.8). */
import type { Message, Open } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { higher, keepalive, lower, openOf, Play } from '../tools/connections-play.ts'
import { stepSession } from './collision.ts'
import type { CollisionSide } from './connections.ts'
import type { SessionOptions } from './options.ts'

describe('the connection of the higher BGP Identifier is kept (RFC 4271 §6.8)', () => {
  it("if our identifier is lower, the peer's connection is kept (clause 2)", () => {
    const play = new Play().reach('OpenConfirm', higher).do({ type: 'accepted' })
    expect(play.taken()).toBe('incoming: accept, incoming: send open')
    play.receive('incoming', higher)
    expect(play.taken()).toBe('outgoing: send 6/7, outgoing: close, incoming: send keepalive')
    expect(play.connections).toEqual({ incoming: 'OpenConfirm' })
  })
  it('if our identifier is higher, our connection is kept (clause 3)', () => {
    const play = new Play().reach('OpenConfirm', lower).do({ type: 'accepted' })
    play.taken()
    expect(play.receive('incoming', lower).taken()).toBe('incoming: send 6/7, incoming: close')
    expect(play.connections).toEqual({ outgoing: 'OpenConfirm' })
  })
  it('the existing connection may also be one that the peer dialled', () => {
    const twoUp = (open: Open) => {
      const play = new Play().reach('Connect').do({ type: 'accepted' }).do({ type: 'connected' }, 'outgoing')
      play.taken()
      return play.receive('incoming', open)
    }
    const theirs = twoUp(higher)
    expect(theirs.taken()).toBe('outgoing: send 6/7, outgoing: close, incoming: send keepalive, -> OpenConfirm')
    expect(theirs.connections).toEqual({ incoming: 'OpenConfirm' })
    const ours = twoUp(lower).receive('outgoing', lower)
    expect(ours.taken()).toBe('incoming: send 6/7, incoming: close, outgoing: send keepalive, -> OpenConfirm')
    expect(ours.connections).toEqual({ outgoing: 'OpenConfirm' })
  })
  it('an OPEN on the preferred connection closes one in OpenSent at once', () => {
    const dialled = new Play().both().receive('outgoing', lower)
    expect(dialled.taken()).toBe('incoming: send 6/7, incoming: close, outgoing: send keepalive, -> OpenConfirm')
    const accepted = new Play().both().receive('incoming', higher)
    expect(accepted.taken()).toBe('outgoing: send 6/7, outgoing: close, incoming: send keepalive, -> OpenConfirm')
  })
  it('identifiers are compared as unsigned integers (RFC 6286 §2.1)', () => {
    const numbers = [
      ['10.0.0.2', '9.255.255.255', 'outgoing'],
      ['9.255.255.255', '10.0.0.2', 'incoming'],
      ['200.0.0.1', '1.0.0.200', 'outgoing'],
    ] as const
    for (const [ours, theirs, kept] of numbers)
      expect(keptBetween({ local: { as: 65001, id: ours } }, openOf(theirs))).toBe(kept)
  })
  it('if the identifiers are equal, the higher AS number decides (RFC 6286 §2.3)', () => {
    const same = (as: number) => openOf('192.0.2.1', { as })
    expect(keptBetween({}, same(65002))).toBe('incoming')
    expect(keptBetween({ peer: { as: 64999, address: '192.0.2.2' } }, same(64999))).toBe('outgoing')
    const fourOctets = { as: 4200000000, address: '192.0.2.2' }
    expect(keptBetween({ peer: fourOctets }, same(4200000000))).toBe('incoming')
  })

  function keptBetween(settings: Partial<SessionOptions>, open: Open): CollisionSide | undefined {
    const play = new Play(settings).both().receive('outgoing', open).receive('incoming', open)
    expect(play.pair.pending).toBeUndefined()
    return play.pair.main.side
  }
})

describe('a connection in Established wins over a new one (RFC 4271 §6.8)', () => {
  it('the new connection gets Cease 6/7 for its OPEN, for any identifiers', () => {
    for (const open of [lower, higher]) {
      const play = new Play().reach('Established', open).do({ type: 'accepted' })
      expect(play.taken()).toBe('incoming: accept, incoming: send open')
      expect(play.receive('incoming', open).taken()).toBe('incoming: send 6/7, incoming: close')
      expect([play.state, play.connections]).toEqual(['Established', { outgoing: 'Established' }])
    }
  })
  it('a silent connection beside it ends by its hold timer after 10 s (RFC 4271 §6.5)', () => {
    const play = new Play().reach('Established').do({ type: 'accepted' })
    play.taken()
    expect(play.wait(9.999).taken()).toBe('')
    expect(play.wait(0.001).taken()).toBe('incoming: send 4/0, incoming: close')
    expect([play.state, play.connections]).toEqual(['Established', { outgoing: 'Established' }])
    expect(play.downs).toEqual([])
  })
  it('UPDATEs are sent on the established connection only', () => {
    const play = new Play().reach('Established').do({ type: 'accepted' })
    play.taken()
    play.do({ type: 'send', update: { type: 'update', withdrawn: [], attributes: {}, announced: [] } })
    expect(play.taken()).toBe('outgoing: send update')
  })
  it('if it is lost before the collision is resolved, the new one is the session', () => {
    const play = new Play().reach('Established').do({ type: 'accepted' })
    play.taken()
    expect(play.lose('outgoing').taken()).toBe('outgoing: close, emit down, -> OpenSent')
    expect(play.history.protocol).toBe(1)
    play.receive('incoming', higher, keepalive)
    expect(play.taken()).toBe('incoming: send keepalive, -> OpenConfirm, emit established, -> Established')
  })
})

describe('an OPEN on the connection that is not preferred', () => {
  it('the OPEN waits while the preferred connection is in OpenSent', () => {
    expect(new Play().both().receive('incoming', lower).taken()).toBe('')
    expect(new Play().both().receive('outgoing', higher).taken()).toBe('')
  })
  it('the OPEN gets Cease 6/7 once the preferred one has an OPEN (RFC 4271 §6.8)', () => {
    const play = new Play().both().receive('incoming', lower).receive('outgoing', lower)
    expect(play.taken()).toBe('incoming: send 6/7, incoming: close, outgoing: send keepalive, -> OpenConfirm')
  })
  it('the OPEN and its KEEPALIVE are handled once the preferred one has ended', () => {
    const play = new Play().both().receive('incoming', lower, keepalive, keepalive).lose('outgoing')
    expect(play.taken()).toBe('outgoing: close, incoming: send keepalive, emit established, -> Established')
    expect(play.connections).toEqual({ incoming: 'Established' })
  })
  it('the OPEN is handled after 10 s, and the preferred one gets 4/0 (RFC 4271 §6.5)', () => {
    const ours = new Play().reach('OpenSent').wait(100).do({ type: 'accepted' }).wait(3).receive('incoming', lower)
    ours.taken()
    expect(ours.wait(9.999).taken()).toBe('')
    expect(ours.wait(0.001).taken()).toBe(
      'outgoing: send 4/0, outgoing: close, incoming: send keepalive, -> OpenConfirm',
    )
    const theirs = new Play().reach('OpenSent').do({ type: 'accepted' }).wait(3).receive('outgoing', higher)
    theirs.taken()
    expect(theirs.wait(6.999).taken()).toBe('')
    expect(theirs.wait(0.001).taken()).toBe(
      'incoming: send 4/0, incoming: close, outgoing: send keepalive, -> OpenConfirm',
    )
    expect(theirs.history).toMatchObject({ transport: 0, protocol: 0 })
  })
  it('the OPEN waits for 10 s at most, even if the peer repeats it', () => {
    const play = new Play().both().receive('incoming', lower).wait(6).receive('incoming', lower).wait(3.999)
    expect(play.taken()).toBe('')
    expect(play.wait(0.001).taken()).toContain('outgoing: send 4/0, outgoing: close, incoming: send keepalive')
  })
  it('the OPEN waits for 10 s at most, even if the peer replaces the silent one', () => {
    const play = new Play().reach('OpenSent').do({ type: 'accepted' }).receive('outgoing', higher)
    for (let at = 0; at < 9; at += 3) play.wait(3).do({ type: 'accepted' })
    expect(play.wait(1).state).toBe('OpenConfirm')
    expect(play.connections).toEqual({ outgoing: 'OpenConfirm' })
  })
  it('a connection whose OPEN waits keeps its limit of 240 s', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' }).do({ type: 'connected' }, 'outgoing')
    play.wait(5).receive('incoming', lower).wait(9)
    expect(play.connections).toEqual({ incoming: 'OpenSent', outgoing: 'OpenSent' })
  })
  it('another message than KEEPALIVE ends that connection only (RFC 4271 §6.6)', () => {
    const update: Message = { type: 'update', withdrawn: [], attributes: {}, announced: [] }
    const play = new Play().both().receive('incoming', lower, update)
    expect(play.taken()).toBe('incoming: send 5/1, incoming: close')
    expect(play.connections).toEqual({ outgoing: 'OpenSent' })
  })
  it('if that connection is lost, its OPEN is dropped', () => {
    const play = new Play().both().receive('incoming', lower).lose('incoming').receive('outgoing', lower)
    expect(play.taken()).toBe('incoming: close, outgoing: send keepalive, -> OpenConfirm')
  })
  it('of many KEEPALIVEs behind a waiting OPEN, one is kept', () => {
    const play = new Play().both().receive('incoming', lower)
    for (let i = 0; i < 100; i++) play.receive('incoming', keepalive)
    expect(play.pair.pending?.queue).toHaveLength(2)
  })
})

describe('the peer dials us during our dial', () => {
  it('no collision is detected in Connect, so both continue (RFC 4271 §6.8)', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' })
    expect(play.taken()).toBe('incoming: accept, incoming: send open, -> OpenSent')
    expect(play.do({ type: 'connected' }, 'outgoing').taken()).toBe('outgoing: send open')
    expect(play.connections).toEqual({ incoming: 'OpenSent', outgoing: 'OpenSent' })
  })
  it('our dial ends once the peer has sent its OPEN, for any identifiers', () => {
    for (const open of [lower, higher]) {
      const play = new Play().reach('Connect').do({ type: 'accepted' })
      play.taken()
      expect(play.receive('incoming', open).taken()).toBe('outgoing: close, incoming: send keepalive, -> OpenConfirm')
    }
  })
  it('if our dial fails, the session continues and no failure counts', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' })
    play.taken()
    expect(play.lose('outgoing').taken()).toBe('outgoing: close')
    expect(play.receive('incoming', higher, keepalive).state).toBe('Established')
    expect([play.history, play.downs]).toMatchObject([{ transport: 0, protocol: 0 }, []])
  })
  it('if the peer leaves without an OPEN and our dial fails, `down` is emitted once', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' }).lose('outgoing')
    play.wait(2).lose('incoming')
    expect(play.downs).toMatchObject([{ from: 'Connect', detail: 'closed', retryIn: 3 }])
    expect(play.history).toMatchObject({ transport: 1, protocol: 0 })
  })
  it('our dial still ends after connectTimeout', () => {
    const play = new Play().reach('Connect').wait(5).do({ type: 'accepted' })
    play.taken()
    expect(play.wait(4.999).taken()).toBe('')
    expect(play.wait(0.001).taken()).toBe('outgoing: close')
  })
  it('if the peer leaves again, our dial continues', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' })
    play.taken()
    expect(play.lose('incoming').taken()).toBe('incoming: close, -> Connect')
    expect(play.wait(10).taken()).toBe('outgoing: close, emit down, -> Idle')
    expect(play.downs).toMatchObject([{ detail: 'no answer within 10 s', retryIn: 5 }])
  })
  it('an incoming connection without an OPEN neither delays nor hides our dial', () => {
    const play = new Play().reach('Connect').lose('outgoing').do({ type: 'accepted' })
    play.taken()
    expect(play.wait(5).taken()).toBe('outgoing: connect, emit dial')
    expect(play.lose('outgoing').taken()).toBe('outgoing: close')
    expect(play.wait(9.999).taken()).toBe('')
    expect(play.wait(0.001).taken()).toBe('emit down, outgoing: connect, emit dial')
    expect(play.downs.at(-1)).toMatchObject({ from: 'Connect', retryIn: 0 })
  })
  it('we do not dial after the OPEN of the peer, until its connection has ended', () => {
    const play = new Play().reach('Connect').lose('outgoing').do({ type: 'accepted' }).receive('incoming', higher)
    play.taken()
    expect(play.wait(89).taken()).not.toMatch(/connect|dial/)
    expect(play.lose('incoming').wait(60).taken()).toBe(
      'incoming: close, emit down, -> Idle, outgoing: connect, emit dial, -> Connect',
    )
  })
})

describe('one connection per direction', () => {
  it('a newer incoming connection replaces one without an OPEN', () => {
    const replaced = 'incoming: send 6/7, incoming: close, incoming: accept, incoming: send open'
    for (const place of ['Connect', 'OpenSent', 'OpenConfirm', 'Established'] as const) {
      const play = new Play().reach(place).do({ type: 'accepted' })
      const before = play.state
      play.taken()
      expect(play.wait(9).do({ type: 'accepted' }).taken()).toBe(replaced)
      expect([play.state, play.downs, play.history]).toMatchObject([before, [], { transport: 0, protocol: 0 }])
      play.lose('outgoing').taken()
      expect(play.do({ type: 'accepted' }).taken()).toBe(replaced)
      expect(play.connections.incoming).toBe('OpenSent')
    }
  })
  it('a connection with half an OPEN is replaced', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' }).do({ type: 'octets' }, 'incoming')
    play.taken()
    expect(play.do({ type: 'accepted' }).taken()).toContain('incoming: close, incoming: accept')
    expect(play.history).toMatchObject({ transport: 0, protocol: 0 })
  })
  it('a newer incoming connection is rejected once the first has sent its OPEN', () => {
    const waits = new Play().both().receive('incoming', lower)
    expect(waits.do({ type: 'accepted' }).taken()).toBe('')
    const taken = new Play().reach('Connect').do({ type: 'accepted' }).receive('incoming', higher)
    taken.taken()
    expect(taken.do({ type: 'accepted' }).taken()).toBe('')
    expect(taken.receive('incoming', keepalive).do({ type: 'accepted' }).state).toBe('Established')
  })
  it('an incoming connection is accepted after the first has ended', () => {
    const play = new Play().both().lose('incoming').do({ type: 'accepted' })
    expect(play.connections).toEqual({ outgoing: 'OpenSent', incoming: 'OpenSent' })
  })
  it('a stopped session rejects incoming connections (RFC 4271 §8.2.2, Idle)', () => {
    const play = new Play().do({ type: 'accepted' })
    expect(play.taken()).toBe('')
    play.both().do({ type: 'stop', communication: '' })
    play.taken()
    expect(play.do({ type: 'accepted' }).taken()).toBe('')
  })
  it('a passive session accepts a connection and never dials', () => {
    const play = new Play({ passive: true }).do({ type: 'start' }).do({ type: 'accepted' })
    expect(play.taken()).toBe('-> Active, incoming: accept, incoming: send open, -> OpenSent')
    expect(play.do({ type: 'octets' }, 'incoming').lose('incoming').wait(1e6).taken()).toBe(
      'incoming: close, emit down, -> Idle, -> Active',
    )
    expect(play.downs.at(-1)).not.toHaveProperty('retryIn')
  })
  it('a passive session waits 240 s for the OPEN, and silence is no failure', () => {
    const play = new Play({ passive: true }).do({ type: 'start' }).do({ type: 'accepted' }).wait(100)
    play.do({ type: 'accepted' }).taken()
    expect(play.wait(239.999).taken()).toBe('')
    expect(play.wait(0.001).taken()).toBe('incoming: send 4/0, incoming: close, emit down, -> Active')
    expect(play.downs).toMatchObject([{ detail: 'no message from the peer for 240 s' }])
    expect(play.history).toEqual({ transport: 0, protocol: 0 })
    play.do({ type: 'accepted' }).receive('incoming', higher, keepalive)
    expect(play.state).toBe('Established')
  })
})

describe('what is no collision', () => {
  it('a connection is not accepted while the session is stopped', () => {
    const play = new Play().do({ type: 'accepted' })
    expect([play.taken(), play.connections]).toEqual(['', { outgoing: 'Idle' }])
  })
  it('an input of a connection that has ended has no action', () => {
    const play = new Play().reach('OpenSent').receive('incoming', keepalive)
    expect([play.taken(), play.connections]).toEqual(['', { outgoing: 'OpenSent' }])
  })
  it('a second OPEN ends its own connection only (RFC 6608 §3)', () => {
    for (const open of [higher, lower]) {
      const play = new Play().reach('OpenConfirm', open).do({ type: 'accepted' })
      play.taken()
      expect(play.receive('outgoing', open).taken()).toBe('outgoing: send 5/2, outgoing: close, -> OpenSent')
      expect(play.connections).toEqual({ outgoing: 'Idle', incoming: 'OpenSent' })
    }
  })
})

it('an event is of the session, so that it has no side', () => {
  const { pair } = new Play().reach('OpenConfirm')
  const message = { type: 'message', message: keepalive } as const
  const [, actions] = stepSession(pair, message, { now: 0, jitter: 1 }, 'outgoing')
  expect(actions.map(({ type }) => type)).toEqual(['emit', 'emit'])
  for (const action of actions) expect(action).not.toHaveProperty('side')
})
