/** Calls our announce() and withdraw() for one route after the other: `library.ts OWN ROUTER ROUTE...` */
import { setTimeout as pause } from 'node:timers/promises'
import { Announcer } from '@softspoken/announcer'
import { wallClock } from '../kernel-routes.ts'
import { as } from '../speakers.ts'
import { BETWEEN } from './calls.ts'

const [own = '', router = '', first = '', ...routes] = process.argv.slice(2)
const announcer = new Announcer({
  local: { as: as.speaker, id: own },
  peers: [{ as: as.router, address: router }],
  maxPrefixes: 1 + routes.length,
})
announcer.announce(first)
await pause(2_000) // the other announcers have the same pause
for (const route of routes) {
  const announcement = await timed('announce', route, () => announcer.announce(route))
  await timed('withdraw', route, () => announcement.withdraw())
}

async function timed<T>(what: string, route: string, call: () => T): Promise<T> {
  const begun = wallClock()
  const result = call()
  const ended = wallClock()
  console.log(what, route, (begun / 1000).toFixed(6), (ended / 1000).toFixed(6))
  await pause(BETWEEN * 1000)
  return result
}
