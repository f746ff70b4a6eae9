/** The shell of an election, with a store in memory and in virtual time. The rules are in step.test.ts. */
import { VirtualClock } from '@softspoken/session/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Election, Leadership } from './election.ts'
import { leaseElection } from './lease-election.ts'
import { type LeaseRecord, type LeaseStore, LeaseStoreError, type StoredLease } from './lease-store.ts'
import { type LeaseElectionOptions, profiles } from './options.ts'

afterEach(() => void vi.restoreAllMocks())

describe('leaseElection()', () => {
  it('the first candidate leads at once, and yields after each renewal', async () => {
    const { clock, store, one } = start()
    await clock.advance(4)
    expect(one.values).toEqual([leads(1, 10_000), leads(1, 12_000), leads(1, 14_000)])
    expect(store.lease).toMatchObject({ holder: 'a', duration: 15, epoch: 1 })
  })

  it('the next candidate leads as soon as the watch reports a release', async () => {
    const { clock, store, one } = start()
    await clock.advance(1)
    const two = new Candidate(store, clock, 'b')
    await clock.advance(0.5)
    expect(two.values).toEqual([{ leader: false, holder: 'a' }])
    one.abort()
    await clock.advance(0)
    expect(two.values.at(-1)).toMatchObject({ leader: true, epoch: 2 })
    expect(one.values.slice(-2)).toEqual([{ leader: false }, { leader: false, holder: 'b' }])
    expect(one.isDone).toBe(true)
  })

  it('without a watch the next candidate leads after its next look', async () => {
    const store = new MemoryStore()
    const { get, create, update } = store
    const unwatched = { get, create, update }
    const { clock, one } = start(unwatched)
    const two = new Candidate(unwatched, clock, 'b')
    await clock.advance(1)
    one.abort()
    await clock.advance(2)
    expect(two.values.at(-1)).toMatchObject({ leader: true, epoch: 2 })
  })

  it('a leader that ends without a next candidate looks twice, and ends', async () => {
    const { clock, store, one } = start()
    await clock.advance(1)
    one.abort()
    expect(one.isDone).toBe(false)
    await clock.advance(4.1)
    expect(one.isDone).toBe(true)
    expect(store.lease).toMatchObject({ holder: '', duration: 1, epoch: 1 })
    expect(store.watchers.size).toBe(0)
  })

  it('a caller that stops iterating releases the Lease', async () => {
    const store = new MemoryStore()
    for await (const value of leaseElection(store, { identity: 'a' }).campaign(new AbortController().signal)) {
      expect(value).toMatchObject({ leader: true, epoch: 1 })
      break
    }
    expect(store.lease).toMatchObject({ holder: '' })
  })

  it('a signal that is aborted already asks the store nothing', async () => {
    const store = new MemoryStore()
    for await (const value of leaseElection(store, { identity: 'a' }).campaign(AbortSignal.abort())) throw value
    expect(store.requests).toBe(0)
  })

  it('a second campaign waits for the end of the first, and has the next epoch', async () => {
    const { clock, store, one } = start()
    await clock.advance(1)
    one.abort()
    const again = one.again()
    expect(again.values).toEqual([])
    await clock.advance(5)
    expect(again.values.at(-1)).toMatchObject({ leader: true, epoch: 2 })
    expect(store.lease).toMatchObject({ holder: 'a', epoch: 2 })
  })

  it('a caller that never asks again keeps no later campaign from running', async () => {
    const clock = new VirtualClock()
    const election = leaseElection(new MemoryStore(), { identity: 'a', clock })
    const ending = new AbortController()
    const abandoned = election.campaign(ending.signal)[Symbol.asyncIterator]()
    await abandoned.next()
    ending.abort()
    const next = election.campaign(new AbortController().signal)[Symbol.asyncIterator]().next()
    await clock.advance(5)
    expect(await next).toMatchObject({ value: { leader: true, epoch: 2 } })
  })

  it('a failing store is asked each retryPeriod and logged once a minute per reason', async () => {
    const lines: object[] = []
    const warn = (fields: object) => void lines.push(fields)
    const store = new MemoryStore()
    store.failure = new LeaseStoreError('forbidden', 'no right to get the Lease')
    const { clock, one } = start(store, { log: { debug() {}, info() {}, warn, error() {} } })
    await clock.advance(59)
    expect(store.requests).toBe(30)
    expect(lines).toEqual([{ reason: 'forbidden', detail: 'no right to get the Lease' }])
    store.failure = new Error('of my own')
    await clock.advance(2)
    expect(one.values).toEqual([
      { leader: false, reason: 'forbidden', detail: 'no right to get the Lease' },
      { leader: false, reason: 'server-error', detail: 'of my own' },
    ])
    store.failure = undefined
    await clock.advance(2)
    expect(one.values.at(-1)).toMatchObject({ leader: true })
    expect(lines).toHaveLength(2)
  })

  it('a request that hangs is aborted, and the leadership ends in time', async () => {
    const { clock, store, one } = start()
    await clock.advance(1)
    store.hangs = true
    await clock.advance(8.9)
    expect(one.values.at(-1)).toMatchObject({ leader: true })
    await clock.advance(0.2)
    expect(one.values.at(-1)).toEqual({ leader: false, reason: 'timeout', detail: 'no answer within 4.5 s' })
    expect(store.aborted).toBeGreaterThanOrEqual(1)
  })

  it('a process that was stopped beyond its leadership does not lead when it continues', async () => {
    const { clock, store, one } = start()
    await clock.advance(1)
    clock.suspend(20)
    store.write({ ...store.lease!, holder: 'b', epoch: 2 }) // it was created above
    await clock.advance(0)
    expect(one.values.at(-1)).toMatchObject({ leader: false })
  })

  it('a wall clock that is set forward by an hour costs no leadership', async () => {
    const { clock, store, one } = start()
    await clock.advance(1)
    const { requests } = store
    const wall = Date.now()
    vi.spyOn(Date, 'now').mockImplementation(() => wall + 3_600_000)
    await clock.advance(1)
    expect(one.values.every(({ leader }) => leader)).toBe(true)
    expect(one.values.at(-1)).toEqual(leads(1, 12_000))
    expect(store.requests - requests).toBeLessThanOrEqual(2)
  })

  it('another process with its identity is logged as an error', async () => {
    const error = vi.fn()
    const store = new MemoryStore()
    const { clock, one } = start(store, { log: { debug() {}, info() {}, warn() {}, error } })
    await clock.advance(1)
    store.write({ ...store.lease!, renewedAt: new Date(7) }) // it was created above
    await clock.advance(2)
    expect(one.values.at(-1)).toMatchObject({ leader: false, reason: 'identity-in-use' })
    expect(error.mock.calls).toEqual([[{ identity: 'a' }, expect.stringContaining('the identity of this one')]])
  })

  it.each([
    ['a holder that is no string', { holder: 7 }],
    ['a MAC address that is none', { mac: 'x' }],
    ['a duration of half a second', { duration: 0.5 }],
    ['a duration below zero', { duration: -1 }],
    ['an epoch below zero', { epoch: -1 }],
    ['an epoch that is no number', { epoch: Number.NaN }],
    ['an epoch above 2^31', { epoch: 2 ** 31 }],
    ['a time that is no Date', { renewedAt: 7 }],
    ['a Date that is no time', { acquiredAt: new Date(Number.NaN) }],
    ['a version that is no string', { version: 7 }],
  ])('an answer with %s is a bad answer', async (_, wrong) => {
    const { clock, store, one } = start()
    await clock.advance(1)
    store.lease = { ...store.lease!, holder: 'b', version: 'x', ...(wrong as object) } // it was created above
    await clock.advance(12)
    expect(one.values.at(-1)).toMatchObject({ leader: false, reason: 'bad-answer' })
  })

  it.each([
    ['an epoch and a duration of 0', { epoch: 0, duration: 0 }],
    ['the largest epoch, and a MAC address', { duration: 15, epoch: 2 ** 31 - 1, mac: '02:00:5e:00:00:02' }],
  ])('an answer with %s is a Lease', async (_, given) => {
    const store = new MemoryStore()
    store.write({ holder: 'b', acquiredAt: new Date(1), renewedAt: new Date(1), ...given })
    const { clock, one } = start(store)
    await clock.advance(0)
    expect(one.values).toEqual([{ leader: false, holder: 'b' }])
  })

  it('it says its durations in seconds', () => {
    const election = leaseElection(new MemoryStore(), { identity: 'a', claimDelay: 1.5 })
    expect([election.leaseDuration, election.claimDelay]).toEqual([15, 1.5])
  })

  it('advertises() puts the MAC address into the Lease once the VIPs are claimed', async () => {
    const { clock, store, one } = start()
    await clock.advance(1)
    one.election.advertises?.('02:00:5e:00:00:02', false)
    await clock.advance(4)
    expect(store.lease).toMatchObject({ mac: 'none' })
    one.election.advertises?.('02:00:5e:00:00:02', true)
    await clock.advance(4)
    expect(store.lease).toMatchObject({ holder: 'a', mac: '02:00:5e:00:00:02' })
  })

  it('look() asks the store at once', async () => {
    const { clock, store, one } = start()
    await clock.advance(3)
    const { requests } = store
    one.election.look?.()
    await clock.advance(0)
    expect(store.requests).toBe(requests + 1)
  })

  it('a candidate of last resort leads after all others have had the time to', async () => {
    const clock = new VirtualClock()
    const one = new Candidate(new MemoryStore(), clock, 'a', {}, election => election.lastResort?.(true))
    await clock.advance(19)
    expect(one.values.some(({ leader }) => leader)).toBe(false)
    await clock.advance(4)
    expect(one.values.at(-1)).toMatchObject({ leader: true, epoch: 1 })
  })

  it('a release goes to the method of the store for it', async () => {
    const store = new MemoryStore()
    const released: [LeaseRecord, string][] = []
    const release = async (record: LeaseRecord, version: string, signal: AbortSignal) => {
      released.push([record, version])
      return store.update(record, version, signal)
    }
    const { clock, one } = start(Object.assign(store, { release }))
    await clock.advance(3)
    const { version } = store.lease ?? {}
    one.abort()
    await clock.advance(0)
    expect(released).toEqual([[expect.objectContaining({ holder: '', epoch: 1 }), version]])
    expect(store.lease).toMatchObject({ holder: '' })
  })

  it('a watch that fails is a debug line, and the Lease is still looked at', async () => {
    const debug = vi.fn()
    const store = new MemoryStore()
    const watch = () => Promise.reject(new LeaseStoreError('forbidden', 'no right to watch'))
    const { clock, one } = start(Object.assign(store, { watch }), {
      log: { debug, info() {}, warn() {}, error() {} },
    })
    await clock.advance(4)
    expect(debug.mock.calls[0]).toEqual([{ reason: 'forbidden', detail: 'no right to watch' }, expect.any(String)])
    expect(one.values.at(-1)).toMatchObject({ leader: true, until: 14_000 })
  })

  it('what a watch reports or throws after the end of a campaign is ignored', async () => {
    const debug = vi.fn()
    const store = new MemoryStore()
    let late: ((lease: StoredLease) => void) | undefined
    const watch = (onLease: (lease: StoredLease | undefined) => void, signal: AbortSignal) => {
      late = onLease
      return new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
    }
    const { clock, one } = start(Object.assign(store, { watch }), {
      log: { debug, info() {}, warn() {}, error() {} },
    })
    await clock.advance(1)
    one.abort()
    await clock.advance(6)
    expect(one.isDone).toBe(true)
    const { length } = one.values
    late?.({ ...store.lease!, epoch: Number.NaN }) // it was created above
    await clock.advance(60)
    expect([one.values.length, clock.pendingTimers]).toEqual([length, 0])
    expect(debug).not.toHaveBeenCalled()
  })

  it('a watch that reports something else than a Lease gets an error', async () => {
    const { clock, store, one } = start()
    await clock.advance(1)
    expect(() => store.write({ ...store.lease!, epoch: -1 })).toThrow('something that is not a Lease')
    expect(one.values.at(-1)).toMatchObject({ leader: true })
  })

  it('a log that throws costs no leadership', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockReturnValue()
    const fail = () => {
      throw new Error('the disk is full')
    }
    const store = new MemoryStore()
    store.failure = new Error('of my own')
    const { clock, one } = start(store, { log: { debug: fail, info: fail, warn: fail, error: fail } })
    await clock.advance(1)
    store.failure = undefined
    await clock.advance(3)
    expect(one.values.at(-1)).toMatchObject({ leader: true })
    expect(warning).toHaveBeenCalled()
  })

  it('a reason is logged again after a minute, and each other reason by itself', async () => {
    const reasons: string[] = []
    const warn = (fields: object) => void reasons.push((fields as { reason: string }).reason)
    const store = new MemoryStore()
    store.failure = new LeaseStoreError('forbidden', '')
    const { clock } = start(store, { log: { debug() {}, info() {}, warn, error() {} } })
    await clock.advance(30)
    store.failure = new LeaseStoreError('unreachable', '')
    await clock.advance(4)
    store.failure = new LeaseStoreError('forbidden', '')
    await clock.advance(25)
    expect(reasons).toEqual(['forbidden', 'unreachable'])
    await clock.advance(2)
    expect(reasons).toEqual(['forbidden', 'unreachable', 'forbidden'])
  })

  it('a watch that ends early is started again leaseDuration after its beginning', async () => {
    const { clock, store } = start()
    await clock.advance(1)
    expect(store.watches).toBe(1)
    for (const end of store.enders) end()
    await clock.advance(13)
    expect(store.watches).toBe(1)
    await clock.advance(2)
    expect(store.watches).toBe(2)
  })

  it('a watch that ends after its time is started again at once', async () => {
    const { clock, store } = start()
    await clock.advance(60)
    for (const end of store.enders) end()
    await clock.advance(0)
    expect(store.watches).toBe(2)
  })

  const store = new MemoryStore()
  it.each<[object, object, string]>([
    [{}, { identity: 'a' }, 'store.get: '],
    [{ ...store, watch: 7 }, { identity: 'a' }, 'store.watch: '],
    [{ ...store, release: 7 }, { identity: 'a' }, 'store.release: '],
    [{ ...store, create: 7 }, { identity: 'a' }, 'store.create: '],
    [{ ...store, update: 7 }, { identity: 'a' }, 'store.update: '],
    [store, {}, 'identity: '],
    [store, { identity: '' }, 'identity: '],
    [store, { identity: 'a', ttl: 5 }, 'ttl: '],
    [store, { identity: 'a', leaseDuration: 15.5 }, 'leaseDuration: 15.5 is not allowed'],
    [store, { identity: 'a', leaseDuration: 0 }, 'leaseDuration: 0 is not allowed'],
    [store, { identity: 'a', retryPeriod: 0 }, 'retryPeriod: 0 is not allowed'],
    [store, { identity: 'a', claimDelay: -1 }, 'claimDelay: -1 is not allowed'],
    [
      store,
      { identity: 'a', renewDeadline: 15 },
      'renewDeadline: 15 is not allowed, it must be less than leaseDuration',
    ],
    [
      store,
      { identity: 'a', retryPeriod: 9 },
      'renewDeadline: 10 is not allowed, it must be less than leaseDuration, 15,',
    ],
    [store, { identity: 'a', renewDeadline: Number.NaN }, 'renewDeadline: NaN is not allowed'],
  ])('leaseElection() throws an OptionError, case %#', (given, options, message) => {
    expect(() => leaseElection(given as LeaseStore, options as LeaseElectionOptions)).toThrow(
      expect.objectContaining({ name: 'OptionError', message: expect.stringContaining(message) }),
    )
  })

  it.each(Object.values(profiles))('the durations %o are allowed', durations => {
    expect(() => leaseElection(store, { identity: 'a', ...durations })).not.toThrow()
  })
})

function leads(epoch: number, until: number): Leadership {
  return { leader: true, epoch, until }
}

function start(
  store: LeaseStore = new MemoryStore(),
  given: Partial<LeaseElectionOptions> = {},
): { clock: VirtualClock; store: MemoryStore; one: Candidate } {
  const clock = new VirtualClock()
  return { clock, store: store as MemoryStore, one: new Candidate(store, clock, 'a', given) } // or the test uses its own
}

class Candidate {
  readonly values: Leadership[] = []
  isDone = false
  readonly election: Election
  readonly #ending = new AbortController()

  constructor(
    store: LeaseStore,
    clock: VirtualClock,
    identity: string,
    given: Partial<LeaseElectionOptions> = {},
    before: (election: Election) => void = () => {},
  ) {
    this.election = leaseElection(store, { identity, clock, ...given })
    before(this.election)
    void this.#listen(this.#ending.signal, this.values)
  }
  abort(): void {
    this.#ending.abort()
  }
  again(): { readonly values: Leadership[] } {
    const values: Leadership[] = []
    void this.#listen(new AbortController().signal, values)
    return { values }
  }
  async #listen(signal: AbortSignal, values: Leadership[]): Promise<void> {
    for await (const value of this.election.campaign(signal)) values.push(value)
    this.isDone = true
  }
}

class MemoryStore implements LeaseStore {
  lease: StoredLease | undefined
  failure: Error | undefined
  hangs = false
  requests = 0
  aborted = 0
  watches = 0
  readonly watchers = new Set<(lease: StoredLease | undefined) => void>()
  readonly enders = new Set<() => void>()
  #versions = 0

  readonly get = (signal: AbortSignal) => this.#request(signal, () => this.lease)
  readonly create = (record: LeaseRecord, signal: AbortSignal) =>
    this.#request(signal, () => {
      if (this.lease) throw new LeaseStoreError('conflict', 'exists')
      return this.write(record)
    })
  readonly update = (record: LeaseRecord, version: string, signal: AbortSignal) =>
    this.#request(signal, () => {
      if (this.lease?.version !== version) throw new LeaseStoreError('conflict', 'another version')
      return this.write(record)
    })
  watch(onLease: (lease: StoredLease | undefined) => void, signal: AbortSignal): Promise<void> {
    this.watches++
    this.watchers.add(onLease)
    return new Promise(resolve => {
      const end = () => {
        this.watchers.delete(onLease)
        resolve()
      }
      this.enders.add(end)
      signal.addEventListener('abort', end)
    })
  }
  write(record: LeaseRecord): StoredLease {
    const stored = { ...record, version: String(++this.#versions) }
    this.lease = stored
    for (const watcher of this.watchers) watcher(stored)
    return stored
  }
  async #request<result>(signal: AbortSignal, act: () => result): Promise<result> {
    this.requests++
    signal.addEventListener('abort', () => void this.aborted++)
    await null
    if (this.hangs) await new Promise(() => {})
    if (this.failure) throw this.failure
    return act()
  }
}
