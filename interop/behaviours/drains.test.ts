import { Announcer } from '@softspoken/announcer'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

forEachDaemon(
  configureAll({ as: 65010 }),
  'a drain sends GRACEFUL_SHUTDOWN and LOCAL_PREF 0, then withdraws (RFC 8326)',
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65010, address: router.address }],
      gracefulShutdownTime: 15,
    })
    announcer.announce('198.51.100.10/32', { localPref: 200 })
    const table = () => router.routes('198.51.100.10/32')
    await waitFor(table, { until: ([route]) => route?.localPref === 200, within: 60, what: 'the route' })
    const drained = announcer.drain()
    await waitFor(table, {
      until: ([route]) => route?.localPref === 0 && route.communities.includes('65535:0'),
      within: 14, // the advertisement interval is 5 s
      what: 'the route to have GRACEFUL_SHUTDOWN',
    })
    await waitFor(table, { until: routes => routes.length === 0, within: 20, what: 'the route to be gone' })
    await drained
  },
)
