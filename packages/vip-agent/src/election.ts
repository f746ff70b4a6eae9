/** Who may announce. An election on one machine is in lease-directory.ts; one over Kubernetes takes the same seat. */
import { once } from 'node:events'

export interface Election {
  /** Seconds that one `leader: true` counts; 2 to 3600. It must be said again before, or the route goes. Default: it stands. */
  readonly ttl?: number
  /**
   * Campaigns until the signal is aborted, then lets go, so that another may follow at once, and ends. Whoever listens
   * no more is no leader any more either: nothing is renewed unless the next word is asked for.
   */
  campaign(signal: AbortSignal): AsyncIterable<Leadership>
}

/** Said after each look, changed or not. Each new leader has a higher epoch than all before it. */
export type Leadership = { readonly leader: true; readonly epoch: number } | { readonly leader: false }

/** All-nodes mode: there is nobody to win against, and one epoch for all, so no route is better than another. */
export const everyNode: Election = {
  async *campaign(signal) {
    yield { leader: true, epoch: 0 }
    if (!signal.aborted) await once(signal, 'abort')
  },
}
