import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { DIAL } from '../lab/lab.ts'
import { sessionFailure } from '../lab/session-failure.ts'
import { SessionMatrix } from '../lab/session-matrix.ts'
import { waitFor } from '../lab/wait-for.ts'

// RFC 2385. The router waits for host and host6, and dials otherHost and otherHost6.
const KEY = 'sésame, ouvre-toi'
/** FRR accepts no spaces in a key, ExaBGP only ASCII. */
const PLAIN_KEY = 'sesame,ouvre-toi'
const neighbors = { passive: ['host', 'host6'], active: ['otherHost', 'otherHost6'] } as const
const { frr, exabgp } = configureAll({ ...neighbors, key: PLAIN_KEY })
const configurations = { ...configureAll({ ...neighbors, key: KEY }), frr, exabgp }

forEachDaemon(
  configurations,
  'TCP MD5 with the same key establishes all four sessions (RFC 2385)',
  async (lab, router, kind) => {
    await using sessions = await SessionMatrix.start(lab, router, {
      tcpMd5Key: kind === 'frr' || kind === 'exabgp' ? PLAIN_KEY : KEY,
    })
    const states = await waitFor(() => sessions.states(), {
      until: states => states.flat().every(state => state === 'Established'),
      within: 60,
      what: 'all four sessions to be Established on both sides',
    })
    expect(states).toHaveLength(4)
    expect(sessions.incoming.map(session => session.status().counters.dials)).toEqual([0, 0])
  },
)

forEachDaemon(
  configurations,
  'TCP MD5 with another key establishes none, and the hint names it (RFC 2385)',
  async (lab, router) => {
    await using capture = await router.capture(DIAL)
    await using sessions = await SessionMatrix.start(lab, router, { tcpMd5Key: 'sesame, ouvre-tôt', connectTimeout: 5 })
    for (const session of sessions.outgoing) {
      const { reason, hint } = await sessionFailure(() => session.status())
      expect(reason).toBe('timeout')
      expect(hint).toContain('TCP MD5 key')
    }
    for (const ours of [lab.otherHost, lab.otherHost6])
      await waitFor(() => capture.lines(), {
        until: lines => lines.some(line => line.includes(`> ${ours}.179:`)),
        within: 60,
        what: `the router to have dialled ${ours}`,
      })
    expect(
      sessions.incoming.map(({ state }) => state),
      'the incoming sessions, whose SYN the kernel drops',
    ).toEqual(['Active', 'Active'])
    expect((await sessions.states()).flat()).not.toContain('Established')
  },
)
