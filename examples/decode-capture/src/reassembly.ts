/**
 * Puts the octets of one direction of a TCP connection in order. A segment after a gap waits for the missing octets, and
 * the first copy of an octet counts. A gap is given up in two cases: the receiver has acknowledged the missing octets, so
 * they were sent but are not in the capture; or more octets wait than `bounds` allow, which is more than a TCP window.
 *
 * Not checked: checksums, copies that differ from the original, RST and window.
 */
import { bounds } from './bounds.ts'
import type { Segment } from './segment.ts'

export interface Piece {
  /** The segment that arrived last, and completed the piece. */
  readonly segment: Segment
  /** Octets that are missing before `data`. */
  readonly missing: number
  readonly data: Uint8Array
}

/** How much waits in all directions: octets of data, plus a cost per segment. */
export class Waiting {
  #octets = 0
  /** The highest value so far. */
  peak = 0

  get isFull(): boolean {
    return this.#octets > bounds.waitingOctets
  }
  add({ data }: Segment): void {
    this.#octets += data.length + bounds.segmentCost
    this.peak = Math.max(this.peak, this.#octets)
  }
  remove({ data }: Segment): void {
    this.#octets -= data.length + bounds.segmentCost
  }
}

export class Reassembly {
  /** The sequence number of the next octet. */
  #next: number
  /** Segments after a gap, in order. */
  readonly #early: Segment[] = []
  readonly #waiting: Waiting

  constructor(next: number, waiting: Waiting) {
    this.#next = next
    this.#waiting = waiting
  }

  push(segment: Segment): Piece[] {
    if (segment.data.length === 0) return []
    const pieces: Piece[] = []
    if (distance(this.#next, segment.seq) > 0) this.#keep(segment)
    else this.#take(segment, segment, pieces)
    this.#ready(() => false, pieces, segment)
    while (this.#early.length > bounds.waitingSegments || (this.#waiting.isFull && this.#early.length > 0)) {
      const [first] = this.#early
      this.#ready(waiting => waiting === first, pieces, segment)
    }
    return pieces
  }
  /** The receiver has acknowledged all octets before `ack`. */
  acknowledged(ack: number): Piece[] {
    return this.#ready(({ seq }) => distance(seq, ack) >= 0)
  }
  /** The capture or the connection ends, so missing octets will not arrive. */
  end(): Piece[] {
    return this.#ready(() => true)
  }

  #ready(givenUp: (segment: Segment) => boolean, pieces: Piece[] = [], arrived?: Segment): Piece[] {
    for (let segment = this.#early[0]; segment !== undefined; segment = this.#early[0]) {
      if (distance(this.#next, segment.seq) > 0 && !givenUp(segment)) break
      this.#early.shift()
      this.#waiting.remove(segment)
      this.#take(segment, arrived ?? segment, pieces)
    }
    return pieces
  }

  /** Adds the new octets of the next segment. If octets before it are missing, their gap was given up. */
  #take(segment: Segment, last: Segment, pieces: Piece[]): void {
    const missing = distance(this.#next, segment.seq)
    const data = segment.data.subarray(Math.max(0, -missing))
    if (data.length === 0) return
    this.#next = (segment.seq + segment.data.length) >>> 0
    pieces.push({ segment: last, missing: Math.max(0, missing), data })
  }

  /** Inserts a segment in order, after those with the same number. Copies the data, which refers to a whole chunk of the file. */
  #keep(segment: Segment): void {
    const own = { ...segment, data: new Uint8Array(segment.data) }
    let [from, to] = [0, this.#early.length]
    while (from < to) {
      const middle = (from + to) >>> 1
      if (distance(this.#next, this.#early[middle]!.seq) <= distance(this.#next, segment.seq)) from = middle + 1
      else to = middle
    }
    this.#early.splice(from, 0, own)
    this.#waiting.add(own)
  }
}

/** How far `to` is ahead of `from`; sequence numbers wrap at 2^32 (RFC 9293 §3.4). */
function distance(from: number, to: number): number {
  return (to - from) | 0
}
