/**
 * An election by lease, with the rules of a Kubernetes Lease: the holder renews it; if the holder has not renewed it for
 * `ttl`, another candidate acquires it, with the next epoch. No clocks are compared: a candidate measures `ttl` with its
 * own clock, from the last renewal that it saw. So a holder that dies or freezes is followed by another candidate, and a
 * holder that wakes up stops leading.
 */

import { assertMethods, assertRange } from '@softspoken/session/internal'
import type { Election, Leadership } from './election.ts'

/** Where the lease is kept. Each method is atomic: if two candidates acquire the same epoch, one of them fails. */
export interface LeaseStore {
  /** Resolves with the last record, or undefined if no candidate has acquired the lease yet. */
  read(): Promise<LeaseRecord | undefined>
  /** Resolves with false if another candidate was faster. */
  acquire(epoch: number): Promise<boolean>
  /** Resolves with false if there is a record with a later epoch. */
  renew(epoch: number): Promise<boolean>
  /** Marks the record of this epoch as released, so that another candidate can follow at once. */
  release(epoch: number): Promise<void>
}

/** The record of the last holder in a store. */
export interface LeaseRecord {
  /** 1 for the first holder, one more for each next one. */
  readonly epoch: number
  /** Changes with each renewal; only the change matters, not the number. Undefined if the holder released the lease. */
  readonly renewal: number | undefined
}

/** Parts of `ttl`. A candidate looks five times per `ttl`. A holder stops leading while all other candidates still wait. */
const LOOK = 1 / 5
const GIVE_UP = 3 / 5

/**
 * An election over a lease that lasts for `ttl` seconds, 5 to 3600. A leader renews it each fifth of `ttl`, and stops
 * leading three fifths of `ttl` after its last renewal; another candidate follows one `ttl` after the last renewal that it saw.
 * @throws OptionError if `ttl` is out of these bounds, or a method of `store` is missing.
 */
export function leaseElection(store: LeaseStore, ttl: number): Election {
  assertMethods(store, ['read', 'acquire', 'renew', 'release'], 'store')
  assertRange(ttl, 5, 3600, 'ttl', ' seconds')
  return { campaign: signal => campaign(store, ttl * 1000, signal) }
}

async function* campaign(store: LeaseStore, ttl: number, signal: AbortSignal): AsyncGenerator<Leadership> {
  let held: { readonly epoch: number; readonly until: number } | undefined
  let seen: (LeaseRecord & { readonly at: number }) | undefined
  try {
    while (!signal.aborted) {
      // Read before the store is called, so that the time of a holder counts from the start of a slow call.
      const now = performance.now()
      const until = now + ttl * GIVE_UP
      if (held) {
        // Checked twice, because the process may be stopped before the renewal, and during it.
        const isKept = now < held.until && (await store.renew(held.epoch)) && performance.now() < held.until
        held = isKept ? { epoch: held.epoch, until } : undefined
      } else {
        const record = await store.read()
        if (record?.epoch !== seen?.epoch || record?.renewal !== seen?.renewal)
          seen = record && { ...record, at: performance.now() }
        const isFree = seen?.renewal === undefined || now >= seen.at + ttl
        const epoch = (seen?.epoch ?? 0) + 1
        // If acquire() took so long that the leadership would outlive the lease, this node does not lead.
        const isOurs = isFree && (await store.acquire(epoch)) && performance.now() < now + ttl * (1 - GIVE_UP)
        if (isOurs) held = { epoch, until }
      }
      yield held ? { leader: true, ...held } : { leader: false }
      await pause(ttl * LOOK, signal)
    }
  } finally {
    if (held) await store.release(held.epoch)
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
