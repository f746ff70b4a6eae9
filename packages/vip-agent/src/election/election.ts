/** What the agent needs from an election, and the election of all-nodes mode. */
import { once } from 'node:events'

/** Decides whether this node leads. `leaseElection()` makes one; any object with these two members is one. */
export interface Election {
  /**
   * Seconds for which one `{ leader: true }` counts; 2 to 3600. If the next one does not follow within that time, the
   * agent withdraws the route. Default: a `{ leader: true }` counts until the next value.
   */
  readonly ttl?: number
  /**
   * Takes part in the election until the signal is aborted; then it gives up the leadership, so that another candidate can
   * follow at once, and ends. It yields one value after each look at the election, and renews the leadership only when the
   * next value is asked for. If it throws, or ends by itself, the agent withdraws the route and fails.
   */
  campaign(signal: AbortSignal): AsyncIterable<Leadership>
}

/**
 * Whether this node leads now. `epoch` is an integer from 0 to 4294967295; each new leader has a higher epoch than every
 * leader before it. The MED of its route is 1000000 less its epoch, at least 0.
 */
export type Leadership = { readonly leader: true; readonly epoch: number } | { readonly leader: false }

/** The election of all-nodes mode: each node leads, with epoch 0, so that the routers prefer no node. */
export const everyNode: Election = {
  async *campaign(signal) {
    yield { leader: true, epoch: 0 }
    if (!signal.aborted) await once(signal, 'abort')
  },
}
