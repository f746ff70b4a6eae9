/** The announcer of flood.ts: routes of its own, withdrawn one after the other while the flood comes in. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Announcer } from '@softspoken/announcer'
import { monotonic, sendToParent } from './children.ts'
import { GROUP, HOLD_TIME, ROUTES, SECONDS } from './flood-plan.ts'

export interface SpeakerReport {
  readonly state: string
  readonly downs: number
  readonly updates: number
  readonly tableSeconds: number
  /** Milliseconds that the event loop was held. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number }
  /** MiB: the most of the warm-up, and how much more there was later. */
  readonly rss: number
  readonly rssGrowth: number
  readonly withdrawn: Readonly<Record<string, { readonly due: number; readonly called: number }>>
}

const WITHDRAWALS = 30
const WARM_UP = 20 // seconds; V8's young generation reaches its full size within ten
const RESOLUTION = 1 // milliseconds; perf_hooks counts the interval itself, so it is taken off

const announcer = new Announcer({
  local: { as: 64515, id: '10.0.5.11' },
  peers: [{ as: 65000, address: '127.0.0.1', port: Number(process.argv[2]) }],
  nextHop: '203.0.113.11',
  holdTime: HOLD_TIME,
  maxPrefixes: WITHDRAWALS + 1,
  drainTime: 0,
  random: () => 1, // without jitter a keepalive has one due time
})
const session = announcer.sessions[0]! // there is one peer
let downs = 0
session.on('down', () => downs++)
announcer.announce('198.51.100.200/32')
const announcements = Array.from({ length: WITHDRAWALS }, (_, i) => announcer.announce(`198.51.100.${i}/32`))
await new Promise(done => session.once('established', done))
const began = monotonic()

let tableSeconds = 0
let warm = 0
let most = 0
const watch = setInterval(() => {
  const rss = process.memoryUsage.rss() / 2 ** 20
  if (monotonic() - began < WARM_UP * 1000) warm = Math.max(warm, rss)
  else most = Math.max(most, rss)
  if (tableSeconds === 0 && updates() >= ROUTES / GROUP) tableSeconds = (monotonic() - began) / 1000
}, 100)
const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
delay.enable()

// Two, and then time for a keepalive: an UPDATE counts as one, so with more of them there would be none to be late.
const withdrawn: Record<string, { due: number; called: number }> = {}
for (const [i, announcement] of announcements.entries()) {
  const wait = i % 2 === 0 ? HOLD_TIME / 3 + 0.5 : 0.2
  const due = monotonic() + wait * 1000
  await sleep(wait * 1000)
  withdrawn[announcement.prefix] = { due, called: monotonic() }
  announcement.withdraw()
}
await sleep(Math.max(0, SECONDS * 1000 - (monotonic() - began)))
delay.disable()
clearInterval(watch)
const ms = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION)
const report: SpeakerReport = {
  state: session.state,
  downs,
  updates: updates(),
  tableSeconds,
  delay: { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) },
  rss: warm,
  rssGrowth: Math.max(0, most - warm),
  withdrawn,
}
await announcer.stop()
sendToParent(report)
process.disconnect()

function updates(): number {
  return session.status().counters.inUpdates
}
