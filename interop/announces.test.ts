import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { against, type Configurations } from './lab/against.ts'
import { waitFor } from './lab/wait-for.ts'

const configurations: Configurations = {
  bird: ({ own, own6, host, host6 }) => `
    router id ${own};
    protocol device {}
    protocol bgp us { local ${own} as 65001; neighbor ${host} as 65010; passive; ipv4 { import all; export none; }; }
    protocol bgp us6 { local ${own6} as 65001; neighbor ${host6} as 65010; passive; ipv6 { import all; export none; }; }
  `,
  gobgp: ({ own, host, host6 }) => `
    [global.config]
      as = 65001
      router-id = "${own}"
    [[neighbors]]
      [neighbors.config]
        neighbor-address = "${host}"
        peer-as = 65010
      [neighbors.transport.config]
        passive-mode = true
    [[neighbors]]
      [neighbors.config]
        neighbor-address = "${host6}"
        peer-as = 65010
      [neighbors.transport.config]
        passive-mode = true
      [[neighbors.afi-safis]]
        [neighbors.afi-safis.config]
          afi-safi-name = "ipv6-unicast"
  `,
}
const preference = { med: 100, communities: ['65010:1', '65535:65281'], largeCommunities: ['65010:2:3'] }
const asSent = { asPath: [65010], origin: 'igp', ...preference }

against(configurations, 'announces a /32 and a /128, which arrive as they were sent', async (lab, router) => {
  await using announcer = new Announcer({
    local: { as: 65010, id: lab.host, address: lab.host },
    peers: [{ as: 65001, address: router.address }],
  })
  await using announcer6 = new Announcer({
    local: { as: 65010, id: lab.host, address: lab.host6 },
    peers: [{ as: 65001, address: router.address6 }],
  })
  announcer.announce('198.51.100.10/32', preference)
  announcer6.announce('2001:db8::10/128', preference)
  const routes = await waitFor(() => router.routes(), {
    until: routes => routes.length === 2,
    within: 20,
    what: 'both routes in the table',
  })
  expect(routes.find(({ prefix }) => prefix === '198.51.100.10/32')).toMatchObject({ ...asSent, nextHop: lab.host })
  expect(routes.find(({ prefix }) => prefix === '2001:db8::10/128')).toMatchObject({ ...asSent, nextHop: lab.host6 })
})
