/**
 * Promise: nothing that a peer does, and no configuration that is accepted, makes us dial faster than the budget in
 * docs/defaults.md, and nothing makes us fall silent for ever.
 *
 * A peer is a list of behaviours, one per connection, over and over, and of visits that it pays us, while we wait and
 * while we dial; now and then our process stands still. The pure machine meets it in virtual time: a day in most runs, two weeks in some.
 * The budget is computed (dial-budget.ts); these peers, drawn at random, look for one that exceeds it.
 */
import { readFileSync } from 'node:fs'
import type { Notification, Open } from '@softspoken/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BackOff } from './backoff.ts'
import { type SessionAction, stepSession } from './collision.ts'
import { configure, type SessionConfig } from './config.ts'
import { type CollisionSide, type Connections, newConnections, sessionDeadline } from './connections.ts'
import { dialBudget, type EndingName, mostDials } from './dial-budget.ts'
import type { Input } from './fsm.ts'
import { type SessionOptions, sessionOptions } from './options.ts'

/** How a peer treats one connection: how far it lets us come, how long it stays, and how it ends. */
interface Behaviour {
  readonly reach: 'nothing' | 'connection' | 'OPEN' | 'Established'
  /** Seconds; keepalives flow meanwhile. */
  readonly stay: number
  readonly end: End
  /** Of the two connections of a collision, the one it dialled is preferred (RFC 4271 §6.8). Default: so it is. */
  readonly higher?: boolean
}
type End =
  | 'silence'
  | 'close'
  | 'wrong AS'
  | 'garbage'
  | 'out of turn'
  | { readonly code: number; readonly subcode: number }

/** The peer dials us: so many seconds after a connection or a dial has ended, or after a dial of ours has begun. */
interface Visit extends Behaviour {
  readonly after: number
}
/** The caller stops us and starts us again, so many seconds after a connection or a dial has ended. */
interface Restart {
  readonly after: number
  readonly pause: number
}

interface Scenario {
  readonly config: SessionConfig
  readonly dials: readonly Behaviour[]
  readonly visits?: readonly (Visit | undefined)[]
  readonly collisions?: readonly (Visit | undefined)[]
  readonly restarts?: readonly (Restart | undefined)[]
  /** Seconds that the process stands still, one for each dial as it begins. */
  readonly stalls?: readonly number[]
  readonly jitters: readonly number[]
  readonly days?: number
}

/** What was seen. Milliseconds. */
interface Seen {
  readonly dials: readonly number[]
  /** The longest that the machine ever meant to do nothing; infinite where it meant to for ever. */
  readonly longestWait: number
}

const DAY = 86_400_000
const MINUTE = 60_000
const TEN_MINUTES = 10 * MINUTE
const HOUR = 60 * MINUTE
const ROUNDING = 0.001 // what adding up fractions of a millisecond may come out wrong by

// ---- the playing field

function play(scenario: Scenario, until = (scenario.days ?? 1) * DAY): Seen {
  const { config, dials: behaviours, visits = [], collisions = [], restarts = [], stalls = [], jitters } = scenario
  const dials: number[] = []
  let pair: Connections = newConnections(config, 0)
  let now = 0
  let steps = 0
  let longestWait = 0
  let connections = 0
  const standing: { [slot in CollisionSide]?: number } = {}
  let ends = 0
  const agenda = new Agenda()

  feed({ type: 'start' })
  for (;;) {
    const deadline = sessionDeadline(pair) ?? Number.POSITIVE_INFINITY
    const event = agenda.next(deadline)
    const at = event?.at ?? deadline
    if (at > until) return { dials, longestWait }
    now = Math.max(now, at)
    if (event === undefined) feed({ type: 'tick' })
    else event.happen()
  }

  function feed(input: Input, slot?: CollisionSide, treatment?: Behaviour): void {
    const [next, actions] = stepSession(pair, input, { now, jitter: turn(jitters, steps++) }, slot)
    pair = next
    for (const action of actions) perform(action, treatment)
    longestWait = Math.max(longestWait, (sessionDeadline(pair) ?? Number.POSITIVE_INFINITY) - now)
  }
  function perform(action: SessionAction, treatment: Behaviour | undefined): void {
    if (action.type === 'connect') {
      dials.push(now)
      expectVisit(turn(collisions, dials.length - 1))
      meet(turn(behaviours, dials.length - 1), action.side)
      now += 1000 * (turn(stalls, dials.length - 1) ?? 0)
    } else if (action.type === 'accept') {
      meet(treatment!, action.side) // 'incoming' is always fed with one
    } else if (action.type === 'send') {
      const { side: slot } = action
      const line = standing[slot]
      agenda.add({ at: now, happen: () => standing[slot] === line && feed({ type: 'sent' }, slot) }) // every peer here reads
    } else if (action.type === 'close') {
      delete standing[action.side]
    } else if (action.type === 'emit' && action.event.type === 'down') {
      rest()
    }
  }
  /** What may happen from outside while we wait. */
  function rest(): void {
    expectVisit(turn(visits, ends))
    const restart = turn(restarts, ends)
    if (restart) {
      const back = now + (restart.after + restart.pause) * 1000
      agenda.add({ at: now + restart.after * 1000, happen: () => feed({ type: 'stop', communication: '' }) })
      agenda.add({ at: back, happen: () => feed({ type: 'start' }) })
    }
    ends++
  }
  function expectVisit(visit: Visit | undefined): void {
    if (!visit) return
    agenda.add({ at: now + visit.after * 1000, happen: () => feed({ type: 'accepted' }, undefined, visit) })
  }
  function meet({ reach, stay, end, higher = true }: Behaviour, slot: CollisionSide): void {
    const connection = ++connections
    standing[slot] = connection
    const hear = (input: Input): void => {
      if (standing[slot] === connection) feed(input, slot)
    }
    const then = (at: number, input: Input): void => agenda.add({ at, happen: () => hear(input) })
    if (reach === 'nothing') {
      if (end === 'close') then(now + stay * 1000, { type: 'disconnected', reason: 'closed', detail: 'refused' })
      return
    }
    if (slot === 'outgoing') then(now, { type: 'connected' })
    if (reach !== 'connection') then(now, { type: 'message', message: goodOpen(config, higher) })
    if (reach === 'Established')
      for (let at = 0; at <= stay; at += config.holdTime / 3)
        then(now + at * 1000, { type: 'message', message: { type: 'keepalive' } })
    const last = endOf(end, config)
    if (last) then(now + stay * 1000, last)
  }
}

/** Things that will happen, in the order of their time, and of their coming where that is the same. */
class Agenda {
  #events: { at: number; happen: () => void }[] = []

  add(event: { at: number; happen: () => void }): void {
    this.#events.splice(this.#events.findLastIndex(({ at }) => at <= event.at) + 1, 0, event)
  }
  /** The first, where it comes before or at `deadline`. */
  next(deadline: number): { at: number; happen: () => void } | undefined {
    const [first] = this.#events
    return first && first.at <= deadline ? this.#events.shift() : undefined
  }
}

function endOf(end: End, config: SessionConfig): Input | undefined {
  switch (end) {
    case 'silence':
      return undefined
    case 'close':
      return { type: 'disconnected', reason: 'closed', detail: 'closed' }
    case 'wrong AS':
      return { type: 'message', message: { ...goodOpen(config), as: 65099 } }
    case 'out of turn':
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
function turn<item>(list: readonly item[], index: number): item
function turn<item>(list: readonly item[], index: number): item | undefined {
  return list[index % list.length]
}

/** The most dials in any minute, ten minutes and hour, the last moment of each not counted. */
function most({ dials }: Seen): Budget {
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
function exceeds(seen: Budget, budget: Budget): boolean {
  return seen.some((dials, span) => dials > budget[span]!)
}
function closestTwo({ dials }: Seen): number {
  return Math.min(...dials.slice(1).map((at, i) => at - dials[i]!)) // i is the one before
}

// ---- peers and configurations

const given: SessionOptions = {
  local: { as: 65001, id: '192.0.2.1' },
  peer: { as: 65002, address: '192.0.2.2' },
  families: ['ipv4-unicast'],
}
const defaults = configure(given)
const { resetAfter } = defaults.backOff

const operatorSays: readonly End[] = [1, 2, 3, 5].map(subcode => ({ code: 6, subcode }))
const anyCease = fc.nat(10).map((subcode): End => ({ code: 6, subcode }))
const anyNotification = fc
  .record({ code: fc.integer({ min: 1, max: 5 }), subcode: fc.nat(11) })
  .map((codes): End => codes)
const anyEnd = fc.oneof(
  anyCease,
  anyNotification,
  fc.constantFrom<End[]>('silence', 'close', 'wrong AS', 'garbage', 'out of turn'),
)

const unreachable: fc.Arbitrary<Behaviour> = fc.record({
  reach: fc.constant('nothing'),
  stay: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 12, noNaN: true })),
  end: fc.constantFrom<End[]>('close', 'silence'),
})
/** Lengths of stay that matter: none, a moment, and on either side of what is forgotten. */
function anyStay(limit: number): fc.Arbitrary<number> {
  return fc.oneof(
    fc.constantFrom(0, limit - 0.001, limit, limit + 0.001),
    fc.constantFrom(61, 100, 239), // as long as an OPEN is waited for, and longer than the shortest resetAfter
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
/** It answers, and then it turns us away: everything but the mere loss of a connection that stood long enough. */
function rejecting(limit: number): fc.Arbitrary<Behaviour> {
  return reachable(limit).filter(({ reach, stay, end }) => reach !== 'Established' || stay < limit || end !== 'close')
}
function visitsOf(behaviour: fc.Arbitrary<Behaviour>): fc.Arbitrary<(Visit | undefined)[]> {
  const visit = fc
    .tuple(behaviour, fc.oneof(fc.constant(5), fc.integer({ min: 5, max: 400 })))
    .map(([one, after]): Visit => ({ ...one, after }))
  return fc.oneof(
    fc.array(fc.option(visit, { nil: undefined }), { maxLength: 5 }),
    visit.map(one => [one, undefined]), // one between any two dials
  )
}
/** While we dial: into the dial itself, or into what came of it. */
function collisionsOf(behaviour: fc.Arbitrary<Behaviour>): fc.Arbitrary<(Visit | undefined)[]> {
  const soon = fc.oneof(fc.constantFrom(0, 0.001, 9.999, 10), fc.double({ min: 0, max: 400, noNaN: true }))
  const visit = fc.tuple(behaviour, soon).map(([one, after]): Visit => ({ ...one, after }))
  return fc.array(fc.option(visit, { nil: undefined }), { maxLength: 5 })
}
const anyJitters = fc.oneof(
  fc.constantFrom([0.75], [1]),
  fc.array(fc.double({ min: 0.75, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }),
)
const days = fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(14) })
/** A moment, about as long as a timer, or for hours: a machine that sleeps, a debugger, a SIGSTOP. */
const anyStalls = fc.array(fc.oneof(fc.constant(0), fc.constantFrom(0.02, 20, 90, 300, 7200)), { maxLength: 6 })
function some<item>(one: fc.Arbitrary<item>): fc.Arbitrary<item[]> {
  return fc.array(one, { minLength: 1, maxLength: 8 })
}

/** Any that is accepted. Where numbers are concerned: the bounds, and anything between. */
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

const answered: readonly EndingName[] = [
  'rejected',
  'administrative Cease',
  'stable session, then rejected',
  'stable session, then administrative Cease',
  'stable session, then restarted',
]
/** What ends dials, by the rows of docs/defaults.md. */
const rows = {
  'TCP fails: refused or dropped': ['TCP fails'],
  'the router answers and then rejects us, whatever it says': answered,
  'the router sends an administrative Cease': answered.filter(ending => !ending.endsWith('rejected')),
  'any mix of these, with sessions that were stable in between': undefined,
} as const satisfies Readonly<Record<string, readonly EndingName[] | undefined>>
/** The exact maximum of each. */
const budget = Object.fromEntries(
  Object.entries(rows).map(([what, among]) => {
    const { minute, tenMinutes, hour } = dialBudget(defaults.backOff, among)
    return [what, [minute, tenMinutes, hour]]
  }),
) as unknown as Readonly<Record<keyof typeof rows, Budget>> // the keys of `rows`

describe('the defaults, in any minute, ten minutes and hour', { timeout: 120_000 }, () => {
  it('the dials stay within the budget while TCP fails: refused or dropped', () => {
    holds({ dials: some(unreachable) }, 'TCP fails: refused or dropped')
  })
  it('the dials stay within the budget while the router answers and rejects us', () => {
    const anyone = rejecting(resetAfter)
    const peer = { dials: some(anyone), visits: visitsOf(anyone), collisions: collisionsOf(anyone) }
    holds(peer, 'the router answers and then rejects us, whatever it says')
  })
  it('the dials stay within the budget while the router sends administrative Ceases', () => {
    const operator = fc
      .record({ behaviour: rejecting(resetAfter), end: fc.constantFrom(...operatorSays) })
      // Hold expiry would come before the operator's word where nothing is said for so long.
      .map(
        ({ behaviour, end }): Behaviour => ({ ...behaviour, stay: Math.min(behaviour.stay, limitOf(behaviour)), end }),
      )
    // Its own connections, too: one of them may take the place of our dial, and then it is the one that says no.
    const peer = { dials: some(operator), visits: visitsOf(operator), collisions: collisionsOf(operator) }
    holds(peer, 'the router sends an administrative Cease', { stalls: fc.constant([]) }) // nor must we stand still until then
  })
  it('the dials stay within the budget while any of these happens, in any order', () => {
    const anything = fc.oneof(unreachable, reachable(resetAfter))
    const anyone = reachable(resetAfter)
    const peer = { dials: some(anything), visits: visitsOf(anyone), collisions: collisionsOf(anyone) }
    holds(peer, 'any mix of these, with sessions that were stable in between')
  })

  it.each(Object.entries(rows))('some peer causes exactly the budget of: %s', (what, among) => {
    const brought = [60, 600, 3600].map(span => {
      const [last = 'rejected'] = among ?? []
      const dials = [...mostDials(defaults.backOff, span, among), last].map(ending => behaviourOf[ending])
      return play({ config: defaults, dials, jitters: [0.75] }, span * 1000 - 1).dials.length
    })
    expect(brought).toEqual(budget[what as keyof typeof rows])
  })
  it('docs/defaults.md has the same numbers', () => {
    const page = readFileSync(new URL('../../../docs/defaults.md', import.meta.url), 'utf8')
    const rows = page.split('\n').map(line => line.split('|').map(cell => cell.trim()))
    for (const [what, numbers] of Object.entries(budget))
      expect(rows.find(([, first]) => first === what)?.slice(2, 5)).toEqual(numbers.map(String))
  })
  it('without jitter, ten minutes have 9 dials if TCP fails, 4 if rejected', () => {
    const first = (...dials: Behaviour[]) =>
      play({ config: defaults, dials, jitters: [1] }, TEN_MINUTES - 1).dials.map(at => at / 1000)
    expect(first({ reach: 'nothing', stay: 0, end: 'close' })).toEqual([0, 5, 15, 35, 75, 155, 275, 395, 515])
    expect(first({ reach: 'nothing', stay: 0, end: 'silence' })).toEqual([0, 15, 35, 65, 115, 205, 335, 465, 595])
    expect(first({ reach: 'OPEN', stay: 0, end: 'wrong AS' })).toEqual([0, 60, 180, 420])
    expect(first({ reach: 'connection', stay: 0, end: { code: 6, subcode: 5 } })).toEqual([0, 300])
  })

  /** How a peer brings an ending of a dial about. */
  const stable = { reach: 'Established', stay: resetAfter } as const
  const behaviourOf: Readonly<Record<EndingName, Behaviour>> = {
    'TCP fails': { reach: 'nothing', stay: 0, end: 'close' },
    rejected: { reach: 'OPEN', stay: 0, end: { code: 6, subcode: 4 } },
    'administrative Cease': { reach: 'OPEN', stay: 0, end: { code: 6, subcode: 5 } },
    'stable session, then lost': { ...stable, end: 'close' },
    'stable session, then rejected': { ...stable, end: { code: 6, subcode: 4 } },
    'stable session, then administrative Cease': { ...stable, end: { code: 6, subcode: 1 } },
    'stable session, then restarted': { ...stable, end: { code: 6, subcode: 2 } },
  }

  function limitOf({ reach }: Behaviour): number {
    return reach === 'connection' ? 239 : reach === 'OPEN' ? 89 : Number.POSITIVE_INFINITY
  }
  function holds(
    peer: Pick<Peers, 'dials'> & Partial<Peers>,
    what: keyof typeof budget,
    process: { stalls: fc.Arbitrary<number[]> } = { stalls: anyStalls },
  ): void {
    const noVisits = { visits: fc.constant([]), collisions: fc.constant([]) }
    const scenario = fc.record({
      config: fc.constant(defaults),
      days,
      jitters: anyJitters,
      ...noVisits,
      ...process,
      ...peer,
    })
    fc.assert(
      fc.property(scenario, one => {
        const seen = most(play(one))
        expect(exceeds(seen, budget[what]), `${seen} dials`).toBe(false)
      }),
      { numRuns: 50 },
    )
  }
  interface Peers {
    readonly dials: fc.Arbitrary<Behaviour[]>
    readonly visits: fc.Arbitrary<(Visit | undefined)[]>
    readonly collisions: fc.Arbitrary<(Visit | undefined)[]>
  }
})

describe('any configuration that is accepted', { timeout: 120_000 }, () => {
  const scenario = anyConfig.chain(config => {
    const anyone = reachable(config.backOff.resetAfter)
    const restart = fc.record({ after: fc.nat(100), pause: fc.nat(100) })
    return fc.record({
      config: fc.constant(config),
      dials: some(fc.oneof(unreachable, anyone)),
      visits: visitsOf(anyone),
      collisions: collisionsOf(anyone),
      restarts: fc.array(fc.option(restart, { nil: undefined }), { maxLength: 3 }),
      stalls: anyStalls,
      days: config.holdTime >= 90 ? days : fc.constant(1), // a fortnight of a keepalive every three seconds takes minutes to play
      jitters: anyJitters,
    })
  })

  it('two dials are at least minInterval apart', () => {
    fc.assert(
      fc.property(scenario, one => {
        expect(closestTwo(play(one))).toBeGreaterThanOrEqual(one.config.backOff.minInterval * 1000 - ROUNDING)
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
        const { dials, longestWait } = play(one)
        expect(longestWait).toBeLessThanOrEqual(1000 * Math.max(...waits) + ROUNDING)
        expect(dials.length).toBeGreaterThan(0)
      }),
      { numRuns: 50 },
    )
  })
})
