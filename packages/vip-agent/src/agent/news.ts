/** Keeps a log short if the words of a failure have a number in them that is another one each time, such as a port. */
import type { Explanation } from '@softspoken/announcer'
import type { Clock } from '@softspoken/session'

const MINUTE = 60_000 // milliseconds
/** Of one reason, within a minute: the first one, and one that says more. */
const TIMES = 2

export class News {
  readonly #clock: Clock
  #last: Explanation<string> | undefined
  /** When something was said of each reason. */
  readonly #said = new Map<string, readonly number[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether to say it: it differs from what was said last, and its reason was not said too often. */
  isNew({ reason, detail }: Explanation<string>): boolean {
    if (this.#last?.reason === reason && this.#last.detail === detail) return false
    const now = this.#clock.now()
    const said = (this.#said.get(reason) ?? []).filter(at => now - at < MINUTE)
    if (said.length >= TIMES) return false
    this.#said.set(reason, [...said, now])
    this.#last = { reason, detail }
    return true
  }
  /** The failure is over, and the next one is news. */
  over(): void {
    this.paused()
    this.#said.clear()
  }
  /** It may come and go: the same one is news again, as often as others. */
  paused(): void {
    this.#last = undefined
  }
}
