/**
 * Measures the time from announce() and withdraw() to the UPDATE on the wire (tcpdump), and to the change in BIRD's kernel
 * table (`ip monitor route`); and from the announce() of a next leader, with a lower MED, to the changed next hop. Prints
 * medians and 95th percentiles. Needs a Docker engine.
 *
 * Each call comes after a pause, as an agent's calls do: code that runs without pause is faster.
 *
 *     npx --yes pnpm@12 bench:latency                 thirty calls of each kind
 *     npx --yes pnpm@12 bench:latency --times 5
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Announcer } from '@softspoken/announcer'
import { Lab } from '../lab/lab.ts'
import { packets } from '../lab/packets.ts'
import { waitFor } from '../lab/wait-for.ts'
import { type RouteEvent, routeEvents, wallClock } from './kernel-routes.ts'
import { summary } from './summary.ts'

const { values } = parseArgs({ options: { times: { type: 'string', default: '30' } } })
const times = Number(values.times)
if (!(Number.isInteger(times) && times >= 1 && times <= 100))
  throw new RangeError(`--times: ${values.times} is not allowed, it must be from 1 to 100`)
/** Milliseconds before each call. */
const PAUSE = 50

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
const established = () => [announcer, next].every(({ sessions: [session] }) => session?.state === 'Established')
await waitFor(established, { within: 20, what: 'the sessions' })

const announcedOnWire: number[] = []
const announcedInTable: number[] = []
const movedInTable: number[] = []
const withdrawnOnWire: number[] = []
const withdrawnInTable: number[] = []
for (let i = 1; i <= times; i++) {
  const address = `198.51.100.${i}`
  const begun = await afterPause()
  const former = announcer.announce(`${address}/32`, { med: { base: 1000, epoch: 1 } })
  announcedInTable.push(await inTable(begun, { address, nextHop: lab.host, gone: false }))
  announcedOnWire.push(await onWire(begun, lab.host, address))
  const followed = await afterPause()
  const announcement = next.announce(`${address}/32`, { med: { base: 1000, epoch: 2 } })
  movedInTable.push(await inTable(followed, { address, nextHop: lab.otherHost, gone: false }))
  former.withdraw()
  const ended = await afterPause()
  announcement.withdraw()
  withdrawnInTable.push(await inTable(ended, { address, nextHop: lab.otherHost, gone: true }))
  withdrawnOnWire.push(await onWire(ended, lab.otherHost, address))
}
console.log(
  `announce() to the UPDATE on the wire:         ${summary(announcedOnWire, 2)}; the first call ${announcedOnWire[0]?.toFixed(2)} ms`,
)
console.log(`announce() to the route in the kernel:        ${summary(announcedInTable, 2)}`)
console.log(`announce() of a next leader to the next hop:  ${summary(movedInTable, 2)}`)
console.log(`withdraw() to the UPDATE on the wire:         ${summary(withdrawnOnWire, 2)}`)
console.log(`withdraw() to no route in the kernel:         ${summary(withdrawnInTable, 2)}`)

function speaker(address: string): Announcer {
  return new Announcer({
    local: { as: 65010, id: address, address },
    peers: [{ as: 65001, address: router.address }],
    maxPrefixes: times, // a new prefix per call, because two advertisements of one prefix are 30 s apart
    drainTime: 0,
  })
}

async function afterPause(): Promise<number> {
  await delay(PAUSE)
  return wallClock()
}

/** Milliseconds from `since` to the UPDATE about this address on the wire. */
async function onWire(since: number, from: string, address: string): Promise<number> {
  const update = () =>
    packets(wire).find(
      ({ at, text }) => at * 1000 >= since && text.includes(` ${from}.`) && text.includes(`${address}/32`),
    )
  return (await waitFor(update, { within: 10, what: `the UPDATE about ${address} from ${from}` })).at * 1000 - since
}

/** Milliseconds from `since` to the event of the router's kernel. */
async function inTable(since: number, { address, nextHop, gone }: Omit<RouteEvent, 'at'>): Promise<number> {
  const event = () =>
    routeEvents(monitor.lines()).find(
      event => event.at >= since && event.address === address && event.nextHop === nextHop && event.gone === gone,
    )
  const what = `the route to ${address} via ${nextHop} to ${gone ? 'disappear' : 'appear'}`
  return (await waitFor(event, { within: 10, what })).at - since
}
