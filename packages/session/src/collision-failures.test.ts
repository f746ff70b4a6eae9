/** What a collision, and a connection beside another, means for failures and the end of a session. */
import type { Message, Notification } from '@softspoken/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { higher, keepalive, lower, notificationOf, openOf, Play } from '../tools/connections-play.ts'
import { type SessionInput, stepSession } from './collision.ts'
import { type CollisionSide, sessionDeadline } from './connections.ts'
import type { SessionState } from './events.ts'
import type { Input } from './fsm.ts'

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
  it.each(probes)('%s, five times: an incoming connection does not delay the dial', (_, probe) => {
    const play = new Play({ backOff: { administrative: 3600 } })
      .reach('OpenSent')
      .receive('outgoing', notificationOf(6, 5))
    const { history } = play
    for (let i = 0; i < 5; i++) probe(play.do({ type: 'accepted' }))
    expect([play.state, play.history, play.downs.length]).toEqual(['Idle', history, 1])
    expect(sessionDeadline(play.pair)).toBe(3_600_000)
  })
  it.each(probes.slice(0, 3))('%s, five times: an incoming connection does not change ours', (_, probe) => {
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
  it('an incoming connection with octets counts as a failure, and shortens no delay', () => {
    const sent: readonly (readonly [(play: Play) => unknown, number])[] = [
      [play => play.do({ type: 'octets' }, 'incoming').lose('incoming'), 60], // half an OPEN
      [play => play.receive('incoming', { ...higher, as: 65099 }), 60],
      [play => play.receive('incoming', notificationOf(6, 5)), 300],
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
    delayed.do({ type: 'accepted' }).receive('incoming', { ...higher, as: 65099 })
    expect([delayed.down?.retryIn, sessionDeadline(delayed.pair)]).toEqual([60, 60_000])
    const waiting = new Play()
      .reach('OpenSent')
      .receive('outgoing', notificationOf(6, 2))
      .wait(10)
      .do({ type: 'accepted' })
    expect(waiting.receive('incoming', { ...higher, as: 65099 }).down?.retryIn).toBe(290)
  })
  it('two connections that fail at the same time count once', () => {
    const play = new Play()
      .both()
      .lose('outgoing')
      .receive('incoming', { ...higher, as: 65099 })
    expect([play.downs.length, play.history.protocol, play.down?.retryIn]).toEqual([1, 1, 60])
  })
})

describe('an incoming connection without an OPEN', () => {
  it('an incoming connection without an OPEN may last 240 s, or 10 s beside a dial', () => {
    const play = new Play({ firstDialDelay: 60 }).do({ type: 'start' }).wait(1).do({ type: 'accepted' })
    play.taken()
    expect(play.wait(59).taken()).toBe('outgoing: connect, emit dial')
    play.do({ type: 'connected' }, 'outgoing').taken()
    expect(play.wait(9.999).taken()).toBe('')
    expect(play.wait(0.001).taken()).toBe('incoming: send 4/0, incoming: close')
    expect(play.connections).toEqual({ outgoing: 'OpenSent' })
  })
  it('an incoming connection may last 240 s again once our dial has failed', () => {
    const play = new Play({ backOff: { minInterval: 3600 } })
      .reach('Connect')
      .wait(1)
      .do({ type: 'accepted' })
      .lose('outgoing')
    play.taken()
    expect(play.wait(239.999).taken()).toBe('')
    expect(play.wait(0.001).taken()).toBe('incoming: send 4/0, incoming: close, emit down, -> Idle')
  })
  it('an OPEN on it makes it the session, and our dial ends without a failure', () => {
    for (const place of ['Connect', 'OpenSent'] as const) {
      const play = new Play().reach(place).do({ type: 'accepted' })
      expect(play.receive('incoming', higher, keepalive).connections).toEqual({ incoming: 'Established' })
      expect([play.downs, play.history]).toMatchObject([[], { transport: 0, protocol: 0 }])
    }
    const waiting = new Play()
      .reach('Connect')
      .lose('outgoing')
      .do({ type: 'accepted' })
      .receive('incoming', lower, keepalive)
    expect(waiting.connections).toEqual({ incoming: 'Established' })
    expect(waiting.lose('incoming').history).toMatchObject({ transport: 1, protocol: 1 })
  })
  it('an incoming connection does not hide the loss of a stable session (§8.1.1)', () => {
    const play = new Play().reach('Established')
    for (let at = 0; at < 300; at += 30) play.wait(30).receive('outgoing', keepalive)
    play.do({ type: 'accepted' }).taken()
    expect(play.lose('outgoing').taken()).toBe('outgoing: close, emit down, -> OpenSent')
    expect(play.down?.retryIn).toBe(5)
    expect(play.wait(5).taken()).toBe('outgoing: connect, emit dial')
  })
})

describe('a collision is not an error', () => {
  it('a received Cease 6/7 keeps the other connection, and no wait grows (RFC 4486 §4)', () => {
    for (const [open, loser] of [
      [higher, 'outgoing'],
      [lower, 'incoming'],
    ] as const) {
      const play = new Play().both().receive(loser, notificationOf(6, 7))
      expect(play.taken()).toBe(`${loser}: close`)
      expect(play.receive(loser === 'outgoing' ? 'incoming' : 'outgoing', open, keepalive).state).toBe('Established')
      expect(play.history).toMatchObject({ transport: 0, protocol: 0 })
      expect(play.downs).toEqual([])
    }
  })
  it('Cease 6/7 received with no other connection backs off as any NOTIFICATION does', () => {
    const play = new Play().reach('OpenConfirm').receive('outgoing', notificationOf(6, 7))
    expect(play.taken()).toBe('outgoing: close, emit down, -> Idle')
    expect(play.down).toMatchObject({ retryIn: 60, received: { code: 6, subcode: 7 } })
  })
  it('if both connections close, `down` is emitted once and one failure counts', () => {
    const play = new Play().both().receive('outgoing', notificationOf(6, 7)).receive('incoming', notificationOf(6, 7))
    expect(play.taken()).toBe('outgoing: close, incoming: close, emit down, -> Idle')
    expect([play.downs.length, play.down?.retryIn, play.history.protocol]).toEqual([1, 60, 1])
  })
  it('any other NOTIFICATION counts, even if the other connection is kept', () => {
    const play = new Play().both().receive('outgoing', notificationOf(6, 5)).lose('incoming')
    expect([play.downs.length, play.down?.retryIn]).toEqual([1, 300])
  })
  it.each([
    [2, 7],
    [3, 7],
    [5, 7],
    [6, 5],
  ])('%i/%i counts, unlike Cease 6/7, even if the other connection is kept', (code, subcode) => {
    for (const side of ['outgoing', 'incoming'] as const) {
      const play = new Play().both().receive(side, notificationOf(code, subcode))
      const other = side === 'outgoing' ? 'incoming' : 'outgoing'
      play.receive(other, side === 'outgoing' ? higher : lower, keepalive)
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
    // The second connection begins before the session is established, and ends before it is established itself.
    const play = new Play({ gracefulRestart }).reach('OpenConfirm', lower).do({ type: 'accepted' })
    play.receive('outgoing', keepalive).lose('outgoing').receive('incoming', higher).lose('incoming')
    expect(play.downs).toMatchObject([{ from: 'Established' }, { from: 'OpenConfirm' }])
    play.wait(play.down!.retryIn!) // it dials
    expect(restarting(play, { type: 'connected' }, 'outgoing')).toEqual([false])
  })
  it('an OPEN that is rejected causes no collision (RFC 4271 §6.2)', () => {
    const play = new Play().both().receive('incoming', { ...higher, as: 65099 })
    expect(play.taken()).toBe('incoming: send 2/2, incoming: close')
    expect([play.connections, play.history.protocol]).toEqual([{ outgoing: 'OpenSent' }, 1])
  })
  it('minInterval applies after a dial, whichever connection is kept', () => {
    const play = new Play({ backOff: { minInterval: 3600 } }).both().receive('incoming', higher).lose('incoming')
    expect(play.down?.retryIn).toBe(3600)
  })
})

describe('stop()', () => {
  it('stop() sends Cease 6/2 on both, and emits `down` once (RFC 4271 §8.2.2)', () => {
    const play = new Play().both().do({ type: 'stop', communication: 'maintenance' })
    expect(play.taken()).toBe(
      'incoming: send 6/2, incoming: close, outgoing: send 6/2, outgoing: close, emit down, -> Idle',
    )
    expect([play.downs.length, sessionDeadline(play.pair)]).toEqual([1, undefined])
  })
  it('stop() ends a dial beside a connection', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' })
    play.taken()
    expect(play.do({ type: 'stop', communication: '' }).taken()).toBe(
      'outgoing: close, incoming: send 6/2, incoming: close, emit down, -> Idle',
    )
  })
})

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

  const runs = Number(process.env.RUNS ?? 300)

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
          // The shell feeds inputs of its open connections only, and `connected` once per dial.
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
              // `down` of our own connection may come while the peer's is open without an OPEN. Ours is closed then.
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
      { numRuns: runs },
    )
    expect(together).toBeGreaterThan(runs / 2)
  })
})
