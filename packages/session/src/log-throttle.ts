/** Limits a log line or an event that a peer can cause without end to one per minute. */
const INTERVAL = 60_000 // milliseconds

export class LogThrottle {
  #count = 0
  #lastAt = Number.NEGATIVE_INFINITY

  /** Counts one. Returns undefined within the interval; otherwise the number since the last return, this one included. */
  take(now: number): number | undefined {
    this.#count++
    if (now - this.#lastAt < INTERVAL) return undefined
    const count = this.#count
    this.#count = 0
    this.#lastAt = now
    return count
  }
}
