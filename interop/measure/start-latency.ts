/**
 * Measures the time from the start of the bundled program to Established, and to its route in BIRD's kernel table
 * (`ip monitor route`), twenty times, next to the start of Node alone; and then its memory. Needs a Docker engine and
 * `npx --yes pnpm@12 bundle`. START_LATENCY_NODE is the path of another Node; NODE_COMPILE_CACHE is used if it is set.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import { routeEvents, wallClock } from './kernel-routes.ts'
import { summary } from './summary.ts'

const TIMES = 20
const node = process.env.START_LATENCY_NODE ?? process.execPath
const program = fileURLToPath(new URL('../../packages/softspoken/dist/softspoken.cjs', import.meta.url))

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

const figures = { 'node alone, to its end': [], 'to Established': [], 'to the route in the kernel': [] } as Record<
  string,
  number[]
>
let memory = 0
for (let i = 1; i <= TIMES; i++) {
  const alone = wallClock()
  await once(spawn(node, ['--eval', '0'], { stdio: 'inherit' }), 'exit')
  figures['node alone, to its end']?.push(wallClock() - alone)

  const address = `198.51.100.${i}`
  const given = { prefix: `${address}/32`, 'local-as': 65010, 'router-id': lab.host, 'local-address': lab.host }
  const noAddress = { address: 'none', 'require-address': false }
  const options = { ...given, ...noAddress, peer: router.address, 'peer-as': 65001 }
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`])
  const startedAt = wallClock()
  const child = spawn(node, [program, 'announce', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
  let log = ''
  child.stdout.setEncoding('utf8').on('data', text => (log += text))
  try {
    figures['to the route in the kernel']?.push((await eventAt(address, false)) - startedAt)
    const line = log.split('\n').find(line => line.includes('"session established"')) ?? '{}'
    figures['to Established']?.push(JSON.parse(line).time - startedAt) // whole milliseconds
    if (i === TIMES) memory = await steadyMemory(child.pid ?? 0)
  } finally {
    child.kill('SIGKILL')
  }
  await eventAt(address, true)
  await waitFor(async () => (await router.session()).state, {
    until: state => state === 'Passive',
    within: 20,
    what: 'BIRD to accept another connection',
  })
}
for (const [what, milliseconds] of Object.entries(figures)) console.log(`${what}: ${summary(milliseconds, 0)}`)
console.log(`resident after 15 s: ${(memory / 1024).toFixed(1)} MiB`)

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
