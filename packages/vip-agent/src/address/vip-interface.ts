/** The VIPs on an interface of this node: what the agent needs, and its steps one after the other, each with a time limit. */
import type { Clock } from '@softspoken/session'

/** How the VIPs are added to an interface of this node, and removed from it. */
export interface VipInterface {
  /**
   * Adds the VIPs, or renews them, for example with `ip address replace 198.51.100.10/32 dev lo valid_lft 14 preferred_lft 0`.
   * The agent advertises nothing until the promise resolves; 5 s later it has failed.
   * @param validLifetime Whole seconds, at least 1, after which the VIPs have to be gone by themselves.
   */
  set(validLifetime: number): Promise<void>
  /** Removes the VIPs. It is also called once at the start, because an earlier process may have left them. */
  remove(): Promise<void>
}

/** Seconds that `set()` and `remove()` may take. */
const TIMEOUT = 5

/** Steps run in the order of the calls. */
export class VipSteps {
  readonly #interface: VipInterface
  readonly #clock: Clock
  #lastStep: Promise<unknown> = Promise.resolve()

  constructor(vipInterface: VipInterface, clock: Clock) {
    this.#interface = vipInterface
    this.#clock = clock
  }

  /**
   * Adds or renews the VIPs until a time of the clock.
   * @returns until when they are on the interface for certain: a lifetime has whole seconds, and is rounded down.
   */
  set(until: number): Promise<number> {
    return this.#next(async () => {
      const now = this.#clock.now()
      const seconds = Math.min(Math.floor((until - now) / 1000), LONGEST)
      if (seconds < 1) throw new Error('the lease of the VIP ends in less than a second')
      await this.#withTimeout('set', this.#interface.set(seconds))
      return now + seconds * 1000
    })
  }
  remove(): Promise<void> {
    return this.#next(() => this.#withTimeout('remove', this.#interface.remove()))
  }

  #next<T>(step: () => Promise<T>): Promise<T> {
    const next = this.#lastStep.then(step, step)
    this.#lastStep = next
    return next
  }
  #withTimeout(name: string, step: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.setTimeout(
        () => reject(new Error(`${name}() did not end within ${TIMEOUT} s`)),
        TIMEOUT * 1000,
      )
      Promise.resolve(step)
        .then(() => resolve(), reject)
        .finally(() => this.#clock.clearTimeout(timer))
    })
  }
}
const LONGEST = 1e9 // seconds, if a caller's own election yields a leadership without an end
