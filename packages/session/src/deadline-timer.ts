/** The one timer of a session, of the routes of a peer, of an announcer or a health gate, for the earliest of its deadlines. */
import type { Clock } from './runtime.ts'

const NEVER = Number.POSITIVE_INFINITY

export class DeadlineTimer {
  readonly #clock: Clock
  readonly #expire: () => void
  #timer: unknown
  #deadline = NEVER

  constructor(clock: Clock, expire: () => void) {
    this.#clock = clock
    this.#expire = expire
  }

  /** Replaces the deadline, in milliseconds of the clock; undefined and Infinity stop the timer. */
  set(deadline = NEVER): void {
    if (deadline === this.#deadline) return // re-arming a due timer on each message of a flood would starve it
    this.#clock.clearTimeout(this.#timer)
    this.#deadline = deadline
    if (deadline === NEVER) return
    // Rounded up: a timer that expires early finds nothing due and has to be set again.
    const delay = Math.max(0, Math.ceil(deadline - this.#clock.now()))
    this.#timer = this.#clock.setTimeout(() => {
      this.#deadline = NEVER
      this.#expire()
    }, delay)
  }
}
