import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { linkDown, linkUp } from '../lab/host-network.ts'
import { waitFor } from '../lab/wait-for.ts'

forEachDaemon(
  configureAll(),
  'a router whose link fails loses the route, and gets it back afterwards',
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
      holdTime: 9,
      backOff: { protocolInitial: 30 },
    })
    announcer.announce('198.51.100.10/32')
    const table = () => router.routes('198.51.100.10/32')
    await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
    await linkDown(router)
    await waitFor(table, { until: routes => routes.length === 0, within: 20, what: 'the route to be gone' })
    await waitFor(() => announcer.sessions[0]?.state !== 'Established', { within: 60, what: 'the session to end' })
    expect(announcer.status().peers[0]?.lastFailure?.reason).toBe('hold-timer')
    await linkUp(router)
    await waitFor(table, { until: routes => routes.length === 1, within: 150, what: 'the route to be back' })
    expect(announcer.status().peers[0]?.counters.fsmEstablishedTransitions).toBe(2)
  },
)
