import { type Clock, realTime } from '@softspoken/session'

/** A clock that is faster than real time by this factor. Sockets keep real time. */
export function fastClock(times: number): Clock {
  const began = realTime.now()
  return {
    now: () => (realTime.now() - began) * times,
    setTimeout: (run, milliseconds) => realTime.setTimeout(run, milliseconds / times),
    clearTimeout: realTime.clearTimeout,
  }
}
