/**
 * Every sequence of inputs to a depth, over the pair of machines of collision.ts: a breadth-first search over its states, in
 * which two states are one if no later input can tell them apart. Each step must keep the invariants; a step that breaks
 * one is returned with the shortest sequence of inputs that leads to it.
 *
 * The inputs are what the peer, TCP, the caller and the clock can do. Time passes to a deadline, to 1 ms before it, and to
 * long after it. The jitter is that of the shortest delays.
 */
import type { Message } from '@softspoken/wire'
import type { History } from '../src/backoff.ts'
import { type SessionAction, type SessionInput, stepSession } from '../src/collision.ts'
import { configure, type SessionConfig } from '../src/config.ts'
import {
  type Candidate,
  type CollisionSide,
  type Connections,
  isConnected,
  newConnections,
  sessionDeadline,
} from '../src/connections.ts'
import type { Machine } from '../src/fsm.ts'
import type { SessionOptions } from '../src/options.ts'
import { given, higher, lower, nothing, notificationOf, openOf } from './connections-play.ts'

/** Breaks an invariant. */
export interface Counterexample {
  readonly invariant: string
  readonly inputs: readonly string[]
}
export interface Found {
  /** Different states, and steps from one to another. */
  readonly states: number
  readonly steps: number
  /** The greatest depth of which all sequences were searched; infinite if no sequence leads to any other state. */
  readonly depth: number
  readonly counterexample: Counterexample | undefined
}
interface Limits {
  readonly depth?: number
  /** On the clock of performance.now(): the search ends with the depth at which this has passed. */
  readonly until?: number
}

/** A state of the pair, with what the shell would hold. */
interface Place {
  readonly pair: Connections
  readonly now: number
  readonly started: boolean
  /** When the last dial began; minus infinity before the first. */
  readonly dialledAt: number
  readonly parent: Place | undefined
  readonly name: string
}

const LONG = 400_000 // milliseconds: longer than every deadline of the defaults
const JITTER = 0.75
const sides = ['outgoing', 'incoming'] as const

const rejected = openOf('192.0.2.2', { as: 65009 })
const watchless = openOf('192.0.2.2', { holdTime: 0 })
const messages: Readonly<Record<string, Message>> = {
  'OPEN of a higher id': higher,
  'OPEN of a lower id': lower,
  'OPEN of another AS': rejected,
  'OPEN without a hold time': watchless,
  KEEPALIVE: { type: 'keepalive' },
  UPDATE: { type: 'update', withdrawn: [], attributes: {}, announced: [] },
  'ROUTE-REFRESH': { type: 'route-refresh', afi: 1, safi: 1, subtype: 0 },
  'Cease 6/2': notificationOf(6, 2),
  'Cease 6/7': notificationOf(6, 7),
  'NOTIFICATION 2/4': notificationOf(2, 4),
  'NOTIFICATION 4/0': notificationOf(4, 0),
}
/** From the caller or this host. */
const ours: Readonly<Record<string, SessionInput>> = {
  start: { type: 'start' },
  stop: { type: 'stop', communication: '' },
  send: { type: 'send', update: { type: 'update', withdrawn: [], attributes: {}, announced: [] } },
  resend: { type: 'resend', family: 'ipv4-unicast', updates: [] },
  sent: { type: 'sent' },
  'own address is here': { type: 'own-address', address: '192.0.2.1', presence: 'here' },
  'own address is gone': { type: 'own-address', address: '192.0.2.1', presence: 'gone' },
}
const malformed: SessionInput = {
  type: 'malformed',
  reason: 'notification-sent',
  detail: '',
  sent: { type: 'notification', code: 1, subcode: 1, data: nothing },
}
const lost: SessionInput = { type: 'disconnected', reason: 'closed', detail: '' }
const tick: SessionInput = { type: 'tick' }

/** Searches until no sequence leads to another state, or a limit is reached. */
export function searchSession(
  settings: Partial<SessionOptions>,
  { depth = Number.POSITIVE_INFINITY, until = Number.POSITIVE_INFINITY }: Limits,
): Found {
  const config = configure({ ...given, ...settings })
  const root: Place = {
    pair: newConnections(config, 0),
    now: 0,
    started: false,
    dialledAt: Number.NEGATIVE_INFINITY,
    parent: undefined,
    name: '',
  }
  const seen = new Set<string>([keyOf(root)])
  let steps = 0
  const found = (depth: number): Found => ({ states: seen.size, steps, depth, counterexample: undefined })
  let front: Place[] = [root]
  for (let level = 0; ; level++) {
    if (front.length === 0) return found(Infinity)
    if (level >= depth) return found(level)
    const next: Place[] = []
    for (const place of front) {
      if (performance.now() >= until) return found(level)
      for (const [name, now, input, side] of moves(place)) {
        steps++
        const after = take(place, name, now, input, side)
        if ('invariant' in after) return { ...found(level), counterexample: after }
        const key = keyOf(after)
        if (seen.has(key)) continue
        seen.add(key)
        const broken = brokenIn(after)
        if (broken) return { ...found(level), counterexample: { invariant: broken, inputs: pathOf(after) } }
        next.push(after)
      }
    }
    front = next
  }
}

type Move = readonly [name: string, now: number, input: SessionInput, side?: CollisionSide]

/** What can happen next: an input of a connection needs that connection. */
function* moves({ pair, now }: Place): Generator<Move> {
  for (const [name, input] of Object.entries(ours)) yield [name, now, input]
  yield ['the peer connects', now, { type: 'accepted' }]
  const deadline = sessionDeadline(pair)
  if (deadline !== undefined && deadline > now) {
    yield ['1 ms before the deadline', deadline - 1, { type: 'own-address', address: '', presence: 'unknown' }]
    yield ['the deadline', deadline, tick]
    yield ['long after the deadline', deadline + LONG, tick]
  } else if (deadline !== undefined) yield ['the deadline', now, tick]
  for (const side of sides) {
    const held = heldOn(pair, side)
    if (held === 'dial') yield ['connected', now, { type: 'connected' }, side]
    if (held !== 'nothing') yield [`${side}: lost`, now, lost, side]
    if (held !== 'connection') continue
    yield [`${side}: octets`, now, { type: 'octets' }, side]
    yield [`${side}: malformed`, now, malformed, side]
    for (const [name, message] of Object.entries(messages))
      yield [`${side}: ${name}`, now, { type: 'message', message }, side]
    yield [
      `${side}: an OPEN of another AS, and Cease 6/5`,
      now,
      {
        type: 'message',
        message: rejected,
        followedBy: { type: 'notification', code: 6, subcode: 5, data: nothing },
      },
      side,
    ]
  }
}

type Held = 'nothing' | 'dial' | 'connection'
function heldOn({ main, pending }: Connections, side: CollisionSide): Held {
  const candidate = main.side === side ? main : pending?.side === side ? pending : undefined
  if (candidate === undefined) return 'nothing'
  const { state } = candidate.machine
  return isConnected(candidate.machine) ? 'connection' : state === 'Connect' ? 'dial' : 'nothing'
}

/** The place after the step, or the invariant that it breaks. */
function take(
  place: Place,
  name: string,
  now: number,
  input: SessionInput,
  side: CollisionSide | undefined,
): Place | Counterexample {
  const { pair: before } = place
  const [pair, actions] = stepSession(before, input, { now, jitter: JITTER }, side)
  const started = input.type === 'start' ? true : input.type === 'stop' ? false : place.started
  const dials = actions.some(({ type }) => type === 'connect')
  const after: Place = { pair, now, started, dialledAt: dials ? now : place.dialledAt, parent: place, name }
  const isEarly = dials && now - place.dialledAt < minInterval(pair)
  const invariant = isEarly ? 'two dials are minInterval apart' : brokenBy(before, input, side, actions, pair)
  return invariant === undefined ? after : { invariant, inputs: pathOf(after) }
}

function minInterval({ main }: Connections): number {
  return main.machine.config.backOff.minInterval * 1000
}

/** What the actions of one step must keep. */
function brokenBy(
  before: Connections,
  input: SessionInput,
  inputSide: CollisionSide | undefined,
  actions: readonly SessionAction[],
  after: Connections,
): string | undefined {
  const held: Record<CollisionSide, Held> = {
    outgoing: heldOn(before, 'outgoing'),
    incoming: heldOn(before, 'incoming'),
  }
  if (input.type === 'connected') held.outgoing = 'connection'
  const isLost = input.type === 'disconnected' ? inputSide : undefined
  let downs = 0
  for (const action of actions) {
    if (action.type === 'emit') {
      if (action.event.type === 'down') downs++
      continue
    }
    const { side } = action
    if (action.type === 'connect') {
      if (side !== 'outgoing' || held.outgoing !== 'nothing')
        return 'dials only without a dial and a connection of its own'
      held.outgoing = 'dial'
    } else if (action.type === 'accept') {
      if (side !== 'incoming' || input.type !== 'accepted' || held.incoming !== 'nothing')
        return 'accepts only what was offered, beside no other'
      held.incoming = 'connection'
    } else if (action.type === 'send') {
      if (held[side] !== 'connection') return 'sends only on a connection that is there'
      if (action.message.type === 'update' && input.type !== 'send' && input.type !== 'resend')
        return 'sends only the UPDATEs of the caller'
    } else held[side] = 'nothing'
  }
  for (const side of sides)
    if (held[side] !== heldOn(after, side) && side !== isLost)
      return `the connections of the machines are those of the shell (${side}: ${held[side]}, ${heldOn(after, side)})`
  if (downs > 1) return 'emits one end for one input'
  return undefined
}

/** What must hold in each state. */
function brokenIn({ pair, started, now }: Place): string | undefined {
  const { main, pending } = pair
  const candidates = pending ? [main, pending] : [main]
  for (const { machine } of candidates) {
    const { state, timers, negotiated } = machine
    if (isConnected(machine) && !mayStay(machine) && timers.holdTimer === undefined)
      return 'a hold timer is armed in every connected state'
    if (state === 'Established' && negotiated === undefined) return 'an Established session has negotiated'
    if (state === 'Connect' && timers.connectRetryTimer === undefined) return 'a dial has a deadline'
    if (state === 'Idle' && started && machine === main.machine && timers.idleHoldTimer === undefined)
      return 'a started session waits for its next dial'
    if (state === 'Idle' && !started && timers.idleHoldTimer !== undefined) return 'a stopped session has no timer'
  }
  if (candidates.filter(({ machine }) => machine.state === 'Established').length > 1)
    return 'one connection is Established'
  if (pending && pending.side === main.side) return 'each side has one connection'
  return deadEnd(pair, now)
}

/** Neither side watches the other (RFC 4271 §4.2). */
function mayStay({ state, negotiated }: Machine): boolean {
  return state === 'Established' && negotiated?.holdTime === 0
}

/** With nothing but time, a session that is started dials again, or waits for the peer if it is passive. */
function deadEnd(pair: Connections, now: number): string | undefined {
  let at: Connections = pair
  let time = now
  for (let turn = 0; turn < 40; turn++) {
    if (at.main.machine.state === 'Connect') return undefined
    if (mayStay(at.main.machine)) return undefined
    const deadline = sessionDeadline(at)
    if (deadline === undefined)
      return at.main.machine.state === 'Active' || at.main.machine.state === 'Idle'
        ? undefined
        : 'every state can be left'
    time = Math.max(time, deadline)
    ;[at] = stepSession(at, tick, { now: time, jitter: JITTER })
  }
  return 'every state is left after a time'
}

function pathOf(place: Place): string[] {
  const names: string[] = []
  for (let at: Place | undefined = place; at?.parent; at = at.parent) names.unshift(at.name)
  return names
}

// ---- when two states are one

/** The state with all times relative to now, and without what no step reads. */
function keyOf({ pair, now, started, dialledAt }: Place): string {
  const { main, pending, outgoingSince, unreported } = pair
  return JSON.stringify([
    started,
    Math.min(now - dialledAt, minInterval(pair)),
    candidateKey(main, now),
    pending && candidateKey(pending, now),
    age(outgoingSince, now, LONG),
    unreported && [
      unreported.down.from,
      unreported.down.sent?.code,
      unreported.down.received?.code,
      historyKey(unreported.historyBefore, now, main.machine.config),
    ],
  ])
}
function candidateKey({ side, machine, peerSent, queue, queuedAt }: Candidate, now: number): unknown {
  return [side, machineKey(machine, now), peerSent, queue, age(queuedAt, now, LONG)]
}
export function machineKey(machine: Machine, now: number): unknown {
  const { config, state, since, timers, history, negotiated, wasEstablished, capabilityFallback, ownAddress } = machine
  const sinceMatters = state === 'Established' || state === 'OpenSent'
  return [
    state,
    sinceMatters && age(since, now, state === 'Established' ? config.backOff.resetAfter * 1000 : LONG),
    Object.entries(timers)
      .sort()
      .map(([name, at]) => [name, Math.max(0, at - now)]),
    historyKey(history, now, config),
    negotiated && [negotiated.holdTime, negotiated.peerId, negotiated.families],
    wasEstablished,
    capabilityFallback,
    ownAddress,
  ]
}
/** No delay grows after this many failures. */
const MANY = 7
function historyKey({ transport, protocol, dialledAt, retryAt }: History, now: number, config: SessionConfig): unknown {
  return [
    Math.min(transport, MANY),
    Math.min(protocol, MANY),
    age(dialledAt, now, config.backOff.minInterval * 1000),
    Math.max(0, (retryAt ?? 0) - now),
  ]
}
function age(at: number | undefined, now: number, most: number): number | undefined {
  return at === undefined ? undefined : Math.min(now - at, most)
}
