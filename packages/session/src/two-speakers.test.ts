/**
 * Promise: two speakers that dial each other keep one connection, and the same one (RFC 4271 §6.8), however long each
 * message is on its way and whichever comes first.
 *
 * Both ends are ours. Between them is a network that delays what it carries at will, but keeps the order of each
 * direction of each connection, as TCP does.
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
  /** When the last thing that was sent to each end arrives: nothing overtakes. */
  readonly last: [number, number]
  /** Who still holds it. */
  readonly held: [boolean, boolean]
  /** Nothing arrives any more, and neither end is notified. */
  cut: boolean
}
interface Fault {
  /** Milliseconds. */
  readonly at: number
  readonly kind: 'reset' | 'cut'
}
interface Scenario {
  readonly ends: readonly [SessionOptions, SessionOptions]
  /** Milliseconds on the way, one after the other, over and over. */
  readonly delays: readonly number[]
  readonly jitters: readonly number[]
  readonly faults?: readonly Fault[]
}
const MINUTE = 60_000
const ROUNDING = 0.001 // what adding up fractions of a millisecond may come out wrong by

class World {
  now = 0
  readonly pairs: [Connections, Connections]
  readonly configs: readonly [SessionConfig, SessionConfig]
  readonly told: readonly [SessionEvent[], SessionEvent[]] = [[], []]
  readonly dials: readonly [number[], number[]] = [[], []]
  readonly connections = new Set<Connection>()
  readonly #lines: [{ [side in CollisionSide]?: Connection }, { [side in CollisionSide]?: Connection }] = [{}, {}]
  readonly #agenda: { readonly at: number; readonly happen: () => void }[] = []
  readonly #scenario: Scenario
  #sent = 0
  #steps = 0

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    const [one, two] = scenario.ends
    this.configs = [configure(one), configure(two)]
    this.pairs = [newConnections(this.configs[0], 0), newConnections(this.configs[1], 0)]
    for (const { at, kind } of scenario.faults ?? []) this.#at(at, () => this.#harm(kind))
    for (const end of [0, 1] as const) this.#feed(end, { type: 'start' })
  }

  pass(until: number): this {
    for (;;) {
      const deadlines = this.pairs.map(pair => sessionDeadline(pair) ?? Number.POSITIVE_INFINITY)
      const event = this.#agenda[0]
      const at = Math.min(...deadlines, event?.at ?? Number.POSITIVE_INFINITY)
      if (at > until) return this
      this.now = Math.max(this.now, at)
      if (event?.at === at)
        this.#agenda.shift()!.happen() // it was there a line ago
      else this.#feed(deadlines[0] === at ? 0 : 1, { type: 'tick' })
    }
  }
  /** The connection that each end is Established on. */
  established(end: End): Connection | undefined {
    const { machine, side } = this.pairs[end].main
    return machine.state === 'Established' ? this.#lines[end][side] : undefined
  }
  held(): number {
    return [...this.connections].filter(({ held }) => held[0] || held[1]).length
  }

  #feed(end: End, input: Input, side?: CollisionSide, offered?: Connection): void {
    const tick = { now: this.now, jitter: turn(this.#scenario.jitters, this.#steps++) }
    const [next, actions] = stepSession(this.pairs[end], input, tick, side)
    this.pairs[end] = next
    for (const action of actions) this.#perform(end, action, offered)
  }
  #perform(end: End, action: SessionAction, offered: Connection | undefined): void {
    if (action.type === 'emit') {
      this.told[end].push(action.event)
      return
    }
    const lines = this.#lines[end]
    const connection = lines[action.side]
    if (action.type === 'connect') {
      if (connection) throw new Error('a second dial while one is under way')
      lines.outgoing = this.#dial(end)
    } else if (action.type === 'accept') {
      if (connection) throw new Error('a second connection accepted')
      lines.incoming = offered! // only 'incoming' brings about an 'accept'
      lines.incoming.held[end] = true
    } else if (action.type === 'send') {
      if (!connection) throw new Error(`${action.message.type} on no connection`)
      this.#deliver(connection, other(end), { type: 'message', message: action.message })
      const { side } = action // the system takes what is written, though it may never arrive
      this.#at(this.now, () => lines[side] === connection && this.#feed(end, { type: 'sent' }, side))
    } else if (connection) {
      delete lines[action.side]
      this.#hangUp(connection, end)
    }
  }
  #dial(end: End): Connection {
    this.dials[end].push(this.now)
    const connection: Connection = { dialler: end, last: [0, 0], held: [false, false], cut: false }
    connection.held[end] = true
    this.connections.add(connection)
    this.#send(connection, other(end), () => {
      this.#feed(other(end), { type: 'accepted' }, undefined, connection)
      if (!connection.held[other(end)]) this.#hangUp(connection, other(end))
    })
    this.#deliver(connection, end, { type: 'connected' })
    return connection
  }
  #hangUp(connection: Connection, end: End): void {
    connection.held[end] = false
    this.#deliver(connection, other(end), { type: 'disconnected', reason: 'closed', detail: 'closed' })
  }
  #deliver(connection: Connection, to: End, input: Input): void {
    const side = connection.dialler === to ? 'outgoing' : 'incoming'
    this.#send(connection, to, () => {
      if (this.#lines[to][side] === connection) this.#feed(to, input, side)
    })
  }
  #send(connection: Connection, to: End, arrive: () => void): void {
    const at = Math.max(connection.last[to], this.now + turn(this.#scenario.delays, this.#sent++))
    connection.last[to] = at
    this.#at(at, () => {
      if (!connection.cut) arrive()
    })
  }
  #harm(kind: Fault['kind']): void {
    for (const connection of this.connections) {
      if (!connection.held[0] && !connection.held[1]) continue
      if (kind === 'cut') connection.cut = true
      else
        for (const end of [0, 1] as const)
          this.#deliver(connection, end, { type: 'disconnected', reason: 'closed', detail: 'reset' })
    }
  }
  #at(at: number, happen: () => unknown): void {
    this.#agenda.splice(this.#agenda.findLastIndex(one => one.at <= at) + 1, 0, { at, happen })
  }
}
function other(end: End): End {
  return end === 0 ? 1 : 0
}
function turn(list: readonly number[], index: number): number {
  return list[index % list.length]! // none of them is empty
}

// ---- any two speakers, any network

const anyId = fc.constantFrom('192.0.2.1', '192.0.2.2', '10.0.0.1', '203.0.113.200')
/** They dial within a moment of each other, or not at all at the same time. */
const anyEnds = fc
  .record({
    ids: fc.tuple(anyId, anyId),
    as: fc.constantFrom([65001, 65002], [65002, 65001], [65001, 65001]),
    delays: fc.tuple(fc.double({ min: 0, max: 3, noNaN: true }), fc.double({ min: 0, max: 3, noNaN: true })),
  })
  .filter(({ ids, as }) => ids[0] !== ids[1] || as[0] !== as[1]) // RFC 6286 §2.1: they would refuse each other
  .map(({ ids, as, delays }): readonly [SessionOptions, SessionOptions] => {
    const end = (mine: End): SessionOptions => ({
      local: { as: as[mine]!, id: ids[mine] }, // two of each
      peer: { as: as[other(mine)]!, address: `192.0.2.${10 + other(mine)}` },
      firstDialDelay: delays[mine],
      holdTime: 90,
    })
    return [end(0), end(1)]
  })
const anyDelays = fc.array(fc.oneof(fc.constantFrom(0, 1, 50), fc.double({ min: 0, max: 2000, noNaN: true })), {
  minLength: 1,
  maxLength: 40,
})
const anyJitters = fc.array(fc.double({ min: 0.75, max: 1, noNaN: true }), { minLength: 1, maxLength: 10 })
const anyFaults = fc.array(
  fc.record({ at: fc.integer({ min: 0, max: 20 * MINUTE }), kind: fc.constantFrom('reset' as const, 'cut' as const) }),
  { minLength: 1, maxLength: 6 },
)

describe('two speakers that dial each other', { timeout: 60_000 }, () => {
  it('two speakers keep one connection, the same at both ends (RFC 4271 §6.8)', () => {
    let collisions = 0
    fc.assert(
      fc.property(fc.record({ ends: anyEnds, delays: anyDelays, jitters: anyJitters }), scenario => {
        const world = new World(scenario).pass(MINUTE)
        agree(world)
        for (const end of [0, 1] as const) {
          expect(heard(world, end)).toEqual(['established'])
          expect(world.dials[end].length).toBeLessThanOrEqual(1)
          expect(world.pairs[end].main.machine.history).toMatchObject({ transport: 0, protocol: 0 })
        }
        collisions += Number(world.connections.size === 2)
      }),
      { numRuns: 1000 },
    )
    expect(collisions).toBeGreaterThan(300)
  })
  it('two speakers establish again after any fault, and never dial within minInterval', () => {
    const scenario = fc.record({ ends: anyEnds, delays: anyDelays, jitters: anyJitters, faults: anyFaults })
    fc.assert(
      fc.property(scenario, one => {
        const world = new World(one).pass(60 * MINUTE)
        agree(world)
        for (const end of [0, 1] as const) {
          const dials = world.dials[end]
          const minInterval = world.configs[end].backOff.minInterval * 1000
          dials.slice(1).forEach((at, i) => void expect(at - dials[i]!).toBeGreaterThanOrEqual(minInterval - ROUNDING)) // i is the one before
          // Two `established` have a `down` between them.
          expect(heard(world, end).join(' ')).not.toMatch(/established established/)
        }
      }),
      { numRuns: 200 },
    )
  })

  function agree(world: World): void {
    expect(world.established(0)).toBeDefined()
    expect(world.established(0) === world.established(1)).toBe(true)
    expect(world.held()).toBe(1)
  }
  function heard(world: World, end: End): string[] {
    return world.told[end].map(({ type }) => type).filter(type => type === 'established' || type === 'down')
  }
})
