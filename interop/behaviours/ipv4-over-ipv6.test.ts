import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

const configurations = configureAll(
  { passive: ['host6'], family: 'ipv4' },
  {
    bird: 'ipv4 { extended next hop; };',
    frr: 'capability extended-nexthop',
    openbgpd: 'announce IPv4 unicast\nannounce extended nexthop yes',
    exabgp: 'family { ipv6 unicast; } capability { nexthop enable; } nexthop { ipv4 unicast ipv6; }',
  },
)

forEachDaemon(configurations, 'an IPv4 route with an IPv6 next hop comes and goes (RFC 8950)', async (lab, router) => {
  await using announcer = new Announcer({
    local: { as: 65010, id: lab.host, address: lab.host6 },
    peers: [{ as: 65001, address: router.address6 }],
    families: ['ipv4-unicast'],
  })
  const announcement = announcer.announce('198.51.100.10/32')
  const table = () => router.routes('198.51.100.10/32')
  const [route] = await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
  expect(route).toMatchObject({ nextHop: lab.host6, asPath: [65010] })
  announcement.withdraw()
  await waitFor(table, { until: routes => routes.length === 0, within: 20, what: 'the route to be gone' })
  expect((await router.session(lab.host6)).state).toBe('Established')
})
