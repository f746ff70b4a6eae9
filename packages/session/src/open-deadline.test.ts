/** Until when a connection waits for its OPEN: in milliseconds, with a pure function. */
import { describe, expect, it } from 'vitest'
import { configure } from './config.ts'
import type { Candidate, CollisionSide, Connections } from './connections.ts'
import type { SessionState } from './events.ts'
import { newMachine } from './fsm.ts'
import { limitOpenWait } from './open-deadline.ts'

const config = configure({ local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65002, address: '192.0.2.2' } })

/** A connection that is in its state since that time, and whose own OPEN is queued since `queuedAt`. */
function candidate(side: CollisionSide, state: SessionState, since: number, queuedAt?: number): Candidate {
  const machine = { ...newMachine(config, 0), state, since }
  return queuedAt === undefined
    ? { side, machine, peerSent: false, queue: [] }
    : { side, machine, peerSent: true, queue: [{ type: 'tick' }], queuedAt }
}
/** Both deadlines, and since when our own connection or dial exists, as far as known. */
function limits(connections: Connections, now: number): (number | undefined)[] {
  const { main, pending, outgoingSince } = limitOpenWait(connections, { now, jitter: 1 })
  return [main.machine.timers.holdTimer, pending?.machine.timers.holdTimer, outgoingSince]
}

describe('one connection', () => {
  it.each(['outgoing', 'incoming'] as const)('an %s connection has 4 minutes for its OPEN (RFC 4271 §8.2.2)', side => {
    const since = side === 'outgoing' ? 1000 : undefined
    expect(limits({ main: candidate(side, 'OpenSent', 1000) }, 1000)).toEqual([241_000, undefined, since])
  })
  it('a dial is remembered with its time, and forgotten with its end', () => {
    const dials = { main: candidate('outgoing', 'Connect', 1000) }
    expect(limits(dials, 1000)).toEqual([undefined, undefined, 1000])
    expect(limits({ ...dials, outgoingSince: 500 }, 1000)).toEqual([undefined, undefined, 500])
    const ended = { main: candidate('outgoing', 'Idle', 2000), outgoingSince: 1000 }
    expect(limits(ended, 2000)).toEqual([undefined, undefined, undefined])
  })
  it.each(['Idle', 'Active'] as const)('nothing changes in state %s', state => {
    const connections = { main: candidate('outgoing', state, 0) }
    expect(limitOpenWait(connections, { now: 5000, jitter: 1 })).toBe(connections)
  })
  it('nothing changes for an established connection', () => {
    const connections = { main: candidate('outgoing', 'Established', 0), outgoingSince: 0 }
    expect(limitOpenWait(connections, { now: 5000, jitter: 1 })).toBe(connections)
  })
})

describe('an incoming connection beside another', () => {
  it.each<[string, SessionState]>([
    ['our dial', 'Connect'],
    ['our own connection', 'OpenSent'],
    ['our confirmed connection', 'OpenConfirm'],
    ['our established connection', 'Established'],
  ])('it has 10 s for its OPEN beside %s', (_, state) => {
    const main = candidate('outgoing', state, 1000)
    const pending = candidate('incoming', 'OpenSent', 3000)
    expect(limits({ main, pending, outgoingSince: 1000 }, 3000)[1]).toBe(13_000)
  })
  it('the 10 s begin with our dial if that is later', () => {
    const main = candidate('outgoing', 'Connect', 8000)
    const pending = candidate('incoming', 'OpenSent', 3000)
    expect(limits({ main, pending }, 8000)).toEqual([undefined, 18_000, 8000])
  })
  it('it has 4 minutes if we have no connection of our own', () => {
    for (const state of ['Idle', 'Active'] as const) {
      const pending = candidate('incoming', 'OpenSent', 3000)
      expect(limits({ main: candidate('outgoing', state, 0), pending }, 3000)).toEqual([undefined, 243_000, undefined])
    }
    const [main, pending] = [candidate('incoming', 'OpenConfirm', 0), candidate('incoming', 'OpenSent', 3000)]
    expect(limits({ main, pending }, 3000)[1]).toBe(243_000)
  })
  it('its 4 minutes do not grow with a later dial', () => {
    const main = candidate('outgoing', 'Connect', 240_000)
    const pending = candidate('incoming', 'OpenSent', 3000)
    expect(limits({ main, pending }, 240_000)[1]).toBe(243_000)
  })
})

describe('an OPEN that is queued', () => {
  it('the preferred connection has 10 s from then on, the queued one no limit', () => {
    const main = candidate('outgoing', 'OpenSent', 1000)
    const pending = candidate('incoming', 'OpenSent', 2000, 5000)
    expect(limits({ main, pending, outgoingSince: 1000 }, 5000)).toEqual([15_000, 242_000, 1000])
  })
  it('the same holds if the OPEN of our own connection is queued', () => {
    const main = candidate('outgoing', 'OpenSent', 1000, 6000)
    const pending = candidate('incoming', 'OpenSent', 4000)
    expect(limits({ main, pending, outgoingSince: 1000 }, 6000)).toEqual([241_000, 14_000, 1000])
    expect(limits({ main: { ...main, queuedAt: 2000 }, pending, outgoingSince: 1000 }, 6000)[1]).toBe(12_000)
  })
})
