/**
 * One direction of a TCP connection, its octets back in order. Late segments wait for what is missing before them, and
 * of what comes twice the first counts. What is missing is given up once the receiver has acknowledged it, because it was
 * sent, but the capture does not have it; and once more waits than `bounds` allow, which is more than a window holds.
 *
 * Not done: checksums are not looked at, a copy that differs from its original is not noticed, and RST and window are
 * not judged.
 */
import { bounds } from './bounds.ts'
import type { Segment } from './segment.ts'

export interface Piece {
  /** The one that made it readable: it came last. */
  readonly segment: Segment
  /** Octets that are missing before `data`. */
  readonly missing: number
  readonly data: Uint8Array
}

/** What waits in all directions: octets of data, and what it costs to keep each segment. */
export class Waiting {
  #octets = 0
  /** The most that it was. */
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
  /** The sequence number of the octet that comes next. */
  #next: number
  /** Segments beyond it, in their order. */
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
  /** The receiver has all octets before `ack`. */
  acknowledged(ack: number): Piece[] {
    return this.#ready(({ seq }) => distance(seq, ack) >= 0)
  }
  /** The capture ends, or the connection: what is missing will not come. */
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

  /** What is new in a segment that is next, or after a gap that is given up. */
  #take(segment: Segment, last: Segment, pieces: Piece[]): void {
    const missing = distance(this.#next, segment.seq)
    const data = segment.data.subarray(Math.max(0, -missing))
    if (data.length === 0) return
    this.#next = (segment.seq + segment.data.length) >>> 0
    pieces.push({ segment: last, missing: Math.max(0, missing), data })
  }

  /** Behind all that do not come after it: of two with the same number the first counts. A copy keeps no whole chunk of the file. */
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

/** How far `to` is ahead of `from`, where numbers begin again after 2^32 (RFC 9293 §3.4). */
function distance(from: number, to: number): number {
  return (to - from) | 0
}
