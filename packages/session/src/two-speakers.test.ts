/**
 * Promise: two speakers that dial each other keep one connection, and the same one (RFC 4271 §6.8), whatever the delay of
 * each message.
 *
 * Both speakers are ours. The network between them delays each message by any time, but keeps the order in each direction
 * of a connection, as TCP does.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type SessionAction, stepSession } from './collision.ts'
import { configure, type SessionConfig } from './config.ts'
import { type CollisionSide, type Connections, newConnections, sessionDeadline } from './connections.ts'
import type { SessionEvent } from './events.ts'
import type { Input } from './fsm.ts'
import type { SessionOptions } from './options.ts'

/** One of the two speakers: 0 or 1. */
type End = 0 | 1
interface Connection {
  readonly dialler: End
  /** When the last message to each end arrives; the next one arrives no earlier. */
  readonly lastArrival: [number, number]
  /** Whether each end still has it open. */
  readonly open: [boolean, boolean]
  /** The cable is cut: nothing arrives, and neither end notices. */
  cut: boolean
  /** The connection was reset: a dial without an answer gets none. */
  reset: boolean
}
interface Fault {
  /** Milliseconds. */
  readonly at: number
  readonly kind: 'reset' | 'cut'
}
interface Scenario {
  readonly ends: readonly [SessionOptions, SessionOptions]
  /** Milliseconds that each message takes, in order, repeated. */
  readonly delays: readonly number[]
  readonly jitters: readonly number[]
  readonly faults?: readonly Fault[]
}
const MINUTE = 60_000
const ROUNDING = 0.001 // milliseconds; the error of a sum of fractions

/** Two speakers and the network between them, in virtual time. */
class Simulation {
  now = 0
  readonly speakers: [Connections, Connections]
  readonly configs: readonly [SessionConfig, SessionConfig]
  readonly events: readonly [SessionEvent[], SessionEvent[]] = [[], []]
  readonly dials: readonly [number[], number[]] = [[], []]
  readonly connections = new Set<Connection>()
  readonly #connectionsOf: [{ [side in CollisionSide]?: Connection }, { [side in CollisionSide]?: Connection }] = [
    {},
    {},
  ]
  readonly #queue: { readonly at: number; readonly run: () => void }[] = []
  readonly #scenario: Scenario
  #sent = 0
  #steps = 0

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    const [one, two] = scenario.ends
    this.configs = [configure(one), configure(two)]
    this.speakers = [newConnections(this.configs[0], 0), newConnections(this.configs[1], 0)]
    for (const { at, kind } of scenario.faults ?? []) this.#schedule(at, () => this.#applyFault(kind))
    for (const end of [0, 1] as const) this.#feed(end, { type: 'start' })
  }

  runUntil(until: number): this {
    for (;;) {
      const deadlines = this.speakers.map(speaker => sessionDeadline(speaker) ?? Number.POSITIVE_INFINITY)
      const event = this.#queue[0]
      const at = Math.min(...deadlines, event?.at ?? Number.POSITIVE_INFINITY)
      if (at > until) return this
      this.now = Math.max(this.now, at)
      if (event?.at === at)
        this.#queue.shift()!.run() // `event` is the first
      else this.#feed(deadlines[0] === at ? 0 : 1, { type: 'tick' })
    }
  }
  /** The connection on which this end is Established. */
  established(end: End): Connection | undefined {
    const { machine, side } = this.speakers[end].main
    return machine.state === 'Established' ? this.#connectionsOf[end][side] : undefined
  }
  openConnections(): number {
    return [...this.connections].filter(({ open }) => open[0] || open[1]).length
  }

  #feed(end: End, input: Input, side?: CollisionSide, offered?: Connection): void {
    const tick = { now: this.now, jitter: itemAt(this.#scenario.jitters, this.#steps++) }
    const [next, actions] = stepSession(this.speakers[end], input, tick, side)
    this.speakers[end] = next
    for (const action of actions) this.#perform(end, action, offered)
  }
  #perform(end: End, action: SessionAction, offered: Connection | undefined): void {
    if (action.type === 'emit') {
      this.events[end].push(action.event)
      return
    }
    const own = this.#connectionsOf[end]
    const connection = own[action.side]
    if (action.type === 'connect') {
      if (connection) throw new Error('a second dial during a dial')
      own.outgoing = this.#dial(end)
    } else if (action.type === 'accept') {
      if (connection) throw new Error('a second connection accepted')
      own.incoming = offered! // `accept` follows `accepted` only
      own.incoming.open[end] = true
    } else if (action.type === 'send') {
      if (!connection) throw new Error(`${action.message.type} without a connection`)
      this.#deliver(connection, other(end), { type: 'message', message: action.message })
      const { side } = action // the system accepts what is written, even if it never arrives
      this.#schedule(this.now, () => own[side] === connection && this.#feed(end, { type: 'sent' }, side))
    } else if (connection) {
      delete own[action.side]
      this.#close(connection, end)
    }
  }
  #dial(end: End): Connection {
    this.dials[end].push(this.now)
    const connection: Connection = { dialler: end, lastArrival: [0, 0], open: [false, false], cut: false, reset: false }
    connection.open[end] = true
    this.connections.add(connection)
    this.#send(connection, other(end), () => {
      this.#feed(other(end), { type: 'accepted' }, undefined, connection)
      if (!connection.open[other(end)]) this.#close(connection, other(end))
    })
    this.#send(connection, end, () => {
      if (!connection.reset && this.#connectionsOf[end].outgoing === connection)
        this.#feed(end, { type: 'connected' }, 'outgoing')
    })
    return connection
  }
  #close(connection: Connection, end: End): void {
    connection.open[end] = false
    this.#deliver(connection, other(end), { type: 'disconnected', reason: 'closed', detail: 'closed' })
  }
  #deliver(connection: Connection, to: End, input: Input): void {
    const side = connection.dialler === to ? 'outgoing' : 'incoming'
    this.#send(connection, to, () => {
      if (this.#connectionsOf[to][side] === connection) this.#feed(to, input, side)
    })
  }
  #send(connection: Connection, to: End, arrive: () => void): void {
    const at = Math.max(connection.lastArrival[to], this.now + itemAt(this.#scenario.delays, this.#sent++))
    connection.lastArrival[to] = at
    this.#schedule(at, () => {
      if (!connection.cut) arrive()
    })
  }
  #applyFault(kind: Fault['kind']): void {
    for (const connection of this.connections) {
      if (!connection.open[0] && !connection.open[1]) continue
      if (kind === 'cut') {
        connection.cut = true
        continue
      }
      connection.reset = true
      for (const end of [0, 1] as const)
        this.#deliver(connection, end, { type: 'disconnected', reason: 'closed', detail: 'reset' })
    }
  }
  #schedule(at: number, run: () => unknown): void {
    this.#queue.splice(this.#queue.findLastIndex(one => one.at <= at) + 1, 0, { at, run })
  }
}
function other(end: End): End {
  return end === 0 ? 1 : 0
}
function itemAt(list: readonly number[], index: number): number {
  return list[index % list.length]! // no list is empty
}

// ---- any two speakers, any network

const anyId = fc.constantFrom('192.0.2.1', '192.0.2.2', '10.0.0.1', '203.0.113.200')
/** They begin to dial at the same time, or up to three seconds apart. */
const anyEnds = fc
  .record({
    ids: fc.tuple(anyId, anyId),
    as: fc.constantFrom([65001, 65002], [65002, 65001], [65001, 65001]),
    delays: fc.tuple(fc.double({ min: 0, max: 3, noNaN: true }), fc.double({ min: 0, max: 3, noNaN: true })),
  })
  .filter(({ ids, as }) => ids[0] !== ids[1] || as[0] !== as[1]) // RFC 6286 §2.1: they would refuse each other
  .map(({ ids, as, delays }): readonly [SessionOptions, SessionOptions] => {
    const optionsOf = (mine: End): SessionOptions => ({
      local: { as: as[mine]!, id: ids[mine] }, // two of each
      peer: { as: as[other(mine)]!, address: `192.0.2.${10 + other(mine)}` },
      firstDialDelay: delays[mine],
      holdTime: 90,
    })
    return [optionsOf(0), optionsOf(1)]
  })
const anyDelays = fc.array(fc.oneof(fc.constantFrom(0, 1, 50), fc.double({ min: 0, max: 2000, noNaN: true })), {
  minLength: 1,
  maxLength: 40,
})
const anyJitters = fc.array(fc.double({ min: 0.75, max: 1, noNaN: true }), { minLength: 1, maxLength: 10 })
/** During the first dials, or later. */
const anyTime = fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 20 * MINUTE }))
const anyFaults = fc.array(fc.record({ at: anyTime, kind: fc.constantFrom('reset' as const, 'cut' as const) }), {
  minLength: 1,
  maxLength: 6,
})

describe('two speakers that dial each other', { timeout: 60_000 }, () => {
  it('two speakers keep one connection, the same at both ends (RFC 4271 §6.8)', () => {
    let collisions = 0
    fc.assert(
      fc.property(fc.record({ ends: anyEnds, delays: anyDelays, jitters: anyJitters }), scenario => {
        const simulation = new Simulation(scenario).runUntil(MINUTE)
        expectOneConnection(simulation)
        for (const end of [0, 1] as const) {
          expect(changesOf(simulation, end)).toEqual(['established'])
          expect(simulation.dials[end].length).toBeLessThanOrEqual(1)
          expect(simulation.speakers[end].main.machine.history).toMatchObject({ transport: 0, protocol: 0 })
        }
        collisions += Number(simulation.connections.size === 2)
      }),
      { numRuns: 1000 },
    )
    expect(collisions).toBeGreaterThan(300)
  })
  it('two speakers establish again after any fault, and never dial within minInterval', () => {
    const scenario = fc.record({ ends: anyEnds, delays: anyDelays, jitters: anyJitters, faults: anyFaults })
    fc.assert(
      fc.property(scenario, one => {
        const simulation = new Simulation(one).runUntil(60 * MINUTE)
        expectOneConnection(simulation)
        for (const end of [0, 1] as const) {
          const dials = simulation.dials[end]
          const minInterval = simulation.configs[end].backOff.minInterval * 1000
          dials.slice(1).forEach((at, i) => void expect(at - dials[i]!).toBeGreaterThanOrEqual(minInterval - ROUNDING)) // the dial before
          // Two `established` have a `down` between them.
          expect(changesOf(simulation, end).join(' ')).not.toMatch(/established established/)
        }
      }),
      { numRuns: 200 },
    )
  })

  function expectOneConnection(simulation: Simulation): void {
    expect(simulation.established(0)).toBeDefined()
    expect(simulation.established(0) === simulation.established(1)).toBe(true)
    expect(simulation.openConnections()).toBe(1)
  }
  function changesOf(simulation: Simulation, end: End): string[] {
    return simulation.events[end].map(({ type }) => type).filter(type => type === 'established' || type === 'down')
  }
})
