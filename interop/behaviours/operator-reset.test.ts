import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { sessionFailure } from '../lab/session-failure.ts'
import { waitFor } from '../lab/wait-for.ts'

const COMMUNICATION = 'moved to rack 7'

forEachDaemon(
  configureAll(),
  'a session that an operator resets returns after the back-off (RFC 4486)',
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
      backOff: { protocolInitial: 30 },
    })
    announcer.announce('198.51.100.10/32')
    const table = () => router.routes('198.51.100.10/32')
    const peer = () => announcer.status().peers[0]
    await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
    await router.operate('reset')
    const { received, nextDialIn } = await sessionFailure(peer, 30)
    expect(received).toMatchObject({ code: 6, subcode: 4 })
    expect(nextDialIn).toBeGreaterThan(20)
    await waitFor(() => peer()?.counters.fsmEstablishedTransitions === 2, { within: 120, what: 'the session again' })
    await waitFor(table, { until: routes => routes.length === 1, within: 20, what: 'the route to be back' })
  },
)

forEachDaemon(
  { ...configureAll(), exabgp: 'takes no text in its teardown, and accepts us again at once' },
  'an administrative shutdown is reported and respected (RFC 9003)',
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
    })
    announcer.announce('198.51.100.10/32')
    const table = () => router.routes('198.51.100.10/32')
    await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
    await router.operate('shutdown', { communication: COMMUNICATION })
    const { received, detail, nextDialIn } = await sessionFailure(() => announcer.status().peers[0], 30)
    expect(received).toMatchObject({ code: 6, subcode: 2 })
    expect(detail).toContain(COMMUNICATION)
    expect(nextDialIn).toBeGreaterThan(200)
  },
)
