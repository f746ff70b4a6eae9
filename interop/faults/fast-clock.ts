import { type Clock, realTime } from '@softspoken/session'

/** Time that passes so many times as fast, with sockets that do not: ten minutes of default timers in half a minute. */
export function fastClock(times: number): Clock {
  const began = realTime.now()
  return {
    now: () => (realTime.now() - began) * times,
    setTimeout: (run, milliseconds) => realTime.setTimeout(run, milliseconds / times),
    clearTimeout: realTime.clearTimeout,
  }
}
