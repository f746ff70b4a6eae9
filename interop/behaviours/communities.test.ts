import { Session } from '@softspoken/session'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

/** RFC 1997; RFC 4360 §4, §5; RFC 8092. */
const communities = {
  communities: ['65010:1', '65010:65535', '65535:65281'],
  extendedCommunities: ['ro:65010:7', 'rt:65010:1'],
  largeCommunities: ['65010:2:3', '4200000010:4294967295:0'],
}

forEachDaemon(
  configureAll(),
  'standard, extended and large communities arrive (RFC 1997, RFC 4360, RFC 8092)',
  async (lab, router) => {
    await using session = new Session({
      local: { as: 65010, id: lab.host, address: lab.host },
      peer: { as: 65001, address: router.address },
    })
    session.start()
    await waitFor(() => session.state === 'Established', { within: 30, what: 'the session' })
    const asPath = [{ type: 'sequence', as: [65010] }] as const
    session.send({
      type: 'update',
      withdrawn: [],
      attributes: { origin: 'igp', asPath, nextHop: lab.host, ...communities },
      announced: ['198.51.100.10/32'],
    })
    const [route] = await waitFor(() => router.routes('198.51.100.10/32'), {
      until: routes => routes.length === 1,
      within: 60,
      what: 'the route',
    })
    // Communities are sets: their order has no meaning.
    for (const kind of ['communities', 'extendedCommunities', 'largeCommunities'] as const)
      expect(route?.[kind].toSorted(), kind).toEqual(communities[kind].toSorted())
  },
)
