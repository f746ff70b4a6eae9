/**
 * The pure state machine of a health gate: it turns the results of checks into up or down. It fails closed: it starts down, a
 * check that hangs has failed, and a result that is too old does not count. Times are milliseconds.
 */
import { type Explanation, type HealthDownReason, healthDownReason } from '../reasons.ts'

export type HealthDown = Explanation<HealthDownReason>

export interface GateConfig {
  /** Passed checks in a row until it goes up. */
  readonly rise: number
  /** Failed checks in a row until it goes down. */
  readonly fall: number
  /** From the start of one check to the start of the next. */
  readonly interval: number
  readonly timeout: number
  /** How long a result counts. */
  readonly ttl: number
  /** After it went down so many times within `within`, it stays down for `stayDown`; undefined for never. */
  readonly holdDown: { readonly withdrawals: number; readonly within: number; readonly stayDown: number } | undefined
}

type Timer = 'leaseTimer' | 'timeoutTimer' | 'checkTimer'

export interface Gate {
  readonly config: GateConfig
  readonly up: boolean
  /** Results in a row against the present position. */
  readonly streak: number
  /** `overdue`: it has failed by its timeout and has not returned yet; no other check starts until `abandonedAt`. */
  readonly check: 'none' | 'running' | 'overdue'
  readonly abandonedAt: number
  readonly timers: Readonly<Partial<Record<Timer, number>>>
  /** When it went down, as far as the hold-down counts it. */
  readonly downAt: readonly number[]
  readonly heldUntil: number
  /** Why it is down. */
  readonly cause: HealthDown
}

export type Input =
  | { readonly type: 'start' }
  | { readonly type: 'tick' }
  | { readonly type: 'passed' }
  | { readonly type: 'failed'; readonly error: string; readonly reason?: 'check-failed' | 'misconfigured' }
  | { readonly type: 'stop' }

export type Action =
  /** Run the check, and feed its result; the result of an earlier check that was abandoned is not fed. */
  | { readonly type: 'check' }
  /** Abort the signal of the check. */
  | { readonly type: 'abort' }
  /** The gate goes up. */
  | { readonly type: 'up' }
  | { readonly type: 'down'; readonly cause: HealthDown }

export type Step = readonly [Gate, readonly Action[]]

/** Intervals after which a check is abandoned that does not end when it is aborted. */
const INTERVALS_UNTIL_ABANDONED = 10

export function newGate(config: GateConfig): Gate {
  const nothing = { up: false, streak: 0, check: 'none', timers: {}, abandonedAt: 0, downAt: [], heldUntil: 0 } as const
  return { ...nothing, config, cause: healthDownReason('not-checked') }
}

export function step(gate: Gate, input: Input, now: number): Step {
  // First, because after a long pause an old result must not count, whatever the input is.
  if (gate.up && !isUp(gate, now)) return andThen(goDown(gate, tooOld(gate), now), input, now)
  switch (input.type) {
    case 'start':
      return begin(gate, now)
    case 'stop':
      return stop(gate, now)
    case 'tick':
      return tick(gate, now)
    default:
      return checkEnded(gate, input, now)
  }
}

export function isUp(gate: Gate, now: number): boolean {
  return gate.up && !isDue(gate, 'leaseTimer', now)
}
/** Undefined while it is up. */
export function whyDown(gate: Gate, now: number): HealthDown | undefined {
  if (isUp(gate, now)) return undefined
  return gate.up ? tooOld(gate) : gate.cause
}

/** When step(gate, { type: 'tick' }, …) next has work to do. */
export function nextDeadline({ timers }: Gate): number | undefined {
  const all = Object.values(timers)
  return all.length === 0 ? undefined : Math.min(...all)
}

function tick(gate: Gate, now: number): Step {
  if (isDue(gate, 'timeoutTimer', now)) return timedOut(gate, now)
  return isDue(gate, 'checkTimer', now) ? begin(gate, now) : [gate, []]
}

/** A check that still hangs takes the place of the next one, and fails again at its timeout. */
function begin(gate: Gate, now: number): Step {
  const { interval, timeout } = gate.config
  const timers = { ...gate.timers, checkTimer: now + interval, timeoutTimer: now + timeout }
  if (gate.check === 'running' || (gate.check === 'overdue' && now < gate.abandonedAt)) return [{ ...gate, timers }, []]
  return [{ ...gate, timers, check: 'running' }, [{ type: 'check' }]]
}

function timedOut(gate: Gate, now: number): Step {
  const { interval, timeout } = gate.config
  const abandonedAt = gate.check === 'running' ? now + INTERVALS_UNTIL_ABANDONED * interval : gate.abandonedAt
  const next: Gate = {
    ...without(gate, 'timeoutTimer'),
    check: gate.check === 'none' ? 'none' : 'overdue',
    abandonedAt,
  }
  const [last, actions] = applyResult(next, checks => healthDownReason('check-timeout', timeout / 1000, checks), now)
  return [last, gate.check === 'running' ? [{ type: 'abort' }, ...actions] : actions]
}

function checkEnded(gate: Gate, input: Extract<Input, { type: 'passed' | 'failed' }>, now: number): Step {
  // Too late to count: the check whose place it took fails at its own timeout.
  if (gate.check !== 'running' || isDue(gate, 'timeoutTimer', now)) return [{ ...gate, check: 'none' }, []]
  const next: Gate = { ...without(gate, 'timeoutTimer'), check: 'none' }
  if (input.type === 'passed') return applyResult(next, undefined, now)
  const { error, reason = 'check-failed' } = input
  return applyResult(next, checks => healthDownReason(reason, error, checks), now)
}

/** `failure` is the cause after so many failed checks in a row; undefined if the check passed. */
function applyResult(gate: Gate, failure: ((checks: number) => HealthDown) | undefined, now: number): Step {
  const { rise, fall, ttl } = gate.config
  const agrees = (failure === undefined) === gate.up
  const streak = agrees ? 0 : gate.streak + 1
  if (gate.up) {
    if (failure && streak >= fall) return goDown(gate, failure(fall), now)
    return [{ ...gate, streak, timers: { ...gate.timers, leaseTimer: now + ttl } }, []]
  }
  // The cause stays what it was if it is still that: it is logged once.
  if (failure?.(fall).detail === gate.cause.detail) return [{ ...gate, streak }, []]
  if (failure) return [{ ...gate, streak, cause: failure(1) }, []]
  if (streak < rise || now < gate.heldUntil) return [{ ...gate, streak }, []]
  return [{ ...gate, up: true, streak: 0, timers: { ...gate.timers, leaseTimer: now + ttl } }, [{ type: 'up' }]]
}

/** Every change to down. */
function goDown(gate: Gate, cause: HealthDown, now: number): Step {
  const { holdDown } = gate.config
  const downAt = holdDown ? [...gate.downAt.filter(at => now - at < holdDown.within), now] : []
  const held = holdDown !== undefined && downAt.length >= holdDown.withdrawals
  return [
    {
      ...without(gate, 'leaseTimer'),
      up: false,
      streak: 0,
      downAt,
      heldUntil: held ? now + holdDown.stayDown : gate.heldUntil,
      cause,
    },
    [{ type: 'down', cause }],
  ]
}

function stop(gate: Gate, now: number): Step {
  const cause = healthDownReason('stopped')
  const [last, actions] = gate.up ? goDown(gate, cause, now) : [gate, []]
  return [
    { ...last, cause, check: 'none', timers: {}, heldUntil: 0 },
    gate.check === 'running' ? [{ type: 'abort' }, ...actions] : actions,
  ]
}

function andThen([gate, actions]: Step, input: Input, now: number): Step {
  const [last, more] = step(gate, input, now)
  return [last, [...actions, ...more]]
}
function isDue({ timers }: Gate, timer: Timer, now: number): boolean {
  return (timers[timer] ?? Number.POSITIVE_INFINITY) <= now
}
function without(gate: Gate, timer: Timer): Gate {
  const { [timer]: _, ...timers } = gate.timers
  return { ...gate, timers }
}
function tooOld({ config }: Gate): HealthDown {
  return healthDownReason('result-expired', config.ttl / 1000)
}
