/**
 * Softspoken's program beside five daemons that announce a route, each in turn in the same place before the same router:
 * how soon the route comes and goes, and what it costs to keep it. `npx --yes pnpm@12 bench:peers`, about a quarter of an hour.
 * Writes docs/peers.md and docs/peers.svg. Needs a Docker engine.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { buildAnnouncerImage } from '../../lab/announcer-image.ts'
import { docker } from '../../lab/docker.ts'
import { build } from '../../lab/setup.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { readPackets, steady } from '../politeness/capture.ts'
import { ROUTE } from '../politeness/speakers.ts'
import { type Announcer, announcers } from './announcers.ts'
import { callsScript, durations, latencies, readCalls, repeatScript } from './calls.ts'
import { Place, type Signal } from './place.ts'
import { plot } from './plot.ts'
import { processes, total } from './processes.ts'
import { type Idle, intoPage, type Measured, type Report } from './report.ts'

/** Starts of each, but no more than fit into so many seconds once there are the fewest. */
const STARTS = { most: 20, fewest: 6, seconds: 30 }
const ROUTES = Array.from({ length: 30 }, (_, n) => ({ i: 101 + n, route: `198.51.100.${101 + n}/32` }))
/** Seconds after which a route is left to go when it will, and later waited for once. */
const PATIENCE = 3
/** The restart time that FRR asks for is 120 s. */
const LONGEST = 240
/** Seconds. */
const SETTLED = 60
const IDLE = 300

build()
buildAnnouncerImage()

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort(new Error(`got ${signal}`)))

const measured: Measured[] = []
{
  await using place = await Place.create()
  for (const announcer of announcers) measured.push(await inTurn(place, announcer))
}
const late = measured.flatMap(({ name, departures }) =>
  (['TERM', 'KILL'] as const).flatMap(signal =>
    departures[signal].includes(undefined) ? { announcer: announcers.find(one => one.name === name)!, signal } : [],
  ),
)
console.log('All that is timed has been timed.')
// The idle are measured together: each has a router of its own, and there is nothing to do for any of them.
const [idle, waited] = await Promise.all([
  Promise.all(announcers.map(keepIdle)),
  Promise.all(late.map(({ announcer, signal }) => waitForDeparture(announcer, signal))),
])

const docs = new URL('../../../docs/', import.meta.url)
const page = new URL('peers.md', docs)
const report: Report = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores`,
  idleMinutes: IDLE / 60,
  patience: PATIENCE,
  announcers: measured.map((one, i) => ({ ...one, ...idle[i]! })), // one of each
  waited,
}
writeFileSync(page, intoPage(readFileSync(page, 'utf8'), report))
writeFileSync(new URL('peers.svg', docs), plot(report))

/** Its starts and ends, and the calls that it is told of routes by. */
async function inTurn(place: Place, announcer: Announcer): Promise<Measured> {
  const container = await place.enter(announcer)
  try {
    const starts = await startAgainAndAgain(place, container, announcer)
    const calls = await change(place, container, announcer)
    const { runtime } = announcer
    const alone = runtime && (await shell(container, repeatScript(runtime.start, STARTS.most))).split('\n')
    return {
      name: announcer.name,
      by: announcer.changes.by,
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

async function startAgainAndAgain(
  place: Place,
  container: string,
  announcer: Announcer,
): Promise<Pick<Measured, 'established' | 'routed' | 'departures'>> {
  const established: number[] = []
  const routed: number[] = []
  const departures: Measured['departures'] = { TERM: [], KILL: [] }
  const begun = performance.now()
  const enough = (n: number) => n > STARTS.fewest && performance.now() - begun > STARTS.seconds * 1000
  for (let n = 1; n <= STARTS.most && !enough(n); n++) {
    stop.signal.throwIfAborted()
    const route = `198.51.100.${200 + n}/32` // another each time: one may still be kept for who had it
    const { at, pid } = await place.start(container, announcer, route)
    routed.push((await place.event(route, { since: at, gone: false, within: 60 })) - at)
    established.push((await place.established(at)) - at)
    const signal = n % 2 === 0 ? 'KILL' : 'TERM'
    departures[signal].push(await departure(place, container, { signal, pid, route, within: PATIENCE }))
    await place.clear(container)
  }
  console.log(announcer.name, { established, routed, departures })
  return { established, routed, departures }
}

/** Milliseconds from the signal to the route being gone; undefined where it stands for longer than `within` seconds. */
async function departure(
  place: Place,
  container: string,
  { signal, pid, route, within }: { signal: Signal; pid: number; route: string; within: number },
): Promise<number | undefined> {
  await pause(500) // who has only just come is not what is asked about
  const since = await place.signal(container, signal, pid)
  // It fails for one reason: the route stands.
  return place.event(route, { since, gone: true, within }).then(
    at => at - since,
    () => undefined,
  )
}

async function change(
  place: Place,
  container: string,
  announcer: Announcer,
): Promise<Pick<Measured, 'version' | 'announced' | 'withdrawn' | 'asked'>> {
  const { changes, config } = announcer
  const addresses = [place.address, place.router.address] as const
  const since = performance.timeOrigin + performance.now()
  const program = 'program' in changes
  const { output } = program
    ? await place.run(container, [changes.program, ...addresses, ROUTE, ...ROUTES.map(({ route }) => route)].join(' '))
    : await place.start(
        container,
        { ...announcer, config: (...given) => changes.prepare?.(config(...given), ROUTES) ?? config(...given) },
        ROUTE,
      )
  await place.event(ROUTE, { since, gone: false, within: 60 })
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
  await place.event(ROUTES.at(-1)!.route, { since, gone: true, within: 10 })
  const said = await docker('exec', container, ...announcer.version) // of some only a running daemon answers
  await place.clear(container)
  const found = {
    version: /\d+(\.\d+)+/.exec(said)?.[0] ?? said,
    announced: latencies(calls, 'announce', place.events()),
    withdrawn: latencies(calls, 'withdraw', place.events()),
    asked: durations(calls, 'ask'),
  }
  console.log(announcer.name, found)
  return found
}

async function keepIdle(announcer: Announcer): Promise<Idle> {
  await using place = await Place.create()
  await using capture = await place.lab.capture('tcp port 179', '-e', '-v')
  const container = await place.enter(announcer)
  const { at } = await place.start(container, announcer, ROUTE)
  await place.event(ROUTE, { since: at, gone: false, within: 60 })
  await pause(SETTLED * 1000, undefined, { signal: stop.signal })
  const before = total(await processes(container))
  await pause(IDLE * 1000, undefined, { signal: stop.signal })
  const after = await processes(container)
  const cost = steady(readPackets(capture.lines().join('\n')), {
    end: Date.now() / 1000,
    address: place.router.address,
  })
  if (cost === undefined) throw new Error(`${announcer.name}: the capture has no session`)
  await place.clear(container)
  return {
    cpu: total(after).cpu - before.cpu,
    processes: after,
    cost,
    ...(announcer.runtime && { bare: await standing(place, container, announcer.runtime.stay) }),
  }
}

/** What a runtime takes by itself. */
async function standing(place: Place, container: string, stay: string): Promise<NonNullable<Idle['bare']>> {
  await place.run(container, stay)
  await pause(10_000)
  return total(await processes(container))
}

async function waitForDeparture(
  announcer: Announcer,
  signal: Signal,
): Promise<{ name: string; signal: Signal; seconds: number | undefined }> {
  await using place = await Place.create()
  const container = await place.enter(announcer)
  const { at, pid } = await place.start(container, announcer, ROUTE)
  await place.event(ROUTE, { since: at, gone: false, within: 60 })
  const taken = await departure(place, container, { signal, pid, route: ROUTE, within: LONGEST })
  return { name: announcer.name, signal, seconds: taken === undefined ? undefined : taken / 1000 }
}

/** MiB of the package and all that it depends on, and of what the image has beside it. */
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
