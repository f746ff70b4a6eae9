/**
 * The peer may dial us while we dial it, so for a while there may be two connections (RFC 4271 §6.8). Each has a machine
 * of fsm.ts; there is one per direction at most, and to the outside they are one session:
 *
 *     stepPair(pair, input, tick, slot?) -> [pair, actions]
 *
 * An incoming connection is second until its OPEN is taken; our own machine goes on meanwhile, whether it waits, dials or
 * is connected. The connection that the side with the higher BGP Identifier dialled is preferred (with equal identifiers,
 * the higher AS number: RFC 6286 §2.3). They are compared when an OPEN comes, so after any OPEN that was taken one
 * connection is left, or the other has yet to receive its own:
 *
 * - on the preferred connection: the other is closed with Cease 6/7, unless that is Established already;
 * - on the other one: it is closed with Cease 6/7 where the preferred one has had its OPEN; while that is still to come,
 *   this OPEN waits for it. The RFC lets both go on to OpenConfirm there. Then a KEEPALIVE may overtake the OPEN on the
 *   other connection, the two sides keep different ones, and both are lost. And a peer that merely closes the second
 *   connection, as many do, would leave us with none, had we closed the first at once.
 *
 * A connection without an OPEN must not block the other: an incoming one is given 10 s while ours exists, an OPEN waits
 * for the preferred connection for 10 s, and a newer incoming connection replaces one that has not sent its OPEN. A dial
 * that has not been answered yet is given up as soon as the peer's connection has had its OPEN.
 *
 * An incoming connection on which the peer sent nothing changes no record.
 */
import { notificationCode, type Open, parseAddress, subcode } from '@softspoken/wire'
import type { History } from './backoff.ts'
import type { SessionConfig } from './config.ts'
import type { Down } from './events.ts'
import {
  type Action,
  atRest,
  type Input,
  type Machine,
  newMachine,
  nextDeadline,
  OPEN_HOLD_TIME,
  offered,
  step,
  type Tick,
} from './fsm.ts'
import { checkOpen, type Negotiated } from './open-check.ts'

/** Which connection: the one that we dialled, or the one that the peer dialled. */
export type Slot = 'dialled' | 'accepted'

interface Side {
  readonly slot: Slot
  readonly machine: Machine
  /** The peer has sent an octet on this connection. */
  readonly heard: boolean
  /** Received on this connection, and kept from its machine until the preferred connection's fate is known. */
  readonly waiting: readonly Input[]
  /** When the first of them came. */
  readonly waitingSince?: number
}

export interface Pair {
  /** The session's own: its timers and its record, and the connection once there is one whose OPEN was taken. */
  readonly first: Side
  /** A connection that the peer made, and whose OPEN has yet to come or to be judged. */
  readonly second?: Side
  /** Since when our own connection exists, or is being dialled. */
  readonly oursSince?: number
  /** Our own connection or dial ended beside the second. If that is kept it was a collision; if not it is told late. */
  readonly lost?: { readonly down: Down; readonly before: History }
}

/** What the shell says besides: the first octet has come on a connection. No event of the RFC's. */
export type PairInput = Input | { readonly type: 'octets' }

type Told = Extract<Action, { type: 'emit' }>
export type PairAction = Told | (Exclude<Action, Told> & { readonly slot: Slot })
export type PairStep = readonly [Pair, readonly PairAction[]]

const SILENCE = 10_000 // milliseconds that a connection without an OPEN is given while it may block another

export function newPair(config: SessionConfig, now: number): Pair {
  return { first: { slot: 'dialled', machine: newMachine(config, now), heard: false, waiting: [] } }
}

/** The same with what an earlier process left behind; before it is started. */
export function withHistory({ first }: Pair, history: History): Pair {
  return { first: { ...first, machine: { ...first.machine, history } } }
}

/** `slot` says which connection the input comes from; what comes from our own side has none. */
export function stepPair(pair: Pair, input: PairInput, t: Tick, slot?: Slot): PairStep {
  const [met, actions] = input.type === 'accepted' ? meet(pair, input, t) : receive(pair, input, t, slot)
  const next = hurry(met, t)
  const [from, to] = [furthest(pair).machine.state, furthest(next).machine.state]
  return [next, from === to ? actions : [...actions, { type: 'emit', event: { type: 'state', from, to } }]]
}

/** When stepPair(pair, { type: 'tick' }, …) next has work to do. */
export function pairDeadline({ first, second }: Pair): number | undefined {
  const [one, two] = [nextDeadline(first.machine), second && nextDeadline(second.machine)]
  return one === undefined || two === undefined ? (one ?? two) : Math.min(one, two)
}

/** The machine whose state is the session's: the one that has come further. */
export function furthest({ first, second }: Pair): { readonly slot: Slot; readonly machine: Machine } {
  return second && !isConnected(first.machine) ? second : first
}

/** What the OPENs of this connection settled, while it has a machine. */
export function negotiatedOn(pair: Pair, slot: Slot): Negotiated | undefined {
  return sideOf(pair, slot)?.machine.negotiated
}

// ---- two connections

/** The peer has dialled us. One that has had its OPEN is not replaced: then no action takes the new one. */
function meet(pair: Pair, input: Input, t: Tick): PairStep {
  const { first, second } = pair
  if (first.slot === 'accepted' || (second && second.waiting.length > 0)) return [pair, []]
  const { state } = first.machine
  const [machine, actions] = step(
    state === 'Idle' ? first.machine : { ...atRest(first.machine), state: 'Active' },
    input,
    t,
  )
  if (machine.state !== 'OpenSent') return [pair, []] // stopped
  const side: Side = { slot: 'accepted', machine, heard: false, waiting: [] }
  return [{ ...pair, second: side }, [...(second ? giveUp(second, t) : []), ...label(side, actions, 'untold')]]
}

function receive(
  pair: Pair,
  input: Exclude<PairInput, { type: 'accepted' }>,
  t: Tick,
  slot: Slot | undefined,
): PairStep {
  const { first, second } = pair
  if (slot !== undefined || second === undefined) return hear(pair, slot ?? first.slot, input, t)
  // Stopped together, the connection that the state is of goes last, and is told.
  const both = isConnected(first.machine) ? [second.slot, first.slot] : [first.slot, second.slot]
  return inTurn(pair, both, (now, one) => hear(now, one, input, t))
}

function hear(pair: Pair, slot: Slot, input: PairInput, t: Tick): PairStep {
  const side = sideOf(pair, slot)
  if (side === undefined) return [pair, []]
  const speaks = input.type === 'octets' || input.type === 'message' || input.type === 'malformed'
  if (speaks && !side.heard) return hear(replace(pair, { ...side, heard: true }), slot, input, t)
  if (input.type === 'octets') return [pair, []]
  const message = input.type === 'message' ? input.message : undefined
  if (message?.type === 'open' && collides(pair, side, message)) return judge(pair, side, message, t)
  // Only a KEEPALIVE may follow an OPEN that we have not confirmed, and one of them says all. Anything else is an error.
  if (message?.type === 'keepalive' && side.waiting.length > 0)
    return [replace(pair, { ...side, waiting: [...side.waiting.slice(0, 1), input] }), []]
  return side === pair.second ? ofSecond(pair, side, input, t) : ofFirst(pair, input, t)
}

/** Two, and nothing wrong with the OPEN; one that is refused anyhow collides with nothing. */
function collides(pair: Pair, side: Side, open: Open): boolean {
  const { machine } = side
  const fits = machine.state === 'OpenSent' && !('sent' in checkOpen(open, offered(machine)))
  return fits && other(pair, side) !== undefined
}

function judge(pair: Pair, here: Side, open: Open, t: Tick): PairStep {
  const there = other(pair, here)! // collides() has seen it
  const input: Input = { type: 'message', message: open }
  const { state } = there.machine
  const wins = !isConnected(there.machine) || here.slot === preferred(here.machine.config, open)
  if (wins && state !== 'Established') return then(keep(pair, here, there, t), now => hear(now, here.slot, input, t))
  if (state === 'OpenSent')
    return [replace(pair, { ...here, waiting: [input], waitingSince: here.waitingSince ?? t.now }), []]
  return then(keep(pair, there, here, t), now => [now, []])
}

/** RFC 4271 §6.8 and RFC 6286 §2.3. Equal in both, the OPEN is refused with 2/3. */
function preferred({ local, peer }: SessionConfig, { id }: Open): Slot {
  return (number(local.id) - number(id) || local.as - peer.as) > 0 ? 'dialled' : 'accepted'
}
function number(id: string): number {
  return parseAddress(id, 'id').reduce((sum, octet) => sum * 256 + octet, 0)
}

/** One of two goes, and what it was is no failure: the record is as it was before, and what is true of the peer stays. */
function keep(pair: Pair, side: Side, loser: Side, t: Tick): PairStep {
  const { machine } = pair.first
  const history = pair.lost?.before ?? machine.history
  const kept = {
    ...emptied(side),
    machine: { ...side.machine, history, ...(machine.stood && { stood: machine.stood }) },
  }
  return [{ ...withoutSecond(pair), first: kept }, giveUp(loser, t)]
}
/** Event 23 (RFC 4271 §8.1.5). Nothing of it is told, or remembered. */
function giveUp(side: Side, t: Tick): PairAction[] {
  return label(side, step(side.machine, { type: 'collision' }, t)[1], 'untold')
}

/** Until when each connection without an OPEN is given. RFC 4271 §8.2.2 suggests 4 minutes, and knows of no other connection. */
function hurry(pair: Pair, t: Tick): Pair {
  const { first, second } = pair
  const exists = first.slot === 'dialled' && (isConnected(first.machine) || first.machine.state === 'Connect')
  if (second === undefined && first.machine.state !== 'OpenSent' && exists === (pair.oursSince !== undefined))
    return pair
  const { oursSince = t.now, ...rest } = pair
  const next: Pair = exists ? { ...rest, oursSince } : rest
  return {
    ...next,
    first: given(first, second, []),
    ...(second && {
      second: given(second, first, exists ? [Math.max(second.machine.since, oursSince) + SILENCE] : []),
    }),
  }
}
function given(side: Side, other: Side | undefined, limits: readonly number[]): Side {
  const { machine, waiting } = side
  if (machine.state !== 'OpenSent') return side
  const asked = other?.waitingSince === undefined ? limits : [...limits, other.waitingSince + SILENCE]
  const holdTimer = Math.min(machine.since + OPEN_HOLD_TIME * 1000, ...(waiting.length > 0 ? [] : asked))
  return { ...side, machine: { ...machine, timers: { ...machine.timers, holdTimer } } }
}

// ---- one connection's step, and what it means for the two

function ofFirst(pair: Pair, input: Input, t: Tick): PairStep {
  const { first, second, lost } = pair
  const [machine, actions] = step(first.machine, input, t)
  // Without a connection, the next is our own dial until the peer's is taken.
  const slot = machine.state === 'Idle' ? 'dialled' : first.slot
  const down = downOf(actions)
  const next: Pair = { ...pair, first: { ...(down ? emptied(first) : first), machine, slot } }
  if (second === undefined || down === undefined) {
    if (lost === undefined || machine.state === 'Idle') return [next, label(first, actions, 'told')]
    return [withoutLost(next), [tellLate(lost.down, machine, t), ...label(first, actions, 'told')]] // we dial again: it was a failure
  }
  const beside: Pair = { ...next, second: emptied(second) }
  const replay = (now: Pair) => inTurn(now, second.waiting, (one, input) => hear(one, second.slot, input, t))
  if (down.from === 'Established') return then([beside, label(first, actions, 'told')], replay)
  const before = counts(down) ? machine.history : first.machine.history
  return then([{ ...beside, lost: { down, before } }, label(first, actions, 'untold')], replay)
}

/** Ends it, or changes nothing: an OPEN that is taken goes through judge(). */
function ofSecond(pair: Pair, second: Side, input: Input, t: Tick): PairStep {
  const { first, lost } = pair
  const alone = !isConnected(first.machine) && first.machine.state !== 'Connect'
  const history = (alone && lost?.before) || first.machine.history
  const [machine, actions] = step({ ...second.machine, history }, input, t)
  if (machine.state !== 'Idle') return [replace(pair, { ...second, machine }), label(second, actions, 'untold')]
  const left: Pair = { ...withoutSecond(pair), first: emptied(first) }
  const down = downOf(actions)
  if (down === undefined || input.type === 'stop')
    return [left, label(second, actions, isConnected(first.machine) ? 'untold' : 'told')]
  const closed = label(second, actions, 'untold')
  const replay = (now: Pair) => inTurn(now, first.waiting, (one, input) => hear(one, first.slot, input, t))
  if (!second.heard || !(alone || counts(down))) {
    // Where only the peer dials, what becomes of its connections is all that there is to tell.
    const late = alone && machine.config.passive ? down : lost?.down
    return then([left, [...closed, ...(late ? [tellLate(late, first.machine, t)] : [])]], replay)
  }
  const { history: record } = machine
  if (!alone)
    return then([{ ...left, first: { ...left.first, machine: { ...first.machine, history: record } } }, closed], replay)
  const until = Math.max(first.machine.timers.idleHoldTimer ?? 0, machine.timers.idleHoldTimer ?? 0)
  const resting = { ...machine, history: { ...record, retryAt: until }, timers: { idleHoldTimer: until } }
  return [{ ...left, first: { ...left.first, machine: resting } }, [...closed, tellLate(down, resting, t)]]
}

/**
 * Whether the loss of one of two connections is held against the peer: a session that was established, and whatever was
 * said, but not a collision, and not that a connection went away without a word, which is how many resolve one.
 * Of the last connection everything counts, Cease 6/7 included: a peer that says it while it keeps no connection of
 * ours would otherwise have us dial again and again.
 */
function counts({ from, sent, received }: Down): boolean {
  const said = sent ?? received
  return (
    from === 'Established' ||
    (!!said && !(said.code === notificationCode.cease && said.subcode === subcode.cease.connectionCollision))
  )
}

// ---- words

function sideOf({ first, second }: Pair, slot: Slot): Side | undefined {
  return first.slot === slot ? first : second?.slot === slot ? second : undefined
}
function other({ first, second }: Pair, side: Side): Side | undefined {
  return side === first ? second : first
}
function replace(pair: Pair, side: Side): Pair {
  return pair.second?.slot === side.slot ? { ...pair, second: side } : { ...pair, first: side }
}
/** Nothing waits any more. */
function emptied({ waitingSince: _, ...side }: Side): Side {
  return { ...side, waiting: [] }
}
function withoutSecond({ second: _, lost: __, ...pair }: Pair): Pair {
  return pair
}
function withoutLost({ lost: _, ...pair }: Pair): Pair {
  return pair
}
function isConnected({ state }: Machine): boolean {
  return state === 'OpenSent' || state === 'OpenConfirm' || state === 'Established'
}
function downOf(actions: readonly Action[]): Down | undefined {
  for (const action of actions) if (action.type === 'emit' && action.event.type === 'down') return action.event
  return undefined
}
/** `down`, with the wait that is left now. */
function tellLate(down: Down, { config, timers }: Machine, t: Tick): PairAction {
  const { retryIn: _, ...event } = down
  const left = Math.max(0, (timers.idleHoldTimer ?? t.now) - t.now) / 1000
  return { type: 'emit', event: config.passive ? event : { ...event, retryIn: left } }
}

function inTurn<item>(pair: Pair, items: readonly item[], take: (pair: Pair, item: item) => PairStep): PairStep {
  return items.reduce<PairStep>((so, item) => then(so, now => take(now, item)), [pair, []])
}
function then([pair, actions]: PairStep, next: (pair: Pair) => PairStep): PairStep {
  const [after, more] = next(pair)
  return [after, [...actions, ...more]]
}
/** Changes of state are told for both together, by stepPair(). */
function label({ slot }: Side, actions: readonly Action[], tells: 'told' | 'untold'): PairAction[] {
  return actions.flatMap((action): PairAction[] => {
    if (action.type !== 'emit') return [{ ...action, slot }]
    return action.event.type !== 'state' && tells === 'told' ? [action] : []
  })
}
