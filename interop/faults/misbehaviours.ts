/** The misbehaviours of the peer: one at each of its addresses. */
export const misbehaviours = [
  'silent', // accepts, and never answers OPEN
  'resets', // answers OPEN with an RST
  'closes', // closes as soon as it has accepted
  'garbage', // answers with octets that are not BGP
  'garbage-after-open', // OPEN and KEEPALIVE, then octets that are not BGP
  'slow-octets', // sends one octet every half second
  'one-octet-segments', // sends ten thousand segments of one octet
  'slow-reader', // reads slowly
  'never-reads', // never reads, and sends nothing after a while
  'refresh-flood', // never reads, and sends ROUTE-REFRESH ten thousand times
  'second-connection', // also connects to us
] as const
export type Misbehaviour = (typeof misbehaviours)[number]
