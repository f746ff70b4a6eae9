import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

forEachDaemon(
  configureAll(),
  'the session returns after the router was killed and started again',
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
    })
    announcer.announce('198.51.100.10/32')
    const table = () => router.routes('198.51.100.10/32')
    await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
    // A killed daemon sends no Cease. After a Cease we would wait for five minutes.
    await router.kill()
    await waitFor(() => announcer.sessions[0]?.state !== 'Established', { within: 60, what: 'the session to end' })
    await router.start()
    await waitFor(table, { until: routes => routes.length === 1, within: 150, what: 'the route to be back' })
    expect(announcer.status().peers[0]?.counters.fsmEstablishedTransitions).toBe(2)
  },
)
