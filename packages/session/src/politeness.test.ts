/**
 * Promise: nothing that a peer does, and no configuration that is accepted, makes us dial faster than the budget in
 * docs/defaults.md, and nothing makes us stop dialling.
 *
 * A peer is two lists, each repeated: how it treats each connection, and when it dials us, during our waits and our dials.
 * Sometimes our process is stopped for a while. The state machine runs against such a peer in virtual time: a day in most
 * runs, two weeks in some. The budget is computed (dial-budget.ts); these random peers search for one that exceeds it.
 */
import { readFileSync } from 'node:fs'
import type { Notification, Open } from '@softspoken/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { budgetRows } from '../tools/budget-rows.ts'
import type { BackOff } from './backoff.ts'
import { type SessionAction, stepSession } from './collision.ts'
import { configure, type SessionConfig } from './config.ts'
import { type CollisionSide, type Connections, newConnections, sessionDeadline } from './connections.ts'
import { dialBudget, type EndingName, mostDials } from './dial-budget.ts'
import type { Input } from './fsm.ts'
import { type SessionOptions, sessionOptions } from './options.ts'

/** How a peer treats one connection: the state that we reach, how long it stays, and how it ends. */
interface Behaviour {
  readonly reach: 'nothing' | 'connection' | 'OPEN' | 'Established'
  /** Seconds; the peer sends keepalives meanwhile. */
  readonly stay: number
  readonly end: End
  /** The peer has the higher BGP Identifier, so in a collision its connection is preferred (RFC 4271 §6.8). Default true. */
  readonly higher?: boolean
}
type End =
  | 'silence'
  | 'close'
  | 'wrong AS'
  | 'garbage'
  | 'unexpected message'
  | { readonly code: number; readonly subcode: number }

/** The peer dials us. */
interface PeerDial extends Behaviour {
  /** Seconds after a connection or a dial has ended, or after our dial has begun. */
  readonly after: number
}
/** The caller stops the session and starts it again. */
interface Restart {
  /** Seconds after a connection or a dial has ended. */
  readonly after: number
  /** Seconds until the start. */
  readonly pause: number
}

interface Scenario {
  readonly config: SessionConfig
  readonly dials: readonly Behaviour[]
  readonly peerDials?: readonly (PeerDial | undefined)[]
  readonly collisions?: readonly (PeerDial | undefined)[]
  readonly restarts?: readonly (Restart | undefined)[]
  /** Seconds for which the process is stopped at the beginning of each dial. */
  readonly stalls?: readonly number[]
  readonly jitters: readonly number[]
  readonly days?: number
}

/** Milliseconds. */
interface Outcome {
  readonly dials: readonly number[]
  /** The longest time to the next deadline; infinite if there was none. */
  readonly longestWait: number
}

const DAY = 86_400_000
const MINUTE = 60_000
const TEN_MINUTES = 10 * MINUTE
const HOUR = 60 * MINUTE
const ROUNDING = 0.001 // milliseconds; the error of a sum of fractions

// ---- the simulation

function simulate(scenario: Scenario, until = (scenario.days ?? 1) * DAY): Outcome {
  const { config, dials: behaviours, peerDials = [], collisions = [], restarts = [], stalls = [], jitters } = scenario
  const dials: number[] = []
  let session: Connections = newConnections(config, 0)
  let now = 0
  let steps = 0
  let longestWait = 0
  let connectionCount = 0
  const open: { [side in CollisionSide]?: number } = {}
  let ends = 0
  const queue = new Queue()

  feed({ type: 'start' })
  for (;;) {
    const deadline = sessionDeadline(session) ?? Number.POSITIVE_INFINITY
    const event = queue.next(deadline)
    const at = event?.at ?? deadline
    if (at > until) return { dials, longestWait }
    now = Math.max(now, at)
    if (event === undefined) feed({ type: 'tick' })
    else event.run()
  }

  function feed(input: Input, side?: CollisionSide, treatment?: Behaviour): void {
    const [next, actions] = stepSession(session, input, { now, jitter: itemAt(jitters, steps++) }, side)
    session = next
    for (const action of actions) perform(action, treatment)
    longestWait = Math.max(longestWait, (sessionDeadline(session) ?? Number.POSITIVE_INFINITY) - now)
  }
  function perform(action: SessionAction, treatment: Behaviour | undefined): void {
    if (action.type === 'connect') {
      dials.push(now)
      schedulePeerDial(itemAt(collisions, dials.length - 1))
      connect(itemAt(behaviours, dials.length - 1), action.side)
      now += 1000 * (itemAt(stalls, dials.length - 1) ?? 0)
    } else if (action.type === 'accept') {
      connect(treatment!, action.side) // an `accepted` always has one
    } else if (action.type === 'send') {
      const { side } = action
      const connection = open[side]
      queue.add({ at: now, run: () => open[side] === connection && feed({ type: 'sent' }, side) }) // every peer here reads
    } else if (action.type === 'close') {
      delete open[action.side]
    } else if (action.type === 'emit' && action.event.type === 'down') {
      scheduleAfterEnd()
    }
  }
  /** The peer and the caller may act during the back-off. */
  function scheduleAfterEnd(): void {
    schedulePeerDial(itemAt(peerDials, ends))
    const restart = itemAt(restarts, ends)
    if (restart) {
      const back = now + (restart.after + restart.pause) * 1000
      queue.add({ at: now + restart.after * 1000, run: () => feed({ type: 'stop', communication: '' }) })
      queue.add({ at: back, run: () => feed({ type: 'start' }) })
    }
    ends++
  }
  function schedulePeerDial(peerDial: PeerDial | undefined): void {
    if (!peerDial) return
    queue.add({ at: now + peerDial.after * 1000, run: () => feed({ type: 'accepted' }, undefined, peerDial) })
  }
  function connect({ reach, stay, end, higher = true }: Behaviour, side: CollisionSide): void {
    const connection = ++connectionCount
    open[side] = connection
    const feedIfOpen = (input: Input): void => {
      if (open[side] === connection) feed(input, side)
    }
    const schedule = (at: number, input: Input): void => queue.add({ at, run: () => feedIfOpen(input) })
    const until = now + stay * 1000
    /** One after the other: a thousand at once for each of many connections would make the queue slow. */
    const keepAlive = (at: number): void => {
      if (at > until || open[side] !== connection) return
      schedule(at, { type: 'message', message: { type: 'keepalive' } })
      queue.add({ at, run: () => keepAlive(at + (config.holdTime / 3) * 1000) })
    }
    if (reach === 'nothing') {
      if (end === 'close') schedule(now + stay * 1000, { type: 'disconnected', reason: 'closed', detail: 'refused' })
      return
    }
    if (side === 'outgoing') schedule(now, { type: 'connected' })
    if (reach !== 'connection') schedule(now, { type: 'message', message: goodOpen(config, higher) })
    if (reach === 'Established') keepAlive(now)
    const last = lastInput(end, config)
    if (last) schedule(until, last)
  }
}

/** Events in the order of their time; those of the same time in the order in which they were added. */
class Queue {
  #events: { at: number; run: () => void }[] = []

  add(event: { at: number; run: () => void }): void {
    this.#events.splice(this.#events.findLastIndex(({ at }) => at <= event.at) + 1, 0, event)
  }
  /** Removes and returns the first event if its time is at most `deadline`. */
  next(deadline: number): { at: number; run: () => void } | undefined {
    const [first] = this.#events
    return first && first.at <= deadline ? this.#events.shift() : undefined
  }
}

function lastInput(end: End, config: SessionConfig): Input | undefined {
  switch (end) {
    case 'silence':
      return undefined
    case 'close':
      return { type: 'disconnected', reason: 'closed', detail: 'closed' }
    case 'wrong AS':
      return { type: 'message', message: { ...goodOpen(config), as: 65099 } }
    case 'unexpected message':
      return { type: 'message', message: { type: 'route-refresh', afi: 1, safi: 1, subtype: 0 } }
    case 'garbage':
      return {
        type: 'malformed',
        sent: notification(1, 1),
        reason: 'notification-sent',
        detail: 'the marker is not all ones',
      }
    default:
      return { type: 'message', message: notification(end.code, end.subcode) }
  }
}
function goodOpen({ peer }: SessionConfig, higher = true): Open {
  const id = higher ? '192.0.2.254' : '192.0.2.0' // we are 192.0.2.1
  return { type: 'open', version: 4, as: peer.as, holdTime: 65535, id, capabilities: [] }
}
function notification(code: number, subcode: number): Notification {
  return { type: 'notification', code, subcode, data: new Uint8Array() }
}
function itemAt<item>(list: readonly item[], index: number): item
function itemAt<item>(list: readonly item[], index: number): item | undefined {
  return list[index % list.length]
}

/** The most dials in any minute, ten minutes and hour. A period does not include its last moment. */
function mostDialsIn({ dials }: Outcome): Budget {
  const within = (span: number): number => {
    let from = 0
    return dials.reduce((most, at, i) => {
      while (at - dials[from]! >= span) from++ // never beyond i, where the difference is 0
      return Math.max(most, i - from + 1)
    }, 0)
  }
  return [within(MINUTE), within(TEN_MINUTES), within(HOUR)]
}
type Budget = readonly [minute: number, tenMinutes: number, hour: number]
function exceeds(found: Budget, budget: Budget): boolean {
  return found.some((dials, span) => dials > budget[span]!)
}
function shortestInterval({ dials }: Outcome): number {
  return Math.min(...dials.slice(1).map((at, i) => at - dials[i]!)) // the dial before
}

// ---- peers and configurations

const given: SessionOptions = {
  local: { as: 65001, id: '192.0.2.1' },
  peer: { as: 65002, address: '192.0.2.2' },
  families: ['ipv4-unicast'],
}
const defaults = configure(given)
const { resetAfter } = defaults.backOff

const operatorCeases: readonly End[] = [1, 2, 3, 5].map(subcode => ({ code: 6, subcode }))
const anyCease = fc.nat(10).map((subcode): End => ({ code: 6, subcode }))
const anyNotification = fc
  .record({ code: fc.integer({ min: 1, max: 5 }), subcode: fc.nat(11) })
  .map((codes): End => codes)
const anyEnd = fc.oneof(
  anyCease,
  anyNotification,
  fc.constantFrom<End[]>('silence', 'close', 'wrong AS', 'garbage', 'unexpected message'),
)

const unreachable: fc.Arbitrary<Behaviour> = fc.record({
  reach: fc.constant('nothing'),
  stay: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 12, noNaN: true })),
  end: fc.constantFrom<End[]>('close', 'silence'),
})
/** None, a moment, and around the time that resets the failures. */
function anyStay(limit: number): fc.Arbitrary<number> {
  return fc.oneof(
    fc.constantFrom(0, limit - 0.001, limit, limit + 0.001),
    fc.constantFrom(61, 100, 239), // less than the wait for an OPEN, and more than the shortest resetAfter
    fc.double({ min: 0, max: 1.2 * limit, noNaN: true }),
  )
}
function reachable(limit: number): fc.Arbitrary<Behaviour> {
  return fc.record({
    reach: fc.constantFrom('connection', 'OPEN', 'Established'),
    stay: anyStay(limit),
    end: anyEnd,
    higher: fc.boolean(),
  })
}
/** It answers and then rejects us: every end except the loss of a stable session. */
function rejecting(limit: number): fc.Arbitrary<Behaviour> {
  return reachable(limit).filter(({ reach, stay, end }) => reach !== 'Established' || stay < limit || end !== 'close')
}
function peerDialsOf(behaviour: fc.Arbitrary<Behaviour>): fc.Arbitrary<(PeerDial | undefined)[]> {
  const peerDial = fc
    .tuple(behaviour, fc.oneof(fc.constant(5), fc.integer({ min: 5, max: 400 })))
    .map(([one, after]): PeerDial => ({ ...one, after }))
  return fc.oneof(
    fc.array(fc.option(peerDial, { nil: undefined }), { maxLength: 5 }),
    peerDial.map(one => [one, undefined]), // one between every two dials
  )
}
/** Dials of the peer during our dial, or during the connection that it opens. */
function collisionsOf(behaviour: fc.Arbitrary<Behaviour>): fc.Arbitrary<(PeerDial | undefined)[]> {
  const soon = fc.oneof(fc.constantFrom(0, 0.001, 9.999, 10), fc.double({ min: 0, max: 400, noNaN: true }))
  const peerDial = fc.tuple(behaviour, soon).map(([one, after]): PeerDial => ({ ...one, after }))
  return fc.array(fc.option(peerDial, { nil: undefined }), { maxLength: 5 })
}
const anyJitters = fc.oneof(
  fc.constantFrom([0.75], [1]),
  fc.array(fc.double({ min: 0.75, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }),
)
const days = fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(14) })
/** For a moment, for about as long as a timer, or for hours: a machine that sleeps, a debugger, a SIGSTOP. */
const anyStalls = fc.array(fc.oneof(fc.constant(0), fc.constantFrom(0.02, 20, 90, 300, 7200)), { maxLength: 6 })
function some<item>(one: fc.Arbitrary<item>): fc.Arbitrary<item[]> {
  return fc.array(one, { minLength: 1, maxLength: 8 })
}

/** Any configuration that is accepted: each number is a bound, the default, or any value between. */
const anyConfig: fc.Arbitrary<SessionConfig> = fc
  .record({
    connectTimeout: within('connectTimeout'),
    firstDialDelay: within('firstDialDelay'),
    holdTime: fc.constantFrom(9, 90, 65535),
    backOff: fc.record({
      minInterval: within('backOff.minInterval'),
      transportCap: within('backOff.transportCap'),
      protocolInitial: within('backOff.protocolInitial'),
      administrative: within('backOff.administrative'),
      resetAfter: within('backOff.resetAfter'),
    }),
  })
  .map(chosen => configure({ ...given, ...chosen }))
function within(
  name: `backOff.${keyof BackOff}` | 'connectTimeout' | 'firstDialDelay' | 'holdTime',
): fc.Arbitrary<number> {
  const { min, max, default: usual } = sessionOptions[name]
  return fc.oneof(fc.constantFrom(min, max, usual), fc.double({ min, max, noNaN: true }))
}

// ---- the budget

/** The exact maximum of each row. */
const budget = Object.fromEntries(
  Object.entries(budgetRows).map(([what, among]) => {
    const { minute, tenMinutes, hour } = dialBudget(defaults.backOff, among)
    return [what, [minute, tenMinutes, hour]]
  }),
) as unknown as Readonly<Record<keyof typeof budgetRows, Budget>> // its own keys

describe('the defaults, in any minute, ten minutes and hour', { timeout: 120_000 }, () => {
  it('the dials stay within the budget while TCP fails: refused or dropped', () => {
    expectWithinBudget({ dials: some(unreachable) }, 'TCP fails: refused or dropped')
  })
  it('the dials stay within the budget while the router answers and rejects us', () => {
    const anyAnswer = rejecting(resetAfter)
    const peer = { dials: some(anyAnswer), peerDials: peerDialsOf(anyAnswer), collisions: collisionsOf(anyAnswer) }
    expectWithinBudget(peer, 'the router answers and then rejects us, for any reason')
  })
  it('the dials stay within the budget while the router sends administrative Ceases', () => {
    const operator = fc
      .record({ behaviour: rejecting(resetAfter), end: fc.constantFrom(...operatorCeases) })
      // A longer stay would end by a hold timer before the operator's Cease.
      .map(
        ({ behaviour, end }): Behaviour => ({
          ...behaviour,
          stay: Math.min(behaviour.stay, longestStay(behaviour)),
          end,
        }),
      )
    // On connections of its own too: one of them may replace our dial, and then the Cease comes on it.
    const peer = { dials: some(operator), peerDials: peerDialsOf(operator), collisions: collisionsOf(operator) }
    expectWithinBudget(peer, 'the router sends an administrative Cease', { stalls: fc.constant([]) }) // a stopped process would let a hold timer expire first
  })
  it('the dials stay within the budget while any of these happens, in any order', () => {
    const anything = fc.oneof(unreachable, reachable(resetAfter))
    const anyAnswer = reachable(resetAfter)
    const peer = { dials: some(anything), peerDials: peerDialsOf(anyAnswer), collisions: collisionsOf(anyAnswer) }
    expectWithinBudget(peer, 'any mix of these, with sessions that were stable in between')
  })

  it.each(Object.entries(budgetRows))('some peer causes exactly the budget of: %s', (what, among) => {
    const counts = [60, 600, 3600].map(span => {
      const [last = 'rejected'] = among ?? []
      const dials = [...mostDials(defaults.backOff, span, among), last].map(ending => behaviourOf[ending])
      return simulate({ config: defaults, dials, jitters: [0.75] }, span * 1000 - 1).dials.length
    })
    expect(counts).toEqual(budget[what as keyof typeof budgetRows])
  })
  it('docs/defaults.md has the same numbers', () => {
    const page = readFileSync(new URL('../../../docs/defaults.md', import.meta.url), 'utf8')
    const rows = page.split('\n').map(line => line.split('|').map(cell => cell.trim()))
    for (const [what, numbers] of Object.entries(budget))
      expect(rows.find(([, first]) => first === what)?.slice(2, 5)).toEqual(numbers.map(String))
  })
  it('without jitter, ten minutes have 9 dials if TCP fails, 4 if rejected', () => {
    const first = (...dials: Behaviour[]) =>
      simulate({ config: defaults, dials, jitters: [1] }, TEN_MINUTES - 1).dials.map(at => at / 1000)
    expect(first({ reach: 'nothing', stay: 0, end: 'close' })).toEqual([0, 5, 15, 35, 75, 155, 275, 395, 515])
    expect(first({ reach: 'nothing', stay: 0, end: 'silence' })).toEqual([0, 15, 35, 65, 115, 205, 335, 465, 595])
    expect(first({ reach: 'OPEN', stay: 0, end: 'wrong AS' })).toEqual([0, 60, 180, 420])
    expect(first({ reach: 'connection', stay: 0, end: { code: 6, subcode: 5 } })).toEqual([0, 300])
  })

  /** A behaviour of the peer for each ending of a dial. */
  const stable = { reach: 'Established', stay: resetAfter } as const
  const behaviourOf: Readonly<Record<EndingName, Behaviour>> = {
    'TCP fails': { reach: 'nothing', stay: 0, end: 'close' },
    rejected: { reach: 'OPEN', stay: 0, end: { code: 6, subcode: 4 } },
    'administrative Cease': { reach: 'OPEN', stay: 0, end: { code: 6, subcode: 5 } },
    'stable session, then lost': { ...stable, end: 'close' },
    'stable session, then rejected': { ...stable, end: { code: 6, subcode: 6 } },
    'stable session, then administrative Cease': { ...stable, end: { code: 6, subcode: 1 } },
    'stable session, then restarted': { ...stable, end: { code: 6, subcode: 2 } },
    'stable session, then reset': { ...stable, end: { code: 6, subcode: 4 } },
  }

  function longestStay({ reach }: Behaviour): number {
    return reach === 'connection' ? 239 : reach === 'OPEN' ? 89 : Number.POSITIVE_INFINITY
  }
  function expectWithinBudget(
    peer: Pick<Peers, 'dials'> & Partial<Peers>,
    what: keyof typeof budget,
    process: { stalls: fc.Arbitrary<number[]> } = { stalls: anyStalls },
  ): void {
    const noPeerDials = { peerDials: fc.constant([]), collisions: fc.constant([]) }
    const scenario = fc.record({
      config: fc.constant(defaults),
      days,
      jitters: anyJitters,
      ...noPeerDials,
      ...process,
      ...peer,
    })
    fc.assert(
      fc.property(scenario, one => {
        const found = mostDialsIn(simulate(one))
        expect(exceeds(found, budget[what]), `${found} dials`).toBe(false)
      }),
      { numRuns: 50 },
    )
  }
  interface Peers {
    readonly dials: fc.Arbitrary<Behaviour[]>
    readonly peerDials: fc.Arbitrary<(PeerDial | undefined)[]>
    readonly collisions: fc.Arbitrary<(PeerDial | undefined)[]>
  }
})

describe('any configuration that is accepted', { timeout: 120_000 }, () => {
  const scenario = anyConfig.chain(config => {
    const anyAnswer = reachable(config.backOff.resetAfter)
    const restart = fc.record({ after: fc.nat(100), pause: fc.nat(100) })
    return fc.record({
      config: fc.constant(config),
      dials: some(fc.oneof(unreachable, anyAnswer)),
      peerDials: peerDialsOf(anyAnswer),
      collisions: collisionsOf(anyAnswer),
      restarts: fc.array(fc.option(restart, { nil: undefined }), { maxLength: 3 }),
      stalls: anyStalls,
      days: config.holdTime >= 90 ? days : fc.constant(1), // two weeks with a keepalive every three seconds take minutes
      jitters: anyJitters,
    })
  })

  it('two dials are at least minInterval apart', () => {
    fc.assert(
      fc.property(scenario, one => {
        expect(shortestInterval(simulate(one))).toBeGreaterThanOrEqual(one.config.backOff.minInterval * 1000 - ROUNDING)
      }),
      { numRuns: 50 },
    )
  })
  it('the longest delay between two dials is the longest that is configured', () => {
    fc.assert(
      fc.property(scenario, ({ restarts: _, ...one }) => {
        const { backOff, connectTimeout, firstDialDelay, holdTime } = one.config
        const { minInterval, transportCap, protocolInitial, administrative } = backOff
        const waits = [
          300,
          240,
          minInterval,
          transportCap,
          protocolInitial,
          administrative,
          connectTimeout,
          firstDialDelay,
          holdTime,
        ]
        const { dials, longestWait } = simulate(one)
        expect(longestWait).toBeLessThanOrEqual(1000 * Math.max(...waits) + ROUNDING)
        expect(dials.length).toBeGreaterThan(0)
      }),
      { numRuns: 50 },
    )
  })
})
