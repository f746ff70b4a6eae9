/** What the tests of a Lease in a directory store, and how a write is refused. */
import type { LeaseRecord, LeaseStoreError } from '../src/election/lease-store.ts'

export function record(holder: string, epoch = 1): LeaseRecord {
  return {
    ...{ holder, duration: 15, epoch },
    acquiredAt: new Date('2026-01-02T03:04:05.678Z'),
    renewedAt: new Date('2026-01-02T03:04:06.789Z'),
  }
}
export const refusal: Partial<LeaseStoreError> = { name: 'LeaseStoreError', reason: 'conflict' }
