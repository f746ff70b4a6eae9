/** A health check of this node's own API server, with the credentials that its Lease client has. */
import type { Check } from '@softspoken/announcer'
import { failureOf } from './api-answer.ts'
import { ApiClient, type KubernetesLeaseStatus } from './api-client.ts'
import { configure, type KubernetesLeaseOptions } from './options.ts'

/** etcd is left out: a moment in which it does not answer would withdraw the VIP on every node at once. */
const PATH = '/readyz?exclude=etcd&exclude=etcd-readiness'

/** What `apiServerCheck()` makes. */
export interface ApiServerCheck {
  readonly check: Check
  /** Reads configuration and credentials now, for a check before the start. Rejects with a `LeaseStoreError`. */
  load(): Promise<KubernetesLeaseStatus>
  /** For status and metrics. */
  status(): KubernetesLeaseStatus
}

/**
 * Asks the API server whether it is ready, without its check of etcd. Nothing is read or connected before the first check. It rejects with a
 * `LeaseStoreError`, or for 401, 403 and 404 with an Error whose `reason` is `misconfigured`.
 * @throws OptionError
 */
export function apiServerCheck(options: Omit<KubernetesLeaseOptions, 'lease' | 'releaseServers'>): ApiServerCheck {
  const client = new ApiClient(configure(options))
  return {
    async check(signal) {
      const answer = await client.request({ method: 'GET', path: PATH }, signal).catch(explain)
      if (answer.status < 200 || answer.status > 299) explain(failureOf(answer))
    },
    async load() {
      await client.load()
      return client.status()
    },
    status: () => client.status(),
  }
}

/** The reason that a health gate knows. */
function explain(error: unknown): never {
  const { reason, message } = error as { readonly reason?: string; readonly message: string } // a LeaseStoreError
  if (reason === 'unauthorized' || reason === 'forbidden' || reason === 'not-found')
    throw Object.assign(new Error(message, { cause: error }), { reason: 'misconfigured' })
  throw error
}
