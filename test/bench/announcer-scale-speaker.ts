/** The announcer of announcer-scale.ts: how long until all routers have all routes, and what that costs. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Announcer } from '@softspoken/announcer'
import { monotonic, sendToParent } from './children.ts'
import { addressOf, routerAddressOf } from './scale-plan.ts'

export interface AnnouncerReport {
  /** Milliseconds from the constructor until the routers had all routes; from a call until they had one more; until they had none. */
  readonly started: number
  readonly one: number
  readonly withdrawn: number
  /** CPU seconds until they had all routes, and of each ten seconds afterwards. */
  readonly startCpu: number
  readonly cpu: readonly number[]
  /** MiB. */
  readonly rss: number
  readonly downs: number
}

const WINDOWS = 6
const WINDOW = 10 // seconds
const [routers, vips, port] = process.argv.slice(2).map(Number) as [number, number, number]

let seen = { count: 0, at: 0 }
let arrived = (): void => {}
process.on('message', message => {
  seen = message as typeof seen
  arrived()
})
/** Resolves with the milliseconds since `from` when the routers have that many routes. */
function have(count: number, from: number): Promise<number> {
  return new Promise(resolve => {
    arrived = () => {
      if (seen.count === count) resolve(seen.at - from)
    }
    arrived()
  })
}

const before = process.cpuUsage()
const began = monotonic()
const announcer = new Announcer({
  local: { as: 64515, id: '10.0.5.11' },
  peers: Array.from({ length: routers }, (_, n) => ({
    ...{ as: 65000, address: routerAddressOf(n), port },
    localAddress: addressOf(n),
  })),
  nextHop: '203.0.113.1',
  holdTime: 9,
  maxPrefixes: vips + 1,
  drainTime: 25, // longer than all withdrawals take
})
let downs = 0
for (const session of announcer.sessions) session.on('down', ({ reason }) => reason !== 'stopped' && downs++)
for (let i = 0; i < vips; i++) announcer.announce(`198.51.100.${i}/32`)
const started = await have(routers * vips, began)
const { user, system } = process.cpuUsage(before)

const cpu: number[] = []
await sleep(WINDOW * 1000)
for (let i = 0; i < WINDOWS; i++) {
  const from = process.cpuUsage()
  await sleep(WINDOW * 1000)
  const used = process.cpuUsage(from)
  cpu.push((used.user + used.system) / 1e6)
}
globalThis.gc?.() // children.ts asks for it
const rss = process.memoryUsage.rss() / 2 ** 20

let called = monotonic()
announcer.announce('198.51.100.255/32')
const one = await have(routers * (vips + 1), called)
called = monotonic()
void announcer.stop()
const withdrawn = await have(0, called)
sendToParent({ started, one, withdrawn, startCpu: (user + system) / 1e6, cpu, rss, downs } satisfies AnnouncerReport)
process.exit() // they would say goodbye one by one
