/** Every state on every event. */
import { encode, type Notification } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { inputs, open, type Place, Play, places } from '../tools/machine-play.ts'
import { type EventName, TABLE, type Timer } from './fsm.ts'

const timerNames: readonly string[] = Object.keys({
  idleHoldTimer: 13,
  connectRetryTimer: 9,
  holdTimer: 10,
  keepaliveTimer: 11,
  sendHoldTimer: 29,
} satisfies Record<Timer, number>)

/** Seconds in a state before the event, so that a restarted timer differs from one that continues. */
const LATER = 1

// Outcomes: the actions, then the timers with their seconds.
const none = 'nothing'

const dialLost = 'close, emit down, -> Idle | idleHoldTimer 5'

const brokenOff = 'close, emit down, -> Idle | idleHoldTimer 60'

const refusedWith = (codes: string) => `send ${codes}, close, emit down, -> Idle | idleHoldTimer 60`

const stopped = 'close, -> Idle'

const ceased = 'send 6/2, close, emit down, -> Idle'

const opened = 'send open, -> OpenSent | holdTimer 240'

/**
 * Written by hand from RFC 4271 §8.2.2, with RFC 6608's subcodes. If a cell differs from the RFC on purpose, a
 * comment says so, and docs/rfc.md has the reason. Jitter is 1, hold time 90, and this is the first failure.
 */
const expected: Record<EventName, Record<Place, string>> = {
  // Events 1, 3 to 7. A start while started changes nothing: "the start events are ignored".
  start: {
    'Idle, stopped': 'connect, emit dial, -> Connect | connectRetryTimer 10',
    'Idle, waiting': none, // IdleHoldTimer runs (DampPeerOscillations, §8.1.1), and no start shortens it
    Connect: none,
    Active: none,
    OpenSent: none,
    OpenConfirm: none,
    Established: none,
  },
  // Events 2 and 8. A connection without an OPEN gets no Cease.
  stop: {
    'Idle, stopped': 'close',
    'Idle, waiting': 'close',
    Connect: stopped,
    Active: stopped,
    OpenSent: ceased,
    OpenConfirm: ceased,
    Established: ceased,
  },
  // §9.2: ours to say, and only in Established.
  send: {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: none,
    Active: none,
    OpenSent: none,
    OpenConfirm: none,
    Established: 'send update | holdTimer 89, keepaliveTimer 30, sendHoldTimer 479',
  },
  // RFC 2918 §4, between the marks of RFC 7313 §4.
  resend: {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: none,
    Active: none,
    OpenSent: none,
    OpenConfirm: none,
    Established:
      'send route-refresh, send update, send route-refresh | holdTimer 89, keepaliveTimer 30, sendHoldTimer 479',
  },
  // RFC 9687 §3.3: the SendHoldTimer counts from here.
  sent: {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: none,
    Active: none,
    OpenSent: none,
    OpenConfirm: none,
    Established: ' | holdTimer 89, keepaliveTimer 29, sendHoldTimer 480',
  },
  // No event of the RFC's; see "our own address".
  'own-address': {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: none,
    Active: none,
    OpenSent: none,
    OpenConfirm: none,
    Established: none,
  },
  // Events 14 and 17 where the peer dialled. The RFC refuses it in Idle; ours answers there unless stopped.
  accepted: {
    'Idle, stopped': none,
    'Idle, waiting': `accept, ${opened}`,
    Connect: none, // from here on a second connection has a machine of its own (§6.8, collision.ts)
    Active: `accept, ${opened}`,
    OpenSent: none,
    OpenConfirm: none,
    Established: none,
  },
  // Event 16. Later than Connect it cannot happen: the shell dials once.
  connected: {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: opened,
    Active: dialLost,
    OpenSent: refusedWith('5/1'),
    OpenConfirm: refusedWith('5/2'),
    Established: refusedWith('5/3'),
  },
  // Event 18. OpenSent goes to Idle too, and not to Active.
  disconnected: {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: dialLost,
    Active: dialLost,
    OpenSent: brokenOff,
    OpenConfirm: brokenOff,
    Established: brokenOff,
  },
  // Event 23, CollisionDetectEstablishedState being left out. A dial that is given up has had no OPEN to answer.
  collision: {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: stopped,
    Active: none,
    OpenSent: 'send 6/7, close, -> Idle',
    OpenConfirm: 'send 6/7, close, -> Idle',
    Established: none,
  },
  // Events 21, 22 and 28: the peer gets the error that the decoder found.
  malformed: {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: dialLost,
    Active: dialLost,
    OpenSent: refusedWith('1/1'),
    OpenConfirm: refusedWith('1/1'),
    Established: refusedWith('1/1'),
  },
  // Event 19.
  open: {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: dialLost,
    Active: dialLost,
    OpenSent: 'send keepalive, -> OpenConfirm | holdTimer 90, keepaliveTimer 30',
    OpenConfirm: refusedWith('5/2'),
    Established: refusedWith('5/3'),
  },
  // Event 27.
  update: {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: dialLost,
    Active: dialLost,
    OpenSent: refusedWith('5/1'),
    OpenConfirm: refusedWith('5/2'),
    Established: 'emit update | holdTimer 90, keepaliveTimer 29, sendHoldTimer 479',
  },
  // Events 24 and 25. OpenSent answers event 25 with 5/1 in the RFC's text; a NOTIFICATION is not answered here.
  notification: {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: dialLost,
    Active: dialLost,
    OpenSent: brokenOff,
    OpenConfirm: brokenOff,
    Established: brokenOff,
  },
  // Event 26.
  keepalive: {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: dialLost,
    Active: dialLost,
    OpenSent: refusedWith('5/1'),
    OpenConfirm: 'emit established, -> Established | holdTimer 90, keepaliveTimer 29, sendHoldTimer 480',
    Established: ' | holdTimer 90, keepaliveTimer 29, sendHoldTimer 479',
  },
  // RFC 2918: no event of RFC 4271, so "any other event" before Established.
  'route-refresh': {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: dialLost,
    Active: dialLost,
    OpenSent: refusedWith('5/1'),
    OpenConfirm: refusedWith('5/2'),
    Established: 'emit refresh | holdTimer 89, keepaliveTimer 29, sendHoldTimer 479',
  },
  // Event 13.
  idleHoldTimer: {
    'Idle, stopped': 'connect, emit dial, -> Connect | connectRetryTimer 10',
    'Idle, waiting': 'connect, emit dial, -> Connect | connectRetryTimer 10',
    Connect: dialLost,
    Active: dialLost,
    OpenSent: refusedWith('5/1'),
    OpenConfirm: refusedWith('5/2'),
    Established: refusedWith('5/3'),
  },
  // Event 9. The RFC dials again at once; ours waits as after any failed dial.
  connectRetryTimer: {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: dialLost,
    Active: dialLost,
    OpenSent: refusedWith('5/1'),
    OpenConfirm: refusedWith('5/2'),
    Established: refusedWith('5/3'),
  },
  // Event 10.
  holdTimer: {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: dialLost,
    Active: dialLost,
    OpenSent: refusedWith('4/0'),
    OpenConfirm: refusedWith('4/0'),
    Established: refusedWith('4/0'),
  },
  // Event 11.
  keepaliveTimer: {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: dialLost,
    Active: dialLost,
    OpenSent: refusedWith('5/1'),
    OpenConfirm: 'send keepalive | holdTimer 89, keepaliveTimer 30',
    Established: 'send keepalive | holdTimer 89, keepaliveTimer 30, sendHoldTimer 479',
  },
  // Event 29 (RFC 9687 §3.3), which knows no state but Established.
  sendHoldTimer: {
    'Idle, stopped': none,
    'Idle, waiting': none,
    Connect: dialLost,
    Active: dialLost,
    OpenSent: refusedWith('5/1'),
    OpenConfirm: refusedWith('5/2'),
    Established: 'send 8/0, close at once, emit down, -> Idle | idleHoldTimer 60',
  },
}

describe('every state on every event (RFC 4271 §8.2.2, RFC 6608)', () => {
  const cells = places.flatMap(place => (Object.keys(inputs) as EventName[]).map(event => ({ place, event }))) // its keys are event names

  it.each(cells)('in $place, $event has its actions, next state and timers', ({ place, event }) => {
    const play = new Play(place === 'Active' ? { passive: true } : {})
    play.reach(place).wait(LATER)
    play.taken()
    if (timerNames.includes(event)) {
      // A timer that this state does not run is made to run out all the same: "any other event" has a cell too.
      play.machine = { ...play.machine, timers: { ...play.machine.timers, [event]: play.now } }
    }
    const before = play.machine
    const outcome = expected[event]?.[place]
    if (outcome === undefined) throw new Error(`nothing is expected of ${event} in ${place}`)
    play.do(inputs[event])
    if (outcome === none) {
      expect(play.taken()).toBe('')
      expect(play.machine).toBe(before)
      return
    }
    const timers = Object.entries(play.timers).map(([name, left]) => `${name} ${left}`)
    const shown = [play.taken(), timers.sort().join(', ')]
    expect(timers.length === 0 ? shown[0] : shown.join(' | ').replace(/^ \|/, ' |')).toBe(outcome)
  })

  it('every event of TABLE has an input, and an expectation in every state', () => {
    const named = Object.values(TABLE).flatMap(row => Object.keys(row).filter(name => name !== 'otherwise'))
    expect([...new Set(named)].filter(event => !(event in inputs))).toEqual([])
    expect(Object.keys(expected).sort()).toEqual(Object.keys(inputs).sort())
    for (const outcomes of Object.values(expected)) expect(Object.keys(outcomes)).toEqual(places)
    expect(timerNames.filter(timer => !named.includes(timer))).toEqual([]) // a timer that no row names
  })
  it('the data of a NOTIFICATION is cut to fit (RFC 4271 §4.1, RFC 8654 §4)', () => {
    const error: Notification = { type: 'notification', code: 1, subcode: 3, data: new Uint8Array(70_000) }
    const capabilities = [...open.capabilities, { name: 'extended-message' } as const]
    for (const place of ['OpenSent', 'OpenConfirm', 'Established'] as const) {
      const plain = new Play()
        .reach(place)
        .do({ type: 'malformed', sent: error, reason: 'notification-sent', detail: '' })
      expect(encode(plain.down!.sent!)).toHaveLength(4096)
    }
    const extended = new Play({ extendedMessage: true }).reach('OpenSent').receive({ ...open, capabilities })
    extended.do({ type: 'malformed', sent: error, reason: 'notification-sent', detail: '' })
    expect(encode(extended.down!.sent!, { extendedMessage: true })).toHaveLength(65_535)
  })
  it('a NOTIFICATION is the last message, sent before the connection closes (§6)', () => {
    for (const place of ['OpenSent', 'OpenConfirm', 'Established'] as const) {
      const taken = new Play().reach(place).do(inputs.malformed).taken()
      expect(taken).toMatch(/^send 1\/1, close, /)
    }
  })
  it('a tick with nothing due changes nothing', () => {
    for (const place of places) {
      const play = new Play(place === 'Active' ? { passive: true } : {}).reach(place)
      const before = play.machine
      play.do({ type: 'tick' })
      expect(play.machine).toBe(before)
      expect(play.taken()).toBe('')
    }
  })
  it('TABLE has a row for each of the six states', () => {
    expect(Object.keys(TABLE)).toEqual(['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'])
  })
})
