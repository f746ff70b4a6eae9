import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { sessionFailure } from '../lab/session-failure.ts'
import { waitFor } from '../lab/wait-for.ts'

forEachDaemon(
  configureAll(),
  'a frozen router is detected by the hold timer, and the session returns',
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
    await router.pause()
    const end = await sessionFailure(() => announcer.status().peers[0], 20)
    expect(end).toMatchObject({ reason: 'hold-timer', sent: { code: 4, subcode: 0 } })
    await router.unpause()
    await waitFor(() => announcer.sessions[0]?.state === 'Established', {
      within: 150,
      what: 'the session to be Established again',
    })
    await waitFor(table, { until: routes => routes.length === 1, within: 20, what: 'the route to be back' })
  },
)
