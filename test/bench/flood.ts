/**
 * A router that floods us: `npx --yes pnpm@12 bench:flood`. Two processes over loopback. The router sends a table of a
 * million routes and then the same table again and again, as fast as the socket takes it, for a minute; the announcer
 * has routes of its own and withdraws them meanwhile. Writes its part of docs/scale.md; exits with 1 if a goal is
 * missed.
 */
import { once } from 'node:events'
import { measuredBy } from '@softspoken/test-support/page-markers'
import { median, start, write } from './children.ts'
import type { RouterReport } from './flood-router.ts'
import type { SpeakerReport } from './flood-speaker.ts'

const GOALS = { rssGrowth: 16, delay: 50, keepalives: 16 } // MiB, milliseconds, and one for each interval in which we send nothing else

const router = start('flood-router.ts')
const [{ port }] = (await once(router, 'message')) as [{ port: number }]
const speaker = start('flood-speaker.ts', String(port))
const routerReport = once(router, 'message') as Promise<[RouterReport]>
const [seen] = (await once(speaker, 'message')) as [SpeakerReport]
const [received] = await routerReport

const trips = Object.entries(seen.withdrawn).map(([prefix, { due, called }]) => {
  const at = received.withdrawn[prefix]
  if (at === undefined) throw new Error(`the router received no withdrawal of ${prefix}`)
  return { call: at - called, due: at - due }
})
const call = trips.map(trip => trip.call)
const due = trips.map(trip => trip.due)
const ms = (value: number): string => `${value.toFixed(1)} ms`
const established = seen.state === 'Established' && seen.downs === 0
const rows = [
  [
    'sent by the router',
    `${received.messages} UPDATEs, ${(received.octets / 2 ** 20).toFixed(0)} MiB, in ${received.seconds.toFixed(0)} s`,
    '',
  ],
  ['taken by us', `${seen.updates} UPDATEs, ${Math.round(seen.updates / received.seconds)} a second`, ''],
  ['a million routes, from the first octet to the last message read', `${seen.tableSeconds.toFixed(1)} s`, ''],
  ['session', `${seen.state}, ${seen.downs} times down`, 'Established, never down'],
  ['keepalives that the router received', String(received.keepalives), `at least ${GOALS.keepalives}`],
  ['the latest keepalive, behind its due time', ms(received.latest), `within the hold time, ${received.holdTime} s`],
  [
    'event loop held, p50, p99, longest',
    [seen.delay.p50, seen.delay.p99, seen.delay.max].map(ms).join(', '),
    `p99 ${GOALS.delay} ms`,
  ],
  [
    'RSS after warm-up, growth from there',
    `${seen.rss.toFixed(0)} MiB, ${seen.rssGrowth.toFixed(1)} MiB`,
    `growth ${GOALS.rssGrowth} MiB`,
  ],
  [
    `withdraw() until the router has it, median and longest of ${call.length}`,
    `${ms(median(call))}, ${ms(Math.max(...call))}`,
    '',
  ],
  ['the same from when a timer was to call it', `${ms(median(due))}, ${ms(Math.max(...due))}`, ''],
]
write(
  'flood',
  `${measuredBy('bench:flood')}\n\n| a router that floods us | measured, one run | goal |\n|---|---|---|\n${rows.map(row => `| ${row.join(' | ')} |`).join('\n')}`,
)
if (
  !established ||
  received.keepalives < GOALS.keepalives ||
  seen.delay.p99 > GOALS.delay ||
  seen.rssGrowth > GOALS.rssGrowth
)
  process.exitCode = 1
