import { connect, type Socket } from 'node:net'
import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

const configurations = {
  ...configureAll(
    {},
    {
      bird: 'graceful restart on;',
      gobgp: `
        [neighbors.afi-safis.mp-graceful-restart.config]
          enabled = true
      [neighbors.graceful-restart.config]
        enabled = true
        restart-time = 120
      `,
    },
  ),
  exabgp: 'keeps no routes, so none outlives a connection',
}

const before = '198.51.100.10/32'
const after = '198.51.100.11/32'

/** One run of a program: it announces one route. The test can break its connection. */
function run(prefix: string, restarting: boolean, local: string, router: string) {
  let socket: Socket | undefined
  const announcer = new Announcer({
    local: { as: 65010, id: local, address: local },
    peers: [{ as: 65001, address: router }],
    gracefulRestart: { restartTime: 120, forwarding: true, restarting },
    dial: ({ peer }) => (socket = connect({ host: peer.address, port: peer.port, localAddress: local })),
  })
  announcer.announce(prefix)
  return { announcer, connection: () => socket }
}

forEachDaemon(configurations, 'graceful restart keeps the route until End-of-RIB (RFC 4724)', async (lab, router) => {
  const table = async () => (await router.routes()).map(({ prefix }) => prefix).join()
  const first = run(before, false, lab.host, router.address)
  await waitFor(table, { until: routes => routes === before, within: 60, what: 'the route' })
  expect(first.announcer.status().peers[0]?.negotiated).toMatchObject({ gracefulRestart: true, endOfRib: true })

  first.connection()?.destroy() // as when the process dies: without a NOTIFICATION
  await first.announcer.stop() // the session is down, so this sends nothing
  await waitFor(async () => (await router.session()).state, {
    until: state => state === 'Active' || state === 'Passive', // GoBGP accepts no connection before that
    within: 60,
    what: 'the router to end the session and accept another',
  })
  expect(await table()).toBe(before)

  await using second = run(after, true, lab.host, router.address).announcer
  await waitFor(table, { until: routes => routes === after, within: 60, what: 'the new route instead of the old' })
  expect(second.status().peers[0]?.sent).toEqual([after])
})
