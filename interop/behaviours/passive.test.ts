import { Listener, Session } from '@softspoken/session'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { DIAL } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'

forEachDaemon(
  configureAll({ passive: [], active: ['host'] }),
  'a passive session never dials, and returns when the router dials',
  async (lab, router) => {
    await using dials = await router.capture(`(${DIAL}) and src host ${lab.host}`)
    await using session = new Session({
      local: { as: 65010, id: lab.host, address: lab.host },
      peer: { as: 65001, address: router.address },
      passive: true,
    })
    await using listener = new Listener({ address: lab.host }).serve(session)
    await listener.listen()
    session.on('established', () => {
      const asPath = [{ type: 'sequence', as: [65010] }] as const
      const attributes = { origin: 'igp', asPath, nextHop: lab.host } as const
      session.send({ type: 'update', withdrawn: [], attributes, announced: ['198.51.100.10/32'] })
    })
    session.start()
    const table = () => router.routes('198.51.100.10/32')
    await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
    await router.kill()
    await waitFor(() => session.state !== 'Established', { within: 60, what: 'the session to end' })
    await router.start()
    await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route to be back' })
    expect(session.status().counters).toMatchObject({ dials: 0, fsmEstablishedTransitions: 2 })
    expect(dials.lines()).toEqual([])
  },
)
