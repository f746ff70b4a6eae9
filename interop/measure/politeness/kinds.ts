/** What the router does, at an address for each: in words, and how often Softspoken may dial it in ten minutes. */
export const kinds = {
  refused: { text: 'refuses', budget: 11 },
  dropped: { text: 'drops SYNs', budget: 10 },
  closed: { text: 'accepts and closes', budget: 5 },
  badPeerAs: { text: 'answers OPEN with Bad Peer AS (2/2)', budget: 5 },
  shutdown: { text: 'sends OPEN, then Administrative Shutdown (6/2)', budget: 3 },
  reset: { text: 'lets it be Established, then Administrative Reset (6/4)', budget: 5 },
  steady: { text: 'keeps the session', budget: 1 },
} as const

export type Kind = keyof typeof kinds

/** The router's address for each. */
export type Addresses = Readonly<Record<Kind, string>>

/** In the order of the table. */
export const everyKind = Object.keys(kinds) as Kind[]

/** All but the well-behaved one. */
export const rejecting = everyKind.filter(kind => kind !== 'steady')

export const as = { speaker: 65010, router: 65001 } as const
