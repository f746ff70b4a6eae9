/**
 * Measures the time from the start of the program, as the image has it, to its route in BIRD's kernel table (`ip monitor
 * route`), in the ways that people run it, beside the start of Node alone; then its memory. It adds the VIPs to `lo` for a moment. Needs root, a Docker
 * engine, and `npx --yes pnpm@12 bundle`.
 *
 *     npx --yes pnpm@12 bench:start-latency              twenty starts of each kind
 *     npx --yes pnpm@12 bench:start-latency --times 5
 *     npx --yes pnpm@12 bench:start-latency --write      also writes the figures into docs/failover.md
 *     npx --yes pnpm@12 bench:start-latency --node PATH  with another Node
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FakeLeaseServer } from '@softspoken/test-support/fake-lease-server'
import { intoMarkers, measuredBy, table } from '@softspoken/test-support/page-markers'
import { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import { imageFolder } from './image-folder.ts'
import { routeEvents, wallClock } from './kernel-routes.ts'
import { summary } from './summary.ts'

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '20' },
    write: { type: 'boolean', default: false },
    node: { type: 'string', default: process.execPath },
  },
})
const times = Number(values.times)
if (!(Number.isInteger(times) && times >= 1 && times <= 80))
  throw new RangeError(`--times: ${values.times} is not allowed, it must be from 1 to 80`)
const { node } = values
const program = imageFolder(node)

const folder = mkdtempSync(join(tmpdir(), 'start-latency-'))
await using api = await FakeLeaseServer.listening()
const service = createServer((_, response) => response.end('ok'))
await new Promise<void>(done => service.listen(0, '127.0.0.1', done))
const health = `http://127.0.0.1:${(service.address() as AddressInfo).port}/` // a TCP server's address has one

/** What the program is started with, and what it should reach. */
const kinds = {
  'all nodes, no health check': { flags: ['--address=none', '--require-address=false'], aim: '80 ms, 50 MiB' },
  'all nodes, health check': { flags: [`--health=${health}`, '--health-rise=1'], aim: '150 ms' },
  'standby, empty Lease': {
    flags: [...['--mode=standby', '--health-rise=1'], `--kubeconfig=${api.kubeconfig(folder)}`],
    aim: '300 ms, 65 MiB',
  },
} as const

await using lab = await Lab.create()
const router = await lab.bird({
  // After a lost connection BIRD rejects the neighbour for a while; one second is the minimum.
  config: ({ own, host }) => `
    router id ${own};
    protocol device {}
    protocol bgp us {
      local ${own} as 65001; neighbor ${host} as 65010; passive; error wait time 1, 1;
      ipv4 { import all; export none; };
    }
    protocol kernel { ipv4 { export where source = RTS_BGP; }; }
  `,
})
await using monitor = await router.watch('ip', '-ts', 'monitor', 'route')

const alone: number[] = []
for (let i = 0; i < times; i++) {
  const startedAt = wallClock()
  await once(spawn(node, ['--eval', '0'], { stdio: 'inherit' }), 'exit')
  alone.push(wallClock() - startedAt)
}
const rows: string[][] = [['Node alone, to its end', median(alone), '', '', '']]
let host = 0
for (const [kind, { flags, aim }] of Object.entries(kinds)) {
  const established: number[] = []
  const announced: number[] = []
  let memory = 0
  for (let i = 1; i <= times; i++) {
    const run = await start(`198.51.100.${++host}`, flags, i === times)
    established.push(run.established)
    announced.push(run.announced)
    memory = run.memory
  }
  console.log(`${kind}, to Established: ${summary(established, 0)}`)
  console.log(`${kind}, to the route in the kernel: ${summary(announced, 0)}`)
  console.log(`${kind}, resident after 15 s: ${memory.toFixed(1)} MiB`)
  rows.push([kind, median(established), median(announced), memory.toFixed(0), aim])
}
console.log(`Node alone, to its end: ${summary(alone, 0)}`)
service.close()
rmSync(folder, { recursive: true })
if (values.write) {
  const page = new URL('../../docs/failover.md', import.meta.url)
  writeFileSync(page, intoMarkers(readFileSync(page, 'utf8'), report(), 'started'))
}

function report(): string {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  return [
    measuredBy(
      'bench:start-latency --write',
      `Node ${version}, the program as in the image; the median of ${times} starts`,
    ),
    table(['started with', 'to Established', 'to the route', 'MiB resident after 15 s', 'aim'], rows),
  ].join('\n\n')
}
function median(milliseconds: readonly number[]): string {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  return `${Math.round(sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN)} ms` // as in summary()
}

interface Run {
  readonly established: number
  readonly announced: number
  /** In MiB; 0 if it was not asked for. */
  readonly memory: number
}

/** One start. Times are milliseconds. */
async function start(address: string, flags: readonly string[], measuresMemory: boolean): Promise<Run> {
  api.delete('kube-system/plndr-cp-lock')
  const own = { prefix: `${address}/32`, 'local-as': 65010, 'router-id': lab.host, 'local-address': lab.host }
  const options = { ...own, peer: router.address, 'peer-as': 65001, 'drain-time': 0 }
  const all = ['announce', ...Object.entries(options).map(([name, value]) => `--${name}=${value}`), ...flags]
  const startedAt = wallClock()
  const child = spawn(node, [program, ...all], {
    env: { ...process.env, MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072' }, // as in the image
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let log = ''
  child.stdout.setEncoding('utf8').on('data', text => (log += text))
  try {
    const announced = (await eventAt(address, false)) - startedAt
    const line = log.split('\n').find(line => line.includes('"session established"')) ?? '{}'
    const memory = measuresMemory ? (await steadyMemory(child.pid ?? 0)) / 1024 : 0
    return { established: JSON.parse(line).time - startedAt, announced, memory } // whole milliseconds
  } finally {
    const ended = once(child, 'exit')
    child.kill('SIGTERM') // so that it removes the address
    await ended
    await eventAt(address, true)
    await waitFor(async () => (await router.session()).state, {
      until: state => state === 'Passive',
      within: 20,
      what: 'BIRD to accept another connection',
    })
  }
}

/** The resident memory in KiB. */
async function steadyMemory(pid: number): Promise<number> {
  const since = performance.now()
  await waitFor(() => performance.now() - since > 15_000, { within: 20, what: 'the memory to be steady' })
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}
/** The time of the event of the router's kernel, in milliseconds since 1970. */
async function eventAt(address: string, gone: boolean): Promise<number> {
  const event = () => routeEvents(monitor.lines()).find(event => event.address === address && event.gone === gone)
  const { at } = await waitFor(event, {
    within: 20,
    what: `the route to ${address} to ${gone ? 'disappear' : 'appear'}`,
  })
  return at
}
