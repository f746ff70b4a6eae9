import { Announcer } from '@softspoken/announcer'
import { Listener } from '@softspoken/session'
import { expect } from 'vitest'
import { against, plain } from './lab/against.ts'
import { waitFor } from './lab/wait-for.ts'

const configurations = plain({ waits: [], dials: ['host'] })

against(
  { ...configurations, bird3: 'is what the others are replaced by' },
  'the router is replaced by BIRD 3 on the same address, under a standing announcement',
  async (lab, router) => {
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
    const next = await lab.start('bird3', { config: configurations.bird, at: router.address })
    await waitFor(() => next.routes('198.51.100.10/32'), there)
    expect(await next.session()).toMatchObject({ state: 'Established' })
    expect(announcer.status().peers[0]?.counters.fsmEstablishedTransitions).toBe(2)
  },
)
