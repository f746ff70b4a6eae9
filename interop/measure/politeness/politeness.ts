/**
 * Counts how often Softspoken and other BGP speakers dial a router that rejects them, and the packets of a session that the
 * router keeps; and measures how soon a router that has recovered has the route again. All run at once, each in a lab of its
 * own with its defaults, and are counted in a capture. `npx --yes pnpm@12 bench:politeness` takes twenty minutes: it counts for
 * `--minutes`, and each kind of outage happens `--phases` times. Writes docs/politeness.md and its plots. Needs a Docker engine.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { docker } from '../../lab/docker.ts'
import { Lab } from '../../lab/lab.ts'
import { build } from '../../lab/setup.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { type Packet, readPackets, steady } from '../capture.ts'
import { type Speaker, speakers } from '../speakers.ts'
import { count } from './dials.ts'
import { lengths, makeOutages, STABLE } from './outages.ts'
import { plot } from './plot.ts'
import { recoveries } from './recoveries.ts'
import { recoveryPlot } from './recovery-plot.ts'
import { intoPage } from './report.ts'
import { everyResponse, type RouterResponse, responses } from './responses.ts'
import { startRecoveringRouter, startRouter, startSpeaker } from './start.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, phases: { type: 'string', default: '8' } },
})
const minutes = number('minutes', 60)
const outages = makeOutages(number('phases', 20))
const seconds = minutes * 60
/** Seconds for everything from the first dial: a speaker that has not sent the route by then takes too long. */
const PATIENCE = 2 * STABLE + lengths.long.max + 600

// A signal or a failure ends all measurements, and then each lab is removed. `on`, not `once`: a terminal and tsx may both
// pass the signal on, and the second one must not interrupt the removal.
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort(new Error(`got ${signal}`)))

build('forky')
const outcomes = await Promise.allSettled(
  speakers.map(speaker =>
    measure(speaker).catch(error => {
      stop.abort(error)
      throw error
    }),
  ),
)
stop.signal.throwIfAborted()
const measured = outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? outcome.value : []))

const docs = new URL('../../../docs/', import.meta.url)
const page = new URL('politeness.md', docs)
const rows = measured.flatMap(({ rows }) => rows)
const report = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores`,
  minutes,
  versions: Object.fromEntries(measured.map(({ name, version }) => [name, version])),
  rows,
  recoveries: measured.flatMap(({ recoveries }) => recoveries),
  steady: measured.flatMap(({ name, cost }) => (cost ? { speaker: name, ...cost } : [])),
}
writeFileSync(page, intoPage(readFileSync(page, 'utf8'), report))
writeFileSync(new URL('politeness.svg', docs), plot(rows, report))
writeFileSync(new URL('recovery.svg', docs), recoveryPlot(report))

for (const { speaker, response, dials, syns, opens } of rows)
  console.log(`${speaker}, ${response}: ${dials.length} dials, ${syns} SYNs, ${opens} OPENs`)
// The budget is for any ten minutes.
const exceeded = rows.filter(
  ({ speaker, response, dials }) =>
    speaker === 'Softspoken' && dials.length > responses[response].budget * Math.max(1, Math.ceil(minutes / 10)),
)
for (const { response, dials } of exceeded)
  console.error(`The budget is exceeded, ${response}: at ${dials.map(time => time.toFixed(2)).join(', ')} s`)
process.exitCode = exceeded.length > 0 ? 1 : 0

function number(name: keyof typeof values, max: number): number {
  const value = Number(values[name])
  if (value >= 1 && value <= max) return value
  throw new RangeError(`--${name}: ${values[name]} is not allowed, it must be from 1 to ${max}`)
}

/** Runs one speaker with all responses of one router, and all outages of another one. */
async function measure(speaker: Speaker) {
  const { name, version } = speaker
  const { signal } = stop
  await using lab = await Lab.create()
  const own = lab.spare()
  const routers = Object.fromEntries(everyResponse.map(response => [response, lab.spare()])) as Record<
    RouterResponse,
    string
  >
  await startRouter(lab, { own, routers, signal })
  const recovering = await startRecoveringRouter(lab, { outages, signal })
  // A ring of 10,000 packets, so that none is lost in a burst.
  await using capture = await lab.capture('tcp port 179', '-e', '-v', '-s', '1600', '-B', '16384')
  const container = await startSpeaker(lab, speaker, { own, routers, outages })
  const packets = () => readPackets(capture.lines().join('\n'))
  const rows = (packets: readonly Packet[]) =>
    everyResponse.map(response => ({
      speaker: name,
      response,
      ...count(packets, { seconds, address: routers[response] }),
    }))
  const silent = () => {
    stop.signal.throwIfAborted()
    return rows(packets()).flatMap(({ response, dials }) => (dials.length === 0 ? response : []))
  }
  try {
    // A speaker that does not dial at all is most likely misconfigured here.
    await waitFor(silent, {
      until: responses => responses.length === 0,
      within: 120,
      what: `${name} to dial its router at each address`,
    })
    console.log(`${name} dials.`)
    const begun = performance.now()
    const passed = () => (performance.now() - begun) / 1000
    // Each row counts from its own first dial, which is in the past by now.
    await pause(seconds * 1000, undefined, { signal })
    const cost = steady(packets(), { end: Date.now() / 1000, address: routers.steady })
    while (passed() < PATIENCE && matches(await docker('logs', recovering), /^routed /gm) < outages.length)
      await pause(5_000, undefined, { signal })
    console.log(`${name} has sent all routes, or did not for ${PATIENCE} s.`)
    await pause(3_000, undefined, { signal }) // tcpdump may be behind
    const output = await docker('exec', container, ...version)
    const seen = packets()
    const log = await docker('logs', recovering)
    return {
      name,
      version: /\d+(\.\d+)+/.exec(output)?.[0] ?? output,
      rows: rows(seen),
      cost,
      recoveries: recoveries(seen, { speaker: name, outages, log }),
    }
  } catch (cause) {
    if (stop.signal.aborted) throw cause
    throw new Error(`${name} failed. Its log:\n${await docker('logs', container)}`, { cause })
  }
}

function matches(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}
