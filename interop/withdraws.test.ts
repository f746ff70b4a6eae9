import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { against, type Configurations } from './lab/against.ts'
import { waitFor } from './lab/wait-for.ts'

const configurations: Configurations = {
  bird: ({ own, host }) => `
    router id ${own};
    protocol device {}
    protocol bgp us { local ${own} as 65001; neighbor ${host} as 65010; passive; ipv4 { import all; export none; }; }
  `,
  gobgp: ({ own, host }) => `
    [global.config]
      as = 65001
      router-id = "${own}"
    [[neighbors]]
      [neighbors.config]
        neighbor-address = "${host}"
        peer-as = 65010
      [neighbors.transport.config]
        passive-mode = true
  `,
}

against(configurations, 'withdraws: the route leaves, the session stays', async (lab, router) => {
  await using announcer = new Announcer({
    local: { as: 65010, id: lab.host, address: lab.host },
    peers: [{ as: 65001, address: router.address }],
  })
  const announcement = announcer.announce('198.51.100.10/32')
  const table = () => router.routes('198.51.100.10/32')
  await waitFor(table, { until: routes => routes.length === 1, within: 20, what: 'the route' })
  announcement.withdraw()
  await waitFor(table, { until: routes => routes.length === 0, within: 5, what: 'the route to be gone' })
  expect((await router.session()).state).toBe('Established')
})
