/** Keeps a deadline of the kernel at the end of the earliest lease, so that a process that hangs is ended with its routes. */
import type { Clock, Logger } from '@softspoken/session'
import { errorText } from '@softspoken/session/internal'

/** A `KernelDeadline` of `@softspoken/linux` is one. */
export interface ProcessDeadline {
  /** The process ends after so many seconds, unless one of the two is called before. */
  arm(seconds: number): void
  /** The process goes on without a deadline. */
  disarm(): void
}

const SHORTEST = 5 // seconds, because a busy event loop is sometimes late
const INTERVAL = 1000 // milliseconds between two looks, because most renewals of a lease emit no event

/**
 * Looks at once and then each second. `secondsLeft` is until the earliest lease of a route that is announced ends; Infinity if
 * there is none. Returns the function that ends it.
 */
export function keepDeadline(
  deadline: ProcessDeadline,
  clock: Clock,
  log: Logger | undefined,
  secondsLeft: () => number,
): () => void {
  let timer: unknown
  let isBroken = false
  const attempt = (seconds: number): void => {
    try {
      if (seconds < Number.POSITIVE_INFINITY) deadline.arm(Math.max(SHORTEST, seconds))
      else deadline.disarm()
      isBroken = false
    } catch (error) {
      if (!isBroken) log?.error({ error: errorText(error) }, 'kernel deadline failed')
      isBroken = true
    }
  }
  const look = (): void => {
    attempt(secondsLeft())
    timer = clock.setTimeout(look, INTERVAL)
  }
  look()
  return () => {
    clock.clearTimeout(timer)
    attempt(Number.POSITIVE_INFINITY)
  }
}
