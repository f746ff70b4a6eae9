/** What a capture holds, whatever its format: messages and remarks, each with when, between whom, and where. */
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
  /** Octets before it in what `of` names. */
  readonly offset: number
  readonly of: 'stream' | 'file' | 'input'
}

export interface MessageEntry extends Place {
  readonly result: Result<Message>
  /** The message as it stood there; after a header that cannot be trusted, the beginning of what is there. */
  readonly bytes: Uint8Array
}

/** Something about the capture that its reader should know. */
interface Remark extends Place {
  readonly remark: string
}

export type Entry = MessageEntry | Remark

/** The person's mistake, in one sentence. */
export class InputError extends Error {}

/** What was not read, and how often: told at the end, so that nothing is left out in silence. */
export class PassedOver {
  readonly #counts = new Map<string, number>()

  add(what: string): void {
    const kind = this.#counts.has(what) || this.#counts.size < bounds.passedOverKinds ? what : 'of other kinds'
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
  }
  /** `packets of link type 127 (3), IP fragments (1)`; empty if it is nothing. */
  inWords(): string {
    return [...this.#counts].map(([what, count]) => `${what} (${count})`).join(', ')
  }
}
