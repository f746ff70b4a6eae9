/** Bounds how often a thing happens that a peer could cause without end: so many at once, and then one each so many seconds. */
export class RateLimit {
  readonly #burst: number
  readonly #interval: number
  #left: number
  #at = 0

  /** @param interval seconds until one more is allowed. */
  constructor(burst: number, interval: number) {
    this.#burst = burst
    this.#interval = interval * 1000
    this.#left = burst
  }

  /** Whether one more is allowed at `now`, in milliseconds; if so, it counts. */
  take(now: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) / this.#interval)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
