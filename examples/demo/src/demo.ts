/** BGP on one machine, without root and without a router. Exits with 0 only if every step happened. */
import { announce } from './announce.ts'
import { handOver } from './hand-over.ts'
import { Timeline } from './timeline.ts'

process.once('SIGINT', () => process.exit(130)) // with the handlers of `exit`

const timeline = new Timeline()
try {
  await announce(timeline)
  await handOver(timeline)
  timeline.end()
} catch (error) {
  timeline.fail(error instanceof Error ? error.message : String(error))
}
process.exit(timeline.failed ? 1 : 0)
