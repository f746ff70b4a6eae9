/**
 * The dial budget over the pair of machines of collision.ts: the most dials that any sequence of inputs causes in a span, with
 * incoming connections and collisions. It knows nothing of dial-budget.ts, which it is compared with.
 *
 * A node is the pair right after a dial, with all times relative to it; an edge is the shortest time to a next dial. What
 * comes after a node does not depend on when it is reached, so the budget is a shortest path. A connection of the peer that
 * has sent no OPEN is left out of a node: the peer may as well make it right after the dial.
 *
 * Between two dials, a place is left out if another one dominates it: equal in all that decides which cell of the table is
 * next, and nowhere later or with more failures. A step keeps that order; dial-search.test.ts tests it. So an input need not
 * come later than the last deadline, except that a session may first become stable, which is an input here. A process that is
 * stopped for a time is no input for the same reason. No other NOTIFICATION is an input, because each does what one of these
 * does: dial-search.test.ts tests both. Longer stops, in which several deadlines pass, are played by politeness.test.ts.
 */
import type { Message } from '@softspoken/wire'
import type { History } from '../src/backoff.ts'
import { type SessionInput, stepSession } from '../src/collision.ts'
import { configure } from '../src/config.ts'
import {
  type Candidate,
  type CollisionSide,
  type Connections,
  newConnections,
  sessionDeadline,
  withoutPending,
} from '../src/connections.ts'
import { OPEN_HOLD_TIME } from '../src/fsm.ts'
import type { SessionOptions } from '../src/options.ts'
import { given, higher, keepalive, lower, notificationOf } from './connections-play.ts'

/** A pair between two dials. The last dial was at 0, in milliseconds. */
export interface Place {
  readonly pair: Connections
  readonly now: number
  readonly inputs: readonly string[]
}
/** A dial follows this one after `after` milliseconds, because of `inputs`. */
interface Edge {
  readonly to: Place
  readonly after: number
}
export interface Witness {
  readonly dials: number
  /** What happened before each dial but the first. */
  readonly inputs: readonly (readonly string[])[]
}
/** Which inputs there are, by name. */
export type Allows = (name: string) => boolean

const JITTER = 0.75 // the shortest delays
/** Failures after which no delay of the defaults grows. */
const MANY = { transport: 6, protocol: 4 }
const sides = ['outgoing', 'incoming'] as const

const message = (message: Message): SessionInput => ({ type: 'message', message })
const lost: SessionInput = { type: 'disconnected', reason: 'closed', detail: '' }
const ofPeer: Readonly<Record<string, SessionInput>> = {
  'OPEN of a higher id': message(higher),
  'OPEN of a lower id': message(lower),
  KEEPALIVE: message(keepalive),
  'NOTIFICATION 2/2': message(notificationOf(2, 2)),
  'Cease 6/2': message(notificationOf(6, 2)),
  'Cease 6/4': message(notificationOf(6, 4)),
  'Cease 6/5': message(notificationOf(6, 5)),
  'Cease 6/7': message(notificationOf(6, 7)),
  octets: { type: 'octets' },
  lost,
}
const ownAddress = (presence: 'here' | 'gone'): SessionInput => ({
  type: 'own-address',
  address: '192.0.2.1',
  presence,
})
const tick: SessionInput = { type: 'tick' }

/** The rows of the budget's table in docs/defaults.md: what may happen in each. */
export const rows = {
  'TCP fails': name => /^(the dial (fails|is not answered)|the back-off ends)$/.test(name),
  rejects: name => !/^(stop, start|the dial .*|own address.*|.*session lost)$/.test(name),
  'administrative Cease': name =>
    /^(the (peer connects|back-off ends)|connected|stable|.*: (OPEN.*id|KEEPALIVE|Cease 6\/[25]))$/.test(name),
  any: name => name !== 'stop, start',
  'stop, start': name => /^(stop, start|the back-off ends)$/.test(name),
  'any, and stop, start': () => true,
} as const satisfies Readonly<Record<string, Allows>>

/** The graph of dials that these inputs make, from a session's first one. */
export class DialGraph {
  readonly #edges = new Map<string, ReadonlyMap<string, Edge>>()
  readonly #allows: Allows
  readonly #longest: number
  steps = 0

  /** `longest`: the longest span that is asked, in milliseconds. */
  constructor(settings: Partial<SessionOptions>, longest: number, allows: Allows) {
    this.#allows = allows
    this.#longest = longest
    const started = stepSession(newConnections(configure({ ...given, ...settings }), 0), { type: 'start' }, at(0))[0]
    const open: Place[] = [{ pair: started, now: 0, inputs: [] }]
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      const key = nodeKey(place.pair)
      if (this.#edges.has(key)) continue
      const edges = this.#next(place)
      this.#edges.set(key, edges)
      for (const { to } of edges.values()) open.push({ ...to, inputs: [] })
    }
  }
  get nodes(): number {
    return this.#edges.size
  }

  /** The most dials in `span` milliseconds, which may begin with any of the dials. */
  most(span: number): Witness {
    interface Path {
      readonly ms: number
      readonly inputs: readonly string[]
      readonly previous: Path | undefined
    }
    let paths = new Map<string, Path>(
      [...this.#edges.keys()].map(key => [key, { ms: 0, inputs: [], previous: undefined }]),
    )
    for (let dials = 1; ; dials++) {
      const next = new Map<string, Path>()
      for (const [key, path] of paths)
        for (const [to, edge] of this.#edges.get(key) ?? []) {
          const ms = path.ms + edge.after
          if (ms < (next.get(to)?.ms ?? span)) next.set(to, { ms, inputs: edge.to.inputs, previous: path })
        }
      if (next.size > 0) {
        paths = next
        continue
      }
      const inputs: (readonly string[])[] = []
      for (let [path] = paths.values(); path?.previous !== undefined; path = path.previous) inputs.unshift(path.inputs)
      return { dials, inputs }
    }
  }

  /** Every next dial, each after the shortest time. */
  #next(dialled: Place): ReadonlyMap<string, Edge> {
    const edges = new Map<string, Edge>()
    const seen = new Map<string, number[][]>()
    const add = (place: Place): void => {
      const key = discrete(place)
      const quantities = quantitiesOf(place)
      const known = seen.get(key) ?? []
      if (known.some(one => isNowhereMore(one, quantities))) return
      seen.set(key, [...known.filter(one => !isNowhereMore(quantities, one)), quantities])
      open.push({ place, key, quantities })
    }
    const open: { place: Place; key: string; quantities: readonly number[] }[] = []
    add(dialled)
    for (;;) {
      const first = open.reduce(
        (best, { place }, i) => (place.now < (open[best]?.place.now ?? this.#longest) ? i : best),
        0,
      )
      const [one] = open.splice(first, 1)
      if (one === undefined) break
      if (!seen.get(one.key)?.includes(one.quantities as number[])) continue // dominated since
      for (const { place: after, dials } of followers(one.place, this.#allows)) {
        this.steps++
        if (after.now >= this.#longest) continue
        if (!dials) {
          add(after)
          continue
        }
        const to: Place = { pair: shifted(withoutPending(after.pair), after.now), now: 0, inputs: after.inputs }
        const key = nodeKey(to.pair)
        if (after.now < (edges.get(key)?.after ?? Number.POSITIVE_INFINITY)) edges.set(key, { to, after: after.now })
      }
    }
    return edges
  }
}

/** What may come next. */
export function followers(place: Place, allows: Allows): { place: Place; dials: boolean }[] {
  const { pair, now } = place
  const found: { place: Place; dials: boolean }[] = []
  const take = (name: string, input: SessionInput, side?: CollisionSide, time = now): void => {
    if (!allows(name)) return
    const [next, actions] = stepSession(pair, input, at(time), side)
    const dials = actions.some(({ type }) => type === 'connect')
    if (next !== pair || dials) found.push({ place: { pair: next, now: time, inputs: [...place.inputs, name] }, dials })
  }
  take('the peer connects', { type: 'accepted' })
  if (pair.main.machine.state === 'Established') {
    const missed = ['here', 'gone'] as const
    const before = missed.reduce((now_, presence) => stepSession(now_, ownAddress(presence), at(now))[0], pair)
    if (allows('own address is gone')) {
      const [next] = stepSession(before, ownAddress('gone'), at(now))
      found.push({ place: { pair: next, now, inputs: [...place.inputs, 'own address is gone'] }, dials: false })
    }
  }
  for (const side of sides) {
    const state = stateOf(pair, side)
    if (state === 'Connect') {
      take('connected', { type: 'connected' }, side)
      take('the dial fails', lost, side)
    } else if (state !== undefined)
      for (const [name, input] of Object.entries(ofPeer)) {
        take(`${side}: ${nameIn(state, name, pair.main.queue.length + (pair.pending?.queue.length ?? 0))}`, input, side)
      }
  }
  const deadline = sessionDeadline(pair)
  const { machine } = pair.main
  if (machine.state === 'Established') {
    if (allows('stable')) found.push({ place: stable(place), dials: false })
  } else if (deadline !== undefined) take(deadlineName(pair, deadline), tick, undefined, Math.max(now, deadline))
  if (allows('stop, start')) {
    const [stopped] = stepSession(pair, { type: 'stop', communication: '' }, at(now))
    const [next, actions] = stepSession(stopped, { type: 'start' }, at(now))
    const dials = actions.some(({ type }) => type === 'connect')
    found.push({ place: { pair: next, now, inputs: [...place.inputs, 'stop, start'] }, dials })
  }
  return found
}

/** By what it means in this state. */
function nameIn(state: string, name: string, queued: number): string {
  if (state === 'Established' && name === 'lost') return 'session lost'
  const isExpected = name.startsWith('OPEN') ? state === 'OpenSent' : state !== 'OpenSent' || queued > 0
  return isExpected || !/^(OPEN|KEEPALIVE)/.test(name) ? name : `unexpected ${name}`
}
function deadlineName({ main, pending }: Connections, deadline: number): string {
  const { idleHoldTimer, connectRetryTimer } = main.machine.timers
  if (connectRetryTimer === deadline) return 'the dial is not answered'
  if (pending?.machine.timers.holdTimer === deadline) return 'no OPEN comes'
  return idleHoldTimer === deadline ? 'the back-off ends' : 'no OPEN or KEEPALIVE comes'
}
/** The peer keeps the session until it has been Established for `resetAfter`. */
function stable({ pair, now, inputs }: Place): Place {
  const { machine, side } = pair.main
  const until = Math.max(now, machine.since + machine.config.backOff.resetAfter * 1000)
  let next = pair
  const feed = (input: SessionInput, time: number, of?: CollisionSide) => {
    next = stepSession(next, input, at(time), of)[0]
  }
  for (let time = sessionDeadline(next); time !== undefined && time < until; time = sessionDeadline(next)) {
    feed(message(keepalive), time, side)
    feed({ type: 'sent' }, time)
    feed(tick, time)
  }
  feed(message(keepalive), until, side)
  return { pair: next, now: until, inputs: [...inputs, 'stable'] }
}

function at(now: number) {
  return { now, jitter: JITTER }
}
function stateOf({ main, pending }: Connections, side: CollisionSide): string | undefined {
  const candidate = main.side === side ? main : pending?.side === side ? pending : undefined
  const state = candidate?.machine.state
  return state === 'Idle' || state === 'Active' ? undefined : state
}

/** The pair with all times earlier by `by`. */
export function shifted(pair: Connections, by: number): Connections {
  const earlier = (time: number) => time - by
  const history = ({ dialledAt, retryAt, transport, protocol }: History): History => ({
    transport: Math.min(transport, MANY.transport),
    protocol: Math.min(protocol, MANY.protocol),
    ...(dialledAt !== undefined && { dialledAt: earlier(dialledAt) }),
    ...(retryAt !== undefined && { retryAt: earlier(retryAt) }),
  })
  const candidate = ({ machine, queuedAt, ...rest }: Candidate): Candidate => ({
    ...rest,
    machine: {
      ...machine,
      since: earlier(machine.since),
      history: history(machine.history),
      timers: Object.fromEntries(Object.entries(machine.timers).map(([name, time]) => [name, earlier(time)])),
    },
    ...(queuedAt !== undefined && { queuedAt: earlier(queuedAt) }),
  })
  const { main, pending, outgoingSince, unreported } = pair
  return {
    main: candidate(main),
    ...(pending && { pending: candidate(pending) }),
    ...(outgoingSince !== undefined && { outgoingSince: earlier(outgoingSince) }),
    ...(unreported && { unreported: { ...unreported, historyBefore: history(unreported.historyBefore) } }),
  }
}

// ---- which places are one, and which dominates another

/** A node by all that a later step reads. */
function nodeKey(pair: Connections): string {
  const { main, pending, outgoingSince, unreported } = pair
  const { transport, protocol } = main.machine.history
  return JSON.stringify([
    transport,
    protocol,
    [main, pending].map(one => one && [...candidateKey(one, 0), one.machine.timers, one.queuedAt]),
    outgoingSince,
    unreported !== undefined,
  ])
}
function candidateKey({ side, machine, peerSent, queue }: Candidate, now: number, ages = true): unknown[] {
  const { state, timers, negotiated } = machine
  // A peer that keeps an Established session with KEEPALIVEs restarts these timers.
  const deadline =
    state === 'Established' || state === 'Idle' ? undefined : (timers.holdTimer ?? timers.connectRetryTimer)
  return [
    side,
    state,
    peerSent,
    queue.map(input => (input.type === 'message' ? [input.message.type] : input.type)),
    ages && state === 'OpenSent' && Math.min(now - machine.since, OPEN_HOLD_TIME * 1000), // open-deadline.ts
    negotiated?.peerId,
    ages && deadline !== undefined && deadline - now,
  ]
}
/** What decides which cell of the table is next; without `ages`, except when a connection without an OPEN must end. */
export function discrete({ pair: { main, pending, outgoingSince, unreported }, now }: Place, ages = true): string {
  return JSON.stringify([
    candidateKey(main, now, ages),
    pending && candidateKey(pending, now, ages),
    ages && outgoingSince !== undefined && Math.min(now - outgoingSince, 10_000),
    ages && pending?.queuedAt !== undefined && Math.min(now - pending.queuedAt, 10_000),
    unreported !== undefined,
  ])
}
/** Times and failures: the fewer and the earlier, the sooner is the next dial. */
export function quantitiesOf({ pair: { main, pending, unreported }, now }: Place): number[] {
  const ofHistory = ({ transport, protocol, retryAt, dialledAt }: History): number[] => [
    transport,
    protocol,
    retryAt ?? Number.NEGATIVE_INFINITY,
    dialledAt ?? Number.NEGATIVE_INFINITY,
  ]
  const { state, since, timers, history } = main.machine
  return [
    now,
    ...ofHistory(history),
    state === 'Established' ? since : 0,
    timers.idleHoldTimer ?? 0,
    ...(pending ? ofHistory(pending.machine.history) : []),
    ...(unreported ? ofHistory(unreported.historyBefore) : []),
  ]
}
export function isNowhereMore(one: readonly number[], other: readonly number[]): boolean {
  return one.every((quantity, i) => quantity <= (other[i] ?? Number.POSITIVE_INFINITY))
}
