/** The one timer of a session, an announcer or a health gate, for the earliest of its deadlines. */
import type { Clock } from './runtime.ts'

export class DeadlineTimer {
  readonly #clock: Clock
  readonly #expire: () => void
  #timer: unknown
  #deadline: number | undefined

  constructor(clock: Clock, expire: () => void) {
    this.#clock = clock
    this.#expire = expire
  }

  /** Replaces the deadline, in milliseconds of the clock; undefined stops the timer. */
  set(deadline: number | undefined): void {
    if (deadline === this.#deadline) return // re-arming a due timer on each message of a flood would starve it
    this.#clock.clearTimeout(this.#timer)
    this.#deadline = deadline
    if (deadline === undefined) return
    // Rounded up: a timer that expires early finds nothing due and has to be set again.
    const delay = Math.max(0, Math.ceil(deadline - this.#clock.now()))
    this.#timer = this.#clock.setTimeout(() => {
      this.#deadline = undefined
      this.#expire()
    }, delay)
  }
}
