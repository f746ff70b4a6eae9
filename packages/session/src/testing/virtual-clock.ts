/** Time that passes only when a test lets it pass. */
import { assertRange } from '../checks.ts'
import type { Clock } from '../runtime.ts'

const MAX_SECONDS = 1e9 // 31 years
/** Far more than a program has timers; a timer that sets itself again without a delay would go on for ever. */
const MAX_TIMERS_AT_ONCE = 10_000

interface Timer {
  readonly at: number
  readonly run: () => void
}

/**
 * A clock for tests: the option `clock` of a Session, a Listener, an Announcer and a HealthGate. It starts at 0 and moves
 * only in `advance()`. As every `Clock` does, it counts in milliseconds; the methods that only this class has take seconds,
 * as all options do.
 */
export class VirtualClock implements Clock {
  #now = 0
  readonly #timers = new Set<Timer>()

  /** Milliseconds since the clock was made. */
  now(): number {
    return this.#now
  }
  /** Runs a function once, after this many milliseconds of virtual time. */
  setTimeout(run: () => void, milliseconds: number): unknown {
    const timer: Timer = { at: this.#now + milliseconds, run }
    this.#timers.add(timer)
    return timer
  }
  /** Cancels a timer that `setTimeout()` returned. */
  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as Timer) // setTimeout() made it, or it is undefined and not in the set
  }
  /** The number of timers that are set. 0 after everything has been stopped, or something leaks. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /**
   * Lets this many seconds pass. Each timer runs at its time, and its consequences happen before the next timer runs.
   * `advance(0)` only lets happen what needs no time, for example the exchange of messages on a connection.
   * @throws Error (the promise rejects with it) if 10 000 timers run and no time passes.
   * @throws OptionError (the promise rejects with it) unless it is a number from 0 to a thousand million.
   */
  async advance(seconds: number): Promise<void> {
    assertRange(seconds, 0, MAX_SECONDS, 'seconds')
    const until = this.#now + seconds * 1000
    await eventLoopTurn()
    let atOnce = 0
    for (let timer = this.#next(until); timer !== undefined; timer = this.#next(until)) {
      this.#timers.delete(timer)
      atOnce = timer.at > this.#now ? 1 : atOnce + 1
      if (atOnce > MAX_TIMERS_AT_ONCE) throw new Error(`timers run without end at ${this.#now / 1000} s`)
      this.#now = Math.max(this.#now, timer.at)
      timer.run()
      await eventLoopTurn()
    }
    this.#now = until
  }

  /**
   * Lets this many seconds pass without running a timer, as if the process was stopped. Timers that are overdue then run
   * late, in the next `advance()`.
   * @throws OptionError as `advance()` does
   */
  suspend(seconds: number): void {
    assertRange(seconds, 0, MAX_SECONDS, 'seconds')
    this.#now += seconds * 1000
  }

  /** The earliest timer that is due by then; of two with the same time, the one that was set first. */
  #next(until: number): Timer | undefined {
    let earliest: Timer | undefined
    for (const timer of this.#timers)
      if (timer.at <= until && (earliest === undefined || timer.at < earliest.at)) earliest = timer
    return earliest
  }
}

/** Streams use queues that are empty before the event loop comes round, so messages that were sent have arrived then. */
function eventLoopTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
