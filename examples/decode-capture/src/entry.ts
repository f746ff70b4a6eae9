/** What any capture contains: messages and remarks, each with its time, its endpoints and its position. */
import type { Address, Message, Result } from '@softspoken/wire'
import { bounds } from './bounds.ts'

export interface Endpoint {
  readonly address: Address
  /** TCP port, in a capture of packets. */
  readonly port?: number
  /** AS number, in an MRT file. */
  readonly as?: number
}

export interface Place {
  /** Seconds since 1970, UTC. */
  readonly time?: number | undefined
  readonly from?: Endpoint | undefined
  readonly to?: Endpoint | undefined
  /** The packet that completed it, counted from 1 as Wireshark does. */
  readonly frame?: number | undefined
  /** Octets before it in the stream, file or input that `of` names. */
  readonly offset: number
  readonly of: 'stream' | 'file' | 'input'
}

export interface MessageEntry extends Place {
  readonly result: Result<Message>
  /** The octets of the message; after a malformed header, the first octets from there on. */
  readonly bytes: Uint8Array
}

/** A note about the capture, such as missing octets. */
interface Remark extends Place {
  readonly remark: string
}

export type Entry = MessageEntry | Remark

/** A mistake in the command line or the file, in one sentence. */
export class InputError extends Error {}

/** What was not decoded, and how often. It is printed at the end, so that nothing is left out silently. */
export class Skipped {
  readonly #counts = new Map<string, number>()

  add(what: string): void {
    const kind = this.#counts.has(what) || this.#counts.size < bounds.skippedKinds ? what : 'other kinds'
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
  }
  /** `packets of link type 127 (3), IP fragments (1)`; empty if nothing was skipped. */
  toText(): string {
    return [...this.#counts].map(([what, count]) => `${what} (${count})`).join(', ')
  }
}
