/** The clocks of this machine. If they disagree, it was asleep, or a person or a program set the wall clock. */
import { uptime } from 'node:os'

/** Milliseconds. */
export interface Clocks {
  /** The monotonic clock, which no one sets, and which may stand still while the machine sleeps. */
  readonly now: number
  /** The wall clock. */
  readonly wall: number
  /** Since the machine was started, sleep included (CLOCK_BOOTTIME). */
  readonly boot: number
}

export function readClocks(now: number): Clocks {
  return { now, wall: Date.now(), boot: bootTime(now) }
}
/** How much further the other clocks went than the monotonic one. */
export function jumpBetween(before: Clocks, after: Clocks): number {
  return Math.max(after.wall - before.wall, after.boot - before.boot) - (after.now - before.now)
}

/** If the system has no such clock, the monotonic one. */
function bootTime(now: number): number {
  try {
    return uptime() * 1000
  } catch {
    return now
  }
}

/** Milliseconds. A wall clock that is corrected steps by less, and the time since the start may have whole seconds only. */
export const JUMP = 2000

/** Looks again and again whether a clock jumped. */
export class JumpWatch {
  readonly #jumped: () => void
  #last: Clocks | undefined

  constructor(jumped: () => void) {
    this.#jumped = jumped
  }

  /** The next look is the first one. */
  restart(): void {
    this.#last = undefined
  }
  look(now: number): void {
    const before = this.#last
    this.#last = readClocks(now)
    if (before && jumpBetween(before, this.#last) > JUMP) this.#jumped()
  }
}
