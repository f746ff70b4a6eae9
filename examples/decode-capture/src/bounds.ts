/** Limits that keep memory and time in proportion to the size of the file. README.md lists their effects. */
export const bounds = {
  /** A gzip may unpack to this many times its size, plus `unpackedSlack` octets. */
  unpackedRatio: 100,
  unpackedSlack: 1024 * 1024,
  /** Octets of one packet that are read. IP packets are not longer, and capture tools write no more. */
  packet: 256 * 1024,
  /** Octets of an MRT record that contains a message: its own fields, and a message of at most 65535. */
  mrtMessage: 66 * 1024,
  /** Octets that the first record of an MRT file may have. MRT has no magic number, so this rejects files of another format. */
  mrtFirstRecord: 16 * 1024 * 1024,
  /** Octets of a pcapng interface description that are read, and interfaces in one section. */
  interfaceDescription: 64 * 1024,
  interfaces: 65_536,
  /** TCP connections at a time. One more ends the connection that was silent for longest. */
  connections: 10_000,
  /** Segments of one direction that wait for missing octets before them. */
  waitingSegments: 4096,
  /** Octets that wait in all directions, plus `segmentCost` for each segment. */
  waitingOctets: 32 * 1024 * 1024,
  segmentCost: 256,
  /** Kinds of skipped items that are counted separately. */
  skippedKinds: 16,
} as const
