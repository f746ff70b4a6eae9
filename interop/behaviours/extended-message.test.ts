import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

const configurations = {
  ...configureAll(
    {},
    {
      bird: 'enable extended messages on;',
      openbgpd: 'announce extended message yes',
      exabgp: 'capability { extended-message enable; }',
    },
  ),
  // FRR offers it by default, and so does GoBGP 4.
  gobgp: 'does not support extended messages',
  newer: { gobgp: configureAll().gobgp },
}

forEachDaemon(
  configurations,
  'extended messages are negotiated, and a route comes and goes (RFC 8654)',
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
      extendedMessage: true,
    })
    const announcement = announcer.announce('198.51.100.10/32')
    const table = () => router.routes('198.51.100.10/32')
    await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
    expect(announcer.status().peers[0]?.negotiated?.extendedMessage).toBe(true)
    announcement.withdraw()
    await waitFor(table, { until: routes => routes.length === 0, within: 20, what: 'the route to be gone' })
  },
)
