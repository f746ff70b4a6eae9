import { type LeaseRecord, type LeaseStore, LeaseStoreError, type StoredLease } from '@softspoken/vip-agent'
import { expect, it } from 'vitest'
import { LeaseRequests } from './lease-requests.ts'

const record: LeaseRecord = {
  holder: 'node-1',
  duration: 15,
  epoch: 1,
  acquiredAt: new Date(0),
  renewedAt: new Date(0),
}
const stored: StoredLease = { ...record, version: '1' }
const { signal } = new AbortController()

function observed(answer: () => Promise<StoredLease>) {
  const requests = new LeaseRequests('node-1')
  const store: LeaseStore = { get: answer, create: answer, update: answer }
  return { requests, store: requests.observe(store) }
}

it('a renewal of this node sets the time of the last renewal', async () => {
  const { requests, store } = observed(async () => stored)
  await store.get(signal)
  await store.update({ ...record, holder: '' }, '1', signal)
  expect(requests.secondsSinceRenewal).toBeUndefined()
  expect(await store.update(record, '1', signal)).toBe(stored)
  expect(requests.secondsSinceRenewal).toBeGreaterThanOrEqual(0)
})

it('failures are counted by reason, and are still rejections', async () => {
  const { requests, store } = observed(async () => {
    throw new LeaseStoreError('conflict', 'changed')
  })
  await expect(store.update(record, '1', signal)).rejects.toThrow('changed')
  await expect(store.create(record, signal)).rejects.toThrow('changed')
  expect(Object.fromEntries(requests.failures)).toEqual({ conflict: 2 })
  expect(requests.secondsSinceRenewal).toBeUndefined()
})

it('a request that the election gave up is no failure', async () => {
  const { requests, store } = observed(async () => {
    throw new LeaseStoreError('timeout', 'cancelled')
  })
  await expect(store.get(AbortSignal.abort())).rejects.toThrow('cancelled')
  expect(requests.failures.size).toBe(0)
})

it('a store without release and watch stays one without them', () => {
  const { store } = observed(async () => stored)
  expect(Object.keys(store).sort()).toEqual(['create', 'get', 'update'])
})

it('the Lease is remembered as it was last read, written or watched', async () => {
  const requests = new LeaseRequests('node-1')
  const store = requests.observe({
    get: async () => undefined,
    create: async () => stored,
    update: async () => stored,
    watch: async onLease => onLease({ ...stored, holder: 'node-2', epoch: 2, version: '2' }),
  })
  await store.get(signal)
  expect(requests.lease).toBeUndefined()
  await store.create(record, signal)
  expect(requests.lease).toMatchObject({ holder: 'node-1', epoch: 1, acquiredAt: new Date(0) })
  const changes: unknown[] = []
  await store.watch?.(lease => changes.push(lease), signal)
  expect(changes).toHaveLength(1)
  expect(requests.lease).toMatchObject({ holder: 'node-2', epoch: 2 })
})
