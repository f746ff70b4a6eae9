/** What the misbehaving peer does at each of its addresses. */
export const misbehaviours = [
  'silent', // takes the connection, and never answers OPEN
  'resets', // answers OPEN with an RST
  'closes', // closes as soon as it has accepted
  'garbage', // answers with what is not BGP
  'garbage-after-open', // a good beginning, then what is not BGP
  'slow-octets', // one byte every half second
  'one-octet-segments', // ten thousand segments of one byte
  'slow-reader', // reads slowly
  'never-reads', // never reads; falls silent after a while
  'refresh-flood', // never reads, and asks for our routes ten thousand times
  'second-connection', // connects to us as well
] as const
export type Misbehaviour = (typeof misbehaviours)[number]
