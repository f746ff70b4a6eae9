/** How a router loses a session that was stable, and what it does to dials until it recovers. */
import type { RouterResponse } from './responses.ts'

interface OutageKind {
  /** How the router loses the session, and what it does until it recovers. */
  text: string
  /** The response whose dial budget holds meanwhile. */
  response: RouterResponse
  /** Without an outage: the router loses the session and takes the next dial. */
  atOnce?: true
}

export const outageKinds = {
  crashed: { text: 'crashes, then refuses', response: 'refused' },
  restarted: { text: 'restarts (Cease 6/2), then refuses', response: 'refused' },
  dropped: { text: 'drops all packets', response: 'dropped' },
  closed: { text: 'closes the session and each dial', response: 'closed' },
  badPeerAs: {
    text: 'answers OPEN with Bad Peer AS (2/2)',
    response: 'badPeerAs',
  },
  shutdown: { text: 'sends Administrative Shutdown (6/2)', response: 'shutdown' },
  reset: { text: 'sends Administrative Reset (6/4) once', response: 'reset', atOnce: true },
} as const satisfies Record<string, OutageKind>

export type OutageName = keyof typeof outageKinds
export const everyOutage = Object.keys(outageKinds) as OutageName[]

/** Seconds of an outage, and how many outages are spread over them. */
export const lengths = {
  short: { min: 20, max: 40, text: '20 to 40 s' },
  long: { min: 240, max: 360, text: '4 to 6 min' },
} as const
export type Length = keyof typeof lengths

/** A session is Established for that long before its outage: more than any speaker's time after which it forgets failures. */
export const STABLE = 310

/** A router that dials does so that many seconds after it recovered, and again after each `again` without a connection. */
export const DIALS = { first: 5, again: 15 } as const

/** One outage at one address of the router. */
export interface Outage {
  kind: OutageName
  length: Length
  /** Whether the router dials after it recovered. */
  dials: boolean
  seconds: number
  address: string
}

/** The speaker has the first address of this network, beside that of its lab. */
export const network = { speaker: '198.18.0.1', bits: 16 } as const

/** The outages that every speaker meets: `phases` of each kind and length, and half as many with a router that dials. */
export function makeOutages(phases: number): Outage[] {
  const found: Omit<Outage, 'address'>[] = []
  for (const dials of [false, true])
    for (const kind of everyOutage) {
      const count = dials ? Math.ceil(phases / 2) : phases
      if ('atOnce' in outageKinds[kind])
        for (let i = 0; i < count; i++) found.push({ kind, length: 'short', dials, seconds: 0 })
      else
        for (const length of ['short', 'long'] as const)
          for (const seconds of spread(lengths[length], count)) found.push({ kind, length, dials, seconds })
    }
  return found.map((outage, i) => ({ ...outage, address: `198.18.${1 + Math.floor(i / 250)}.${1 + (i % 250)}` }))
}

/** The middles of `count` equal parts, so that none is at an edge. */
function spread({ min, max }: { min: number; max: number }, count: number): number[] {
  return Array.from({ length: count }, (_, i) => min + ((i + 0.5) / count) * (max - min))
}
