/** How long a stop may take. */
import { electionOf } from './election-options.ts'
import type { ProgramOptions } from './options.ts'

const MARGIN = 7 // seconds beyond the drain: for the Cease, the page, and a log that is slow
const HAND_OVER = 4 // seconds at most until another node leads

/** In seconds, after which the program exits whatever is left to do. */
export function stopTimeLimit(options: ProgramOptions): number {
  const { drainTime = 3, gracefulShutdownTime = 0 } = options // the library's defaults
  return MARGIN + drainTime + gracefulShutdownTime + (electionOf(options) === undefined ? 0 : HAND_OVER)
}
