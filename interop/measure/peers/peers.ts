/**
 * Compares Softspoken's program with five daemons that announce a route, one after the other with the same router: how soon
 * the route appears and disappears, and the cost of an idle session. `npx --yes pnpm@12 bench:peers` takes a quarter of an
 * hour, and writes docs/peers.md and docs/peers.svg. Needs a Docker engine.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { buildAnnouncerImage, WITH_SHELL } from '../../lab/announcer-image.ts'
import { docker } from '../../lab/docker.ts'
import { build } from '../../lab/setup.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { readPackets, steady } from '../capture.ts'
import { ROUTE } from '../speakers.ts'
import { type Announcer, announcers } from './announcers.ts'
import { callsScript, durations, latencies, readCalls, repeatScript } from './calls.ts'
import { plot } from './plot.ts'
import { processes, total } from './processes.ts'
import { type Idle, intoPage, type Measured, type Report } from './report.ts'
import { type Signal, Testbed } from './testbed.ts'

/** How often each is started: `min` times at least, then until `seconds` have passed or `max` is reached. */
const STARTS = { max: 20, min: 6, seconds: 30 }
const ROUTES = Array.from({ length: 30 }, (_, n) => ({ i: 101 + n, route: `198.51.100.${101 + n}/32` }))
/** Seconds to wait for a route to disappear. A longer time is measured once, later. */
const TIMEOUT = 3
/** Seconds for that longer wait: the restart time of FRR is 120 s. */
const LONGEST = 240
/** Seconds before and during the measurement of an idle session. */
const SETTLED = 60
const IDLE = 300

build('forky')
buildAnnouncerImage(WITH_SHELL)

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort(new Error(`got ${signal}`)))

const measured: Measured[] = []
{
  await using testbed = await Testbed.create()
  for (const announcer of announcers) measured.push(await measureAnnouncer(testbed, announcer))
}
const late = measured.flatMap(({ name, departures }) =>
  (['TERM', 'KILL'] as const).flatMap(signal =>
    departures[signal].includes(undefined) ? { announcer: announcers.find(one => one.name === name)!, signal } : [],
  ),
)
console.log('All times are measured.')
// Idle sessions are measured at the same time: each has a router of its own, and uses little of the machine.
const [idle, waited] = await Promise.all([
  Promise.all(announcers.map(measureIdle)),
  Promise.all(late.map(({ announcer, signal }) => waitForDeparture(announcer, signal))),
])

const docs = new URL('../../../docs/', import.meta.url)
const page = new URL('peers.md', docs)
const report: Report = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores`,
  idleMinutes: IDLE / 60,
  timeout: TIMEOUT,
  announcers: measured.map((one, i) => ({ ...one, ...idle[i]! })), // one of each
  waited,
}
writeFileSync(page, intoPage(readFileSync(page, 'utf8'), report))
writeFileSync(new URL('peers.svg', docs), plot(report))

/** Measures starts, ends, and the calls that announce and withdraw routes. */
async function measureAnnouncer(testbed: Testbed, announcer: Announcer): Promise<Measured> {
  const container = await testbed.createContainer(announcer)
  try {
    const starts = await measureStarts(testbed, container, announcer)
    const calls = await measureCalls(testbed, container, announcer)
    const { runtime } = announcer
    const alone = runtime && (await shell(container, repeatScript(runtime.start, STARTS.max))).split('\n')
    return {
      name: announcer.name,
      method: announcer.changes.method,
      ...starts,
      ...calls,
      ...(runtime && alone && { runtime: { name: runtime.name, started: durations(readCalls(alone), 'run') } }),
      installed: await installed(container, announcer.package),
    }
  } catch (cause) {
    throw new Error(`${announcer.name} failed. Its log:\n${await log(container)}`, { cause })
  } finally {
    await docker('rm', '--force', container)
  }
}

async function measureStarts(
  testbed: Testbed,
  container: string,
  announcer: Announcer,
): Promise<Pick<Measured, 'established' | 'routed' | 'departures'>> {
  const established: number[] = []
  const routed: number[] = []
  const departures: Measured['departures'] = { TERM: [], KILL: [] }
  const begun = performance.now()
  const enough = (n: number) => n > STARTS.min && performance.now() - begun > STARTS.seconds * 1000
  for (let n = 1; n <= STARTS.max && !enough(n); n++) {
    stop.signal.throwIfAborted()
    const route = `198.51.100.${200 + n}/32` // a new route per start, because the router may still keep the former one
    const { at, pid } = await testbed.start(container, announcer, route)
    routed.push((await testbed.event(route, { since: at, gone: false, within: 60 })) - at)
    established.push((await testbed.established(at)) - at)
    const signal = n % 2 === 0 ? 'KILL' : 'TERM'
    departures[signal].push(await departure(testbed, container, { signal, pid, route, within: TIMEOUT }))
    await testbed.killAll(container)
  }
  console.log(announcer.name, { established, routed, departures })
  return { established, routed, departures }
}

/** Milliseconds from the signal until the route is gone. Undefined if it takes longer than `within` seconds. */
async function departure(
  testbed: Testbed,
  container: string,
  { signal, pid, route, within }: { signal: Signal; pid: number; route: string; within: number },
): Promise<number | undefined> {
  await pause(500) // so that the end of an established session is measured, and not that of a new one
  const since = await testbed.signal(container, signal, pid)
  // A rejection has only one cause: the route is still there.
  return testbed.event(route, { since, gone: true, within }).then(
    at => at - since,
    () => undefined,
  )
}

async function measureCalls(
  testbed: Testbed,
  container: string,
  announcer: Announcer,
): Promise<Pick<Measured, 'version' | 'announced' | 'withdrawn' | 'clientOnly'>> {
  const { changes, config } = announcer
  const addresses = [testbed.address, testbed.router.address] as const
  const since = performance.timeOrigin + performance.now()
  const program = 'program' in changes
  const { output } = program
    ? await testbed.run(
        container,
        [changes.program, ...addresses, ROUTE, ...ROUTES.map(({ route }) => route)].join(' '),
      )
    : await testbed.start(
        container,
        { ...announcer, config: (...given) => changes.prepare?.(config(...given), ROUTES) ?? config(...given) },
        ROUTE,
      )
  await testbed.event(ROUTE, { since, gone: false, within: 60 })
  await pause(2_000)
  const calls = readCalls(
    program
      ? await waitFor(() => output.lines(), {
          until: lines => readCalls(lines).length === 2 * ROUTES.length,
          within: 60,
          what: `${changes.program} to make its calls`,
        })
      : (await shell(container, callsScript(changes, ROUTES))).split('\n'),
  )
  await testbed.event(ROUTES.at(-1)!.route, { since, gone: true, within: 10 })
  const versionText = await docker('exec', container, ...announcer.version) // some daemons only answer while they run
  await testbed.killAll(container)
  const found = {
    version: /\d+(\.\d+)+/.exec(versionText)?.[0] ?? versionText,
    announced: latencies(calls, 'announce', testbed.events()),
    withdrawn: latencies(calls, 'withdraw', testbed.events()),
    clientOnly: durations(calls, 'query'),
  }
  console.log(announcer.name, found)
  return found
}

async function measureIdle(announcer: Announcer): Promise<Idle> {
  await using testbed = await Testbed.create()
  await using capture = await testbed.lab.capture('tcp port 179', '-e', '-v')
  const container = await testbed.createContainer(announcer)
  const { at } = await testbed.start(container, announcer, ROUTE)
  await testbed.event(ROUTE, { since: at, gone: false, within: 60 })
  await pause(SETTLED * 1000, undefined, { signal: stop.signal })
  const before = total(await processes(container))
  await pause(IDLE * 1000, undefined, { signal: stop.signal })
  const after = await processes(container)
  const cost = steady(readPackets(capture.lines().join('\n')), {
    end: Date.now() / 1000,
    address: testbed.router.address,
  })
  if (cost === undefined) throw new Error(`${announcer.name}: the capture has no session`)
  await testbed.killAll(container)
  return {
    cpu: total(after).cpu - before.cpu,
    processes: after,
    cost,
    ...(announcer.runtime && { bare: await runtimeMemory(testbed, container, announcer.runtime.stay) }),
  }
}

/** The memory of a runtime alone. */
async function runtimeMemory(testbed: Testbed, container: string, stay: string): Promise<NonNullable<Idle['bare']>> {
  await testbed.run(container, stay)
  await pause(10_000)
  return total(await processes(container))
}

async function waitForDeparture(
  announcer: Announcer,
  signal: Signal,
): Promise<{ name: string; signal: Signal; seconds: number | undefined }> {
  await using testbed = await Testbed.create()
  const container = await testbed.createContainer(announcer)
  const { at, pid } = await testbed.start(container, announcer, ROUTE)
  await testbed.event(ROUTE, { since: at, gone: false, within: 60 })
  const taken = await departure(testbed, container, { signal, pid, route: ROUTE, within: LONGEST })
  return { name: announcer.name, signal, seconds: taken === undefined ? undefined : taken / 1000 }
}

/** MiB of the package with all its dependencies, and of the program in the image. */
async function installed(container: string, name: string): Promise<number> {
  const only = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map(kind => `--no-${kind}`)
  const script = [
    `apt-cache depends --recurse --installed ${only.join(' ')} ${name} | grep '^[a-z]' | sort -u`,
    `xargs dpkg-query --show --showformat '\${Installed-Size}\\n' 2>/dev/null`,
    "awk '{ sum += $1 } END { print sum }'",
  ].join(' | ')
  const packages = await shell(container, script)
  const program = await shell(
    container,
    '[ ! -e /app ] || du --total --block-size=1K /app /usr/local/bin/node | tail -n 1 | cut -f 1',
  )
  return (Number(packages) + Number(program)) / 1024
}

async function shell(container: string, script: string): Promise<string> {
  return docker('exec', container, 'bash', '-c', script)
}

async function log(container: string): Promise<string> {
  return shell(container, 'tail -n 50 /tmp/log')
}
