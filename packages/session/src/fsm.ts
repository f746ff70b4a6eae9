/**
 * The finite state machine of RFC 4271 §8 as a pure function:
 *
 *     step(machine, input, tick) -> [machine, actions]
 *
 * No socket, no clock, no log. Timers are deadlines in the machine. To enter a state replaces them all, so that no timer
 * runs on. TABLE is the machine; each function below is one cell of it or a part of one, and its name has the next state
 * or the outcome. Every exit to Idle goes through toIdle(), every other change of state through enter().
 *
 * Three differences to the RFC spare the peer. A dial without an answer and a connection that is lost in OpenSent lead to
 * Idle, where we wait before we reconnect (DampPeerOscillations for every failure, §8.1.1). We accept a peer that connects
 * to us in Idle too, unless the session is stopped. DelayOpen is left out, because it only makes collisions rarer.
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
import type { Down, SessionEvent, SessionState } from './events.ts'
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
  /** The session was established before: this process has not just started (RFC 4724 §4.1). */
  readonly wasEstablished?: true
  /**
   * After OPEN error 2/4 our OPENs have no capabilities (RFC 5492 §3): `active`, as long as sessions are established that
   * way. If one is not, capabilities are back, and the one attempt is `used` until a session is Established. stop() ends both.
   */
  readonly capabilityFallback?: 'active' | 'used'
  /** At the last check, our address was on this host; or was `missed` once after that. */
  readonly ownAddress?: 'here' | 'missed'
}

/** Whether our address is on this host; `unknown` if the system does not report it. */
export type Presence = 'here' | 'gone' | 'unknown'

/** Numbers are the events of RFC 4271 §8.1. */
export type Input =
  | { readonly type: 'start' } // 1, 3, 4 to 7
  | { readonly type: 'stop'; readonly communication: string } // 2, 8
  | { readonly type: 'send'; readonly update: Update } // §9.2
  | { readonly type: 'resend'; readonly family: Family; readonly updates: readonly Update[] } // RFC 2918
  | { readonly type: 'sent' } // some of our octets have left (RFC 9687)
  | { readonly type: 'own-address'; readonly address: string; readonly presence: Presence } // a check of this host
  | { readonly type: 'tick' } // 9, 10, 11, 13, and 29 of RFC 9687
  | { readonly type: 'accepted' } // 14, 17: an incoming connection
  | { readonly type: 'connected' } // 16: our dial
  | ({ readonly type: 'disconnected' } & Explanation) // 18
  | { readonly type: 'collision' } // 23: this connection lost the collision (§6.8). Its last input: collision.ts drops the machine
  | ({ readonly type: 'message'; readonly message: Message } & FollowedBy) // 19, 24 to 27
  | ({ readonly type: 'malformed'; readonly sent: Notification } & Explanation & FollowedBy) // 21, 22, 28

interface FollowedBy {
  /** A NOTIFICATION that arrived right behind it. If we reject this message, the NOTIFICATION has the true reason. */
  readonly followedBy?: Notification | undefined
}

export type Action =
  /** Dial the peer. */
  | { readonly type: 'connect' }
  /** Accept the connection that was offered with 'accepted'; without this action it is closed. */
  | { readonly type: 'accept' }
  | { readonly type: 'send'; readonly message: Message }
  /** Close the connection, or give up the dial. `atOnce` does not wait until all octets have left. */
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

/** Requests of our own side that a state has no use for. */
const ignoredRequests = {
  start: ignore,
  send: ignore,
  resend: ignore,
  sent: ignore,
  'own-address': ignore,
  accepted: ignore,
  collision: ignore,
}

/** RFC 4271 §8.2.2: what each state does on each event. `otherwise` is its "any other event". docs/fsm.md shows the cells. */
export const TABLE: Readonly<Record<SessionState, Row>> = {
  Idle: {
    ...ignoredRequests,
    start: toConnectOrWait,
    stop: toIdleStopped,
    accepted: toOpenSentOnAccept,
    idleHoldTimer: toConnectOrActive,
    otherwise: ignore,
  },
  Connect: {
    ...ignoredRequests,
    stop: toIdleStopped,
    collision: toIdleStopped,
    connected: toOpenSent,
    connectRetryTimer: toIdleOnConnectTimeout,
    otherwise: toIdleOnLoss,
  },
  Active: {
    ...ignoredRequests,
    stop: toIdleStopped,
    accepted: toOpenSentOnAccept,
    otherwise: toIdleOnLoss,
  },
  OpenSent: {
    ...ignoredRequests,
    stop: toIdleWithCease,
    collision: toIdleOnCollision,
    open: toOpenConfirm,
    disconnected: toIdleOnLoss,
    holdTimer: toIdleOnHoldTimer,
    notification: toIdleOnNotification,
    malformed: toIdleOnMalformed,
    otherwise: toIdleOnUnexpected,
  },
  OpenConfirm: {
    ...ignoredRequests,
    stop: toIdleWithCease,
    collision: toIdleOnCollision,
    keepalive: toEstablished,
    keepaliveTimer: sendKeepalive,
    disconnected: toIdleOnLoss,
    holdTimer: toIdleOnHoldTimer,
    notification: toIdleOnNotification,
    malformed: toIdleOnMalformed,
    otherwise: toIdleOnUnexpected,
  },
  Established: {
    ...ignoredRequests,
    stop: toIdleWithCease,
    send: sendUpdate,
    resend: sendRefreshedRoutes,
    sent: restartSendHoldTimer,
    'own-address': toIdleOnLostAddress,
    keepalive: restartHoldTimer,
    update: emitUpdate,
    'route-refresh': emitRefresh,
    keepaliveTimer: sendKeepalive,
    disconnected: toIdleOnLoss,
    holdTimer: toIdleOnHoldTimer,
    sendHoldTimer: toIdleOnSendHoldTimer,
    notification: toIdleOnNotification,
    malformed: toIdleOnMalformed,
    otherwise: toIdleOnUnexpected,
  },
}

export function step(s: Machine, input: Input, tick: Tick): Step {
  const event =
    input.type === 'tick' ? expiredTimer(s, tick.now) : input.type === 'message' ? input.message.type : input.type
  if (event === undefined) return [s, []]
  const handler = TABLE[s.state][event] ?? TABLE[s.state].otherwise
  const [next, actions] = (handler as Handler<Input>)(s, tick, input) // the column fixes the input's type
  return [next.state === s.state ? next : { ...next, since: tick.now }, actions]
}

/** The time at which step(machine, { type: 'tick' }, …) has something to do. */
export function nextDeadline(s: Machine): number | undefined {
  const all = Object.values(s.timers)
  return all.length === 0 ? undefined : Math.min(...all)
}

function expiredTimer(s: Machine, now: number): Timer | undefined {
  // The hold timer first: after a long pause we must not send on a session that has expired.
  return timersByUrgency.find(timer => (s.timers[timer] ?? Number.POSITIVE_INFINITY) <= now)
}
const timersByUrgency = ['holdTimer', 'sendHoldTimer', 'keepaliveTimer', 'connectRetryTimer', 'idleHoldTimer'] as const

// ---- Idle, Connect, Active

function ignore(s: Machine): Step {
  return [s, []]
}

/** Events 1 and 3. A start during the back-off changes nothing. */
function toConnectOrWait(s: Machine, t: Tick): Step {
  if (s.timers.idleHoldTimer !== undefined) return [s, []]
  const { firstDialDelay, backOff } = s.config
  const at = earliestDial(t.now + firstDialDelay * 1000, s.history, backOff)
  return at <= t.now ? toConnectOrActive(s, t) : [enter(s, 'Idle', { idleHoldTimer: at }), []]
}

/** The back-off is over: reconnect. A passive session waits for the peer instead. */
function toConnectOrActive(s: Machine, t: Tick): Step {
  if (s.config.passive) return [enter(s, 'Active', {}), []]
  const history = { ...s.history, dialledAt: t.now }
  const timers = { connectRetryTimer: t.now + s.config.connectTimeout * 1000 }
  const failures = history.transport + history.protocol
  return [{ ...enter(s, 'Connect', timers), history }, [{ type: 'connect' }, emit({ type: 'dial', failures })]]
}

/** The peer connected to us. If we have a connection or dial, collision.ts gives this one a machine of its own. */
function toOpenSentOnAccept(s: Machine, t: Tick): Step {
  if (s.state === 'Idle' && s.timers.idleHoldTimer === undefined) return [s, []] // stopped
  const [next, actions] = toOpenSent(s, t)
  return [next, [{ type: 'accept' }, ...actions]]
}

function toOpenSent(s: Machine, t: Tick): Step {
  const open = ourOpen(offeredConfig(s), !s.wasEstablished)
  return [enter(s, 'OpenSent', { holdTimer: t.now + OPEN_HOLD_TIME * 1000 }), [send(open)]]
}
/** The configuration that our OPEN offers, and against which the peer's is checked. */
export function offeredConfig({ config, capabilityFallback }: Machine): SessionConfig {
  return capabilityFallback === 'active' ? withoutCapabilities(config) : config
}

function toIdleOnConnectTimeout(s: Machine, t: Tick): Step {
  const detail = `no answer within ${s.config.connectTimeout} s`
  return toIdleOnFailure(s, t, { reason: 'timeout', detail, failureClass: 'transport' })
}

// ---- OpenSent, OpenConfirm

function toOpenConfirm(s: Machine, t: Tick, input: { readonly message: Open } & FollowedBy): Step {
  const result = checkOpen(input.message, offeredConfig(s))
  if ('sent' in result) return rejectMessage(s, t, input, { ...result })
  const next = { ...s, negotiated: result }
  // With a hold time of 0 the deadline of the OPEN runs on: a peer that sends no KEEPALIVE must not keep us here for ever.
  const timers = { ...s.timers, ...holdTimer(next, t), ...keepaliveTimer(next, t) }
  return [enter(next, 'OpenConfirm', timers), [send({ type: 'keepalive' })]]
}

function toEstablished(s: Machine, t: Tick): Step {
  const timers = negotiated(s).holdTime === 0 ? {} : { ...s.timers, ...holdTimer(s, t), ...sendHoldTimer(s, t) }
  const machine = s.capabilityFallback === 'used' ? withoutFallback(s) : s
  const established: Machine = { ...enter(machine, 'Established', timers), wasEstablished: true }
  return [established, [emit({ type: 'established', negotiated: negotiated(s) })]]
}

// ---- OpenConfirm, Established

function restartHoldTimer(s: Machine, t: Tick): Step {
  return [restart(s, holdTimer(s, t)), []]
}
function emitUpdate(s: Machine, t: Tick, { message }: { readonly message: Update }): Step {
  return [restartHoldTimer(s, t)[0], [emit({ type: 'update', update: message })]]
}
/** A plain request for a family in use asks for our routes. Any other is ignored (RFC 2918 §4, RFC 7313 §4). */
function emitRefresh(s: Machine, t: Tick, { message }: { readonly message: RouteRefresh }): Step {
  const { afi, safi, subtype, filters } = message
  const isMark = subtype === BEGINNING || subtype === END
  if (isMark && filters && negotiated(s).enhancedRouteRefresh) {
    // RFC 7313 §5. Without that capability no RFC calls it an error, so that it is ignored as every mark is.
    const sent = notification(
      notificationCode.routeRefresh,
      subcode.routeRefresh.invalidMessageLength,
      encode(message, { extendedMessage: true }), // it was decoded, so it fits
    )
    const detail = 'the mark of a route refresh is too long'
    return toIdleOnFailure(s, t, { reason: 'notification-sent', detail, sent })
  }
  const { families } = negotiated(s)
  const family = families.find(name => familyByName[name].afi === afi && familyByName[name].safi === safi)
  // A ROUTE-REFRESH does not restart the hold timer: RFC 4271 §4.4 counts KEEPALIVE and UPDATE only, 2918 adds nothing.
  return [s, family && subtype === 0 ? [emit({ type: 'refresh', family })] : []]
}
function sendKeepalive(s: Machine, t: Tick): Step {
  return [restart(s, keepaliveTimer(s, t)), [send({ type: 'keepalive' })]]
}
/** An UPDATE restarts the peer's hold timer as a KEEPALIVE does (RFC 4271 §8.2.2, event 27 and §4.4). */
function sendUpdate(s: Machine, t: Tick, { update }: { readonly update: Update }): Step {
  return [restart(s, keepaliveTimer(s, t)), [send(update)]]
}
/** The answer to a ROUTE-REFRESH, between marks if the peer supports them (RFC 7313 §4). */
function sendRefreshedRoutes(s: Machine, t: Tick, { family, updates }: Extract<Input, { type: 'resend' }>): Step {
  const { afi, safi } = familyByName[family]
  const mark = (subtype: number): Action[] =>
    negotiated(s).enhancedRouteRefresh ? [send({ type: 'route-refresh', afi, safi, subtype })] : []
  const timers = updates.length > 0 ? { ...s.timers, ...keepaliveTimer(s, t) } : s.timers
  return [{ ...s, timers }, [...mark(BEGINNING), ...updates.map(send), ...mark(END)]]
}
const BEGINNING = 1
const END = 2 // RFC 7313 §3.2

/** Octets were flushed (RFC 9687). A peer that does not read lets nothing leave, although it may still send. */
function restartSendHoldTimer(s: Machine, t: Tick): Step {
  return [restart(s, sendHoldTimer(s, t)), []]
}

/**
 * Two checks in a row must miss the address, because one may fall into a change. An address that was never on the list
 * does not count, because a local route may provide it; nor does a check that the system does not answer.
 */
function toIdleOnLostAddress(
  s: Machine,
  t: Tick,
  { address, presence }: Extract<Input, { type: 'own-address' }>,
): Step {
  if (presence === 'here' || (presence === 'unknown' && s.ownAddress)) return [{ ...s, ownAddress: 'here' }, []]
  if (s.ownAddress === undefined) return [s, []]
  if (s.ownAddress === 'here') return [{ ...s, ownAddress: 'missed' }, []]
  const detail = `our own address ${address} is no longer on this host`
  return toIdleOnFailure(s, t, { reason: 'own-address-lost', detail, failureClass: 'transport', atOnce: true })
}

/** The hold time that both OPENs agreed on; 0 means that neither side watches the other. */
function holdTimer(s: Machine, t: Tick): Machine['timers'] {
  const { holdTime } = negotiated(s)
  return holdTime === 0 ? {} : { holdTimer: t.now + holdTime * 1000 }
}
/** A third of the hold time, with jitter (RFC 4271 §4.4, §10). */
function keepaliveTimer(s: Machine, t: Tick): Machine['timers'] {
  const { holdTime } = negotiated(s)
  return holdTime === 0 ? {} : { keepaliveTimer: t.now + (holdTime / 3) * 1000 * t.jitter }
}
/** Only together with KEEPALIVEs: without them, a session may send nothing for hours (RFC 9687 §3.3). */
function sendHoldTimer(s: Machine, t: Tick): Machine['timers'] {
  return negotiated(s).holdTime === 0 ? {} : { sendHoldTimer: t.now + sendHoldTime(s) * 1000 }
}
function sendHoldTime(s: Machine): number {
  return sendHoldTimeFor(s.config, negotiated(s).holdTime)
}
function negotiated(s: Machine): Negotiated {
  if (s.negotiated === undefined) throw new Error(`nothing is negotiated in ${s.state}`) // impossible: toOpenConfirm() sets it
  return s.negotiated
}

// ---- failures: each leads to Idle with a back-off

interface Failure extends Explanation {
  /** Selects the track of the exponential back-off. Default: protocol. */
  readonly failureClass?: FailureClass
  readonly sent?: Notification
  readonly received?: Notification
  readonly atOnce?: true
}

/** The dial failed, or the connection was closed without a NOTIFICATION. */
function toIdleOnLoss(s: Machine, t: Tick, input: Input): Step {
  const explanation: Explanation =
    input.type === 'disconnected' ? input : { reason: 'error', detail: `${input.type} in ${s.state}` }
  const { reason, detail } = explanation
  const isDialling = s.state === 'Connect' || s.state === 'Active'
  return toIdleOnFailure(s, t, {
    reason,
    detail,
    failureClass: isDialling || isStable(s, t) ? 'transport' : 'protocol',
  })
}
function toIdleOnNotification(s: Machine, t: Tick, { message }: { readonly message: Notification }): Step {
  const { code, subcode: sub } = withoutHardReset(message)
  const isCease = code === notificationCode.cease
  const failure: Failure = {
    reason: 'notification-received',
    detail: `the peer sent ${describeNotification(message)}`,
    received: message,
    failureClass: (isCease && ceaseClasses[sub]?.[isStable(s, t) ? 1 : 0]) || 'protocol',
  }
  const isParameter = code === notificationCode.open && sub === subcode.open.unsupportedOptionalParameter
  if (!isParameter || !mayOmitCapabilities(s)) return toIdleOnFailure(s, t, failure)
  const next: Machine = { ...s, capabilityFallback: 'active' }
  return toIdleOnFailure(next, t, { ...failure, reason: 'capabilities-refused' })
}
/** Our OPEN had capabilities, none is required, and no attempt without them has failed since the last session. */
function mayOmitCapabilities({ state, config, capabilityFallback }: Machine): boolean {
  const isAnswer = state === 'OpenSent' || state === 'OpenConfirm'
  const isFirstAttempt = isAnswer && capabilityFallback === undefined
  return isFirstAttempt && needsNoCapability(config) && ourOpen(config).capabilities.length > 0
}
/**
 * What a Cease means: an operator limited prefixes, shut us down, removed us, or has not configured us (RFC 4486 §4). If the
 * session was stable, a daemon that is restarted sends some of these too: BIRD and OpenBGPD 6/2, FRR and GoBGP 6/3. And 6/4 is an
 * operator who wants the session back at once.
 */
const ceaseClasses: { readonly [subcode in number]?: readonly [FailureClass, ifStable: FailureClass] } = {
  [subcode.cease.maximumPrefixes]: ['administrative', 'administrative'],
  [subcode.cease.administrativeShutdown]: ['administrative', 'restart'],
  [subcode.cease.peerDeconfigured]: ['administrative', 'restart'],
  [subcode.cease.administrativeReset]: ['protocol', 'reset'],
  [subcode.cease.connectionRejected]: ['administrative', 'administrative'],
}

function toIdleOnMalformed(s: Machine, t: Tick, input: Extract<Input, { type: 'malformed' }>): Step {
  const { sent, reason, detail } = input
  return rejectMessage(s, t, input, { reason, detail, sent })
}
/** Answers a message with a NOTIFICATION, unless the peer ended the session right behind it and gave its own reason. */
function rejectMessage(s: Machine, t: Tick, { followedBy }: FollowedBy, failure: Failure): Step {
  return followedBy ? toIdleOnNotification(s, t, { message: followedBy }) : toIdleOnFailure(s, t, failure)
}
function toIdleOnHoldTimer(s: Machine, t: Tick): Step {
  const { timers, since, negotiated } = s
  const seconds = negotiated?.holdTime || Math.round(((timers.holdTimer ?? t.now) - since) / 1000) // open-deadline.ts may shorten it
  const detail = `no message from the peer for ${seconds} s`
  const sent = notification(notificationCode.holdTimer, 0)
  return toIdleOnFailure(s, t, { reason: 'hold-timer', detail, sent })
}
/** RFC 9687, event 29. The 8/0 leaves only if there is room for it. */
function toIdleOnSendHoldTimer(s: Machine, t: Tick): Step {
  const detail = `nothing of ours has left for ${sendHoldTime(s)} s: the peer does not read`
  const sent = notification(notificationCode.sendHoldTimer, 0)
  return toIdleOnFailure(s, t, { reason: 'send-hold-timer', detail, sent, atOnce: true })
}
/** RFC 6608 §3. */
function toIdleOnUnexpected(s: Machine, t: Tick, input: Input): Step {
  const what = input.type === 'message' ? input.message.type : input.type
  const detail = `unexpected ${what} in ${s.state}`
  const sent = notification(notificationCode.fsm, unexpectedSubcode[s.state] ?? subcode.fsm.unspecified)
  const followedBy = input.type === 'message' ? input : {}
  return rejectMessage(s, t, followedBy, { reason: 'notification-sent', detail, sent })
}
const unexpectedSubcode: { readonly [state in SessionState]?: number } = {
  OpenSent: subcode.fsm.unexpectedInOpenSent,
  OpenConfirm: subcode.fsm.unexpectedInOpenConfirm,
  Established: subcode.fsm.unexpectedInEstablished,
}

/** Records the failure, and waits in Idle as long as the exponential back-off demands before it reconnects. */
function toIdleOnFailure(s: Machine, t: Tick, { failureClass = 'protocol', atOnce, ...failure }: Failure): Step {
  const { backOff, passive } = s.config
  const history = recordFailure(historyAtEnd(s, t), failureClass)
  const delay = delayAfter(history, failureClass, backOff, t.jitter)
  const retryAt = earliestDial(t.now + delay * 1000, history, backOff)
  const sent = failure.sent && cutToFit(failure.sent, s.negotiated) // its data may be the peer's
  const isAnswer = s.state === 'OpenSent' || s.state === 'OpenConfirm'
  const isFallbackUsed = s.capabilityFallback === 'active' && failure.reason !== 'capabilities-refused' && isAnswer
  return toIdle(isFallbackUsed ? { ...s, capabilityFallback: 'used' } : s, {
    history: { ...history, retryAt },
    timers: { idleHoldTimer: retryAt },
    down: { ...failure, ...(sent && { sent }), ...(!passive && { retryIn: (retryAt - t.now) / 1000 }) },
    ...(atOnce && { atOnce }),
  })
}
/** The failures that count when this session ends: none if it was stable. */
function historyAtEnd(s: Machine, t: Tick): History {
  return isStable(s, t) ? resetFailures(s.history) : s.history
}
function isStable(s: Machine, t: Tick): boolean {
  return s.state === 'Established' && t.now - s.since >= s.config.backOff.resetAfter * 1000
}

// ---- stop: leads to Idle without a timer

/** Events 2 and 8, with the communication of RFC 9003. */
function toIdleWithCease(s: Machine, t: Tick, { communication }: Extract<Input, { type: 'stop' }>): Step {
  const shutdown = cease(subcode.cease.administrativeShutdown, communication)
  // If a NOTIFICATION would keep our routes, one that ends the session for good must be a Hard Reset (RFC 8538 §3.1).
  const sent = s.negotiated?.hardReset ? hardReset(shutdown) : shutdown
  const detail = communication === '' ? 'stopped' : `stopped: ${communication}`
  const down = { reason: 'stopped', detail, sent } as const
  return toIdle(withoutFallback(s), { history: historyAtEnd(s, t), timers: {}, down })
}
/** There is no session to end. */
function toIdleStopped(s: Machine): Step {
  return toIdle(withoutFallback(s), { history: s.history, timers: {} })
}
/** RFC 4486 §4. This is no failure: the session goes on with the connection that is kept. */
function toIdleOnCollision(s: Machine): Step {
  const [next, actions] = toIdleStopped(s)
  return [next, [send(notification(notificationCode.cease, subcode.cease.connectionCollision)), ...actions]]
}

// ---- changes of state

function enter(s: Machine, state: SessionState, timers: Machine['timers']): Machine {
  return { ...s, state, timers }
}
/** These timers begin again; the others run on. */
function restart(s: Machine, timers: Machine['timers']): Machine {
  return { ...s, timers: { ...s.timers, ...timers } }
}
interface IdleEntry extends Pick<Machine, 'history' | 'timers'> {
  readonly down?: Omit<Down, 'type' | 'from'>
  readonly atOnce?: true
}
/** The one way to Idle: sends the NOTIFICATION, closes the connection, and emits `down`. */
function toIdle(s: Machine, { history, timers, down, atOnce }: IdleEntry): Step {
  return [
    { ...idleMachine(s), history, timers },
    [
      ...(down?.sent ? [send(down.sent)] : []),
      { type: 'close', ...(atOnce && { atOnce }) },
      ...(down ? [emit({ type: 'down', from: s.state, ...down })] : []),
    ],
  ]
}
/** Idle without timers: only start() leads out of it. The failure history stays, so that stop() and start() do not reset it. */
export function idleMachine({ negotiated: _, ownAddress: __, ...machine }: Machine): Machine {
  return enter(machine, 'Idle', {})
}
function withoutFallback({ capabilityFallback: _, ...machine }: Machine): Machine {
  return machine
}

// ---- helpers

function send(message: Message): Action {
  return { type: 'send', message }
}
function emit(event: SessionEvent): Action {
  return { type: 'emit', event }
}
function notification(code: number, subcode: number, data: Uint8Array = new Uint8Array()): Notification {
  return { type: 'notification', code, subcode, data }
}
