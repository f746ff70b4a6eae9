/**
 * The finite state machine of RFC 4271 §8 as a pure function:
 *
 *     step(machine, input, tick) -> [machine, actions]
 *
 * No socket, no clock, no log. Timers are deadlines held in the machine, and entering a state replaces them all, so
 * none can be left running. TABLE is the machine; each function below is one cell of it, or a part of one.
 *
 * Chosen against the RFC's letter, each to be gentler: a failed dial goes to Idle and waits there, not in Active
 * (DampPeerOscillations for every failure, §8.1.1); a peer that connects to us is heard in Idle too, unless we were
 * stopped; DelayOpen is left out, since it only makes collisions rarer.
 */
import {
  cease,
  cutToFit,
  describeNotification,
  encode,
  type Family,
  familyByName,
  hardReset,
  type Message,
  type Notification,
  notificationCode,
  type Open,
  type RouteRefresh,
  subcode,
  type Update,
  withoutHardReset,
} from '@softspoken/wire'
import {
  delayAfter,
  earliestDial,
  type FailureClass,
  type History,
  noHistory,
  recordFailure,
  resetFailures,
} from './backoff.ts'
import type { SessionConfig } from './config.ts'
import type { Explanation } from './connection-error.ts'
import type { SessionEvent, SessionState } from './events.ts'
import { checkOpen, type Negotiated, needsNoCapability, ourOpen, withoutCapabilities } from './open-check.ts'
import { sendHoldTimeFor } from './send-hold-time.ts'

export type Timer = 'idleHoldTimer' | 'connectRetryTimer' | 'holdTimer' | 'keepaliveTimer' | 'sendHoldTimer'

export interface Machine {
  readonly config: SessionConfig
  readonly state: SessionState
  /** When this state was entered, in milliseconds on the caller's clock. */
  readonly since: number
  /** Deadlines on the same clock. */
  readonly timers: Readonly<Partial<Record<Timer, number>>>
  readonly history: History
  /** From the peer's OPEN until the session ends. */
  readonly negotiated?: Negotiated
  /** A session has stood before: we have not just been started (RFC 4724 §4.1). */
  readonly stood?: true
  /**
   * After OPEN error 2/4 our next OPEN goes without capabilities (RFC 5492 §3), `now`, and so do those after it for as long
   * as sessions come of it. If none does, capabilities are back, and that was the one try (`spent`) until a session is
   * Established. stop() ends either.
   */
  readonly plain?: 'now' | 'spent'
  /** At the last look, the address of this session was on this host, or was `missed` after it had been. */
  readonly ownAddress?: 'here' | 'missed'
}

/** What a look at this host says of our own address; `unknown` if the system does not tell. */
export type Presence = 'here' | 'gone' | 'unknown'

/** Numbers are the events of RFC 4271 §8.1. */
export type Input =
  | { readonly type: 'start' } // 1, 3, 4 to 7
  | { readonly type: 'stop'; readonly communication: string } // 2, 8
  | { readonly type: 'send'; readonly update: Update } // §9.2: ours to say
  | { readonly type: 'resend'; readonly family: Family; readonly updates: readonly Update[] } // RFC 2918: the same again
  | { readonly type: 'sent' } // bytes of ours have left for the peer's side: RFC 9687 counts from here
  | { readonly type: 'own-address'; readonly address: string; readonly presence: Presence } // a look at our own end
  | { readonly type: 'tick' } // 9, 10, 11, 13, and 29 of RFC 9687
  | { readonly type: 'accepted' } // 14, 17: a connection that the peer made
  | { readonly type: 'connected' } // 16: the one we dialled
  | ({ readonly type: 'disconnected' } & Explanation) // 18
  | { readonly type: 'collision' } // 23: this connection loses (§6.8), collision.ts has judged
  | ({ readonly type: 'message'; readonly message: Message } & FollowedBy) // 19, 24 to 27
  | ({ readonly type: 'malformed'; readonly sent: Notification } & Explanation & FollowedBy) // 21, 22, 28

interface FollowedBy {
  /** A NOTIFICATION that came in one piece with it. If this message is one that we refuse, that has the true reason. */
  readonly followedBy?: Notification | undefined
}

export type Action =
  /** Dial the peer. */
  | { readonly type: 'connect' }
  /** Take the connection that was offered with 'accepted'; without this action it is turned away. */
  | { readonly type: 'accept' }
  | { readonly type: 'send'; readonly message: Message }
  /** Close the connection, or give up the dial. `atOnce` waits for nothing that has yet to leave. */
  | { readonly type: 'close'; readonly atOnce?: true }
  | { readonly type: 'emit'; readonly event: SessionEvent }

/** The outside world at this step. */
export interface Tick {
  /** Milliseconds on a clock that never goes back. */
  readonly now: number
  /** Drawn from 0.75 to 1 (RFC 4271 §10). */
  readonly jitter: number
}
export type Step = readonly [Machine, readonly Action[]]

export const OPEN_HOLD_TIME = 240 // seconds; "a HoldTimer value of 4 minutes is suggested", RFC 4271 §8.2.2

export function newMachine(config: SessionConfig, now: number): Machine {
  return { config, state: 'Idle', since: now, timers: {}, history: noHistory }
}

// ---- the table

export type EventName = Exclude<Input['type'], 'tick' | 'message'> | Message['type'] | Timer

/** What a handler in a column receives, so that a cell in the wrong column does not compile. */
type InputOf<event> = event extends Message['type']
  ? { readonly type: 'message'; readonly message: Extract<Message, { type: event }> } & FollowedBy
  : event extends Timer
    ? { readonly type: 'tick' }
    : Extract<Input, { type: event }>
type Handler<input> = (s: Machine, t: Tick, input: input) => Step
type Row = { readonly [event in EventName]?: Handler<InputOf<event>> } & { readonly otherwise: Handler<Input> }

/** Requests of our own side that make no sense in a state are dropped, not punished. */
const ours = {
  start: ignore,
  send: ignore,
  resend: ignore,
  sent: ignore,
  'own-address': ignore,
  accepted: ignore,
  collision: ignore,
}

/** RFC 4271 §8.2.2: what each state does on each event. `otherwise` is its "any other event". */
export const TABLE: Readonly<Record<SessionState, Row>> = {
  Idle: { ...ours, start: begin, stop: halt, accepted: answer, idleHoldTimer: resume, otherwise: ignore },
  Connect: { ...ours, stop: halt, collision: fail, connected: sendOpen, connectRetryTimer: noAnswer, otherwise: fail },
  Active: { ...ours, stop: halt, accepted: answer, otherwise: fail },
  OpenSent: {
    ...ours,
    stop: sayCease,
    collision: dump,
    open: judgeOpen,
    disconnected: fail,
    holdTimer: holdExpired,
    notification: notified,
    malformed: reject,
    otherwise: unexpected,
  },
  OpenConfirm: {
    ...ours,
    stop: sayCease,
    collision: dump,
    keepalive: establish,
    keepaliveTimer: sendKeepalive,
    disconnected: fail,
    holdTimer: holdExpired,
    notification: notified,
    malformed: reject,
    otherwise: unexpected,
  },
  Established: {
    ...ours,
    stop: sayCease,
    send: sendUpdate,
    resend: sendAgain,
    sent: left,
    'own-address': seeOwnAddress,
    keepalive: heard,
    update: takeUpdate,
    'route-refresh': takeRefresh,
    keepaliveTimer: sendKeepalive,
    disconnected: fail,
    holdTimer: holdExpired,
    sendHoldTimer: sendHoldExpired,
    notification: notified,
    malformed: reject,
    otherwise: unexpected,
  },
}

export function step(s: Machine, input: Input, tick: Tick): Step {
  const event =
    input.type === 'tick' ? expired(s, tick.now) : input.type === 'message' ? input.message.type : input.type
  if (event === undefined) return [s, []]
  const handler = TABLE[s.state][event] ?? TABLE[s.state].otherwise
  const [next, actions] = (handler as Handler<Input>)(s, tick, input) // the column fixes the input's type
  if (next.state === s.state) return [next, actions]
  return [{ ...next, since: tick.now }, [...actions, emit({ type: 'state', from: s.state, to: next.state })]]
}

/** When step(machine, { type: 'tick' }, …) next has work to do. */
export function nextDeadline(s: Machine): number | undefined {
  const all = Object.values(s.timers)
  return all.length === 0 ? undefined : Math.min(...all)
}

function expired(s: Machine, now: number): Timer | undefined {
  // Hold first: after a long pause we must not talk over a session that we should have dropped.
  return timersByUrgency.find(timer => (s.timers[timer] ?? Number.POSITIVE_INFINITY) <= now)
}
const timersByUrgency = ['holdTimer', 'sendHoldTimer', 'keepaliveTimer', 'connectRetryTimer', 'idleHoldTimer'] as const

// ---- Idle, Connect, Active

function ignore(s: Machine): Step {
  return [s, []]
}

/** Events 1 and 3. While a back-off runs, another start changes nothing. */
function begin(s: Machine, t: Tick): Step {
  if (s.timers.idleHoldTimer !== undefined) return [s, []]
  const { firstDialDelay, backOff } = s.config
  const at = earliestDial(t.now + firstDialDelay * 1000, s.history, backOff)
  return at <= t.now ? resume(s, t) : [enter(s, 'Idle', { idleHoldTimer: at }), []]
}

function resume(s: Machine, t: Tick): Step {
  if (s.config.passive) return [enter(s, 'Active', {}), []]
  const history = { ...s.history, dialledAt: t.now }
  const timers = { connectRetryTimer: t.now + s.config.connectTimeout * 1000 }
  const failures = history.transport + history.protocol
  return [{ ...enter(s, 'Connect', timers), history }, [{ type: 'connect' }, emit({ type: 'dial', failures })]]
}

/** The peer came to us. Where we have a connection or a dial already, collision.ts makes a machine of its own for it. */
function answer(s: Machine, t: Tick): Step {
  const stopped = s.state === 'Idle' && s.timers.idleHoldTimer === undefined
  if (stopped) return [s, []]
  const [next, actions] = sendOpen(s, t)
  return [next, [{ type: 'accept' }, ...actions]]
}

function sendOpen(s: Machine, t: Tick): Step {
  return [enter(s, 'OpenSent', { holdTimer: t.now + OPEN_HOLD_TIME * 1000 }), [send(ourOpen(offered(s), !s.stood))]]
}
/** What our OPENs say, and the peer's is checked against. */
export function offered({ config, plain }: Machine): SessionConfig {
  return plain === 'now' ? withoutCapabilities(config) : config
}

function noAnswer(s: Machine, t: Tick): Step {
  return fall(s, t, {
    reason: 'timeout',
    detail: `no answer within ${s.config.connectTimeout} s`,
    failureClass: 'transport',
  })
}

// ---- OpenSent, OpenConfirm

function judgeOpen(s: Machine, t: Tick, input: { readonly message: Open } & FollowedBy): Step {
  const verdict = checkOpen(input.message, offered(s))
  if ('sent' in verdict) {
    return refuse(s, t, input, { ...verdict, failureClass: 'protocol' })
  }
  const next = { ...s, negotiated: verdict }
  return [
    enter(next, 'OpenConfirm', { ...holdTimer(next, t), ...keepaliveTimer(next, t) }),
    [send({ type: 'keepalive' })],
  ]
}

function establish(s: Machine, t: Tick): Step {
  const next = enter(s, 'Established', { ...s.timers, ...holdTimer(s, t), ...sendHoldTimer(s, t) })
  const { plain, ...up } = next
  const kept = plain === 'now' ? next : up
  return [{ ...kept, stood: true }, [emit({ type: 'established', negotiated: negotiated(s) })]]
}

// ---- OpenConfirm, Established

function heard(s: Machine, t: Tick): Step {
  return [{ ...s, timers: { ...s.timers, ...holdTimer(s, t) } }, []]
}
function takeUpdate(s: Machine, t: Tick, { message }: { readonly message: Update }): Step {
  return [heard(s, t)[0], [emit({ type: 'update', update: message })]]
}
/** Only a plain request for a family in use asks for anything; the rest is ignored (RFC 2918 §4, RFC 7313 §4). */
function takeRefresh(s: Machine, t: Tick, { message }: { readonly message: RouteRefresh }): Step {
  const { afi, safi, subtype, filters } = message
  const mark = subtype === BEGINNING || subtype === END
  if (mark && filters && negotiated(s).enhancedRouteRefresh) {
    // RFC 7313 §5. Without that capability no RFC calls it an error, and it is ignored as any mark is.
    const sent = notification(
      notificationCode.routeRefresh,
      subcode.routeRefresh.invalidMessageLength,
      encode(message, { extendedMessage: true }),
    ) // it was read, so it fits
    const detail = 'the mark of a route refresh is too long'
    return fall(s, t, { reason: 'notification-sent', detail, sent, failureClass: 'protocol' })
  }
  const family = negotiated(s).families.find(name => familyByName[name].afi === afi && familyByName[name].safi === safi)
  // A ROUTE-REFRESH does not restart the HoldTimer: RFC 4271 §4.4 counts KEEPALIVE and UPDATE only, 2918 adds nothing.
  return [s, family && subtype === 0 ? [emit({ type: 'refresh', family })] : []]
}
function sendKeepalive(s: Machine, t: Tick): Step {
  return [{ ...s, timers: { ...s.timers, ...keepaliveTimer(s, t) } }, [send({ type: 'keepalive' })]]
}
/** An UPDATE says that we live as well as a KEEPALIVE does (RFC 4271 §8.2.2, event 27 and §4.4). */
function sendUpdate(s: Machine, t: Tick, { update }: { readonly update: Update }): Step {
  return [{ ...s, timers: { ...s.timers, ...keepaliveTimer(s, t) } }, [send(update)]]
}
/** The answer to a ROUTE-REFRESH, between its marks where the peer knows them (RFC 7313 §4). */
function sendAgain(s: Machine, t: Tick, { family, updates }: Extract<Input, { type: 'resend' }>): Step {
  const { afi, safi } = familyByName[family]
  const mark = (subtype: number): Action[] =>
    negotiated(s).enhancedRouteRefresh ? [send({ type: 'route-refresh', afi, safi, subtype })] : []
  const timers = updates.length > 0 ? { ...s.timers, ...keepaliveTimer(s, t) } : s.timers
  return [{ ...s, timers }, [...mark(BEGINNING), ...updates.map(send), ...mark(END)]]
}
const BEGINNING = 1
const END = 2 // RFC 7313 §3.2

/** What we said has left. A peer that stops reading lets nothing leave, however diligently it goes on talking. */
function left(s: Machine, t: Tick): Step {
  return [{ ...s, timers: { ...s.timers, ...sendHoldTimer(s, t) } }, []]
}

/**
 * Gone at two looks in a row is gone: one may fall into a change. Nothing is held against an address that was never seen,
 * since a local route may make one that no list has, and what cannot be known changes nothing.
 */
function seeOwnAddress(s: Machine, t: Tick, { address, presence }: Extract<Input, { type: 'own-address' }>): Step {
  if (presence === 'here' || (presence === 'unknown' && s.ownAddress)) return [{ ...s, ownAddress: 'here' }, []]
  if (presence === 'unknown' || s.ownAddress === undefined) return [s, []]
  if (s.ownAddress === 'here') return [{ ...s, ownAddress: 'missed' }, []]
  const detail = `our own address ${address} is no longer on this host`
  return fall(s, t, { reason: 'own-address-lost', detail, failureClass: 'transport', atOnce: true })
}

function holdTimer(s: Machine, t: Tick): Machine['timers'] {
  const { holdTime } = negotiated(s)
  return holdTime === 0 ? {} : { holdTimer: t.now + holdTime * 1000 }
}
/** A third of the hold time, jittered (RFC 4271 §4.4, §10). */
function keepaliveTimer(s: Machine, t: Tick): Machine['timers'] {
  const { holdTime } = negotiated(s)
  return holdTime === 0 ? {} : { keepaliveTimer: t.now + (holdTime / 3) * 1000 * t.jitter }
}
/** Runs only where keepalives do: without them, nothing need leave (RFC 9687 §3.3). */
function sendHoldTimer(s: Machine, t: Tick): Machine['timers'] {
  return negotiated(s).holdTime === 0 ? {} : { sendHoldTimer: t.now + sendHoldTime(s) * 1000 }
}
function sendHoldTime(s: Machine): number {
  return sendHoldTimeFor(s.config, negotiated(s).holdTime)
}
function negotiated(s: Machine): Negotiated {
  if (s.negotiated === undefined) throw new Error(`nothing is negotiated in ${s.state}`) // cannot be: only judgeOpen() leads here
  return s.negotiated
}

// ---- every way down but stop() goes through fall()

interface Fall extends Explanation {
  readonly failureClass: FailureClass
  readonly sent?: Notification
  readonly received?: Notification
  readonly atOnce?: true
}

/** The connection failed, or was closed without a word. */
function fail(s: Machine, t: Tick, input: Input): Step {
  const { reason, detail }: Explanation =
    input.type === 'disconnected' ? input : { reason: 'error', detail: `${input.type} in ${s.state}` }
  const dialling = s.state === 'Connect' || s.state === 'Active'
  return fall(s, t, { reason, detail, failureClass: dialling || stable(s, t) ? 'transport' : 'protocol' })
}
function notified(s: Machine, t: Tick, { message }: { readonly message: Notification }): Step {
  const { code, subcode: sub } = withoutHardReset(message)
  const administrative = code === notificationCode.cease && operatorSubcodes.includes(sub)
  const restart = administrative && restartSubcodes.includes(sub) && stable(s, t)
  const failureClass = restart ? 'restart' : administrative ? 'administrative' : 'protocol'
  const detail = `the peer sent ${describeNotification(message)}`
  const down = { reason: 'notification-received', detail, received: message, failureClass } as const
  const plain = code === notificationCode.open && sub === subcode.open.unsupportedOptionalParameter && mayOmit(s)
  return plain ? fall({ ...s, plain: 'now' }, t, { ...down, reason: 'capabilities-refused' }) : fall(s, t, down)
}
/** Our OPEN had capabilities, none of them is needed, and no try without them has failed since the last session. */
function mayOmit({ state, config, plain }: Machine): boolean {
  const answered = state === 'OpenSent' || state === 'OpenConfirm'
  return answered && plain === undefined && needsNoCapability(config) && ourOpen(config).capabilities.length > 0
}
/** A person limited prefixes, shut us down, removed us, or has not configured us (RFC 4486 §4). */
const operatorSubcodes: readonly number[] = [
  subcode.cease.maximumPrefixes,
  subcode.cease.administrativeShutdown,
  subcode.cease.peerDeconfigured,
  subcode.cease.connectionRejected,
]
/** Those that a daemon says as well when it is merely stopped to be started again: BIRD and FRR 6/2, GoBGP 6/3. */
const restartSubcodes: readonly number[] = [subcode.cease.administrativeShutdown, subcode.cease.peerDeconfigured]

function reject(s: Machine, t: Tick, input: Extract<Input, { type: 'malformed' }>): Step {
  const { sent, reason, detail } = input
  return refuse(s, t, input, { reason, detail, sent, failureClass: 'protocol' })
}
/** Says what is wrong with a message, unless the peer has ended the session right behind it: then it has said why. */
function refuse(s: Machine, t: Tick, { followedBy }: FollowedBy, what: Fall): Step {
  return followedBy ? notified(s, t, { message: followedBy }) : fall(s, t, what)
}
/** RFC 4486 §4. Nobody waits for it: the connection that is kept goes on with the record as it was. */
function dump(s: Machine, t: Tick): Step {
  const detail = 'another connection with the peer is kept'
  return fall(s, t, {
    reason: 'collision',
    detail,
    sent: notification(notificationCode.cease, subcode.cease.connectionCollision),
    failureClass: 'protocol',
  })
}
function holdExpired(s: Machine, t: Tick): Step {
  const { timers, since, negotiated } = s
  const seconds = negotiated?.holdTime ?? Math.round(((timers.holdTimer ?? t.now) - since) / 1000) // collision.ts may be in a hurry
  const detail = `nothing heard from the peer for ${seconds} s`
  return fall(s, t, {
    reason: 'hold-timer',
    detail,
    sent: notification(notificationCode.holdTimer, 0),
    failureClass: 'protocol',
  })
}
/** RFC 9687, event 29. What waits to be sent is not waited for: 8/0 leaves only where there is room for it. */
function sendHoldExpired(s: Machine, t: Tick): Step {
  const detail = `nothing of ours has left for ${sendHoldTime(s)} s: the peer does not read`
  return fall(s, t, {
    reason: 'send-hold-timer',
    detail,
    sent: notification(notificationCode.sendHoldTimer, 0),
    failureClass: 'protocol',
    atOnce: true,
  })
}
function unexpected(s: Machine, t: Tick, input: Input): Step {
  const what = input.type === 'message' ? input.message.type : input.type
  const sub = subcode.fsm[`unexpectedIn${s.state as 'OpenSent'}`] // RFC 6608 §3; no other state has this cell
  const detail = `unexpected ${what} in ${s.state}`
  const followedBy = input.type === 'message' ? input : {}
  return refuse(s, t, followedBy, {
    reason: 'notification-sent',
    detail,
    sent: notification(notificationCode.fsm, sub),
    failureClass: 'protocol',
  })
}

/** The one way down: says why, closes, and waits as long as the record demands. */
function fall(s: Machine, t: Tick, { failureClass, atOnce, ...cause }: Fall): Step {
  const { config } = s
  const what = cause.sent ? { ...cause, sent: cutToFit(cause.sent, s.negotiated) } : cause // its data may be the peer's
  const history = recordFailure(record(s, t), failureClass)
  const at = earliestDial(
    t.now + delayAfter(history, failureClass, config.backOff, t.jitter) * 1000,
    history,
    config.backOff,
  )
  const retryIn = config.passive ? {} : { retryIn: (at - t.now) / 1000 }
  const failed =
    s.plain === 'now' &&
    cause.reason !== 'capabilities-refused' &&
    (s.state === 'OpenSent' || s.state === 'OpenConfirm')
  const rest = atRest(failed ? { ...s, plain: 'spent' } : s)
  return [
    { ...rest, history: { ...history, retryAt: at }, timers: { idleHoldTimer: at } },
    [
      ...(what.sent ? [send(what.sent)] : []),
      { type: 'close', ...(atOnce && { atOnce }) },
      emit({ type: 'down', from: s.state, ...what, ...retryIn }),
    ],
  ]
}
/** What counts of the past once this session ends. */
function record(s: Machine, t: Tick): History {
  return stable(s, t) ? resetFailures(s.history) : s.history
}
function stable(s: Machine, t: Tick): boolean {
  return s.state === 'Established' && t.now - s.since >= s.config.backOff.resetAfter * 1000
}

/** Events 2 and 8, with the reason as RFC 9003 carries it. Nothing is tried again. */
function sayCease(s: Machine, t: Tick, { communication }: Extract<Input, { type: 'stop' }>): Step {
  const { administrativeShutdown } = subcode.cease
  // Where a NOTIFICATION keeps our routes, one that ends the session for good must say so (RFC 8538 §3.1).
  const sent = s.negotiated?.hardReset
    ? hardReset(cease(administrativeShutdown, communication))
    : cease(administrativeShutdown, communication)
  const detail = communication === '' ? 'stopped' : `stopped: ${communication}`
  return [
    { ...stopped(s), history: record(s, t) },
    [send(sent), { type: 'close' }, emit({ type: 'down', from: s.state, reason: 'stopped', detail, sent })],
  ]
}
function halt(s: Machine): Step {
  return [stopped(s), [{ type: 'close' }]]
}
function stopped(s: Machine): Machine {
  const { plain: _, ...rest } = atRest(s)
  return rest
}

// ---- words

function enter(s: Machine, state: SessionState, timers: Machine['timers']): Machine {
  return { ...s, state, timers }
}
/** Idle without timers: only start() leads out of it. The record stays, so stopping and starting is no way round it. */
export function atRest({ config, since, history, stood, plain }: Machine): Machine {
  return { config, state: 'Idle', since, timers: {}, history, ...(stood && { stood }), ...(plain && { plain }) }
}
function send(message: Message): Action {
  return { type: 'send', message }
}
function emit(event: SessionEvent): Action {
  return { type: 'emit', event }
}
function notification(code: number, subcode: number, data: Uint8Array = new Uint8Array()): Notification {
  return { type: 'notification', code, subcode, data }
}
