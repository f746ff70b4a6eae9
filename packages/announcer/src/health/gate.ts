/** Runs a health check for as long as it is open, and says whether a route may be announced. The shell of machine.ts. */
import { EventEmitter } from 'node:events'
import {
  type Clock,
  checkEnvironment,
  errorText,
  guardLog,
  type Logger,
  notify,
  realTime,
  shown,
} from '@softspoken/session'
import { between, only, wholeBetween } from '../check-options.ts'
import {
  type Action,
  type Gate,
  type GateSettings,
  type Input,
  isUp,
  NOT_YET,
  newGate,
  nextDeadline,
  step,
  whyDown,
} from './machine.ts'

/** One row per number that may be set; times in seconds. docs/defaults.md is tested against it. */
export const healthSettings = {
  interval: { min: 1, max: 3600, default: 5 },
  timeout: { min: 0.1, max: 3600, default: 3 },
  rise: { min: 1, max: 100, default: 3 },
  fall: { min: 1, max: 100, default: 3 },
  ttl: { min: 2, max: 7200, default: 20 },
  'holdDown.withdrawals': { min: 2, max: 100, default: 3 },
  'holdDown.within': { min: 10, max: 86_400, default: 600 },
  'holdDown.stayDown': { min: 10, max: 86_400, default: 300 },
} as const

/**
 * Resolves where the service is well, and rejects with what is wrong. The signal is aborted at the timeout: a check
 * that goes on after that keeps the next one from starting, for ten intervals, and has failed all the same.
 */
export type Check = (signal: AbortSignal) => Promise<void>

/** What is checked, how often, and how many results change the gate's position. */
export interface HealthGateOptions {
  check: Check
  /** Seconds from one check to the next. Default 5; 1 to 3600. */
  interval?: number
  /** Seconds after which a check has failed. Default 3, or half the interval where that is no longer than 3; 0.1 to less than `interval`. */
  timeout?: number
  /** Passed checks in a row that open the gate. Default 3; 1 to 100. */
  rise?: number
  /** Failed checks in a row that close it. Default 3; 1 to 100. */
  fall?: number
  /**
   * Seconds that the result of a check counts: the lease of each announcement that the gate drives. At least two
   * intervals, up to 7200. Default 20, or two intervals where that is more.
   */
  ttl?: number
  /** What a gate does that closes again and again. False: nothing. A flapping route costs every router a computation. */
  holdDown?: false | HoldDown
  log?: Logger
  clock?: Clock
}

/** Closed so often within so long, the gate stays closed. */
export interface HoldDown {
  /** Default 3; 2 to 100. */
  withdrawals?: number
  /** Seconds. Default 600; 10 to 86400. */
  within?: number
  /** Seconds. Default 300; 10 to 86400. */
  stayDown?: number
}

/** A snapshot. Times are in seconds. */
export interface HealthStatus {
  readonly up: boolean
  /** Results in a row that speak against the present position; `rise` or `fall` of them change it. */
  readonly streak: number
  /** Why it is down: the last failure, or until when it is held down if checks pass again. */
  readonly why?: string
  /** How long the last result still counts; absent while it is down. */
  readonly secondsLeft?: number
  /** Until then no passed check opens it. */
  readonly heldFor?: number
}

/** What a gate emits, with its payload. */
export interface HealthEvents {
  up: []
  down: [{ readonly why: string }]
  /** A check has ended, or its timeout has: one that never returns ends once, not again at each interval. */
  checked: [HealthResult]
}

/** How one check ended, and after how many seconds. */
export interface HealthResult {
  readonly outcome: 'passed' | 'failed' | 'timeout'
  readonly seconds: number
}

/** Checks from its construction until stop(). It starts down. */
export class HealthGate extends EventEmitter<HealthEvents> implements Disposable {
  readonly #check: Check
  readonly #clock: Clock
  readonly #log: Logger | undefined
  #gate: Gate
  #stopped = false
  /** Why it is down while it is held down and checks pass. */
  #heldDown = ''
  #timer: unknown
  #running = new AbortController()

  /** @throws RangeError or TypeError naming the option, the value and what is allowed. */
  constructor(options: HealthGateOptions) {
    super()
    this.setMaxListeners(0) // as many as there are announcements
    only(options, optionNames, 'health')
    const { check, clock = realTime, log } = options
    if (typeof check !== 'function') throw new TypeError(`check: ${shown(check)} is not allowed, it must be a function`)
    checkEnvironment({ log, clock })
    this.#check = check
    this.#clock = clock
    this.#log = log && guardLog(log)
    this.#gate = newGate(settingsOf(options))
    this.#feed({ type: 'start' })
  }

  /** A check has passed often and lately enough. */
  get up(): boolean {
    return isUp(this.#gate, this.#clock.now())
  }

  /** A snapshot of now. */
  status(): HealthStatus {
    const now = this.#clock.now()
    const { streak, timers } = this.#gate
    const why = this.#whyDown(now)
    return {
      up: why === undefined,
      streak,
      ...(why === undefined ? { secondsLeft: (timers.leaseTimer! - now) / 1000 } : { why, ...this.#held() }), // runs while it is up
    }
  }

  /** No more checks. It is down from now on, so what it drives is withdrawn. Safe to call twice. */
  stop(): void {
    this.#feed({ type: 'stop' })
    this.#stopped = true
  }

  /** The same as stop(). */
  [Symbol.dispose](): void {
    this.stop()
  }

  #feed(input: Input): void {
    if (this.#stopped) return
    const [next, actions] = step(this.#gate, input, this.#clock.now())
    const { up, why } = this.#gate
    // Who has never been up says once why; after that each way down says so.
    if (!up && !next.up && why === NOT_YET && next.why !== NOT_YET && input.type !== 'stop')
      this.#log?.warn({ why: next.why }, 'health gate stays down')
    if (next.heldUntil !== this.#gate.heldUntil) this.#heldDown = heldDown(next.heldUntil - this.#clock.now())
    this.#gate = next
    this.#arm()
    for (const action of actions) if (!this.#stopped) this.#perform(action) // a listener may have stopped it
  }
  #arm(): void {
    this.#clock.clearTimeout(this.#timer)
    const deadline = nextDeadline(this.#gate)
    if (deadline === undefined) return
    const rest = Math.max(0, Math.ceil(deadline - this.#clock.now()))
    this.#timer = this.#clock.setTimeout(() => this.#feed({ type: 'tick' }), rest)
  }
  #perform(action: Action): void {
    switch (action.type) {
      case 'check':
        this.#running = new AbortController()
        void this.#run(this.#running.signal)
        break
      case 'abort':
        this.#running.abort(new Error('the check took too long'))
        // stop() aborts a check as well; then there is no result.
        if (this.#gate.check === 'overdue')
          notify(this, this.#log, 'checked', { outcome: 'timeout', seconds: this.#gate.settings.timeout / 1000 })
        break
      case 'up':
        notify(this, this.#log, 'up')
        this.#log?.info({}, 'health gate up')
        break
      case 'down':
        notify(this, this.#log, 'down', { why: action.why }) // first: it withdraws
        this.#log?.warn({ why: action.why, ...this.#held() }, 'health gate down')
        break
    }
  }
  async #run(signal: AbortSignal): Promise<void> {
    const began = this.#clock.now()
    const result = await resultOf(this.#check, signal)
    if (signal !== this.#running.signal) return // it was given up, and another runs
    const took = this.#clock.now() - began
    this.#feed(result)
    if (signal.aborted) return // told already
    const late = took >= this.#gate.settings.timeout // and nobody was awake to abort it
    notify(this, this.#log, 'checked', { outcome: late ? 'timeout' : result.type, seconds: took / 1000 })
  }
  /** Once a check has passed, the last failure is not what keeps it down: the hold-down is. */
  #whyDown(now: number): string | undefined {
    const { up, streak, heldUntil } = this.#gate
    const isHeld = !up && !this.#stopped && streak > 0 && now < heldUntil
    return isHeld ? this.#heldDown : whyDown(this.#gate, now)
  }
  #held(): { readonly heldFor?: number } {
    const left = this.#gate.heldUntil - this.#clock.now()
    return left > 0 ? { heldFor: left / 1000 } : {}
  }
}

/** By the wall clock, for a person; the machine itself counts on the monotonic one. */
function heldDown(milliseconds: number): string {
  return `held down until ${new Date(Date.now() + milliseconds).toISOString().replace(/\.\d+/, '')}`
}

async function resultOf(check: Check, signal: AbortSignal): Promise<Extract<Input, { type: 'passed' | 'failed' }>> {
  try {
    await check(signal)
    return { type: 'passed' }
  } catch (error) {
    return { type: 'failed', why: errorText(error) }
  }
}

function settingsOf(options: HealthGateOptions): GateSettings {
  const interval = setting('interval', options.interval)
  const usual = healthSettings.timeout.default
  const { timeout: given = interval > usual ? usual : interval / 2 } = options
  const timeout = setting('timeout', given)
  if (timeout >= interval)
    throw new RangeError(`timeout: ${timeout} is not allowed, it must be less than interval, ${interval}`)
  const { ttl: lease = Math.max(healthSettings.ttl.default, 2 * interval), holdDown = {} } = options
  const ttl = setting('ttl', lease)
  if (ttl < 2 * interval)
    throw new RangeError(`ttl: ${ttl} is not allowed, it must be at least two intervals, ${2 * interval}`)
  return {
    interval: interval * 1000,
    timeout: timeout * 1000,
    ttl: ttl * 1000,
    rise: whole('rise', options.rise),
    fall: whole('fall', options.fall),
    holdDown: holdDown === false ? undefined : holdDownOf(holdDown),
  }
}
function holdDownOf(given: HoldDown): GateSettings['holdDown'] {
  only(given, ['withdrawals', 'within', 'stayDown'], 'holdDown')
  return {
    withdrawals: whole('holdDown.withdrawals', given.withdrawals),
    within: setting('holdDown.within', given.within) * 1000,
    stayDown: setting('holdDown.stayDown', given.stayDown) * 1000,
  }
}
function setting(name: keyof typeof healthSettings, value: number = healthSettings[name].default): number {
  return between(value, healthSettings[name].min, healthSettings[name].max, name)
}
function whole(name: keyof typeof healthSettings, value: number = healthSettings[name].default): number {
  return wholeBetween(value, healthSettings[name].min, healthSettings[name].max, name)
}

const optionNames = ['check', 'interval', 'timeout', 'rise', 'fall', 'ttl', 'holdDown', 'log', 'clock']
