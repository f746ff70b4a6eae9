import { Announcer } from '@softspoken/announcer'
import { Listener } from '@softspoken/session'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

// The router dials.
const configurations = {
  ...configureAll({ passive: [], active: ['host'] }),
  exabgp: 'sends no Cease when it is stopped',
}

forEachDaemon(configurations, 'a restarted router that dials us gets the route back at once', async (lab, router) => {
  await using announcer = new Announcer({
    local: { as: 65010, id: lab.host, address: lab.host },
    peers: [{ as: 65001, address: router.address }],
  })
  const [session] = announcer.sessions
  if (session === undefined) throw new Error('an announcer has a session for each peer')
  await using listener = new Listener({ address: lab.host }).serve(session)
  await listener.listen()
  announcer.announce('198.51.100.10/32')
  const table = () => router.routes('198.51.100.10/32')
  await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })

  await router.restart()
  const { lastFailure, counters } = announcer.status().peers[0] ?? {}
  expect(lastFailure?.received, 'the NOTIFICATION that the router sent').toMatchObject({ code: 6 })
  // Without the router's dial we would wait for at least 225 s: the Cease started the administrative back-off.
  await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route to be back' })
  expect(announcer.status().peers[0]?.counters.dials).toBe(counters?.dials)
})
