/**
 * How long a route may go on being announced unless somebody renews it. Times are milliseconds on the monotonic clock:
 * it runs on while the process is stopped, and nobody sets it.
 */
import type { Clock } from '@softspoken/session'

/** Seconds. Twice the shortest interval of a health check, and an hour. */
export const ttlBounds = { min: 2, max: 3600 } as const

export interface Lease {
  readonly ttl: number
  readonly until: number
}

export function leaseFrom(now: number, ttl: number): Lease {
  return { ttl, until: now + ttl }
}

export function hasRunOut({ until }: Lease, now: number): boolean {
  return now >= until
}

/**
 * A clock whose every alarm looks at the leases first. A process that was stopped goes on with all timers due at once,
 * and a session's KEEPALIVE may be the earliest of them: it would vouch for a route that nobody vouches for any more.
 */
export function leasesFirst(clock: Clock, look: () => void): Clock {
  return {
    now: () => clock.now(),
    setTimeout(run, milliseconds) {
      return clock.setTimeout(() => {
        try {
          look()
        } finally {
          run()
        }
      }, milliseconds)
    },
    clearTimeout: timer => clock.clearTimeout(timer),
  }
}
