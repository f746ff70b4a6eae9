/** Limits a log line or an event that a peer can cause without end to one per minute. */
const INTERVAL = 60_000 // milliseconds

export class LogThrottle {
  #count = 0
  #lastAt = Number.NEGATIVE_INFINITY

  /** Counts one. Returns how many there were since the last that was let through, this one included; undefined if it is too soon. */
  take(now: number): number | undefined {
    this.#count++
    if (now - this.#lastAt < INTERVAL) return undefined
    const count = this.#count
    this.#count = 0
    this.#lastAt = now
    return count
  }
}
