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

/** What was seen: three of the four came up, and our dial over IPv6 had no answer. */
const HOP_LIMIT = 'does not set the IPv6 hop limit of accepted connections, so its answer is dropped'

forEachDaemon(
  { ...both, exabgp: HOP_LIMIT, gobgp4: HOP_LIMIT },
  'TTL security on both sides establishes all four sessions (RFC 5082)',
  async (lab, router) => {
    await using sessions = await SessionMatrix.start(lab, router, { ttlSecurity: 1 })
    const states = await waitFor(() => sessions.states(), {
      until: states => states.flat().every(state => state === 'Established'),
      within: 60,
      what: 'all four to be up on both sides',
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
    // As much as there is for a connection, so that a busy machine has the time for one even when hurried.
    await using sessions = await SessionMatrix.start(lab, router, {
      ttlSecurity: 1,
      connectTimeout: 120,
      clock: hurried,
    })
    for (const session of sessions.outgoing) {
      // Most complete any handshake with TTL 255; what they say then is not heard, and the hold timer runs out. ExaBGP, and
      // GoBGP 4 over IPv6, leave the handshake to the system, whose TTL is another.
      const { why, hint } = await sessionFailure(() => session.status(), 40)
      expect(why).toMatch(/^(nothing heard from the peer for 240 s|no answer within 120 s)$/)
      expect(hint).toContain('that the router has TTL security and is within 1 hop')
    }
    await dialledBoth(lab, capture)
    expect(
      sessions.incoming.map(({ state }) => state),
      'its SYN was not heard',
    ).toEqual(['Active', 'Active'])
    expect((await sessions.states()).flat()).not.toContain('Established')
  },
)

forEachDaemon(
  { ...both, exabgp: 'checks no TTL: it uses a name for IP_MINTTL that its Python does not have' },
  'TTL security on the router alone establishes no session (RFC 5082)',
  async (lab, router) => {
    await using capture = await router.capture(DIAL)
    // Where it looks too late to miss our OPEN, we have its KEEPALIVE and say Established, until a hold timer knows better.
    await using sessions = await SessionMatrix.start(lab, router, { holdTime: 9 })
    for (const session of sessions.outgoing) {
      const { hint } = await sessionFailure(() => session.status(), 40)
      expect(hint).toContain('whether the router wants TTL security')
    }
    await dialledBoth(lab, capture)
    for (const [, itsWord] of await sessions.states()) expect(itsWord).not.toBe('Established')
  },
)

/** Twenty times as fast, so that nobody waits four minutes for a hold timer. */
const hurried: Clock = {
  ...realTime,
  now: () => realTime.now() * 20,
  setTimeout: (run, milliseconds) => realTime.setTimeout(run, milliseconds / 20),
}

/** Resolves once the router has dialled us over IPv4 and IPv6, as the wire has it. */
async function dialledBoth({ otherHost, otherHost6 }: Lab, capture: Output): Promise<void> {
  for (const ours of [otherHost, otherHost6])
    await waitFor(() => capture.lines(), {
      until: lines => lines.some(line => line.includes(`> ${ours}.179:`)),
      within: 60,
      what: `the router to dial ${ours}`,
    })
}
