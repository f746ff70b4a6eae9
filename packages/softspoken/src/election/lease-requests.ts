/** What happens to the requests for the Lease, for metrics and status: a store around a store. */
import { type LeaseRecord, type LeaseStore, LeaseStoreError, type StoredLease } from '@softspoken/vip-agent'

export class LeaseRequests {
  readonly #identity: string
  /** By reason; only reasons that occurred. */
  readonly failures = new Map<string, number>()
  #renewedAt: number | undefined

  constructor(identity: string) {
    this.#identity = identity
  }

  /** Since this node last wrote the Lease as its leader; undefined if it never has. */
  get secondsSinceRenewal(): number | undefined {
    return this.#renewedAt === undefined ? undefined : (performance.now() - this.#renewedAt) / 1000
  }

  /** The same store, whose requests are counted. */
  observe(store: LeaseStore): LeaseStore {
    const { release, watch } = store
    return {
      get: signal => this.#counted(signal, store.get(signal)),
      create: (record, signal) => this.#written(record, signal, store.create(record, signal)),
      update: (record, version, signal) => this.#written(record, signal, store.update(record, version, signal)),
      ...(release && {
        release: (record, version, signal) => this.#counted(signal, release.call(store, record, version, signal)),
      }),
      ...(watch && { watch: (onLease, signal) => watch.call(store, onLease, signal) }), // the election looks if it ends
    }
  }

  async #written(record: LeaseRecord, signal: AbortSignal, request: Promise<StoredLease>): Promise<StoredLease> {
    const lease = await this.#counted(signal, request)
    if (record.holder === this.#identity) this.#renewedAt = performance.now()
    return lease
  }
  async #counted<result>(signal: AbortSignal, request: Promise<result>): Promise<result> {
    try {
      return await request
    } catch (error) {
      const reason = error instanceof LeaseStoreError ? error.reason : 'failed'
      if (!signal.aborted) this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1) // aborted: it was given up
      throw error
    }
  }
}
