import type { Message, Open } from '@softspoken/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newPair, type Pair, type PairAction, pairDeadline, type Slot, stepPair } from './collision.ts'
import { configure, type Settings } from './config.ts'
import type { Down, Input, State } from './fsm.ts'

const given: Settings = { local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65002, address: '192.0.2.2' } }
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
  pair: Pair
  now = 0
  log: string[] = []
  downs: Down[] = []

  constructor(settings: Partial<Settings> = {}) {
    this.pair = newPair(configure({ ...given, ...settings }), 0)
  }
  get state(): State {
    return this.pair.first.machine.state
  }
  /** Which connections there are, and how far each has come. */
  get connections(): Partial<Record<Slot, State>> {
    const sides = [this.pair.first, this.pair.second].flatMap(side => side ?? [])
    return Object.fromEntries(sides.map(({ slot, machine }) => [slot, machine.state]))
  }
  get down(): Down | undefined {
    return this.downs.at(-1)
  }
  get history() {
    return this.pair.first.machine.history
  }
  do(input: Input, slot?: Slot): this {
    const [next, actions] = stepPair(this.pair, input, { now: this.now, jitter: 1 }, slot)
    this.pair = next
    for (const action of actions)
      if (action.type === 'emit' && action.event.type === 'down') this.downs.push(action.event)
    this.log.push(...actions.map(inWords))
    return this
  }
  hear(slot: Slot, ...messages: Message[]): this {
    for (const message of messages) this.do({ type: 'message', message }, slot)
    return this
  }
  lose(slot: Slot): this {
    return this.do({ type: 'disconnected', why: 'closed' }, slot)
  }
  /** Lets seconds pass; each timer that runs out on the way does so at its time. */
  wait(seconds: number): this {
    const until = this.now + seconds * 1000
    for (let at = pairDeadline(this.pair); at !== undefined && at <= until; at = pairDeadline(this.pair)) {
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
    if (place !== 'Connect') this.do({ type: 'connected' }, 'dialled')
    if (place === 'OpenConfirm' || place === 'Established') this.hear('dialled', open)
    if (place === 'Established') this.hear('dialled', keepalive)
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
function inWords(action: PairAction): string {
  if (action.type === 'emit')
    return action.event.type === 'state' ? `-> ${action.event.to}` : `tell ${action.event.type}`
  const { slot } = action
  if (action.type !== 'send') return `${slot}: ${action.type}`
  const { message } = action
  return `${slot}: send ${message.type === 'notification' ? `${message.code}/${message.subcode}` : message.type}`
}

// ---- §6.8, clause by clause

describe('the connection of the higher BGP Identifier is kept (RFC 4271 §6.8)', () => {
  it('ours is less: the connection that exists, in OpenConfirm, is closed, and the one the peer began goes on (clause 2)', () => {
    const play = new Play().reach('OpenConfirm', higher).do({ type: 'accepted' })
    expect(play.said()).toBe('accepted: accept, accepted: send open')
    play.hear('accepted', higher)
    expect(play.said()).toBe('dialled: send 6/7, dialled: close, accepted: send keepalive')
    expect(play.connections).toEqual({ accepted: 'OpenConfirm' })
  })
  it('ours is greater: the new connection is closed, and the one in OpenConfirm is used (clause 3)', () => {
    const play = new Play().reach('OpenConfirm', lower).do({ type: 'accepted' })
    play.said()
    expect(play.hear('accepted', lower).said()).toBe('accepted: send 6/7, accepted: close')
    expect(play.connections).toEqual({ dialled: 'OpenConfirm' })
  })
  it('what exists may be the one that the peer dialled, too', () => {
    const twoUp = (open: Open) => {
      const play = new Play().reach('Connect').do({ type: 'accepted' }).do({ type: 'connected' }, 'dialled')
      play.said()
      return play.hear('accepted', open)
    }
    const theirs = twoUp(higher)
    expect(theirs.said()).toBe('dialled: send 6/7, dialled: close, accepted: send keepalive, -> OpenConfirm')
    expect(theirs.connections).toEqual({ accepted: 'OpenConfirm' })
    const ours = twoUp(lower).hear('dialled', lower)
    expect(ours.said()).toBe('accepted: send 6/7, accepted: close, dialled: send keepalive, -> OpenConfirm')
    expect(ours.connections).toEqual({ dialled: 'OpenConfirm' })
  })
  it('one in OpenSent is examined as well: an OPEN on the preferred connection closes the other at once', () => {
    const dialled = new Play().both().hear('dialled', lower)
    expect(dialled.said()).toBe('accepted: send 6/7, accepted: close, dialled: send keepalive, -> OpenConfirm')
    const accepted = new Play().both().hear('accepted', higher)
    expect(accepted.said()).toBe('dialled: send 6/7, dialled: close, accepted: send keepalive, -> OpenConfirm')
  })
  it('identifiers are compared as unsigned integers (RFC 6286 §2.1)', () => {
    const numbers = [
      ['10.0.0.2', '9.255.255.255', 'dialled'],
      ['9.255.255.255', '10.0.0.2', 'accepted'],
      ['200.0.0.1', '1.0.0.200', 'dialled'],
    ] as const
    for (const [ours, theirs, kept] of numbers)
      expect(keptBetween({ local: { as: 65001, id: ours } }, openOf(theirs))).toBe(kept)
  })
  it('of equal identifiers, the higher AS number decides (RFC 6286 §2.3)', () => {
    const same = (as: number) => openOf('192.0.2.1', { as })
    expect(keptBetween({}, same(65002))).toBe('accepted')
    expect(keptBetween({ peer: { as: 64999, address: '192.0.2.2' } }, same(64999))).toBe('dialled')
    const fourOctets = { as: 4200000000, address: '192.0.2.2' }
    expect(keptBetween({ peer: fourOctets }, same(4200000000))).toBe('accepted')
  })

  function keptBetween(settings: Partial<Settings>, open: Open): Slot | undefined {
    const play = new Play(settings).both().hear('dialled', open).hear('accepted', open)
    expect(play.pair.second).toBeUndefined()
    return play.pair.first.slot
  }
})

describe('a connection in Established wins over a new one (RFC 4271 §6.8)', () => {
  it('whatever the identifiers: the new one gets Cease 6/7 on its OPEN, and nobody hears of it', () => {
    for (const open of [lower, higher]) {
      const play = new Play().reach('Established', open).do({ type: 'accepted' })
      expect(play.said()).toBe('accepted: accept, accepted: send open')
      expect(play.hear('accepted', open).said()).toBe('accepted: send 6/7, accepted: close')
      expect([play.state, play.connections]).toEqual(['Established', { dialled: 'Established' }])
    }
  })
  it('no collision before the OPEN: a newcomer that says nothing is told so by its hold timer (§6.5)', () => {
    const play = new Play().reach('Established').do({ type: 'accepted' })
    for (let at = 0; at < 240; at += 30) play.hear('dialled', keepalive).wait(30)
    expect(play.said()).toContain('accepted: send 4/0, accepted: close')
    expect([play.state, play.connections]).toEqual(['Established', { dialled: 'Established' }])
    expect(play.downs).toEqual([])
  })
  it('the session goes on meanwhile: UPDATEs go out on it, and on it alone', () => {
    const play = new Play().reach('Established').do({ type: 'accepted' })
    play.said()
    play.do({ type: 'send', update: { type: 'update', withdrawn: [], attributes: {}, announced: [] } })
    expect(play.said()).toBe('dialled: send update')
  })
  it('where it falls before the newcomer was judged, `down` is told, and the newcomer is the session', () => {
    const play = new Play().reach('Established').do({ type: 'accepted' })
    play.said()
    expect(play.lose('dialled').said()).toBe('dialled: close, tell down, -> OpenSent')
    expect(play.history.protocol).toBe(1)
    play.hear('accepted', higher, keepalive)
    expect(play.said()).toBe('accepted: send keepalive, -> OpenConfirm, tell established, -> Established')
  })
})

describe('an OPEN on the connection that is not preferred', () => {
  it('waits while the preferred one is in OpenSent, so that both sides keep the same', () => {
    expect(new Play().both().hear('accepted', lower).said()).toBe('')
    expect(new Play().both().hear('dialled', higher).said()).toBe('')
  })
  it('is answered with Cease 6/7 once the preferred one has its own (RFC 4271 §6.8)', () => {
    const play = new Play().both().hear('accepted', lower).hear('dialled', lower)
    expect(play.said()).toBe('accepted: send 6/7, accepted: close, dialled: send keepalive, -> OpenConfirm')
  })
  it('is taken once the preferred one is gone, with the KEEPALIVE that followed it', () => {
    const play = new Play().both().hear('accepted', lower, keepalive, keepalive).lose('dialled')
    expect(play.said()).toBe('dialled: close, accepted: send keepalive, tell established, -> Established')
    expect(play.connections).toEqual({ accepted: 'Established' })
  })
  it('is taken when the hold timer of the preferred one runs out, too (RFC 4271 §6.5)', () => {
    const play = new Play().reach('OpenSent').wait(1).do({ type: 'accepted' }).hear('accepted', lower)
    play.said()
    expect(play.wait(239).said()).toBe('dialled: send 4/0, dialled: close, accepted: send keepalive, -> OpenConfirm')
  })
  it('and then anything but a KEEPALIVE is an error of its connection, and of no other (RFC 4271 §6.6)', () => {
    const update: Message = { type: 'update', withdrawn: [], attributes: {}, announced: [] }
    const play = new Play().both().hear('accepted', lower, update)
    expect(play.said()).toBe('accepted: send 5/1, accepted: close')
    expect(play.connections).toEqual({ dialled: 'OpenSent' })
  })
  it('and then the connection may be lost: what waited is forgotten', () => {
    const play = new Play().both().hear('accepted', lower).lose('accepted').hear('dialled', lower)
    expect(play.said()).toBe('accepted: close, dialled: send keepalive, -> OpenConfirm')
  })
  it('no flood of KEEPALIVEs makes it hold more than one', () => {
    const play = new Play().both().hear('accepted', lower)
    for (let i = 0; i < 100; i++) play.hear('accepted', keepalive)
    expect(play.pair.second?.waiting).toHaveLength(2)
  })
})

describe('the peer dials us while our dial is under way', () => {
  it('no collision can be detected in Connect (RFC 4271 §6.8): both go on', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' })
    expect(play.said()).toBe('accepted: accept, accepted: send open, -> OpenSent')
    expect(play.do({ type: 'connected' }, 'dialled').said()).toBe('dialled: send open')
    expect(play.connections).toEqual({ accepted: 'OpenSent', dialled: 'OpenSent' })
  })
  it('the dial is given up once the peer has said OPEN, whoever is higher', () => {
    for (const open of [lower, higher]) {
      const play = new Play().reach('Connect').do({ type: 'accepted' })
      play.said()
      expect(play.hear('accepted', open).said()).toBe('dialled: close, accepted: send keepalive, -> OpenConfirm')
    }
  })
  it('and our dial fails: the session goes on, and that is no failure', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' })
    play.said()
    expect(play.lose('dialled').said()).toBe('dialled: close')
    expect(play.history).toMatchObject({ transport: 0, protocol: 0 })
  })
  it('and our dial is not answered in time: it is given up at its own time', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' })
    play.said()
    expect(play.wait(9.999).said()).toBe('')
    expect(play.wait(0.001).said()).toBe('dialled: close')
  })
  it('and leaves again: our dial goes on', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' })
    play.said()
    expect(play.lose('accepted').said()).toBe('accepted: close, -> Connect')
    expect(play.wait(10).said()).toBe('dialled: close, tell down, -> Idle')
    expect(play.downs).toMatchObject([{ why: 'no answer within 10 s', retryIn: 5 }])
  })
  it('we do not dial while a connection of the peer stands, and do again once it is gone and the wait is over', () => {
    const play = new Play().reach('Connect').lose('dialled').do({ type: 'accepted' })
    play.said()
    expect(play.wait(239).said()).toBe('')
    expect(play.lose('accepted').wait(60).said()).toBe(
      'accepted: close, tell down, -> Idle, dialled: connect, tell dial, -> Connect',
    )
  })
})

describe('one connection per direction', () => {
  it('a second connection of the peer is turned away, and the first goes on', () => {
    const play = new Play().both()
    expect(play.do({ type: 'accepted' }).said()).toBe('')
    play.lose('dialled').said()
    expect(play.do({ type: 'accepted' }).said()).toBe('')
    expect(play.connections).toEqual({ accepted: 'OpenSent' })
  })
  it('there is room again once the first is gone', () => {
    const play = new Play().both().lose('accepted').do({ type: 'accepted' })
    expect(play.connections).toEqual({ dialled: 'OpenSent', accepted: 'OpenSent' })
  })
  it('once stopped, and before start(), it is turned away (RFC 4271 §8.2.2, Idle)', () => {
    const play = new Play().do({ type: 'accepted' })
    expect(play.said()).toBe('')
    play.both().do({ type: 'stop', why: '' })
    play.said()
    expect(play.do({ type: 'accepted' }).said()).toBe('')
  })
  it('a passive session takes one, and never dials', () => {
    const play = new Play({ passive: true }).do({ type: 'start' }).do({ type: 'accepted' }).do({ type: 'accepted' })
    expect(play.said()).toBe('-> Active, accepted: accept, accepted: send open, -> OpenSent')
    expect(play.lose('accepted').wait(1e6).said()).toBe('accepted: close, tell down, -> Idle, -> Active')
  })
})

describe('a collision is not an error', () => {
  it('Cease 6/7 received while the other connection lives: it is kept, and no wait grows (RFC 4486 §4)', () => {
    for (const [open, loser] of [
      [higher, 'dialled'],
      [lower, 'accepted'],
    ] as const) {
      const play = new Play().both().hear(loser, notificationOf(6, 7))
      expect(play.said()).toBe(`${loser}: close`)
      expect(play.history).toMatchObject({ transport: 0, protocol: 0 })
      expect(play.hear(loser === 'dialled' ? 'accepted' : 'dialled', open, keepalive).state).toBe('Established')
      expect(play.downs).toEqual([])
    }
  })
  it('Cease 6/7 received with no other connection backs off as any NOTIFICATION does', () => {
    const play = new Play().reach('OpenConfirm').hear('dialled', notificationOf(6, 7))
    expect(play.said()).toBe('dialled: close, tell down, -> Idle')
    expect(play.down).toMatchObject({ retryIn: 60, received: { code: 6, subcode: 7 } })
  })
  it('both closed: that is told once, and it is one failure', () => {
    const play = new Play().both().hear('dialled', notificationOf(6, 7)).hear('accepted', notificationOf(6, 7))
    expect(play.said()).toBe('dialled: close, accepted: close, tell down, -> Idle')
    expect([play.downs.length, play.down?.retryIn, play.history.protocol]).toEqual([1, 60, 1])
  })
  it('any other NOTIFICATION is remembered, though the other connection lives', () => {
    const play = new Play().both().hear('dialled', notificationOf(6, 5)).lose('accepted')
    expect([play.downs.length, play.down?.retryIn]).toEqual([1, 300])
  })
  it('an OPEN that is refused is an error of its own, not a collision (RFC 4271 §6.2)', () => {
    const play = new Play().both().hear('accepted', { ...higher, as: 65099 })
    expect(play.said()).toBe('accepted: send 2/2, accepted: close')
    expect([play.connections, play.history.protocol]).toEqual([{ dialled: 'OpenSent' }, 1])
  })
  it('the floor after a dial holds, whichever connection was kept', () => {
    const play = new Play({ backOff: { floor: 3600 } }).both().hear('accepted', higher).lose('accepted')
    expect(play.down?.retryIn).toBe(3600)
  })
})

describe('stop()', () => {
  it('says Cease 6/2 on both, and `down` once (RFC 4271 §8.2.2, event 2)', () => {
    const play = new Play().both().do({ type: 'stop', why: 'maintenance' })
    expect(play.said()).toBe(
      'accepted: send 6/2, accepted: close, dialled: send 6/2, dialled: close, tell down, -> Idle',
    )
    expect([play.downs.length, pairDeadline(play.pair)]).toEqual([1, undefined])
  })
  it('gives up a dial that is under way beside a connection', () => {
    const play = new Play().reach('Connect').do({ type: 'accepted' })
    play.said()
    expect(play.do({ type: 'stop', why: '' }).said()).toBe(
      'dialled: close, accepted: send 6/2, accepted: close, tell down, -> Idle',
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
  const anyInput: fc.Arbitrary<readonly [Input, Slot?]> = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<[Input][]>([{ type: 'start' }], [{ type: 'tick' }]) },
    { weight: 6, arbitrary: fc.constant<[Input, Slot]>([{ type: 'connected' }, 'dialled']) },
    { weight: 6, arbitrary: fc.constant<[Input]>([{ type: 'accepted' }]) },
    { weight: 1, arbitrary: fc.constant<[Input]>([{ type: 'stop', why: '' }]) },
    {
      weight: 8,
      arbitrary: fc.tuple(
        fc.oneof(
          { weight: 9, arbitrary: anyMessage.map((message): Input => ({ type: 'message', message })) },
          { weight: 1, arbitrary: fc.constant<Input>({ type: 'disconnected', why: 'closed' }) },
        ),
        fc.constantFrom<Slot[]>('dialled', 'accepted'),
      ),
    },
  )
  const anyWait = fc.oneof({ weight: 4, arbitrary: fc.nat(1000) }, { weight: 1, arbitrary: fc.nat(400_000) })
  const anyRun = fc.array(fc.tuple(anyWait, anyInput), { minLength: 20, maxLength: 100 })

  it('one connection per direction, spoken on while it is there; and outside, one session', () => {
    let together = 0
    fc.assert(
      fc.property(anyRun, steps => {
        const play = new Play()
        const held = new Set<Slot>()
        const up = new Set<Slot>()
        let state: State = 'Idle'
        let established = false
        let started = false
        for (const [wait, [input, slot]] of steps) {
          // The shell hears of a connection only while it has it, and of an answer only to a dial that has none.
          if (slot && (!held.has(slot) || up.has(slot) === (input.type === 'connected'))) continue
          play.now += wait
          if (input.type === 'start' || input.type === 'stop') started = input.type === 'start'
          if (input.type === 'connected') up.add('dialled')
          const [next, actions] = stepPair(play.pair, input, { now: play.now, jitter: 1 }, slot)
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
              if (event.type === 'down' && event.from !== 'Established') expect(held.size).toBe(0)
            } else if (action.type === 'connect' || action.type === 'accept') {
              expect(held.has(action.slot)).toBe(false)
              if (action.type === 'connect') expect(held.size).toBe(0)
              held.add(action.slot)
              if (action.type === 'accept') up.add(action.slot)
            } else if (action.type === 'send') {
              expect([...up]).toContain(action.slot)
            } else {
              held.delete(action.slot)
              up.delete(action.slot)
            }
          }
          const connected = Object.entries(play.connections).filter(([, at]) => at !== 'Idle')
          const seen = [play.state, state === 'Established', pairDeadline(play.pair) !== undefined]
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
