/** A health gate: runs checks and emits up and down. The shell of machine.ts. */
import { EventEmitter } from 'node:events'
import { type Clock, type Logger, realTime } from '@softspoken/session'
import { DeadlineTimer, errorText, guardLog, notify } from '@softspoken/session/internal'
import { type Explanation, type HealthDownReason, healthDownReason } from '../reasons.ts'
import {
  type Action,
  type Gate,
  type HealthDown,
  type Input,
  isUp,
  newGate,
  nextDeadline,
  step,
  whyDown,
} from './machine.ts'
import { type Check, gateConfig, type HealthGateOptions } from './options.ts'

/** A snapshot. Times are in seconds. */
export interface HealthStatus {
  readonly up: boolean
  /** Results in a row against the present position; `rise` or `fall` of them change it. */
  readonly streak: number
  /** Why it is down; absent while it is up. */
  readonly reason?: HealthDownReason
  /** The same in a sentence: the last failure, or until when it is held down if checks pass again. */
  readonly detail?: string
  /** Seconds for which the last result still counts; absent while it is down. */
  readonly secondsLeft?: number
  /** Seconds for which passed checks do not change it, because it is held down. */
  readonly heldFor?: number
}

/** The events of a gate, and what each listener receives. */
export interface HealthEvents {
  /** Checks have passed `rise` times in a row. */
  up: []
  /** Checks have failed `fall` times in a row, or the last result is too old, or the gate was stopped. */
  down: [Explanation<HealthDownReason>]
  /** A check has ended or timed out. One that never returns is emitted once, not again at each interval. */
  checked: [HealthResult]
}

/** How one check ended, and after how many seconds. */
export interface HealthResult {
  readonly outcome: 'passed' | 'failed' | 'misconfigured' | 'timeout'
  readonly seconds: number
}

/** Checks a service from its construction until stop(), and is up while the service is healthy. It starts down. Events: {@link HealthEvents}. */
export class HealthGate extends EventEmitter<HealthEvents> implements Disposable {
  readonly #check: Check
  readonly #clock: Clock
  readonly #log: Logger | undefined
  #gate: Gate
  #stopped = false
  /** Why it is down while checks pass and the hold-down lasts. */
  #heldDown: HealthDown | undefined
  readonly #timer: DeadlineTimer
  #running = new AbortController()

  /** @throws OptionError */
  constructor(options: HealthGateOptions) {
    super()
    this.setMaxListeners(0) // as many as there are announcements
    const config = gateConfig(options)
    const { check, clock = realTime, log } = options
    this.#check = check
    this.#clock = clock
    this.#timer = new DeadlineTimer(clock, () => this.#feed({ type: 'tick' }))
    this.#log = log && guardLog(log)
    this.#gate = newGate(config)
    this.#feed({ type: 'start' })
  }

  /** Enough checks have passed, and the last result is recent enough. */
  get up(): boolean {
    return isUp(this.#gate, this.#clock.now())
  }

  /** A snapshot of now. */
  status(): HealthStatus {
    const now = this.#clock.now()
    const { streak, timers } = this.#gate
    const cause = this.#whyDown(now)
    return {
      up: cause === undefined,
      streak,
      ...(cause === undefined ? { secondsLeft: (timers.leaseTimer! - now) / 1000 } : { ...cause, ...this.#held() }), // runs while it is up
    }
  }

  /** Ends the checks. The gate is down from now on, so its routes are withdrawn. Safe to call twice. */
  stop(): void {
    this.#feed({ type: 'stop' })
    this.#stopped = true
  }

  /** The same as stop(). */
  [Symbol.dispose](): void {
    this.stop()
  }

  #feed(input: Input): void {
    const [next, actions] = step(this.#gate, input, this.#clock.now())
    const { up, cause } = this.#gate
    // A gate that has never been up logs its first failure; later, each way down is logged.
    const isFirst = cause.reason === 'not-checked' && next.cause.reason !== 'not-checked'
    const isNews = isFirst || (isMisconfigured(next.cause) && !isMisconfigured(cause)) // a person must act
    if (!up && !next.up && isNews && input.type !== 'stop')
      this.#log?.[isMisconfigured(next.cause) ? 'error' : 'warn'](next.cause, 'health gate stays down')
    if (next.heldUntil !== this.#gate.heldUntil) this.#heldDown = heldDown(next.heldUntil - this.#clock.now())
    this.#gate = next
    this.#timer.set(nextDeadline(this.#gate))
    for (const action of actions) if (!this.#stopped) this.#perform(action) // a listener may have stopped it
  }
  #perform(action: Action): void {
    switch (action.type) {
      case 'check':
        this.#running = new AbortController()
        void this.#run(this.#running.signal)
        break
      case 'abort':
        this.#running.abort(new Error('the check took too long'))
        // stop() aborts a check too, and then there is no result.
        if (this.#gate.check === 'overdue')
          notify(this, this.#log, 'checked', { outcome: 'timeout', seconds: this.#gate.config.timeout / 1000 })
        break
      case 'up':
        notify(this, this.#log, 'up')
        this.#log?.info({}, 'health gate up')
        break
      case 'down': {
        const isStop = action.cause.reason === 'stopped' // the caller's own doing is nothing to warn of
        notify(this, this.#log, 'down', action.cause) // first: it withdraws
        this.#log?.[isStop ? 'info' : isMisconfigured(action.cause) ? 'error' : 'warn'](
          { ...action.cause, ...this.#held() },
          'health gate down',
        )
        break
      }
    }
  }
  async #run(signal: AbortSignal): Promise<void> {
    const began = this.#clock.now()
    const result = await resultOf(this.#check, signal)
    if (signal !== this.#running.signal) return // it was abandoned, and another runs
    const took = this.#clock.now() - began
    this.#feed(result)
    if (signal.aborted) return // emitted already
    const late = took >= this.#gate.config.timeout // and the process was not running to abort it
    notify(this, this.#log, 'checked', {
      outcome: late ? 'timeout' : isMisconfigured(result) ? 'misconfigured' : result.type,
      seconds: took / 1000,
    })
  }
  /** Once a check has passed, the hold-down is the cause, and no longer the last failure. */
  #whyDown(now: number): HealthDown | undefined {
    const { streak, heldUntil } = this.#gate
    const isHeld = streak > 0 && now < heldUntil
    return isHeld ? this.#heldDown : whyDown(this.#gate, now)
  }
  #held(): { readonly heldFor?: number } {
    const left = this.#gate.heldUntil - this.#clock.now()
    return left > 0 ? { heldFor: left / 1000 } : {}
  }
}

/** By the wall clock, for people; the machine uses the monotonic clock. */
function heldDown(milliseconds: number): HealthDown {
  return healthDownReason('held-down', new Date(Date.now() + milliseconds).toISOString().replace(/\.\d+/, ''))
}

async function resultOf(check: Check, signal: AbortSignal): Promise<Extract<Input, { type: 'passed' | 'failed' }>> {
  try {
    await check(signal)
    return { type: 'passed' }
  } catch (error) {
    return {
      type: 'failed',
      error: errorText(error),
      reason: isMisconfigured(error) ? 'misconfigured' : 'check-failed',
    }
  }
}

/** Of a cause, a result, or a check's error, which may be undefined, or throw. */
function isMisconfigured(value: unknown): boolean {
  try {
    return (value as HealthDown).reason === 'misconfigured'
  } catch {
    return false
  }
}
