/** What happens to the requests for the Lease, for metrics and status: a store around a store. */
import { type LeaseRecord, type LeaseStore, LeaseStoreError, type StoredLease } from '@softspoken/vip-agent'
import { isSameLease } from '@softspoken/vip-agent/internal'

/** The Lease as this node saw it last. Its holder may have ended since. */
export interface SeenLease {
  /** Empty if it was released. */
  readonly holder: string
  readonly epoch: number
  readonly acquiredAt: Date
  /** Since it was seen with another content. */
  readonly secondsSinceChange: number
  /** Since this node looked; a node that does not campaign does not look. */
  readonly secondsSinceSeen: number
}

export class LeaseRequests {
  readonly #identity: string
  /** By reason; only reasons that occurred. */
  readonly failures = new Map<string, number>()
  #renewedAt: number | undefined
  #lease: StoredLease | undefined
  #changedAt = 0
  #seenAt = 0

  constructor(identity: string) {
    this.#identity = identity
  }

  /** Since this node last wrote the Lease as its leader; undefined if it never has. */
  get secondsSinceRenewal(): number | undefined {
    return this.#renewedAt === undefined ? undefined : (performance.now() - this.#renewedAt) / 1000
  }

  /** Undefined if there is none. */
  get lease(): SeenLease | undefined {
    if (this.#lease === undefined) return undefined
    const { holder, epoch, acquiredAt } = this.#lease
    const now = performance.now()
    const secondsSinceChange = (now - this.#changedAt) / 1000
    return { holder, epoch, acquiredAt, secondsSinceChange, secondsSinceSeen: (now - this.#seenAt) / 1000 }
  }

  /** The same store, whose requests are counted. */
  observe(store: LeaseStore): LeaseStore {
    const { release, watch } = store
    return {
      get: signal => this.#counted(signal, store.get(signal)).then(this.#saw),
      create: (record, signal) => this.#written(record, signal, store.create(record, signal)),
      update: (record, version, signal) => this.#written(record, signal, store.update(record, version, signal)),
      ...(release && {
        release: (record, version, signal) =>
          this.#counted(signal, release.call(store, record, version, signal)).then(this.#saw),
      }),
      // The election looks if it ends.
      ...(watch && { watch: (onLease, signal) => watch.call(store, lease => onLease(this.#saw(lease)), signal) }),
    }
  }

  readonly #saw = <lease extends StoredLease | undefined>(lease: lease): lease => {
    this.#seenAt = performance.now()
    if (!isSameLease(lease, this.#lease)) this.#changedAt = this.#seenAt
    this.#lease = lease
    return lease
  }

  async #written(record: LeaseRecord, signal: AbortSignal, request: Promise<StoredLease>): Promise<StoredLease> {
    const lease = this.#saw(await this.#counted(signal, request))
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
