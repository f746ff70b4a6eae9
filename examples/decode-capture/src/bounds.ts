/** What keeps memory and time in proportion to the file, whatever it holds. README.md says what follows from them. */
export const bounds = {
  /** A gzip may unpack to this many times what was read of it, and `unpackedSlack` octets besides. */
  unpackedRatio: 100,
  unpackedSlack: 1024 * 1024,
  /** Octets of one packet that are looked at. No IP packet of a router is longer, and no capture tool writes more. */
  packet: 256 * 1024,
  /** Octets of an MRT record that holds a message: its own fields, and a message of 65535 at most. */
  mrtMessage: 66 * 1024,
  /** Octets that the first record of an MRT file may have. It has no magic number, so a file of noise is told by this. */
  mrtFirstRecord: 16 * 1024 * 1024,
  /** Octets of a pcapng interface description that are looked at, and interfaces in one section. */
  interfaceDescription: 64 * 1024,
  interfaces: 65_536,
  /** TCP connections at a time. One more, and the one that was silent for longest ends. */
  connections: 10_000,
  /** Segments of one direction that wait for what is missing before them. */
  waitingSegments: 4096,
  /** Octets that wait so in all directions, each segment with the cost of keeping it. */
  waitingOctets: 32 * 1024 * 1024,
  segmentCost: 256,
  /** Kinds of what was not read that are told apart. */
  passedOverKinds: 16,
} as const
