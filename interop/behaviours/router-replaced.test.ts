import { Announcer } from '@softspoken/announcer'
import { Listener } from '@softspoken/session'
import { expect } from 'vitest'
import { daemons } from '../lab/daemons.ts'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

const configurations = configureAll({ passive: [], active: ['host'] })

forEachDaemon(configurations, 'another daemon at the same address gets the route', async (lab, router) => {
  const replacement = router.daemon === daemons.bird3 ? 'bird' : 'bird3'
  await using announcer = new Announcer({
    local: { as: 65010, id: lab.host, address: lab.host },
    peers: [{ as: 65001, address: router.address }],
  })
  const [session] = announcer.sessions
  if (session === undefined) throw new Error('an announcer has a session for each peer')
  await using listener = new Listener({ address: lab.host }).serve(session)
  await listener.listen()
  announcer.announce('198.51.100.10/32')
  const there = { until: (routes: object[]) => routes.length === 1, within: 60, what: 'the route' }
  await waitFor(() => router.routes('198.51.100.10/32'), there)

  await router.stop()
  const next = await lab.start(replacement, { config: configurations.bird, at: router.address })
  await waitFor(() => next.routes('198.51.100.10/32'), there)
  expect(await next.session()).toMatchObject({ state: 'Established' })
  expect(announcer.status().peers[0]?.counters.fsmEstablishedTransitions).toBe(2)
})
