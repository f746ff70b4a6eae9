/**
 * From announce() to the route in BIRD's kernel table, from the announce() of a next leader, with its lower MED, to the
 * changed next hop there, and from withdraw() to the route's absence: as the kernel of the router reports it
 * (`ip monitor route`), thirty times each. Prints medians and 95th percentiles. Needs a Docker engine.
 */
import { Announcer } from '@softspoken/announcer'
import { type RouteEvent, routeEvents, wallClock } from './lab/kernel-routes.ts'
import { Lab } from './lab/lab.ts'
import { summary } from './lab/summary.ts'
import { waitFor } from './lab/wait-for.ts'

const TIMES = 30

await using lab = await Lab.create()
const router = await lab.bird({
  config: ({ own, host, otherHost }) => `
    router id ${own};
    protocol device {}
    protocol bgp us { local ${own} as 65001; neighbor ${host} as 65010; passive; ipv4 { import all; export none; }; }
    protocol bgp next { local ${own} as 65001; neighbor ${otherHost} as 65010; passive; ipv4 { import all; export none; }; }
    protocol kernel { ipv4 { export where source = RTS_BGP; }; }
  `,
})
await using monitor = await router.watch('ip', '-ts', 'monitor', 'route')
await using announcer = speaker(lab.host)
await using next = speaker(lab.otherHost)
const stand = () => [announcer, next].every(({ sessions: [session] }) => session?.state === 'Established')
await waitFor(stand, { within: 20, what: 'the sessions' })

const announced: number[] = []
const moved: number[] = []
const withdrawn: number[] = []
for (let i = 1; i <= TIMES; i++) {
  const address = `198.51.100.${i}`
  const begun = wallClock()
  const former = announcer.announce(`${address}/32`, { med: { base: 1000, epoch: 1 } })
  announced.push(await after(begun, { address, nextHop: lab.host, gone: false }))
  const followed = wallClock()
  const announcement = next.announce(`${address}/32`, { med: { base: 1000, epoch: 2 } })
  moved.push(await after(followed, { address, nextHop: lab.otherHost, gone: false }))
  former.withdraw()
  const ended = wallClock()
  announcement.withdraw()
  withdrawn.push(await after(ended, { address, nextHop: lab.otherHost, gone: true }))
}
console.log(`announce() to the route in the kernel:        ${summary(announced, 2)}`)
console.log(`announce() of a next leader to its next hop:  ${summary(moved, 2)}`)
console.log(`withdraw() to its absence:                    ${summary(withdrawn, 2)}`)

function speaker(address: string): Announcer {
  return new Announcer({
    local: { as: 65010, id: address, address },
    peers: [{ as: 65001, address: router.address }],
    maxPrefixes: TIMES, // a prefix each time: two advertisements of one keep 30 s between them
    drainTime: 0,
  })
}

/** How long after `since` the router's kernel reported it, in milliseconds. */
async function after(since: number, { address, nextHop, gone }: Omit<RouteEvent, 'at'>): Promise<number> {
  const event = () =>
    routeEvents(monitor.lines()).find(
      event => event.at >= since && event.address === address && event.nextHop === nextHop && event.gone === gone,
    )
  const what = `the route to ${address} via ${nextHop} to ${gone ? 'go' : 'come'}`
  return (await waitFor(event, { within: 10, what })).at - since
}
