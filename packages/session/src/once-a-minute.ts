/** Lets one thing of many through, once a minute at most: a log line or an event that a peer could cause without end. */
const QUIET = 60_000 // milliseconds

export class OnceAMinute {
  #waiting = 0
  #at = Number.NEGATIVE_INFINITY

  /** How many there were since the last that was let through, this one included; undefined where it is too soon. */
  pass(now: number): number | undefined {
    this.#waiting++
    if (now - this.#at < QUIET) return undefined
    const count = this.#waiting
    this.#waiting = 0
    this.#at = now
    return count
  }
}
