/**
 * A lease: how long a route may be announced unless the caller renews it. Times are milliseconds on the monotonic clock,
 * which runs while the process is stopped and cannot be set.
 */
import type { Clock } from '@softspoken/session'

/**
 * A clock whose timers check the leases before they run. When a stopped process continues, all timers are due at once, and a
 * session's KEEPALIVE may be the earliest: it would keep a route whose lease has run out.
 */
export function leasesFirst(clock: Clock, expireLeases: () => void): Clock {
  return {
    now: () => clock.now(),
    setTimeout(run, milliseconds) {
      return clock.setTimeout(() => {
        try {
          expireLeases()
        } finally {
          run()
        }
      }, milliseconds)
    },
    clearTimeout: timer => clock.clearTimeout(timer),
  }
}
