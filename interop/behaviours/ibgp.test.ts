import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

forEachDaemon(
  configureAll({ as: 65010 }),
  'an internal router gets LOCAL_PREF and an empty AS_PATH (RFC 4271 §5.1)',
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65010, address: router.address }],
    })
    announcer.announce('198.51.100.10/32', { localPref: 250 })
    const [route] = await waitFor(() => router.routes('198.51.100.10/32'), {
      until: routes => routes.length === 1,
      within: 60,
      what: 'the route',
    })
    expect(route).toMatchObject({ asPath: [], localPref: 250, nextHop: lab.host, origin: 'igp' })
  },
)
