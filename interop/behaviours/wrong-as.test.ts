import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { DIAL } from '../lab/lab.ts'
import { sessionFailure } from '../lab/session-failure.ts'
import { waitFor } from '../lab/wait-for.ts'

// The router expects AS 65099, and we are AS 65010.

forEachDaemon(
  configureAll({ peerAs: 65099 }),
  'a wrong AS gives a clear failure and growing delays between dials',
  async (lab, router) => {
    await using capture = await router.capture(DIAL)
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
    })
    const peer = () => announcer.status().peers[0]
    const { reason, received, hint, nextDialIn } = await sessionFailure(peer)
    expect(reason).toBe('notification-received')
    expect(received).toMatchObject({ code: 2, subcode: 2 })
    expect(hint).toContain('another AS')
    expect(nextDialIn).toBeGreaterThan(30) // at least 45 s, less the time of the look
    expect(nextDialIn).toBeLessThanOrEqual(60)

    // Counted on the wire, not by us.
    const dials = await waitFor(() => capture.lines(), {
      until: lines => lines.length >= 2,
      within: 90,
      what: 'a second dial on the wire',
    })
    const [first = 0, second = 0] = dials.map(line => Number(line.split(' ')[0]))
    expect(second - first).toBeGreaterThanOrEqual(45)
    expect(second - first).toBeLessThanOrEqual(60 + 5) // the first session, and a busy machine
    const { nextDialIn: then } = await waitFor(peer, {
      until: ({ state, counters }) => counters.dials === 2 && state === 'Idle',
      within: 10,
      what: 'the second failure',
    })
    expect(then).toBeGreaterThan(75) // the second delay is 120 s, less up to a quarter and the time of the look
    expect(capture.lines()).toHaveLength(2)
  },
)
