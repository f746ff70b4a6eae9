/**
 * An announcer and a router on one machine: the router is made of the library's Listener, the Announcer connects to it over TCP
 * on loopback, and announces while a service is healthy.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Announcement, Announcer } from '@softspoken/announcer'
import { Listener, Session } from '@softspoken/session'
import { communityText, describeNotification, routes } from '@softspoken/wire'
import { Service } from './service.ts'
import type { Timeline } from './timeline.ts'

const vip = '198.51.100.10/32'

export async function announce({ begin, note, step }: Timeline): Promise<void> {
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
    for (const { prefix, nextHop } of announced) {
      const path = asPath.flatMap(({ as }) => as).join(' ')
      note('router', `table: ${prefix} via ${nextHop}`)
      note('router', `AS path ${path}, MED ${med}, community ${communities.map(communityText).join(' ')}`)
    }
    const left = table.size === 0 ? 'empty' : [...table.keys()].join(', ')
    if (withdrawn.length > 0) note('router', `table: ${left}, ${withdrawn.join(', ')} was withdrawn`)
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

  const service = await Service.start()

  // ---- the announcer, which announces while the service is healthy

  begin(`A router (AS 65000), and an announcer (AS 64515) of ${vip}.`)
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
    const ok = await fetch(service.url, { signal: AbortSignal.timeout(150) }).then(
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
  service.healthy = false
  await step('the route is gone', () => !table.has(vip))
  await sleep(1000)

  note('service', 'recovers')
  service.healthy = true
  await step('a health check passes again', () => last === true)
  if (!table.has(vip)) note('announcer', 'waits: 5 s between two advertisements (RFC 4271 §9.2.1.1)')
  await step('the route is back', () => table.has(vip))
  await sleep(1000)

  note('announcer', 'stops: withdraws, waits 1 s for the router, sends Cease')
  clearInterval(watch)
  const stopped = announcer.stop('upgrade')
  await step('the route is withdrawn before the session ends', () => !table.has(vip) && session.state === 'Established')
  await stopped
  await step('the router has received our text', () => notification.includes('upgrade'))
  await listener.stop()
  service.stop()
}
