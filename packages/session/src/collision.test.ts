import type { Message, Notification, Open } from '@softspoken/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type SessionAction, type SessionInput, stepSession } from './collision.ts'
import { configure } from './config.ts'
import { type CollisionSide, type Connections, furthest, newConnections, sessionDeadline } from './connections.ts'
import type { Down, SessionState } from './events.ts'
import type { Input } from './fsm.ts'
import type { SessionOptions } from './options.ts'

const given: SessionOptions = { local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65002, address: '192.0.2.2' } }
const nothing = new Uint8Array()
const openOf = (id: string, change: Partial<Open> = {}): Open => ({
  type: 'open',
  version: 4,
  as: 65002,
  holdTime: 90,
  id,
  capabilities: [{ name: 'multiprotocol', afi: 1, safi: 1 }],
  ...change,
})
/** The peer whose own dial is preferred, and the one whose is not. */
const higher = openOf('192.0.2.2')
const lower = openOf('192.0.2.0')
const keepalive: Message = { type: 'keepalive' }
const notificationOf = (code: number, subcode: number): Message => ({
  type: 'notification',
  code,
  subcode,
  data: nothing,
})

// ---- a pair that is played step by step, in virtual time

class Play {
  pair: Connections
  now = 0
  log: string[] = []
  downs: Down[] = []

  constructor(settings: Partial<SessionOptions> = {}) {
    this.pair = newConnections(configure({ ...given, ...settings }), 0)
  }
  get state(): SessionState {
    return furthest(this.pair).machine.state
  }
  /** Which connections there are, and how far each has come. */
  get connections(): Partial<Record<CollisionSide, SessionState>> {
    const sides = [this.pair.main, this.pair.pending].flatMap(side => side ?? [])
    return Object.fromEntries(sides.map(({ side, machine }) => [side, machine.state]))
  }
  get down(): Down | undefined {
    return this.downs.at(-1)
  }
  get history() {
    return this.pair.main.machine.history
  }
  do(input: SessionInput, side?: CollisionSide): this {
    const [next, actions] = stepSession(this.pair, input, { now: this.now, jitter: 1 }, side)
    this.pair = next
    for (const action of actions)
      if (action.type === 'emit' && action.event.type === 'down') this.downs.push(action.event)
    this.log.push(...actions.map(inWords))
    return this
  }
  hear(side: CollisionSide, ...messages: Message[]): this {
    for (const message of messages) this.do({ type: 'message', message }, side)
    return this
  }
  lose(side: CollisionSide): this {
    return this.do({ type: 'disconnected', reason: 'closed', detail: 'closed' }, side)
  }
  /** Lets seconds pass; each timer that runs out on the way does so at its time. */
  wait(seconds: number): this {
    const until = this.now + seconds * 1000
    for (let at = sessionDeadline(this.pair); at !== undefined && at <= until; at = sessionDeadline(this.pair)) {
      this.now = Math.max(this.now, at)
      this.do({ type: 'tick' })
    }
    this.now = until
    return this
  }
  /** What was asked for since the last call. */
  said(): string {
    return this.log.splice(0).join(', ')
  }
  reach(place: 'Connect' | 'OpenSent' | 'OpenConfirm' | 'Established', open: Open = higher): this {
    this.do({ type: 'start' })
    if (place !== 'Connect') this.do({ type: 'connected' }, 'outgoing')
    if (place === 'OpenConfirm' || place === 'Established') this.hear('outgoing', open)
    if (place === 'Established') this.hear('outgoing', keepalive)
    this.said()
    return this
  }
  /** Both connections are up, and nothing has been heard on either. */
  both(): this {
    this.reach('OpenSent').do({ type: 'accepted' })
    this.said()
    return this
  }
}
function inWords(action: SessionAction): string {
  if (action.type === 'emit')
    return action.event.type === 'state' ? `-> ${action.event.to}` : `tell ${action.event.type}`
  const { side } = action
  if (action.type !== 'send') return `${side}: ${action.type}`
  const { message } = action
  return `${side}: send ${message.type === 'notification' ? `${message.code}/${message.subcode}` : message.type}`
}

// ---- §6.8, clause by clause

describe('the connection of the higher BGP Identifier is kept (RFC 4271 §6.8)', () => {
  it("if our identifier is lower, the peer's connection is kept (clause 2)", () => {
    const play = new Play().reach('OpenConfirm', higher).do({ type: 'accepted' })
    expect(play.said()).toBe('incoming: accept, incoming: send open')
    play.hear('incoming', higher)
    expect(play.said()).toBe('outgoing: send 6/7, outgoing: close, incoming: send keepalive')
    expect(play.connections).toEqual({ incoming: 'OpenConfirm' })
  })
  it('if our identifier is higher, our connection is kept (clause 3)', () => {
    const play = new Play().reach('OpenConfirm', lower).do({ type: 'accepted' })
    play.said()
    expect(play.hear('incoming', lower).said()).toBe('incoming: send 6/7, incoming: close')
    expect(play.connections).toEqual({ outgoing: 'OpenConfirm' })
  })
  it('the existing connection may also be one that the peer dialled', () => {
    const twoUp = (open: Open) => {
      const play = new Play().reach('Connect').do({ type: 'accepted' }).do({ type: 'connected' }, 'outgoing')
      play.said()
      return play.hear('incoming', open)
    }
    const theirs = twoUp(higher)
    expect(theirs.said()).toBe('outgoing: send 6/7, outgoing: close, incoming: send keepalive, -> OpenConfirm')
    expect(theirs.connections).toEqual({ incoming: 'OpenConfirm' })
    const ours = twoUp(lower).hear('outgoing', lower)
    expect(ours.said()).toBe('incoming: send 6/7, incoming: close, outgoing: send keepalive, -> OpenConfirm')
    expect(ours.connections).toEqual({ outgoing: 'OpenConfirm' })
  })
  it('an OPEN on the preferred connection closes one in OpenSent at once', () => {
    const dialled = new Play().both().hear('outgoing', lower)
    expect(dialled.said()).toBe('incoming: send 6/7, incoming: close, outgoing: send keepalive, -> OpenConfirm')
    const accepted = new Play().both().hear('incoming', higher)
    expect(accepted.said()).toBe('outgoing: send 6/7, outgoing: close, incoming: send keepalive, -> OpenConfirm')
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
    const play = new Play(settings).both().hear('outgoing', open).hear('incoming', open)
    expect(play.pair.pending).toBeUndefined()
    return play.pair.main.side
  }
})

describe('a connection in Established wins over a new one (RFC 4271 §6.8)', () => {
  it('the new connection gets Cease 6/7 for its OPEN, for any identifiers', () => {
    for (const open of [lower, higher]) {
      const play = new Play().reach('Established', open).do({ type: 'accepted' })
      expect(play.said()).toBe('incoming: accept, incoming: send open')
      expect(play.hear('incoming', open).said()).toBe('incoming: send 6/7, incoming: close')
      expect([play.state, play.connections]).toEqual(['Established', { outgoing: 'Established' }])
    }
  })
  it('a silent connection beside it ends by its hold timer after 10 s (RFC 4271 §6.5)', () => {
    const play = new Play().reach('Established').do({ type: 'accepted' })
    play.said()
    expect(play.wait(9.999).said()).toBe('')
    expect(play.wait(0.001).said()).toBe('incoming: send 4/0, incoming: close')
    expect([play.state, play.connections]).toEqual(['Established', { outgoing: 'Established' }])
    expect(play.downs).toEqual([])
  })
  it('UPDATEs are sent on the established connection only', () => {
    const play = new Play().reach('Established').do({ type: 'accepted' })
    play.said()
    play.do({ type: 'send', update: { type: 'update', withdrawn: [], attributes: {}, announced: [] } })
    expect(play.said()).toBe('outgoing: send update')
  })
  it('if it is lost before the collision is resolved, the new one is the session', () => {
    const play = new Play().reach('Established').do({ type: 'accepted' })
    play.said()
    expect(play.lose('outgoing').said()).toBe('outgoing: close, tell down, -> OpenSent')
    expect(play.history.protocol).toBe(1)
    play.hear('incoming', higher, keepalive)
    expect(play.said()).toBe('incoming: send keepalive, -> OpenConfirm, tell established, -> Established')
  })
})

describe('an OPEN on the connection that is not preferred', () => {
  it('the OPEN waits while the preferred connection is in OpenSent', () => {
    expect(new Play().both().hear('incoming', lower).said()).toBe('')
    expect(new Play().both().hear('outgoing', higher).said()).toBe('')
  })
  it('the OPEN gets Cease 6/7 once the preferred one has an OPEN (RFC 4271 §6.8)', () => {
    const play = new Play().both().hear('incoming', lower).hear('outgoing', lower)
    expect(play.said()).toBe('incoming: send 6/7, incoming: close, outgoing: send keepalive, -> OpenConfirm')
  })
  it('the OPEN and its KEEPALIVE are handled once the preferred one has ended', () => {
    const play = new Play().both().hear('incoming', lower, keepalive, keepalive).lose('outgoing')
    expect(play.said()).toBe('outgoing: close, incoming: send keepalive, tell established, -> Established')
    expect(play.connections).toEqual({ incoming: 'Established' })
  })
  it('the OPEN is handled after 10 s, and the preferred one gets 4/0 (RFC 4271 §6.5)', () => {
    const ours = new Play().reach('OpenSent').wait(100).do({ type: 'accepted' }).wait(3).hear('incoming', lower)
    ours.said()
    expect(ours.wait(9.999).said()).toBe('')
    expect(ours.wait(0.001).said()).toBe(
      'outgoing: send 4/0, outgoing: close, incoming: send keepalive, -> OpenConfirm',
    )
    const theirs = new Play().reach('OpenSent').do({ type: 'accepted' }).wait(3).hear('outgoing', higher)
    theirs.said()
    expect(theirs.wait(6.999).said()).toBe('')
    expect(theirs.wait(0.001).said()).toBe(
      'incoming: send 4/0, incoming: close, outgoing: send keepalive, -> OpenConfirm',
    )
    expect(theirs.history).toMatchObject({ transport: 0, protocol: 0 })
  })
  it('the OPEN waits for 10 s at most, even if the peer repeats it', () => {
    const play = new Play().both().hear('incoming', lower).wait(6).hear('incoming', lower).wait(3.999)
    expect(play.said()).toBe('')
    expect(play.wait(0.001).said()).toContain('outgoing: send 4/0, outgoing: close, incoming: send keepalive')
  })
  it('the OPEN waits for 10 s at most, even if the peer replaces the silent one', () => {
    const play = new Play().reach('OpenSent').do({ type: 'accepted' }).hear('outgoing', higher)
    for (let at = 0; at < 9; at += 3) play.wait(3).do({ type: 'accepted' })
    expect(play.wait(1).state).toBe('OpenConfirm')
    expect(play.connections).toEqual({ outgoing: 'OpenConfirm' })
  })
  it('a connection whose OPEN waits keeps its limit of 240 s', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' }).do({ type: 'connected' }, 'outgoing')
    play.wait(5).hear('incoming', lower).wait(9)
    expect(play.connections).toEqual({ incoming: 'OpenSent', outgoing: 'OpenSent' })
  })
  it('another message than KEEPALIVE ends that connection only (RFC 4271 §6.6)', () => {
    const update: Message = { type: 'update', withdrawn: [], attributes: {}, announced: [] }
    const play = new Play().both().hear('incoming', lower, update)
    expect(play.said()).toBe('incoming: send 5/1, incoming: close')
    expect(play.connections).toEqual({ outgoing: 'OpenSent' })
  })
  it('if that connection is lost, its OPEN is dropped', () => {
    const play = new Play().both().hear('incoming', lower).lose('incoming').hear('outgoing', lower)
    expect(play.said()).toBe('incoming: close, outgoing: send keepalive, -> OpenConfirm')
  })
  it('of many KEEPALIVEs behind a waiting OPEN, one is kept', () => {
    const play = new Play().both().hear('incoming', lower)
    for (let i = 0; i < 100; i++) play.hear('incoming', keepalive)
    expect(play.pair.pending?.queue).toHaveLength(2)
  })
})

describe('the peer dials us during our dial', () => {
  it('no collision is detected in Connect, so both continue (RFC 4271 §6.8)', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' })
    expect(play.said()).toBe('incoming: accept, incoming: send open, -> OpenSent')
    expect(play.do({ type: 'connected' }, 'outgoing').said()).toBe('outgoing: send open')
    expect(play.connections).toEqual({ incoming: 'OpenSent', outgoing: 'OpenSent' })
  })
  it('our dial ends once the peer has sent its OPEN, for any identifiers', () => {
    for (const open of [lower, higher]) {
      const play = new Play().reach('Connect').do({ type: 'accepted' })
      play.said()
      expect(play.hear('incoming', open).said()).toBe('outgoing: close, incoming: send keepalive, -> OpenConfirm')
    }
  })
  it('if our dial fails, the session continues and no failure counts', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' })
    play.said()
    expect(play.lose('outgoing').said()).toBe('outgoing: close')
    expect(play.hear('incoming', higher, keepalive).state).toBe('Established')
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
    play.said()
    expect(play.wait(4.999).said()).toBe('')
    expect(play.wait(0.001).said()).toBe('outgoing: close')
  })
  it('if the peer leaves again, our dial continues', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' })
    play.said()
    expect(play.lose('incoming').said()).toBe('incoming: close, -> Connect')
    expect(play.wait(10).said()).toBe('outgoing: close, tell down, -> Idle')
    expect(play.downs).toMatchObject([{ detail: 'no answer within 10 s', retryIn: 5 }])
  })
  it('an incoming connection without an OPEN neither delays nor hides our dial', () => {
    const play = new Play().reach('Connect').lose('outgoing').do({ type: 'accepted' })
    play.said()
    expect(play.wait(5).said()).toBe('outgoing: connect, tell dial')
    expect(play.lose('outgoing').said()).toBe('outgoing: close')
    expect(play.wait(9.999).said()).toBe('')
    expect(play.wait(0.001).said()).toBe('tell down, outgoing: connect, tell dial')
    expect(play.downs.at(-1)).toMatchObject({ from: 'Connect', retryIn: 0 })
  })
  it('we do not dial after the OPEN of the peer, until its connection has ended', () => {
    const play = new Play().reach('Connect').lose('outgoing').do({ type: 'accepted' }).hear('incoming', higher)
    play.said()
    expect(play.wait(89).said()).not.toMatch(/connect|dial/)
    expect(play.lose('incoming').wait(60).said()).toBe(
      'incoming: close, tell down, -> Idle, outgoing: connect, tell dial, -> Connect',
    )
  })
})

describe('one connection per direction', () => {
  it('a newer incoming connection replaces one without an OPEN', () => {
    const replaced = 'incoming: send 6/7, incoming: close, incoming: accept, incoming: send open'
    for (const place of ['Connect', 'OpenSent', 'OpenConfirm', 'Established'] as const) {
      const play = new Play().reach(place).do({ type: 'accepted' })
      const before = play.state
      play.said()
      expect(play.wait(9).do({ type: 'accepted' }).said()).toBe(replaced)
      expect([play.state, play.downs, play.history]).toMatchObject([before, [], { transport: 0, protocol: 0 }])
      play.lose('outgoing').said()
      expect(play.do({ type: 'accepted' }).said()).toBe(replaced)
      expect(play.connections.incoming).toBe('OpenSent')
    }
  })
  it('a connection with half an OPEN is replaced', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' }).do({ type: 'octets' }, 'incoming')
    play.said()
    expect(play.do({ type: 'accepted' }).said()).toContain('incoming: close, incoming: accept')
    expect(play.history).toMatchObject({ transport: 0, protocol: 0 })
  })
  it('a newer incoming connection is rejected once the first has sent its OPEN', () => {
    const waits = new Play().both().hear('incoming', lower)
    expect(waits.do({ type: 'accepted' }).said()).toBe('')
    const taken = new Play().reach('Connect').do({ type: 'accepted' }).hear('incoming', higher)
    taken.said()
    expect(taken.do({ type: 'accepted' }).said()).toBe('')
    expect(taken.hear('incoming', keepalive).do({ type: 'accepted' }).state).toBe('Established')
  })
  it('an incoming connection is accepted after the first has ended', () => {
    const play = new Play().both().lose('incoming').do({ type: 'accepted' })
    expect(play.connections).toEqual({ outgoing: 'OpenSent', incoming: 'OpenSent' })
  })
  it('a stopped session rejects incoming connections (RFC 4271 §8.2.2, Idle)', () => {
    const play = new Play().do({ type: 'accepted' })
    expect(play.said()).toBe('')
    play.both().do({ type: 'stop', communication: '' })
    play.said()
    expect(play.do({ type: 'accepted' }).said()).toBe('')
  })
  it('a passive session accepts a connection and never dials', () => {
    const play = new Play({ passive: true }).do({ type: 'start' }).do({ type: 'accepted' })
    expect(play.said()).toBe('-> Active, incoming: accept, incoming: send open, -> OpenSent')
    expect(play.do({ type: 'octets' }, 'incoming').lose('incoming').wait(1e6).said()).toBe(
      'incoming: close, tell down, -> Idle, -> Active',
    )
    expect(play.downs.at(-1)).not.toHaveProperty('retryIn')
  })
  it('a passive session waits 240 s for the OPEN, and silence is no failure', () => {
    const play = new Play({ passive: true }).do({ type: 'start' }).do({ type: 'accepted' }).wait(100)
    play.do({ type: 'accepted' }).said()
    expect(play.wait(239.999).said()).toBe('')
    expect(play.wait(0.001).said()).toBe('incoming: send 4/0, incoming: close, tell down, -> Active')
    expect(play.downs).toMatchObject([{ detail: 'no message from the peer for 240 s' }])
    expect(play.history).toEqual({ transport: 0, protocol: 0 })
    play.do({ type: 'accepted' }).hear('incoming', higher, keepalive)
    expect(play.state).toBe('Established')
  })
})

describe('an incoming connection without an octet does not change the history', () => {
  const probes: readonly (readonly [string, (play: Play) => unknown])[] = [
    ['closed at once', play => play.lose('incoming')],
    [
      'reset',
      play => play.do({ type: 'disconnected', reason: 'closed', detail: 'the peer reset the connection' }, 'incoming'),
    ],
    ['replaced', play => play.do({ type: 'accepted' }).lose('incoming')],
    ['silent until we close it', play => play.wait(240)],
  ]
  it.each(probes)('%s, five times during the back-off: the dial is not delayed', (_, probe) => {
    const play = new Play({ backOff: { administrative: 3600 } })
      .reach('OpenSent')
      .hear('outgoing', notificationOf(6, 5))
    const { history } = play
    for (let i = 0; i < 5; i++) probe(play.do({ type: 'accepted' }))
    expect([play.state, play.history, play.downs.length]).toEqual(['Idle', history, 1])
    expect(sessionDeadline(play.pair)).toBe(3_600_000)
  })
  it.each(probes.slice(0, 3))('%s, five times beside our connection: ours is not changed', (_, probe) => {
    for (const place of ['Connect', 'OpenSent', 'OpenConfirm', 'Established'] as const) {
      const play = new Play().reach(place)
      const before = play.pair
      for (let i = 0; i < 5; i++) probe(play.do({ type: 'accepted' }))
      expect([play.pair, play.downs]).toEqual([before, []])
    }
  })
  it('our own dial that is accepted and closed counts as a protocol failure', () => {
    const play = new Play().reach('OpenSent').lose('outgoing')
    expect([play.history.protocol, play.down?.retryIn]).toEqual([1, 60])
    play.wait(60).do({ type: 'connected' }, 'outgoing').do({ type: 'accepted' }).lose('outgoing').lose('incoming')
    expect([play.history.protocol, play.down?.retryIn, play.downs.length]).toEqual([2, 120, 2])
  })
  it('one with octets counts as a failure, and shortens no delay', () => {
    const sent: readonly (readonly [(play: Play) => unknown, number])[] = [
      [play => play.do({ type: 'octets' }, 'incoming').lose('incoming'), 60], // half an OPEN
      [play => play.hear('incoming', { ...higher, as: 65099 }), 60],
      [play => play.hear('incoming', notificationOf(6, 5)), 300],
      [
        play =>
          play.do(
            { type: 'malformed', sent: notificationOf(1, 1) as Notification, reason: 'notification-sent', detail: '' },
            'incoming',
          ),
        60,
      ],
    ]
    for (const [ends, retryIn] of sent) {
      const play = new Play().reach('Connect').lose('outgoing').do({ type: 'accepted' })
      ends(play)
      expect(play.downs).toMatchObject([{ from: 'Connect' }, { from: 'OpenSent', retryIn }])
      expect([play.history.transport, play.history.protocol]).toEqual([1, 1])
      expect(sessionDeadline(play.pair)).toBe(retryIn * 1000)
    }
    const delayed = new Play({ firstDialDelay: 60, backOff: { protocolInitial: 30 } }).do({ type: 'start' })
    delayed.do({ type: 'accepted' }).hear('incoming', { ...higher, as: 65099 })
    expect([delayed.down?.retryIn, sessionDeadline(delayed.pair)]).toEqual([60, 60_000])
    const waiting = new Play()
      .reach('OpenSent')
      .hear('outgoing', notificationOf(6, 2))
      .wait(10)
      .do({ type: 'accepted' })
    expect(waiting.hear('incoming', { ...higher, as: 65099 }).down?.retryIn).toBe(290)
  })
  it('two connections that fail at the same time count once', () => {
    const play = new Play()
      .both()
      .lose('outgoing')
      .hear('incoming', { ...higher, as: 65099 })
    expect([play.downs.length, play.history.protocol, play.down?.retryIn]).toEqual([1, 1, 60])
  })
})

describe('an incoming connection without an OPEN', () => {
  it('it may last 240 s, and 10 s from when we dial (RFC 4271 §8.2.2)', () => {
    const play = new Play({ firstDialDelay: 60 }).do({ type: 'start' }).wait(1).do({ type: 'accepted' })
    play.said()
    expect(play.wait(59).said()).toBe('outgoing: connect, tell dial')
    play.do({ type: 'connected' }, 'outgoing').said()
    expect(play.wait(9.999).said()).toBe('')
    expect(play.wait(0.001).said()).toBe('incoming: send 4/0, incoming: close')
    expect(play.connections).toEqual({ outgoing: 'OpenSent' })
  })
  it('it may last 240 s again once our dial has failed', () => {
    const play = new Play({ backOff: { minInterval: 3600 } })
      .reach('Connect')
      .wait(1)
      .do({ type: 'accepted' })
      .lose('outgoing')
    play.said()
    expect(play.wait(239.999).said()).toBe('')
    expect(play.wait(0.001).said()).toBe('incoming: send 4/0, incoming: close, tell down, -> Idle')
  })
  it('its OPEN makes it the session, and our dial or delay ends without a failure', () => {
    for (const place of ['Connect', 'OpenSent'] as const) {
      const play = new Play().reach(place).do({ type: 'accepted' })
      expect(play.hear('incoming', higher, keepalive).connections).toEqual({ incoming: 'Established' })
      expect([play.downs, play.history]).toMatchObject([[], { transport: 0, protocol: 0 }])
    }
    const waiting = new Play()
      .reach('Connect')
      .lose('outgoing')
      .do({ type: 'accepted' })
      .hear('incoming', lower, keepalive)
    expect(waiting.connections).toEqual({ incoming: 'Established' })
    expect(waiting.lose('incoming').history).toMatchObject({ transport: 1, protocol: 1 })
  })
  it('it does not hide the loss of a stable session (RFC 4271 §8.1.1)', () => {
    const play = new Play().reach('Established')
    for (let at = 0; at < 300; at += 30) play.wait(30).hear('outgoing', keepalive)
    play.do({ type: 'accepted' }).said()
    expect(play.lose('outgoing').said()).toBe('outgoing: close, tell down, -> OpenSent')
    expect(play.down?.retryIn).toBe(5)
    expect(play.wait(5).said()).toBe('outgoing: connect, tell dial')
  })
})

describe('a collision is not an error', () => {
  it('a received Cease 6/7 keeps the other connection, and no wait grows (RFC 4486 §4)', () => {
    for (const [open, loser] of [
      [higher, 'outgoing'],
      [lower, 'incoming'],
    ] as const) {
      const play = new Play().both().hear(loser, notificationOf(6, 7))
      expect(play.said()).toBe(`${loser}: close`)
      expect(play.hear(loser === 'outgoing' ? 'incoming' : 'outgoing', open, keepalive).state).toBe('Established')
      expect(play.history).toMatchObject({ transport: 0, protocol: 0 })
      expect(play.downs).toEqual([])
    }
  })
  it('Cease 6/7 received with no other connection backs off as any NOTIFICATION does', () => {
    const play = new Play().reach('OpenConfirm').hear('outgoing', notificationOf(6, 7))
    expect(play.said()).toBe('outgoing: close, tell down, -> Idle')
    expect(play.down).toMatchObject({ retryIn: 60, received: { code: 6, subcode: 7 } })
  })
  it('if both connections close, `down` is emitted once and one failure counts', () => {
    const play = new Play().both().hear('outgoing', notificationOf(6, 7)).hear('incoming', notificationOf(6, 7))
    expect(play.said()).toBe('outgoing: close, incoming: close, tell down, -> Idle')
    expect([play.downs.length, play.down?.retryIn, play.history.protocol]).toEqual([1, 60, 1])
  })
  it('any other NOTIFICATION counts, even if the other connection is kept', () => {
    const play = new Play().both().hear('outgoing', notificationOf(6, 5)).lose('incoming')
    expect([play.downs.length, play.down?.retryIn]).toEqual([1, 300])
  })
  it.each([
    [2, 7],
    [3, 7],
    [5, 7],
  ])('%i/%i counts, unlike Cease 6/7, even if the other connection is kept', (code, subcode) => {
    for (const side of ['outgoing', 'incoming'] as const) {
      const play = new Play().both().hear(side, notificationOf(code, subcode))
      const other = side === 'outgoing' ? 'incoming' : 'outgoing'
      play.hear(other, side === 'outgoing' ? higher : lower, keepalive)
      expect([play.state, play.history.protocol]).toEqual(['Established', 1])
    }
  })
  it('a lost session is remembered on the connection that is kept (RFC 4724 §4.1)', () => {
    const gracefulRestart = { restartTime: 120, restarting: true }
    const restarting = (play: Play, input: SessionInput, side?: CollisionSide) =>
      stepSession(play.pair, input, { now: play.now, jitter: 1 }, side)[1].flatMap(action =>
        action.type === 'send' && action.message.type === 'open'
          ? action.message.capabilities.flatMap(one => (one.name === 'graceful-restart' ? one.restarting : []))
          : [],
      )
    // The second connection is made before any session stood, and ends before it is Established.
    const play = new Play({ gracefulRestart }).reach('OpenConfirm', lower).do({ type: 'accepted' })
    play.hear('outgoing', keepalive).lose('outgoing').hear('incoming', higher).lose('incoming')
    expect(play.downs).toMatchObject([{ from: 'Established' }, { from: 'OpenConfirm' }])
    play.wait(play.down!.retryIn!) // it dials
    expect(restarting(play, { type: 'connected' }, 'outgoing')).toEqual([false])
  })
  it('an OPEN that is rejected causes no collision (RFC 4271 §6.2)', () => {
    const play = new Play().both().hear('incoming', { ...higher, as: 65099 })
    expect(play.said()).toBe('incoming: send 2/2, incoming: close')
    expect([play.connections, play.history.protocol]).toEqual([{ outgoing: 'OpenSent' }, 1])
  })
  it('minInterval applies after a dial, whichever connection is kept', () => {
    const play = new Play({ backOff: { minInterval: 3600 } }).both().hear('incoming', higher).lose('incoming')
    expect(play.down?.retryIn).toBe(3600)
  })
})

describe('stop()', () => {
  it('stop() sends Cease 6/2 on both, and emits `down` once (RFC 4271 §8.2.2)', () => {
    const play = new Play().both().do({ type: 'stop', communication: 'maintenance' })
    expect(play.said()).toBe(
      'incoming: send 6/2, incoming: close, outgoing: send 6/2, outgoing: close, tell down, -> Idle',
    )
    expect([play.downs.length, sessionDeadline(play.pair)]).toEqual([1, undefined])
  })
  it('stop() ends a dial beside a connection', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' })
    play.said()
    expect(play.do({ type: 'stop', communication: '' }).said()).toBe(
      'outgoing: close, incoming: send 6/2, incoming: close, tell down, -> Idle',
    )
  })
})

// ---- whatever happens

describe('on any sequence of inputs, from either connection', { timeout: 30_000 }, () => {
  const messages: readonly Message[] = [
    ...[higher, higher, lower, lower, keepalive, keepalive, keepalive], // often, so that runs get far
    ...[openOf('192.0.2.1'), openOf('192.0.2.2', { as: 65099 })],
    ...[notificationOf(6, 7), notificationOf(6, 5)],
    { type: 'update', withdrawn: [], attributes: {}, announced: [] },
  ]
  const anyMessage = fc.constantFrom(...messages)
  const anyInput: fc.Arbitrary<readonly [Input, CollisionSide?]> = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<[Input][]>([{ type: 'start' }], [{ type: 'tick' }]) },
    { weight: 6, arbitrary: fc.constant<[Input, CollisionSide]>([{ type: 'connected' }, 'outgoing']) },
    { weight: 6, arbitrary: fc.constant<[Input]>([{ type: 'accepted' }]) },
    { weight: 1, arbitrary: fc.constant<[Input]>([{ type: 'stop', communication: '' }]) },
    {
      weight: 8,
      arbitrary: fc.tuple(
        fc.oneof(
          { weight: 9, arbitrary: anyMessage.map((message): Input => ({ type: 'message', message })) },
          { weight: 1, arbitrary: fc.constant<Input>({ type: 'disconnected', reason: 'closed', detail: 'closed' }) },
        ),
        fc.constantFrom<CollisionSide[]>('outgoing', 'incoming'),
      ),
    },
  )
  const anyWait = fc.oneof({ weight: 4, arbitrary: fc.nat(1000) }, { weight: 1, arbitrary: fc.nat(400_000) })
  const anyRun = fc.array(fc.tuple(anyWait, anyInput), { minLength: 20, maxLength: 100 })

  it('there is at most one connection per direction, and one session for listeners', () => {
    let together = 0
    fc.assert(
      fc.property(anyRun, steps => {
        const play = new Play()
        const held = new Set<CollisionSide>()
        const up = new Set<CollisionSide>()
        let state: SessionState = 'Idle'
        let established = false
        let started = false
        for (const [wait, [input, side]] of steps) {
          // The shell hears of a connection only while it has it, and of an answer only to a dial that has none.
          if (side && (!held.has(side) || up.has(side) === (input.type === 'connected'))) continue
          play.now += wait
          if (input.type === 'start' || input.type === 'stop') started = input.type === 'start'
          if (input.type === 'connected') up.add('outgoing')
          const [next, actions] = stepSession(play.pair, input, { now: play.now, jitter: 1 }, side)
          play.pair = next
          for (const action of actions) {
            if (action.type === 'emit') {
              const { event } = action
              if (event.type === 'state') {
                expect(event.from).toBe(state)
                state = event.to
              }
              if (event.type === 'established') expect(established).toBe(false)
              if (event.type === 'established' || event.type === 'down') established = event.type === 'established'
              // `down` of our own may be told while a connection without an OPEN is there; it has none itself.
              if (event.type === 'down' && event.from !== 'Established') expect(held.has('outgoing')).toBe(false)
            } else if (action.type === 'connect' || action.type === 'accept') {
              expect(held.has(action.side)).toBe(false)
              if (action.type === 'connect') expect(['Idle', 'OpenSent']).toContain(state) // no OPEN was taken
              held.add(action.side)
              if (action.type === 'accept') up.add(action.side)
            } else if (action.type === 'send') {
              expect([...up]).toContain(action.side)
            } else {
              held.delete(action.side)
              up.delete(action.side)
            }
          }
          const connected = Object.entries(play.connections).filter(([, at]) => at !== 'Idle')
          const seen = [play.state, state === 'Established', sessionDeadline(play.pair) !== undefined]
          expect([...seen, ...connected.map(([name]) => name).sort()]).toEqual([
            ...[state, established, started],
            ...[...held].sort(),
          ])
          together += Number(held.size === 2)
        }
      }),
      { numRuns: 300 },
    )
    expect(together).toBeGreaterThan(200)
  })
})
