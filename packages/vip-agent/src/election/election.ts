/** What the agent needs from an election. */
import type { ElectionReason } from './reasons.ts'

/** Seconds after a lease duration, within which each other candidate would have taken a free Lease. */
export const LAST_RESORT_WAIT = 5

/** Decides whether this node leads. `leaseElection()` makes one; any object with this method is one. */
export interface Election {
  /**
   * Seconds after which another candidate takes over from a leader that does not renew; default 15. A leader without an
   * established session resigns after a fifth of it.
   */
  readonly leaseDuration?: number
  /**
   * Seconds that it waits beyond the end of a lease before this node leads; default 0. With ARP the agent waits the rest of
   * 1 s itself, because the kernel removes the last holder's address up to 1 s late.
   */
  readonly claimDelay?: number
  /**
   * Campaigns until the signal is aborted. Then it gives up the leadership at once, so that another candidate can follow,
   * yields what it sees in two looks at most, so that the agent can wait for the next leader, and ends. It yields a value
   * after each renewal, and whenever it learns something; each value replaces the one before. Failures of the back end are
   * not thrown: while this node leads they are ignored until `until`, and after that they are yielded with a reason.
   */
  campaign(signal: AbortSignal): AsyncIterable<Leadership>
  /**
   * With ARP: the MAC address of this node's frames, and whether it has claimed the VIPs since it leads. Kept for the next
   * leader, which gets it as `previous`.
   */
  advertises?(mac: string, hasClaimed: boolean): void
  /**
   * For a node that is cordoned: take the leadership only if no candidate has had it for `leaseDuration` and 5 s, until it is
   * called with false. It does not end a leadership. Left out: a node that is cordoned does not campaign.
   */
  lastResort?(is: boolean): void
  /** With ARP: find out at once whether this node still leads. If it does, yield a later `until`. */
  look?(): void
}

/** Whether this node leads now. */
export type Leadership =
  | {
      readonly leader: true
      /**
       * An integer from 0 to 4294967295; each new leader has a higher one than every leader before it. The MED of its route
       * is 1000000 less its epoch, at least 0.
       */
      readonly epoch: number
      /** When it ends, unless a later value extends it: milliseconds on the clock of `performance.now()`; Infinity is allowed. */
      readonly until: number
      /** With ARP: the last holder. Left out: none has claimed the VIPs yet, and a node that has one of them blocks the claim. */
      readonly previous?: PreviousHolder
    }
  | {
      readonly leader: false
      /** The candidate that leads now, if one is known. */
      readonly holder?: string
      /** Why this node cannot campaign: the last request to the back end failed, or another process has its identity. */
      readonly reason?: ElectionReason
      /** The same in a sentence. */
      readonly detail?: string
    }

/** The last holder of the Lease: the MAC address of its frames, if it is known, and whether it released the Lease itself. */
export type PreviousHolder = { readonly mac?: string; readonly released: boolean } | undefined
