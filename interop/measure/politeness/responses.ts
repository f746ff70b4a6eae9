/** Each response of the router, and the dials that Softspoken's budget allows it in ten minutes. */
export const responses = {
  refused: { text: 'refuses', budget: 11 },
  dropped: { text: 'drops SYNs', budget: 10 },
  closed: { text: 'accepts and closes', budget: 5 },
  badPeerAs: { text: 'answers OPEN with Bad Peer AS (2/2)', budget: 5 },
  shutdown: { text: 'sends OPEN, then Administrative Shutdown (6/2)', budget: 3 },
  reset: { text: 'accepts the session, then sends Administrative Reset (6/4)', budget: 5 },
  steady: { text: 'keeps the session', budget: 1 },
} as const

export type RouterResponse = keyof typeof responses

/** The router's address per response. */
export type Addresses = Readonly<Record<RouterResponse, string>>

/** In the order of the table. */
export const everyResponse = Object.keys(responses) as RouterResponse[]

/** All responses except the one that keeps the session. */
export const rejections = everyResponse.filter(response => response !== 'steady')
