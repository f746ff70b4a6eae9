/** What an election takes from a caller's own store of Leases, and what it refuses. */
import { VirtualClock } from '@softspoken/session/testing'
import { describe, expect, it } from 'vitest'
import type { Election, Leadership } from './election.ts'
import { leaseElection } from './lease-election.ts'
import { isMac, type LeaseRecord, type LeaseStore, LeaseStoreError, type StoredLease } from './lease-store.ts'

const at = new Date(0)
const OTHER: StoredLease = { holder: 'b', duration: 15, epoch: 4, acquiredAt: at, renewedAt: at, version: '1' }
type Watch = (onLease: (lease: StoredLease | undefined) => void, signal: AbortSignal) => Promise<void>

/** A campaign of `a` with a store that answers as the test says. */
class Run {
  readonly clock = new VirtualClock()
  readonly calls: string[] = []
  readonly values: Leadership[] = []
  readonly lines: string[] = []
  readonly ending = new AbortController()
  readonly election: Election
  looks = 0
  lease: StoredLease | undefined
  isDone = false

  constructor(answer: StoredLease | undefined, given: Partial<LeaseStore> = {}) {
    this.lease = answer
    const write = (name: string, record: LeaseRecord): StoredLease => {
      this.calls.push(`${name} ${record.holder}`)
      this.lease = { ...record, version: String(this.calls.length) }
      return this.lease
    }
    const store: LeaseStore = {
      get: async () => {
        this.looks++
        return this.lease
      },
      create: async record => write('create', record),
      update: async record => write('update', record),
      ...('release' in given && { release: async (record: LeaseRecord) => write('release', record) }),
      ...('watch' in given && given),
    }
    const note =
      (level: string) =>
      (fields: object, text: string): void =>
        void this.lines.push(`${level} ${text} ${JSON.stringify(fields)}`)
    const log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
    this.election = leaseElection(store, { identity: 'a', clock: this.clock, log })
    void this.#listen(this.election.campaign(this.ending.signal))
  }
  async #listen(campaign: AsyncIterable<Leadership>): Promise<void> {
    for await (const value of campaign) this.values.push(value)
    this.isDone = true
  }
}

describe('an answer', () => {
  it.each<[string, Partial<StoredLease>]>([
    ['nothing else', {}],
    ['an empty holder and no time', { holder: '', duration: 0, epoch: 0 }],
    ['the largest epoch', { epoch: 2 ** 31 - 1 }],
    ['a MAC address', { mac: '02:00:5e:00:00:02' }],
    ['no MAC address', { mac: 'none' }],
  ])('with %s is a Lease', async (_, given) => {
    const run = new Run({ ...OTHER, ...given })
    await run.clock.advance(0)
    expect(run.values[0]).not.toHaveProperty('reason', 'bad-answer')
  })
  it.each<[string, object]>([
    ['a holder that is no text', { holder: null }],
    ['a version that is no text', { version: 7 }],
    ['a MAC address that is none', { mac: '02:00:5E:00:00:02' }],
    ['a broken duration', { duration: 1.5 }],
    ['a duration below 0', { duration: -1 }],
    ['a broken epoch', { epoch: 0.5 }],
    ['an epoch below 0', { epoch: -1 }],
    ['an epoch that is a text', { epoch: '4' }],
    ['an epoch of 2^31', { epoch: 2 ** 31 }],
    ['no time of its beginning', { acquiredAt: undefined }],
    ['a time that is a number', { renewedAt: 7 }],
    ['a Date that is no time', { renewedAt: new Date(Number.NaN) }],
  ])('with %s is a bad answer', async (_, wrong) => {
    const run = new Run({ ...OTHER, ...(wrong as object) })
    await run.clock.advance(0)
    expect(run.values).toEqual([
      {
        ...{ leader: false, reason: 'bad-answer' },
        detail: 'the store answered with something that is not a Lease',
      },
    ])
  })
})

describe('a release', () => {
  it.each<[string, Partial<LeaseStore>]>([
    ['release', { release: async () => OTHER }],
    ['update', {}],
  ])('goes through %s() of the store', async (name, given) => {
    const run = new Run(undefined, given)
    await run.clock.advance(3)
    run.ending.abort()
    await run.clock.advance(10)
    expect([run.calls, run.isDone]).toEqual([['create a', 'update a', `${name} `], true])
  })
})

describe('a watch', () => {
  const news: StoredLease = { ...OTHER, holder: 'c', epoch: 5, version: '2' }
  it('that fails is a line for debugging, and begins again after a lease duration', async () => {
    let starts = 0
    const failures = [new LeaseStoreError('forbidden', 'no right to watch'), new Error('of my own')]
    const watch: Watch = async () => {
      starts++
      throw failures.shift() ?? new Error('again')
    }
    const run = new Run(OTHER, { watch })
    await run.clock.advance(14)
    expect(starts).toBe(1)
    await run.clock.advance(4)
    expect(starts).toBe(2)
    expect(run.lines).toEqual([
      'debug watch of the Lease failed {"reason":"forbidden","detail":"no right to watch"}',
      'debug watch of the Lease failed {"reason":"server-error","detail":"of my own"}',
    ])
  })
  it('reports a change at once, and nothing after the end of the campaign', async () => {
    let report: Parameters<Watch>[0] = () => {}
    let fail = (_: Error): void => {}
    const watch: Watch = onLease => {
      report = onLease
      return new Promise((_, reject) => (fail = reject))
    }
    const run = new Run(OTHER, { watch })
    await run.clock.advance(1)
    expect(run.values).toEqual([{ leader: false, holder: 'b' }])
    report(news)
    await run.clock.advance(0)
    expect(run.values.at(-1)).toEqual({ leader: false, holder: 'c' })
    run.ending.abort()
    await run.clock.advance(10)
    expect(run.isDone).toBe(true)
    const { length } = run.values
    report({ ...news, version: 'x' })
    fail(new Error('too late'))
    await run.clock.advance(60)
    expect([run.values.length, run.lines]).toEqual([length, []])
  })
})

describe('what the agent says to an election', () => {
  it('the MAC address of a leader is in its next renewal, once the VIPs are claimed', async () => {
    const run = new Run(undefined)
    run.election.advertises?.('02:00:5e:00:00:01', false)
    await run.clock.advance(3)
    expect(run.lease).toMatchObject({ holder: 'a', mac: 'none' })
    run.election.advertises?.('02:00:5e:00:00:01', true)
    await run.clock.advance(3)
    expect(run.lease).toMatchObject({ holder: 'a', mac: '02:00:5e:00:00:01' })
  })
  it('a leader that is asked to look does so at once', async () => {
    const run = new Run(undefined)
    await run.clock.advance(1)
    const { looks, calls } = { looks: run.looks, calls: run.calls.length }
    run.election.look?.()
    await run.clock.advance(0)
    expect(run.looks + run.calls.length).toBeGreaterThan(looks + calls)
  })
  it('a candidate of last resort takes a free Lease 20 s later only', async () => {
    const run = new Run({ ...OTHER, holder: '' })
    run.election.lastResort?.(true)
    await run.clock.advance(19)
    expect(run.calls).toEqual([])
    await run.clock.advance(5)
    expect(run.calls[0]).toBe('update a')
  })
})

describe('a failure', () => {
  it('is logged with its reason, and again a minute later', async () => {
    const run = new Run({ ...OTHER, version: 7 as never })
    await run.clock.advance(59)
    expect(run.lines).toHaveLength(1)
    await run.clock.advance(4)
    expect(run.lines).toHaveLength(2)
    expect(run.lines[0]).toMatch(/^warn request for the Lease failed {"reason":"bad-answer","detail":"the store/)
  })
})

describe('an election over a store', () => {
  const store: LeaseStore = { get: async () => OTHER, create: async () => OTHER, update: async () => OTHER }
  it('says how long its lease and its claim take', () => {
    expect(leaseElection(store, { identity: 'a' })).toMatchObject({ leaseDuration: 15, claimDelay: 0 })
    const given = { identity: 'a', leaseDuration: 20, claimDelay: 1 }
    expect(leaseElection(store, given)).toMatchObject({ leaseDuration: 20, claimDelay: 1 })
  })
  it.each(['get', 'create', 'update', 'release', 'watch'])('needs that %s is a method', name => {
    expect(() => leaseElection({ ...store, [name]: 7 }, { identity: 'a' })).toThrow(`store.${name}: `)
  })
})

describe('isMac()', () => {
  it.each(['02:00:5e:00:00:02', 'ff:ff:ff:ff:ff:ff', 'none'])('%j is one', value => {
    expect(isMac(value)).toBe(true)
  })
  it.each([
    '',
    '02:00:5E:00:00:02',
    '02:00:5e:00:00',
    '02:00:5e:00:00:02:03',
    'x02:00:5e:00:00:02',
    undefined,
    7,
    ['02:00:5e:00:00:02'],
  ])('%j is none', value => {
    expect(isMac(value)).toBe(false)
  })
})
