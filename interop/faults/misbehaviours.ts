/** What the misbehaving peer does at each of its addresses. */
export const behaviours = [
  'silent', // takes the connection, and never answers OPEN
  'resets', // answers OPEN with an RST
  'closes', // closes as soon as it has accepted
  'garbage', // answers with what is not BGP
  'babbles', // a good beginning, then what is not BGP
  'trickles', // one byte every half second
  'crumbles', // ten thousand segments of one byte
  'sips', // reads slowly
  'jams', // never reads; falls silent after a while
  'nags', // never reads, and asks for our routes ten thousand times
  'twice', // connects to us as well
] as const
export type Behaviour = (typeof behaviours)[number]
