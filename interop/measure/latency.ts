/**
 * From announce() and withdraw() to the UPDATE on the wire (tcpdump), to the route in BIRD's kernel table and to its
 * absence there (`ip monitor route`), and from the announce() of a next leader, with its lower MED, to the changed next
 * hop. Thirty times each, and out of a rest, as an agent's calls come: what runs all the time is quicker. Prints medians
 * and 95th percentiles. Needs a Docker engine.
 */
import { setTimeout as rest } from 'node:timers/promises'
import { Announcer } from '@softspoken/announcer'
import { Lab } from '../lab/lab.ts'
import { packets } from '../lab/packets.ts'
import { waitFor } from '../lab/wait-for.ts'
import { type RouteEvent, routeEvents, wallClock } from './kernel-routes.ts'
import { summary } from './summary.ts'

const TIMES = 30
const REST = 50 // milliseconds

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
await using wire = await lab.capture('tcp port 179', '-v')
await using announcer = speaker(lab.host)
await using next = speaker(lab.otherHost)
const stand = () => [announcer, next].every(({ sessions: [session] }) => session?.state === 'Established')
await waitFor(stand, { within: 20, what: 'the sessions' })

const told: number[] = []
const announced: number[] = []
const moved: number[] = []
const untold: number[] = []
const withdrawn: number[] = []
for (let i = 1; i <= TIMES; i++) {
  const address = `198.51.100.${i}`
  const begun = await afterRest()
  const former = announcer.announce(`${address}/32`, { med: { base: 1000, epoch: 1 } })
  announced.push(await inTable(begun, { address, nextHop: lab.host, gone: false }))
  told.push(await onWire(begun, lab.host, address))
  const followed = await afterRest()
  const announcement = next.announce(`${address}/32`, { med: { base: 1000, epoch: 2 } })
  moved.push(await inTable(followed, { address, nextHop: lab.otherHost, gone: false }))
  former.withdraw()
  const ended = await afterRest()
  announcement.withdraw()
  withdrawn.push(await inTable(ended, { address, nextHop: lab.otherHost, gone: true }))
  untold.push(await onWire(ended, lab.otherHost, address))
}
console.log(
  `announce() to the UPDATE on the wire:         ${summary(told, 2)}; the first call ${told[0]?.toFixed(2)} ms`,
)
console.log(`announce() to the route in the kernel:        ${summary(announced, 2)}`)
console.log(`announce() of a next leader to its next hop:  ${summary(moved, 2)}`)
console.log(`withdraw() to the UPDATE on the wire:         ${summary(untold, 2)}`)
console.log(`withdraw() to its absence:                    ${summary(withdrawn, 2)}`)

function speaker(address: string): Announcer {
  return new Announcer({
    local: { as: 65010, id: address, address },
    peers: [{ as: 65001, address: router.address }],
    maxPrefixes: TIMES, // a prefix each time: two advertisements of one keep 30 s between them
    drainTime: 0,
  })
}

async function afterRest(): Promise<number> {
  await rest(REST)
  return wallClock()
}

/** How long after `since` the UPDATE about this address left, in milliseconds. */
async function onWire(since: number, from: string, address: string): Promise<number> {
  const update = () =>
    packets(wire).find(
      ({ at, text }) => at * 1000 >= since && text.includes(` ${from}.`) && text.includes(`${address}/32`),
    )
  return (await waitFor(update, { within: 10, what: `the UPDATE about ${address} from ${from}` })).at * 1000 - since
}

/** How long after `since` the router's kernel reported it, in milliseconds. */
async function inTable(since: number, { address, nextHop, gone }: Omit<RouteEvent, 'at'>): Promise<number> {
  const event = () =>
    routeEvents(monitor.lines()).find(
      event => event.at >= since && event.address === address && event.nextHop === nextHop && event.gone === gone,
    )
  const what = `the route to ${address} via ${nextHop} to ${gone ? 'go' : 'come'}`
  return (await waitFor(event, { within: 10, what })).at - since
}
