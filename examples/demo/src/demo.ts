/**
 * An announcer and a router on one machine, without root: the router is made of the library's Listener, the Announcer
 * connects to it over TCP on loopback, and announces while a service is healthy. Then two VIP agents hand a VIP over. Exits
 * with 0 only if every step happened.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Announcement, Announcer } from '@softspoken/announcer'
import { Listener, Session } from '@softspoken/session'
import { describeNotification, routes } from '@softspoken/wire'
import { handOver } from './hand-over.ts'
import { Timeline } from './timeline.ts'

const vip = '198.51.100.10/32'
const timeline = new Timeline()
const { note, step } = timeline

try {
  await play()
  await handOver(timeline)
  timeline.end()
} catch (error) {
  timeline.fail(error instanceof Error ? error.message : String(error))
}
process.exit(timeline.failed ? 1 : 0)

async function play(): Promise<void> {
  // ---- a router: it accepts the connection of our announcer, and keeps a table of the routes that it receives

  const table = new Map<string, string>()
  const router = new Session({
    local: { as: 65000, id: '10.0.5.1' },
    peer: { as: 64515, address: '127.0.0.1' },
    passive: true,
  })
  router.on('update', ({ update }) => {
    const { withdrawn, announced } = routes(update)
    for (const prefix of withdrawn) table.delete(prefix)
    for (const { prefix, nextHop } of announced) table.set(prefix, nextHop)
    const { asPath = [], med, communities = [] } = update.attributes
    for (const { prefix, nextHop } of announced)
      note(
        'router',
        `table: ${prefix} via ${nextHop}, AS path ${asPath.flatMap(({ as }) => as).join(' ')}, MED ${med}, community ${communities.join(' ')}`,
      )
    if (withdrawn.length > 0)
      note(
        'router',
        `table: ${table.size === 0 ? 'empty' : [...table.keys()].join(', ')}, ${withdrawn.join(', ')} was withdrawn`,
      )
  })
  router.on('state', ({ to }) => {
    if (to === 'OpenSent') note('router', 'accepted the connection, OPEN sent')
    if (to === 'OpenConfirm') note('router', 'OPEN received, KEEPALIVE sent')
  })
  let notification = ''
  router.on('down', ({ received }) => {
    table.clear()
    notification = received ? describeNotification(received) : 'no NOTIFICATION'
    note('router', `received ${notification}`)
  })
  const listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(router.start())
  const port = await listener.listen()

  // ---- a service and its health

  let healthy = true
  const service = await startService(() => healthy)
  const healthUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}/healthz`

  // ---- the announcer, which announces while the service is healthy

  timeline.begin(`A router (AS 65000) on 127.0.0.1 port ${port}, and an announcer (AS 64515) of ${vip}.`)
  const announcer = new Announcer({
    local: { as: 64515, id: '10.0.5.11' },
    peers: [{ as: 65000, address: '127.0.0.1', port }],
    nextHop: '203.0.113.11',
    advertisementInterval: 5,
    drainTime: 1,
  })
  const session = announcer.sessions[0]! // there is one peer
  const states: string[] = []
  session.on('dial', () => note('announcer', `dials 127.0.0.1 port ${port}`))
  session.on('state', ({ to }) => {
    states.push(to)
    if (to === 'OpenSent') note('announcer', 'connected, OPEN sent')
    if (to === 'OpenConfirm') note('announcer', 'OPEN received, KEEPALIVE sent')
  })
  session.on('established', ({ negotiated }) =>
    note('announcer', `Established: hold time ${negotiated.holdTime} s, ${negotiated.families.join(', ')}`),
  )

  await step('the session is established', () => session.state === 'Established')
  await step(
    'both sides have sent and received an OPEN',
    () => states.join() === 'Connect,OpenSent,OpenConfirm,Established',
  )

  let announcement: Announcement | undefined
  let last: boolean | undefined
  const watch = setInterval(async () => {
    const ok = await fetch(healthUrl, { signal: AbortSignal.timeout(150) }).then(
      answer => answer.ok,
      () => false,
    )
    if (ok !== last) note('health', ok ? 'check passes: announce' : 'check fails: withdraw')
    last = ok
    if (ok) announcement ??= announcer.announce(vip, { med: 100, communities: ['64515:10'] })
    else announcement = void announcement?.withdraw()
  }, 200)

  await step("the route is in the router's table", () => table.get(vip) === '203.0.113.11')
  await sleep(1000)

  note('service', 'fails')
  healthy = false
  await step('the route is gone', () => !table.has(vip))
  await sleep(1000)

  note('service', 'recovers')
  healthy = true
  await step('a health check passes again', () => last === true)
  if (!table.has(vip))
    note('announcer', 'waits: at least 5 s between two advertisements of a prefix (MRAI, RFC 4271 §9.2.1.1)')
  await step('the route is back', () => table.has(vip))
  await sleep(1000)

  note('announcer', 'stops: withdraws, waits 1 s for the router, sends Cease')
  clearInterval(watch)
  const stopped = announcer.stop('maintenance')
  await step('the route is withdrawn before the session ends', () => !table.has(vip) && session.state === 'Established')
  await stopped
  await step('the router has received our text', () => notification.includes('maintenance'))
  await listener.stop()
  service.close()
  service.closeAllConnections()
}

async function startService(healthy: () => boolean): Promise<Server> {
  const server = createServer((_, answer) => answer.writeHead(healthy() ? 200 : 503).end())
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return server
}
