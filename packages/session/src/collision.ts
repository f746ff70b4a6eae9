/**
 * Connection collision detection (RFC 4271 §6.8). The peer may connect to us while we dial it, so for a while there may
 * be two connections, at most one per side. connections.ts has both with their state machines; together they are one session:
 *
 *     stepSession(connections, input, tick, side?) -> [connections, actions]
 *
 * An incoming connection is `pending` until its OPEN is accepted. The `main` machine goes on meanwhile: it waits, dials,
 * or is connected. The preferred connection is the one dialled by the side with the higher BGP Identifier; with equal
 * identifiers, the side with the higher AS number (RFC 6286 §2.3). The two are compared when an OPEN arrives:
 *
 * - on the preferred connection: we close the other with Cease 6/7, unless the other is Established already;
 * - on the other connection: if the preferred one has received its OPEN, we close the other with Cease 6/7. If not, we
 *   queue this OPEN until the preferred connection receives its own. (The RFC lets both go on to OpenConfirm. Then a
 *   KEEPALIVE may overtake the OPEN of the other connection, the two sides keep different connections, and both are lost.
 *   Also, many peers close the second connection without a message; had we closed the first at once, none would be left.)
 *
 * A connection without an OPEN must not block the other: open-deadline.ts limits the wait for it, and a newer incoming
 * connection replaces one that has not sent its OPEN. We give up a dial without an answer as soon as the OPEN of the
 * incoming connection arrives.
 *
 * An incoming connection on which the peer sent nothing does not change the failure history.
 */
import { notificationCode, type Open, parseAddress, subcode } from '@softspoken/wire'
import type { SessionConfig } from './config.ts'
import {
  type Candidate,
  type CollisionSide,
  type Connections,
  candidateOf,
  furthest,
  isConnected,
  otherThan,
  replaceCandidate,
  withoutPending,
  withoutQueue,
  withoutUnreported,
} from './connections.ts'
import type { Down } from './events.ts'
import { type Action, type Input, idleMachine, type Machine, offeredConfig, step, type Tick } from './fsm.ts'
import { checkOpen } from './open-check.ts'
import { limitOpenWait } from './open-deadline.ts'

/** `octets`: the first octets arrived on a connection. The RFC has no such event. */
export type SessionInput = Input | { readonly type: 'octets' }

type EmitAction = Extract<Action, { type: 'emit' }>
export type SessionAction = EmitAction | (Exclude<Action, EmitAction> & { readonly side: CollisionSide })
export type SessionStep = readonly [Connections, readonly SessionAction[]]

/** `side` is the connection that the input belongs to; an input from the caller or the clock has none. */
export function stepSession(before: Connections, input: SessionInput, t: Tick, side?: CollisionSide): SessionStep {
  const [stepped, actions] = input.type === 'accepted' ? onIncoming(before, input, t) : onInput(before, input, t, side)
  const after = limitOpenWait(stepped, t)
  const [from, to] = [furthest(before).machine.state, furthest(after).machine.state]
  return [after, from === to ? actions : [...actions, { type: 'emit', event: { type: 'state', from, to } }]]
}

// ---- inputs

/** The peer has connected to us. Without an `accept` action, the shell closes the connection. */
function onIncoming(connections: Connections, input: Input, t: Tick): SessionStep {
  const { main, pending } = connections
  const isTaken = main.side === 'incoming' || (pending !== undefined && pending.queue.length > 0)
  if (isTaken) return [connections, []]
  const idle: Machine = main.machine.state === 'Idle' ? main.machine : { ...idleMachine(main.machine), state: 'Active' }
  const [machine, actions] = step(idle, input, t)
  if (machine.state !== 'OpenSent') return [connections, []] // the session is stopped
  const incoming: Candidate = { side: 'incoming', machine, peerSent: false, queue: [] }
  const replaced = pending ? closeWithCollision(pending, t) : []
  return [{ ...connections, pending: incoming }, [...replaced, ...withoutEvents(incoming, actions)]]
}

type OtherInput = Exclude<SessionInput, { type: 'accepted' }>

function onInput(connections: Connections, input: OtherInput, t: Tick, side?: CollisionSide): SessionStep {
  const { main, pending } = connections
  if (side !== undefined || pending === undefined) return onInputOf(connections, side ?? main.side, input, t)
  // The connection that has the state of the session is the last, because stop() emits the failure of the last.
  const sides = isConnected(main.machine) ? [pending.side, main.side] : [main.side, pending.side]
  return stepEach(connections, sides, (now, one) => onInputOf(now, one, input, t))
}

function onInputOf(connections: Connections, side: CollisionSide, input: SessionInput, t: Tick): SessionStep {
  const candidate = candidateOf(connections, side)
  if (candidate === undefined) return [connections, []]
  const isFromPeer = input.type === 'octets' || input.type === 'message' || input.type === 'malformed'
  if (isFromPeer && !candidate.peerSent)
    return onInputOf(replaceCandidate(connections, { ...candidate, peerSent: true }), side, input, t)
  if (input.type === 'octets') return [connections, []]
  const message = input.type === 'message' ? input.message : undefined
  if (message?.type === 'open' && isCollision(connections, candidate, message))
    return resolveCollision(connections, candidate, message, t)
  // After a queued OPEN only KEEPALIVEs are allowed, and one stands for all. The machine rejects any other message.
  if (message?.type === 'keepalive' && candidate.queue.length > 0)
    return [replaceCandidate(connections, { ...candidate, queue: [...candidate.queue.slice(0, 1), input] }), []]
  if (candidate === connections.pending) return stepPending(connections, candidate, input, t)
  return stepMain(connections, input, t)
}

// ---- the collision

/** There are two connections, and this OPEN is acceptable. A rejected OPEN causes no collision. */
function isCollision(connections: Connections, candidate: Candidate, open: Open): boolean {
  const { machine } = candidate
  const isAcceptable = machine.state === 'OpenSent' && !('sent' in checkOpen(open, offeredConfig(machine)))
  return isAcceptable && otherThan(connections, candidate) !== undefined
}

function resolveCollision(connections: Connections, here: Candidate, open: Open, t: Tick): SessionStep {
  const there = otherThan(connections, here)! // isCollision() has checked it
  const input: Input = { type: 'message', message: open }
  const isWinner = !isConnected(there.machine) || here.side === preferredSide(here.machine.config, open)
  if (isWinner && there.machine.state !== 'Established')
    return chain(keepOne(connections, here, there, t), now => onInputOf(now, here.side, input, t))
  if (there.machine.state === 'OpenSent')
    return [replaceCandidate(connections, { ...here, queue: [input], queuedAt: here.queuedAt ?? t.now }), []]
  return keepOne(connections, there, here, t)
}

/** RFC 4271 §6.8 and RFC 6286 §2.3. If both are equal, the OPEN is rejected with 2/3. */
function preferredSide({ local, peer }: SessionConfig, { id }: Open): CollisionSide {
  return (toNumber(local.id) - toNumber(id) || local.as - peer.as) > 0 ? 'outgoing' : 'incoming'
}
function toNumber(id: string): number {
  return parseAddress(id, 'id').reduce((sum, octet) => sum * 256 + octet, 0)
}

/** The end of the loser is no failure: the history is as before the collision. */
function keepOne(connections: Connections, winner: Candidate, loser: Candidate, t: Tick): SessionStep {
  const { history, wasEstablished } = connections.main.machine
  const machine: Machine = {
    ...winner.machine,
    history: connections.unreported?.historyBefore ?? history,
    ...(wasEstablished && { wasEstablished }),
  }
  return [{ ...withoutPending(connections), main: { ...withoutQueue(winner), machine } }, closeWithCollision(loser, t)]
}
/** Event 23 (RFC 4271 §8.1.5). It emits nothing. */
function closeWithCollision(candidate: Candidate, t: Tick): SessionAction[] {
  return withEvents(candidate, step(candidate.machine, { type: 'collision' }, t)[1])
}

// ---- the step of one machine, and what it means for the session

function stepMain(connections: Connections, input: Input, t: Tick): SessionStep {
  const { main, pending, unreported } = connections
  const [machine, actions] = step(main.machine, input, t)
  const down = downOf(actions)
  // Without a connection, the next one is our own dial, until an incoming one is accepted.
  const side = machine.state === 'Idle' ? 'outgoing' : main.side
  const next: Connections = { ...connections, main: { ...(down ? withoutQueue(main) : main), machine, side } }
  if (pending !== undefined && down !== undefined) return mainLost(next, main, actions, down, t)
  if (unreported === undefined || machine.state === 'Idle') return [next, withEvents(main, actions)]
  // We dial again, so that the end of the last attempt was a failure and no collision.
  return [withoutUnreported(next), [delayedDown(unreported.down, machine, t), ...withEvents(main, actions)]]
}

/** The main connection ended while another is pending: it may have been the loser of a collision. */
function mainLost(next: Connections, lost: Candidate, actions: readonly Action[], down: Down, t: Tick): SessionStep {
  const pending = next.pending! // stepMain() has checked it
  const after: Connections = { ...next, pending: withoutQueue(pending) }
  const replayQueue = (now: Connections) =>
    stepEach(now, pending.queue, (one, input) => onInputOf(one, pending.side, input, t))
  if (down.from === 'Established') return chain([after, withEvents(lost, actions)], replayQueue)
  const historyBefore = isFailure(down) ? next.main.machine.history : lost.machine.history
  return chain([{ ...after, unreported: { down, historyBefore } }, withoutEvents(lost, actions)], replayQueue)
}

/** Ends the pending connection or changes nothing: an acceptable OPEN goes to resolveCollision(). */
function stepPending(connections: Connections, pending: Candidate, input: Input, t: Tick): SessionStep {
  const { main, unreported } = connections
  const isAlone = !isConnected(main.machine) && main.machine.state !== 'Connect'
  const history = (isAlone && unreported?.historyBefore) || main.machine.history
  const [machine, actions] = step({ ...pending.machine, history }, input, t)
  if (machine.state !== 'Idle')
    return [replaceCandidate(connections, { ...pending, machine }), withoutEvents(pending, actions)]
  const down = downOf(actions)
  if (down === undefined || input.type === 'stop') {
    const stopped: Connections = { ...withoutPending(connections), main: withoutQueue(main) }
    return [stopped, isConnected(main.machine) ? withoutEvents(pending, actions) : withEvents(pending, actions)]
  }
  return pendingLost(connections, pending, machine, actions, down, isAlone, t)
}

/** The pending connection ended. `lost` is its machine afterwards; `isAlone` if we neither dial nor are connected. */
function pendingLost(
  { main, unreported, ...rest }: Connections,
  pending: Candidate,
  lost: Machine,
  actions: readonly Action[],
  down: Down,
  isAlone: boolean,
  t: Tick,
): SessionStep {
  const next: Connections = { ...withoutPending({ main, ...rest }), main: withoutQueue(main) }
  const closed = withoutEvents(pending, actions)
  const replayQueue = (now: Connections) =>
    stepEach(now, main.queue, (one, input) => onInputOf(one, main.side, input, t))
  if (!pending.peerSent || !(isAlone || isFailure(down))) {
    // If only the peer dials, the end of its connections is all that there is to report.
    const late = isAlone && lost.config.passive ? down : unreported?.down
    return chain([next, [...closed, ...(late ? [delayedDown(late, main.machine, t)] : [])]], replayQueue)
  }
  if (!isAlone) {
    const machine = { ...main.machine, history: lost.history }
    return chain([{ ...next, main: { ...next.main, machine } }, closed], replayQueue)
  }
  // The longer of both back-offs holds.
  const retryAt = Math.max(main.machine.timers.idleHoldTimer ?? 0, lost.timers.idleHoldTimer ?? 0)
  const machine = { ...lost, history: { ...lost.history, retryAt }, timers: { idleHoldTimer: retryAt } }
  return [{ ...next, main: { ...next.main, machine } }, [...closed, delayedDown(down, machine, t)]]
}

/**
 * Whether the end of one of two connections, which was not Established, counts as a failure: if a NOTIFICATION other than 6/7
 * was sent or received. A close without a NOTIFICATION does not count, because many peers resolve a collision that way. The
 * end of the only connection always counts, even with Cease 6/7: otherwise a peer that sends it while it keeps no connection
 * of ours would make us dial again and again.
 */
function isFailure({ sent, received }: Down): boolean {
  const notification = sent ?? received
  if (notification === undefined) return false
  return notification.code !== notificationCode.cease || notification.subcode !== subcode.cease.connectionCollision
}

// ---- helpers

function downOf(actions: readonly Action[]): Down | undefined {
  for (const action of actions) if (action.type === 'emit' && action.event.type === 'down') return action.event
  return undefined
}
/** `down`, with the back-off that is left now. */
function delayedDown(down: Down, { config, timers }: Machine, t: Tick): SessionAction {
  const { retryIn: _, ...event } = down
  const retryIn = Math.max(0, (timers.idleHoldTimer ?? t.now) - t.now) / 1000
  return { type: 'emit', event: config.passive ? event : { ...event, retryIn } }
}

function stepEach<item>(
  connections: Connections,
  items: readonly item[],
  take: (connections: Connections, item: item) => SessionStep,
): SessionStep {
  return items.reduce<SessionStep>((step, item) => chain(step, now => take(now, item)), [connections, []])
}
function chain([connections, actions]: SessionStep, next: (connections: Connections) => SessionStep): SessionStep {
  const [after, more] = next(connections)
  return [after, [...actions, ...more]]
}
/** The actions of one machine, for the connection of its side. */
function withEvents({ side }: Candidate, actions: readonly Action[]): SessionAction[] {
  return actions.map((action): SessionAction => (action.type === 'emit' ? action : { ...action, side }))
}
function withoutEvents({ side }: Candidate, actions: readonly Action[]): SessionAction[] {
  return actions.flatMap((action): SessionAction[] => (action.type === 'emit' ? [] : [{ ...action, side }]))
}
