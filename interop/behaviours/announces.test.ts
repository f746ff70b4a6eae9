import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

const preference = { med: 100, communities: ['65010:1', '65535:65281'], largeCommunities: ['65010:2:3'] }
const asSent = { asPath: [65010, 65010, 65010], origin: 'igp', ...preference }

forEachDaemon(
  configureAll({ passive: ['host', 'host6'] }),
  'a /32 and a /128 arrive with the attributes that were sent',
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: { ipv4: lab.host, ipv6: lab.host6 } },
      peers: [
        { as: 65001, address: router.address },
        { as: 65001, address: router.address6 },
      ],
      maxPrefixes: 2,
    })
    announcer.announce('198.51.100.10/32', { ...preference, prepend: 2 })
    announcer.announce('2001:db8::10/128', { ...preference, prepend: 2 })
    const routes = await waitFor(() => router.routes(), {
      until: routes => routes.length === 2,
      within: 20,
      what: 'both routes in the table',
    })
    expect(routes.find(({ prefix }) => prefix === '198.51.100.10/32')).toMatchObject({ ...asSent, nextHop: lab.host })
    expect(routes.find(({ prefix }) => prefix === '2001:db8::10/128')).toMatchObject({ ...asSent, nextHop: lab.host6 })
  },
)
