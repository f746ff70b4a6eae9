import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { against, plain } from '../lab/for-each-daemon.ts'
import { lost } from '../lab/session-failure.ts'
import { waitFor } from '../lab/wait-for.ts'

const WHY = 'moved to rack 7'

against(
  plain(),
  'a session that the operator resets is back with its route, after a decent wait (RFC 4486)',
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
      backOff: { protocolFirst: 30 },
    })
    announcer.announce('198.51.100.10/32')
    const table = () => router.routes('198.51.100.10/32')
    const peer = () => announcer.status().peers[0]
    await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
    await router.tell('reset')
    const { received, nextDialIn } = await lost(peer, 30)
    expect(received).toMatchObject({ code: 6, subcode: 4 })
    expect(nextDialIn).toBeGreaterThan(20)
    await waitFor(() => peer()?.counters.fsmEstablishedTransitions === 2, { within: 120, what: 'the session again' })
    await waitFor(table, { until: routes => routes.length === 1, within: 20, what: 'the route to be back' })
  },
)

against(
  { ...plain(), exabgp: 'its teardown takes no text, and it takes us again at once' },
  'an operator who shuts the session down is heard, reason included, and left in peace (RFC 9003)',
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
    })
    announcer.announce('198.51.100.10/32')
    const table = () => router.routes('198.51.100.10/32')
    await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
    await router.tell('shut down', { why: WHY })
    const { received, why, nextDialIn } = await lost(() => announcer.status().peers[0], 30)
    expect(received).toMatchObject({ code: 6, subcode: 2 })
    expect(why).toContain(WHY)
    expect(nextDialIn).toBeGreaterThan(200)
  },
)
