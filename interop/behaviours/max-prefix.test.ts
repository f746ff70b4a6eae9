import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { sessionFailure } from '../lab/session-failure.ts'
import { waitFor } from '../lab/wait-for.ts'

forEachDaemon(
  {
    ...configureAll(
      {},
      {
        bird: 'ipv4 { import limit 1 action disable; };',
        frr: 'maximum-prefix 1',
        gobgp: `
          [neighbors.afi-safis.prefix-limit.config]
            max-prefixes = 1
        `,
        openbgpd: 'max-prefix 1',
      },
    ),
    exabgp: 'has no prefix limit',
  },
  'a router that ends a session at its prefix limit is dialled rarely (RFC 4486)',
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
      maxPrefixes: 2,
    })
    announcer.announce('198.51.100.10/32')
    const table = () => router.routes()
    await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
    announcer.announce('198.51.100.11/32')
    const { received, nextDialIn } = await sessionFailure(() => announcer.status().peers[0], 30)
    expect(received).toMatchObject({ code: 6, subcode: 1 })
    expect(nextDialIn).toBeGreaterThan(200)
    await waitFor(table, { until: routes => routes.length === 0, within: 20, what: 'both routes to be gone' })
  },
)
