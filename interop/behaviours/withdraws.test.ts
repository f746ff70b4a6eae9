import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

forEachDaemon(configureAll(), 'a withdrawal removes the route and keeps the session', async (lab, router) => {
  await using announcer = new Announcer({
    local: { as: 65010, id: lab.host, address: lab.host },
    peers: [{ as: 65001, address: router.address }],
  })
  const announcement = announcer.announce('198.51.100.10/32')
  const table = () => router.routes('198.51.100.10/32')
  await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
  announcement.withdraw()
  await waitFor(table, { until: routes => routes.length === 0, within: 20, what: 'the route to be gone' })
  expect((await router.session()).state).toBe('Established')
})
