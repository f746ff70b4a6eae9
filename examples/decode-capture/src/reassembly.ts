/**
 * One direction of a TCP connection, its octets back in order. Late segments wait for what is missing before them, and
 * of what comes twice the first counts. What is missing is given up once the receiver has acknowledged it: it was sent,
 * but the capture does not have it.
 *
 * Not done: checksums are not looked at, a copy that differs from its original is not noticed, and RST and window are
 * not judged.
 */
import type { Segment } from './segment.ts'

export interface Piece {
  /** The one that made it readable: it came last. */
  readonly segment: Segment
  /** Octets that are missing before `data`. */
  readonly missing: number
  readonly data: Uint8Array
}

export class Reassembly {
  /** The sequence number of the octet that comes next. */
  #next: number
  /** Segments beyond it, in their order. */
  #early: Segment[] = []

  constructor(next: number) {
    this.#next = next
  }

  push(segment: Segment): Piece[] {
    if (segment.data.length === 0) return []
    const later = this.#early.findIndex(({ seq }) => distance(segment.seq, seq) > 0)
    this.#early.splice(later < 0 ? this.#early.length : later, 0, segment)
    return this.#ready(() => false, segment)
  }
  /** The receiver has all octets before `ack`. */
  acknowledged(ack: number): Piece[] {
    return this.#ready(({ seq }) => distance(seq, ack) >= 0)
  }
  /** The capture ends: whatever is missing will not come. */
  end(): Piece[] {
    return this.#ready(() => true)
  }

  #ready(givenUp: (segment: Segment) => boolean, arrived?: Segment): Piece[] {
    const pieces: Piece[] = []
    for (let segment = this.#early[0]; segment !== undefined; segment = this.#early[0]) {
      const missing = distance(this.#next, segment.seq)
      if (missing > 0 && !givenUp(segment)) break
      this.#early.shift()
      const data = segment.data.subarray(Math.max(0, -missing))
      if (data.length === 0) continue
      this.#next = (segment.seq + segment.data.length) >>> 0
      pieces.push({ segment: arrived ?? segment, missing: Math.max(0, missing), data })
    }
    return pieces
  }
}

/** How far `to` is ahead of `from`, where numbers begin again after 2^32 (RFC 9293 §3.4). */
function distance(from: number, to: number): number {
  return (to - from) | 0
}
