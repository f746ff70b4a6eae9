/** A token bucket: limits what a peer can cause without end to a burst, and then to one per interval. */
export class RateLimit {
  readonly #burst: number
  readonly #interval: number
  #tokens: number
  #lastAt = 0

  /** @param interval seconds until one more is allowed. */
  constructor(burst: number, interval: number) {
    this.#burst = burst
    this.#interval = interval * 1000
    this.#tokens = burst
  }

  /** Whether one more is allowed at `now`, in milliseconds; if so, it counts. */
  take(now: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#lastAt) / this.#interval)
    this.#lastAt = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
