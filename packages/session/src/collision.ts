/**
 * Both doors: the peer may dial us while we dial it, so for a while there may be two connections (RFC 4271 §6.8). Each
 * has a machine of fsm.ts; there is one per direction at most, and to the outside they are one session:
 *
 *     stepPair(pair, input, tick, slot?) -> [pair, actions]
 *
 * The connection that the side with the higher BGP Identifier dialled is preferred (with equal identifiers, the higher
 * AS number: RFC 6286 §2.3). Judged is when an OPEN comes, so after any OPEN that was taken one connection is left, or
 * the other has yet to hear its own:
 *
 * - on the preferred connection: the other is closed with Cease 6/7, unless that is Established already;
 * - on the other one: it is closed with Cease 6/7 where the preferred one has had its OPEN; while that is still to come,
 *   this OPEN waits for it. The RFC lets both go on to OpenConfirm there. Then a KEEPALIVE may overtake the OPEN on the
 *   other connection, the two sides keep different ones, and both are lost. And a peer that merely closes the second
 *   connection, as many do, would leave us with none, had we closed the first at once.
 *
 * A dial that has not been answered yet is given up as soon as the peer's connection has had its OPEN.
 */
import { errorCode, type Open, parseAddress } from '@softspoken/wire'
import type { Config } from './config.ts'
import {
  type Action,
  atRest,
  CONNECTION_COLLISION,
  type Down,
  type Input,
  type Machine,
  newMachine,
  nextDeadline,
  type SessionEvent,
  step,
  type Tick,
} from './fsm.ts'
import { checkOpen, type Negotiated } from './open-check.ts'

/** Which connection: the one that we dialled, or the one that the peer dialled. */
export type Slot = 'dialled' | 'accepted'

interface Side {
  readonly slot: Slot
  readonly machine: Machine
  /** Heard on this connection, and kept from its machine until the preferred connection's fate is known. */
  readonly waiting: readonly Input[]
}

export interface Pair {
  /** The one that listeners hear of, and whose timers and record are the session's. */
  readonly first: Side
  /** There while there are two: a dial, or a connection that has yet to have its OPEN judged. */
  readonly second?: Side
}

type Told = Extract<Action, { type: 'emit' }>
export type PairAction = Told | (Exclude<Action, Told> & { readonly slot: Slot })
export type PairStep = readonly [Pair, readonly PairAction[]]

export function newPair(config: Config, now: number): Pair {
  return { first: { slot: 'dialled', machine: newMachine(config, now), waiting: [] } }
}

/** `slot` says which connection the input comes from; what comes from our own side has none. */
export function stepPair(pair: Pair, input: Input, t: Tick, slot?: Slot): PairStep {
  const [next, actions] = input.type === 'accepted' ? meet(pair, input, t) : tell(pair, input, t, slot)
  const [from, to] = [pair.first.machine.state, next.first.machine.state]
  return [next, from === to ? actions : [...actions, { type: 'emit', event: { type: 'state', from, to } }]]
}

/** When stepPair(pair, { type: 'tick' }, …) next has work to do. */
export function pairDeadline({ first, second }: Pair): number | undefined {
  const [one, two] = [nextDeadline(first.machine), second && nextDeadline(second.machine)]
  return one === undefined || two === undefined ? (one ?? two) : Math.min(one, two)
}

/** What the OPENs of this connection settled, while it has a machine. */
export function negotiatedOn(pair: Pair, slot: Slot): Negotiated | undefined {
  return sideOf(pair, slot)?.machine.negotiated
}

// ---- two connections

/** The peer has dialled us. A second connection that it made is turned away: no action takes it. */
function meet(pair: Pair, input: Input, t: Tick): PairStep {
  const { first, second } = pair
  if (first.slot === 'accepted' || second?.slot === 'accepted') return [pair, []]
  const { state } = first.machine
  const alone = state === 'Idle' || state === 'Active'
  const [machine, actions] = step(alone ? first.machine : { ...atRest(first.machine), state: 'Active' }, input, t)
  if (machine.state !== 'OpenSent') return [pair, []]
  const side: Side = { slot: 'accepted', machine, waiting: [] }
  const next = alone ? { first: side } : state === 'Connect' ? { first: side, second: first } : { first, second: side }
  return [next, label(side, actions, () => false)]
}

function tell(pair: Pair, input: Input, t: Tick, slot: Slot | undefined): PairStep {
  if (slot !== undefined || pair.second === undefined) return hear(pair, slot ?? pair.first.slot, input, t)
  // The second first: stopped together, it must go before it could take the first one's place.
  return inTurn(pair, [pair.second.slot, pair.first.slot], (now, one) => hear(now, one, input, t))
}

function hear(pair: Pair, slot: Slot, input: Input, t: Tick): PairStep {
  const side = sideOf(pair, slot)
  const message = input.type === 'message' ? input.message : undefined
  if (side === undefined) return [pair, []]
  if (message?.type === 'open' && collides(pair, side, message)) return judge(pair, side, message, t)
  // Only a KEEPALIVE may follow an OPEN that we have not confirmed, and one of them says all. Anything else is an error.
  if (message?.type === 'keepalive' && side.waiting.length > 0)
    return [replace(pair, { ...side, waiting: [...side.waiting.slice(0, 1), input] }), []]
  return advance(pair, side, input, t)
}

/** Two that are up, and nothing wrong with the OPEN; one that is refused anyhow is no rival. */
function collides(pair: Pair, side: Side, open: Open): boolean {
  const { state, config } = side.machine
  return other(pair, side) !== undefined && state === 'OpenSent' && !('refusal' in checkOpen(open, config))
}

function judge(pair: Pair, here: Side, open: Open, t: Tick): PairStep {
  const there = other(pair, here)! // collides() has seen it
  const input: Input = { type: 'message', message: open }
  const dump = (side: Side) => advance(pair, side, { type: 'collision' }, t)
  const { state } = there.machine
  const wins = state === 'Connect' || here.slot === preferred(here.machine.config, open)
  if (wins && state !== 'Established') return then(dump(there), now => hear(now, here.slot, input, t))
  if (state === 'OpenSent') return [replace(pair, { ...here, waiting: [input] }), []]
  return dump(here)
}

/** RFC 4271 §6.8 and RFC 6286 §2.3. Equal in both, the OPEN is refused with 2/3. */
function preferred({ local, peer }: Config, { id }: Open): Slot {
  return (number(local.id) - number(id) || local.as - peer.as) > 0 ? 'dialled' : 'accepted'
}
function number(id: string): number {
  return parseAddress(id, 'id').reduce((sum, octet) => sum * 256 + octet, 0)
}

// ---- one connection's step, and what it means for the two

function advance(pair: Pair, side: Side, input: Input, t: Tick): PairStep {
  const [machine, actions] = step(side.machine, input, t)
  const rest = other(pair, side)
  const audible = (event: SessionEvent) =>
    side === pair.first && (event.type !== 'down' || !rest || event.from === 'Established')
  const said = label(side, actions, audible)
  if (machine.state !== 'Idle' || rest === undefined) {
    // Without a connection, the next is our own dial until the peer's is accepted.
    return [replace(pair, { ...side, machine, slot: machine.state === 'Idle' ? 'dialled' : side.slot }), said]
  }
  const [down] = actions.flatMap(action => (action.type === 'emit' && action.event.type === 'down' ? action.event : []))
  const history = down && counts(down) ? machine.history : rest.machine.history
  const { stood } = machine // true of the peer as a whole
  const left: Pair = { first: { ...rest, machine: { ...rest.machine, history, ...(stood && { stood }) }, waiting: [] } }
  return then([left, said], now => inTurn(now, rest.waiting, (one, heard) => hear(one, rest.slot, heard, t)))
}

/**
 * Whether the loss of one of two connections is held against the peer: a session that stood, and whatever was said,
 * but not a collision, and not that a connection went away without a word, which is how many resolve one.
 * Of the last connection everything counts, Cease 6/7 included: a peer that says it while it keeps no connection of
 * ours would otherwise have us dial again and again.
 */
function counts({ from, sent, received }: Down): boolean {
  const said = sent ?? received
  return from === 'Established' || (!!said && !(said.code === errorCode.cease && said.subcode === CONNECTION_COLLISION))
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
function inTurn<item>(pair: Pair, items: readonly item[], take: (pair: Pair, item: item) => PairStep): PairStep {
  return items.reduce<PairStep>((so, item) => then(so, now => take(now, item)), [pair, []])
}
function then([pair, actions]: PairStep, next: (pair: Pair) => PairStep): PairStep {
  const [after, more] = next(pair)
  return [after, [...actions, ...more]]
}
/** Changes of state are told for both together, by stepPair(). */
function label({ slot }: Side, actions: readonly Action[], audible: (event: SessionEvent) => boolean): PairAction[] {
  return actions.flatMap((action): PairAction[] => {
    if (action.type !== 'emit') return [{ ...action, slot }]
    return action.event.type !== 'state' && audible(action.event) ? [action] : []
  })
}
