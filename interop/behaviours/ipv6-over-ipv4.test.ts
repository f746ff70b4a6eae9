import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

forEachDaemon(
  configureAll({ family: 'ipv6' }, { openbgpd: 'announce IPv6 unicast' }),
  'an IPv6 route over an IPv4 session comes and goes (RFC 4760)',
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
      families: ['ipv6-unicast'],
      nextHop: lab.host6,
    })
    const announcement = announcer.announce('2001:db8::10/128')
    const table = () => router.routes('2001:db8::10/128')
    const [route] = await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
    expect(route).toMatchObject({ nextHop: lab.host6, asPath: [65010] })
    announcement.withdraw()
    await waitFor(table, { until: routes => routes.length === 0, within: 20, what: 'the route to be gone' })
    expect((await router.session()).state).toBe('Established')
  },
)
