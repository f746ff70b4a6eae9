/** Reads the output of `ip -ts monitor route` in a router: the times at which routes appear in its kernel table and disappear. */

export interface RouteEvent {
  /** Milliseconds since 1970, with microseconds as the fraction. A container has the clock of its host. */
  at: number
  address: string
  nextHop: string
  gone: boolean
}

/** `[2026-11-21T15:30:00.123456] Deleted 198.51.100.10 via 203.0.113.2 dev eth0 proto bird metric 32` */
export function routeEvents(lines: readonly string[]): RouteEvent[] {
  return lines.flatMap(line => {
    const match = /^\[(\S+)\] (Deleted )?(\d[\d.]*) via (\S+) /.exec(line)
    if (match === null) return []
    const [, stamp = '', deleted, address = '', nextHop = ''] = match
    return { at: milliseconds(stamp), address, nextHop, gone: deleted !== undefined }
  })
}

/** Milliseconds since 1970 of a time in UTC such as 2026-11-21T15:30:00.123456. */
export function milliseconds(stamp: string): number {
  const [seconds = '', micros = ''] = stamp.split('.')
  return Date.parse(`${seconds}Z`) + Number(micros) / 1000
}

/** The clock of Date.now(), with more digits. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now()
}
