import { type LeaseRecord, type LeaseStore, LeaseStoreError, type StoredLease } from '@softspoken/vip-agent'
import { afterEach, expect, it, vi } from 'vitest'
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
afterEach(() => void vi.useRealTimers())

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

it('how long ago the Lease changed and was seen is in seconds', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  let answer = stored
  const { requests, store } = observed(async () => answer)
  await store.get(signal)
  vi.advanceTimersByTime(4000)
  await store.get(signal)
  vi.advanceTimersByTime(2500)
  expect(requests.lease).toMatchObject({ secondsSinceChange: 6.5, secondsSinceSeen: 2.5 })
  answer = { ...stored, version: '2' }
  await store.update(record, '1', signal)
  vi.advanceTimersByTime(1500)
  expect(requests.lease).toMatchObject({ secondsSinceChange: 1.5, secondsSinceSeen: 1.5 })
  answer = { ...answer, renewedAt: new Date(9) } // a restored store may use a version once more
  await store.get(signal)
  expect(requests.lease).toMatchObject({ secondsSinceChange: 0 })
  expect(requests.secondsSinceRenewal).toBe(1.5)
})

it('a released Lease is remembered, and a failed release counted', async () => {
  const requests = new LeaseRequests('node-1')
  const released = { ...stored, holder: '', version: '2' }
  const inner = {
    ...{ get: async () => stored, create: async () => stored, update: async () => stored },
    release(this: unknown) {
      return this === inner ? Promise.resolve(released) : Promise.reject(new TypeError('not its own'))
    },
  }
  const store = requests.observe(inner)
  expect(await store.release?.(record, '1', signal)).toBe(released)
  expect(requests.lease?.holder).toBe('')
  expect(requests.secondsSinceRenewal).toBeUndefined()
  Object.assign(inner, { release: () => Promise.reject(new Error('gone')) })
  await expect(requests.observe(inner).release?.(record, '1', signal)).rejects.toThrow('gone')
  expect(Object.fromEntries(requests.failures)).toEqual({ failed: 1 })
})
