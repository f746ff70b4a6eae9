/**
 * From announce() to the route in BIRD's kernel table, and from withdraw() to its absence: as the kernel of the router
 * reports it (`ip monitor route`), thirty times each. Prints medians and 95th percentiles. Needs a Docker engine.
 */
import { Announcer } from '@softspoken/announcer'
import { routeEvents, wallClock } from './lab/kernel-routes.ts'
import { Lab } from './lab/lab.ts'
import { waitFor } from './lab/wait-for.ts'

const TIMES = 30

await using lab = await Lab.create()
const router = await lab.bird({
  config: ({ own, host }) => `
    router id ${own};
    protocol device {}
    protocol bgp us { local ${own} as 65001; neighbor ${host} as 65010; passive; ipv4 { import all; export none; }; }
    protocol kernel { ipv4 { export where source = RTS_BGP; }; }
  `,
})
await using monitor = await router.watch('ip', '-ts', 'monitor', 'route')
await using announcer = new Announcer({
  local: { as: 65010, id: lab.host, address: lab.host },
  peers: [{ as: 65001, address: router.address }],
  maxPrefixes: TIMES, // a prefix each time: two advertisements of one keep 30 s between them
  drainTime: 0,
})
await waitFor(() => announcer.sessions[0]?.state === 'Established', { within: 20, what: 'the session' })

const announced: number[] = []
const withdrawn: number[] = []
for (let i = 1; i <= TIMES; i++) {
  const address = `198.51.100.${i}`
  const begun = wallClock()
  const announcement = announcer.announce(`${address}/32`)
  announced.push((await eventAt(address, false)) - begun)
  const ended = wallClock()
  announcement.withdraw()
  withdrawn.push((await eventAt(address, true)) - ended)
}
console.log(`announce() to the route in the kernel: ${summary(announced)}`)
console.log(`withdraw() to its absence:             ${summary(withdrawn)}`)

/** When the router's kernel reported it, in milliseconds since 1970. */
async function eventAt(address: string, gone: boolean): Promise<number> {
  const event = () => routeEvents(monitor.lines()).find(event => event.address === address && event.gone === gone)
  const { at } = await waitFor(event, { within: 10, what: `the route to ${address} to ${gone ? 'go' : 'come'}` })
  return at
}
function summary(milliseconds: number[]): string {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)]?.toFixed(2)
  return `median ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms (${sorted.length} times)`
}
