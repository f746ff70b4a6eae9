/**
 * Counts how often Softspoken and other BGP speakers dial a router that rejects them, and the packets of a session that the
 * router keeps. All run at once, each in a lab of its own with its defaults, and are counted in a capture.
 * `npx --yes pnpm@12 bench:politeness` takes ten minutes (`--minutes`). Writes docs/politeness.md and docs/politeness.svg. Needs a
 * Docker engine.
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
import { CHECKOUT, type Speaker, speakers } from '../speakers.ts'
import { count } from './dials.ts'
import { plot } from './plot.ts'
import { intoPage } from './report.ts'
import { type Addresses, everyResponse, type RouterResponse, responses } from './responses.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } })
const minutes = Number(values.minutes)
if (!(minutes >= 1 && minutes <= 60))
  throw new RangeError(`--minutes: ${values.minutes} is not allowed, it must be from 1 to 60`)
const seconds = minutes * 60

// A signal or a failure ends all measurements, and then each lab is removed. `on`, not `once`: a terminal and tsx may both
// pass the signal on, and the second one must not interrupt the removal.
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort(new Error(`got ${signal}`)))

build()
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
  steady: measured.flatMap(({ name, cost }) => (cost ? { speaker: name, ...cost } : [])),
}
writeFileSync(page, intoPage(readFileSync(page, 'utf8'), report))
writeFileSync(new URL('politeness.svg', docs), plot(rows, report))

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

/** Runs one speaker with all responses of its router. */
async function measure({ name, image, config, version, options = [] }: Speaker) {
  await using lab = await Lab.create()
  const own = lab.spare()
  const routers = Object.fromEntries(everyResponse.map(response => [response, lab.spare()])) as Record<
    RouterResponse,
    string
  >
  await startRouter(lab, own, routers)
  await using capture = await lab.capture('tcp port 179', '-e', '-v')

  const capabilities = ['--cap-add', 'NET_ADMIN', '--cap-add', 'NET_RAW']
  const environment = ['--env', `CONFIG=${config(own, Object.values(routers))}`]
  const container = await lab.container(`softspoken-interop/${image}`, own, ...capabilities, ...environment, ...options)
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
      within: 60,
      what: `${name} to dial its router at each address`,
    })
    console.log(`${name} dials.`)
    // Each row counts from its own first dial, which is in the past by now.
    await pause(seconds * 1000, undefined, { signal: stop.signal })
    const output = await docker('exec', container, ...version)
    const seen = packets()
    return {
      name,
      version: /\d+(\.\d+)+/.exec(output)?.[0] ?? output,
      rows: rows(seen),
      cost: steady(seen, { end: Date.now() / 1000, address: routers.steady }),
    }
  } catch (cause) {
    if (stop.signal.aborted) throw cause
    throw new Error(`${name} failed. Its log:\n${await docker('logs', container)}`, { cause })
  }
}

async function startRouter(lab: Lab, speaker: string, { ...at }: Addresses): Promise<void> {
  const [first, ...others] = everyResponse.map(response => at[response])
  const script = [
    ...others.map(address => `ip address add ${address}/28 dev eth0`),
    'nft add table ip router',
    'nft add chain ip router input "{ type filter hook input priority 0 ; }"',
    `nft add rule ip router input ip daddr ${at.dropped} drop`,
    'exec node --import tsx interop/measure/politeness/router.ts',
  ].join(' && ')
  const environment = { CONFIG: script, SPEAKER: speaker, ADDRESSES: JSON.stringify(at) }
  const name = await lab.container(
    'softspoken-interop/node',
    first!, // there is at least one response
    ...['--cap-add', 'NET_ADMIN', ...CHECKOUT],
    ...Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
  )
  const log = () => {
    stop.signal.throwIfAborted()
    return docker('logs', name)
  }
  await waitFor(log, { until: log => log.includes('ready'), within: 60, what: 'the router to be ready' })
}
