/** What a session runs on: log, clock, randomness, and the function that dials. */
import type { Duplex } from 'node:stream'
import type { SessionConfig } from './config.ts'

/** A logger whose methods take the fields first, then the text; pino and console fit. */
export interface Logger {
  /** Each step: dials, states, repeated failures. */
  debug(fields: object, text: string): void
  /** Expected changes: a session is established, a route was sent. */
  info(fields: object, text: string): void
  /** A session ended or could not be established; once per reason. */
  warn(fields: object, text: string): void
  /** A fault that remains until an operator repairs it. */
  error(fields: object, text: string): void
}

/** Time as an argument, so that tests can run in virtual time. In milliseconds. */
export interface Clock {
  /** Must never go back. */
  now(): number
  /** Calls `run` once after that many milliseconds; the return value is for clearTimeout(). */
  setTimeout(run: () => void, milliseconds: number): unknown
  /** Cancels a timer. Undefined, or a timer that has already run, is allowed. */
  clearTimeout(timer: unknown): void
}

/** What a session runs on. */
export interface SessionEnvironment {
  /** Default: no log. One line per change, not per attempt. */
  log?: Logger
  /** Default: the monotonic clock and the timers of the system. */
  clock?: Clock
  /** Returns a number from 0 to 1, for jitter. Default: Math.random. */
  random?: () => number
  /** Makes the connection that the SessionConfig describes; it must emit 'connect'. Default: TCP. */
  dial?: (config: SessionConfig) => Duplex
}

/** The system's monotonic clock and timers. */
export const realTime: Clock = {
  now: () => performance.now(),
  setTimeout: (run, milliseconds) => setTimeout(run, milliseconds),
  clearTimeout: timer => clearTimeout(timer as NodeJS.Timeout),
}

/** Resolves when `done` does, and at the latest after that many milliseconds. */
export function waitAtMost(clock: Clock, milliseconds: number, done: Promise<void>): Promise<void> {
  return new Promise(resolve => {
    const timer = clock.setTimeout(resolve, milliseconds)
    done.then(() => {
      clock.clearTimeout(timer)
      resolve()
    })
  })
}

/** A number from 0 to 1, whatever `random` returns or throws: back-off and keepalives depend on it. */
export function fraction(random: () => number): number {
  try {
    const drawn = random()
    return drawn >= 0 && drawn <= 1 ? drawn : Math.random()
  } catch {
    return Math.random()
  }
}
