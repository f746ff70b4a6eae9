/** The BGP messages of all TCP connections in a capture of packets. */

import { bounds } from './bounds.ts'
import { Direction } from './direction.ts'
import type { Endpoint, Entry, Place, Skipped } from './entry.ts'
import { Negotiation } from './negotiation.ts'
import type { Packet } from './pcap.ts'
import { type Piece, Reassembly, Waiting } from './reassembly.ts'
import { readSegment, type Segment } from './segment.ts'

export interface ReadOptions {
  readonly port: number
  /** Used until both OPENs were read. */
  readonly fourOctetAs: boolean
}

type When = Pick<Segment, 'frame' | 'time'>

/** One side of a connection: what it sends. */
interface Side {
  readonly from: Endpoint
  readonly to: Endpoint
  /** The sequence number of its SYN. */
  readonly begin: number | undefined
  readonly reassembly: Reassembly
  readonly direction: Direction
  last: When
}
interface Connection {
  readonly negotiation: Negotiation
  /** By the name of the sending endpoint. */
  readonly sides: Map<string, Side>
}

/** Takes the packets of a capture in their order. */
export class Connections {
  readonly #options: ReadOptions
  readonly #skipped: Skipped
  /** By their two endpoints; the connection that was silent for longest is first. */
  readonly #connections = new Map<string, Connection>()
  /** The segments that all of them keep for later. */
  readonly waiting = new Waiting()

  constructor(options: ReadOptions, skipped: Skipped) {
    this.#options = options
    this.#skipped = skipped
  }

  *push(packet: Packet): Generator<Entry> {
    const { port, fourOctetAs } = this.#options
    const segment = readSegment(packet, port, this.#skipped)
    if (segment === undefined) return
    const { syn, ack, data } = segment
    const [from, to] = [nameOf(segment.from), nameOf(segment.to)]
    const key = [from, to].sort().join(' ')
    const known = this.#connections.get(key)
    // A SYN with another sequence number opens a new connection between the same two ports; a SYN-ACK does not.
    const again = syn && known?.sides.get(from)?.begin !== segment.seq && (known?.sides.has(from) || ack === undefined)
    if (known && again) yield* ends(known)
    const connection = known && !again ? known : { negotiation: new Negotiation({ fourOctetAs }), sides: new Map() }
    this.#connections.delete(key)
    this.#connections.set(key, connection)
    if (this.#connections.size > bounds.connections) yield* this.#endOldest()

    const side = connection.sides.get(from) ?? (syn || data.length > 0 ? this.#open(connection, segment) : undefined)
    if (side) {
      if (data.length > 0) side.last = when(segment)
      connection.sides.set(from, side)
      yield* read(side, side.reassembly.push(segment))
    }
    const other = connection.sides.get(to)
    if (other && ack !== undefined) yield* read(other, other.reassembly.acknowledged(ack))
  }

  /** The capture ends, so each connection ends. */
  *end(): Generator<Entry> {
    for (const connection of this.#connections.values()) yield* ends(connection)
  }

  *#endOldest(): Generator<Entry> {
    for (const [key, connection] of this.#connections) {
      this.#connections.delete(key)
      this.#skipped.add(`connections beyond ${bounds.connections} at a time, each cut off after its last segment`)
      yield* ends(connection)
      return
    }
  }

  #open({ negotiation, sides }: Connection, segment: Segment): Side {
    const { from, to, seq, syn } = segment
    const begin = syn ? seq : undefined
    const direction = new Direction(negotiation, sides.size, !syn)
    return { from, to, begin, reassembly: new Reassembly(seq, this.waiting), direction, last: when(segment) }
  }
}

function* read(side: Side, pieces: readonly Piece[]): Generator<Entry> {
  const { direction } = side
  for (const { segment, missing, data } of pieces) {
    if (missing > 0) {
      const { held } = direction.position
      const cut = held > 0 ? `, after the first ${held} octets of a message` : ''
      yield { ...place(side, segment), remark: `${missing} octets are missing from the capture${cut}` }
      direction.skip(missing)
    }
    for (const found of direction.push(data)) yield { ...place(side, segment), ...found }
  }
}

function* ends({ sides }: Connection): Generator<Entry> {
  for (const side of sides.values()) {
    yield* read(side, side.reassembly.end())
    const { held } = side.direction.position
    if (held > 0) yield { ...place(side, side.last), remark: `the stream ends ${held} octets into a message` }
  }
}

function place({ from, to, direction }: Side, { frame, time }: When): Place {
  return { time, from, to, frame, offset: direction.position.offset, of: 'stream' }
}
/** Only these two fields of a segment are kept, because its data refers to a whole chunk of the file. */
function when({ frame, time }: Segment): When {
  return { frame, time }
}
function nameOf({ address, port }: Endpoint): string {
  return `${address} ${port}`
}
