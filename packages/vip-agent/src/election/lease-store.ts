/** Where a Lease is kept: what an election needs from a back end. The record is that of a Kubernetes Lease, in our words. */
import type { LeaseStoreReason } from './reasons.ts'

/** The largest epoch: `leaseTransitions` is a signed integer of 32 bits. */
export const MAX_EPOCH = 0x7fff_ffff

/** The record of a Lease. One Lease decides about all VIPs of a group of nodes. */
export interface LeaseRecord {
  /** The identity of the leader; '' if it released the Lease. Kubernetes: `holderIdentity`. */
  readonly holder: string
  /** Whole seconds, 1 to 3600, that other candidates wait after the last change that they saw. `leaseDurationSeconds`. */
  readonly duration: number
  /** Rises by at least 1 with each new leader; 0 to 2147483647. `leaseTransitions`. */
  readonly epoch: number
  /** For people, by the wall clock of the holder; no decision depends on it. `acquireTime`. */
  readonly acquiredAt: Date
  /** For people, by the wall clock of the holder; no decision depends on it. `renewTime`. */
  readonly renewedAt: Date
  /**
   * With ARP: the MAC address of the holder's frames, such as `02:00:5e:00:00:02`; kept if it is released. `none` while the
   * holder has not claimed the VIPs. Kubernetes: the annotation `softspoken/mac`.
   */
  readonly mac?: string
}

/** The value of `mac` of a holder that has not claimed the VIPs, as none before it has. */
export const UNCLAIMED = 'none'
export function isMac(value: unknown): value is string {
  return value === UNCLAIMED || (typeof value === 'string' && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(value))
}

/** A record as the store has it. */
export interface StoredLease extends LeaseRecord {
  /** Names this state of the record: each change, by any program, gives it another version. Kubernetes: `resourceVersion`. */
  readonly version: string
}

/** Each change gives a Lease another version, but a store that was restored from a snapshot may use a version once more. */
export function isSameLease(one: StoredLease | undefined, other: StoredLease | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.version === other.version && one.holder === other.holder && +one.renewedAt === +other.renewedAt
}

/**
 * Keeps one Lease. Each method is atomic, ends soon after its signal is aborted, and rejects with a `LeaseStoreError`. A
 * method that rejects may still have changed the Lease, unless the reason is `conflict`.
 */
export interface LeaseStore {
  /** Resolves with the Lease, or with undefined if there is none. */
  get(signal: AbortSignal): Promise<StoredLease | undefined>
  /** Rejects with reason `conflict` if there is a Lease. */
  create(record: LeaseRecord, signal: AbortSignal): Promise<StoredLease>
  /** Rejects with reason `conflict` if this is not the version of the Lease. */
  update(record: LeaseRecord, version: string, signal: AbortSignal): Promise<StoredLease>
  /** The same as update(), for a release: it may use another server, because the node's own may be ending. Default: update(). */
  release?(record: LeaseRecord, version: string, signal: AbortSignal): Promise<StoredLease>
  /**
   * Calls back with each change of the Lease, undefined if it was deleted, until it resolves or rejects. It may do so at any
   * time: then the election only looks, and watches again later.
   */
  watch?(onLease: (lease: StoredLease | undefined) => void, signal: AbortSignal): Promise<void>
}

/** A failed request: a code for programs, and a sentence for people, without secrets. */
export class LeaseStoreError extends Error {
  override readonly name = 'LeaseStoreError'
  readonly reason: LeaseStoreReason
  readonly detail: string

  constructor(reason: LeaseStoreReason, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.reason = reason
    this.detail = detail
  }
}
