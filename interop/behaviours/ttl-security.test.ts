import { type Clock, realTime } from '@softspoken/session'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { DIAL, type Lab } from '../lab/lab.ts'
import type { Output } from '../lab/output.ts'
import { sessionFailure } from '../lab/session-failure.ts'
import { SessionMatrix } from '../lab/session-matrix.ts'
import { waitFor } from '../lab/wait-for.ts'

// RFC 5082. The router waits for host and host6, and dials otherHost and otherHost6.
const neighbors = { passive: ['host', 'host6'], active: ['otherHost', 'otherHost6'] } as const
const both = configureAll({ ...neighbors, ttlSecurity: true })

/** The observation: three of the four sessions are established, and our dial over IPv6 gets no answer. */
const HOP_LIMIT = 'does not set the IPv6 hop limit of accepted connections, so its answer is dropped'
/** The observation: both of our dials get no answer. */
const USUAL_TTL = 'answers a SYN with the usual TTL, so its answer is dropped'

forEachDaemon(
  { ...both, exabgp: HOP_LIMIT, newer: { gobgp: HOP_LIMIT, exabgp: USUAL_TTL } },
  'TTL security on both sides establishes all four sessions (RFC 5082)',
  async (lab, router) => {
    await using sessions = await SessionMatrix.start(lab, router, { ttlSecurity: 1 })
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
  configureAll(neighbors),
  'TTL security on our side alone establishes no session (RFC 5082)',
  async (lab, router) => {
    await using capture = await router.capture(DIAL)
    // The longest connectTimeout, because the fast clock leaves a busy machine little time for a connection.
    await using sessions = await SessionMatrix.start(lab, router, {
      ttlSecurity: 1,
      connectTimeout: 120,
      clock: fastClock,
    })
    for (const session of sessions.outgoing) {
      // Most daemons complete the handshake with TTL 255. Their later segments are dropped, and our hold timer expires. ExaBGP,
      // and GoBGP 4 over IPv6, leave the TTL of the handshake to the system, so the handshake is dropped, too.
      const { reason, hint } = await sessionFailure(() => session.status(), 40)
      expect(['hold-timer', 'timeout']).toContain(reason)
      expect(hint).toContain('TTL security')
    }
    await dialledBoth(lab, capture)
    expect(
      sessions.incoming.map(({ state }) => state),
      'the incoming sessions, whose SYN the kernel drops',
    ).toEqual(['Active', 'Active'])
    expect((await sessions.states()).flat()).not.toContain('Established')
  },
)

forEachDaemon(
  {
    ...both,
    exabgp: 'checks no TTL: it uses a name for IP_MINTTL that its Python does not have',
    newer: { exabgp: both.exabgp },
  },
  'TTL security on the router alone establishes no session (RFC 5082)',
  async (lab, router) => {
    await using capture = await router.capture(DIAL)
    // If the router checks only after the handshake, its KEEPALIVE still establishes our side, until a hold timer expires.
    await using sessions = await SessionMatrix.start(lab, router, { holdTime: 9 })
    for (const session of sessions.outgoing) {
      const { hint } = await sessionFailure(() => session.status(), 40)
      expect(hint).toContain('TTL security')
    }
    await dialledBoth(lab, capture)
    for (const [, routerState] of await sessions.states()) expect(routerState).not.toBe('Established')
  },
)

/** Twenty times as fast, so that the test does not wait for four minutes for a hold timer. */
const fastClock: Clock = {
  ...realTime,
  now: () => realTime.now() * 20,
  setTimeout: (run, milliseconds) => realTime.setTimeout(run, milliseconds / 20),
}

/** Resolves once the capture has the router's dials over IPv4 and IPv6. */
async function dialledBoth({ otherHost, otherHost6 }: Lab, capture: Output): Promise<void> {
  for (const ours of [otherHost, otherHost6])
    await waitFor(() => capture.lines(), {
      until: lines => lines.some(line => line.includes(`> ${ours}.179:`)),
      within: 60,
      what: `the router to dial ${ours}`,
    })
}
