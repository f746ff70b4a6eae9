/**
 * Candidates for one lease, in virtual time. A process that is stopped asks for no values while time passes. All tests
 * share the simulated candidates and store at the end of this file.
 */
import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Leadership } from './election.ts'
import { type LeaseRecord, type LeaseStore, leaseElection } from './lease-election.ts'

const TTL = 5
const LOOK = 1000 // milliseconds: a fifth of it

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

describe('an election by lease', () => {
  it('the first candidate leads with epoch 1, and yields at each look', async () => {
    const lease = new MemoryStore()
    const one = new Candidate(lease)
    const two = new Candidate(lease)
    await pass(20 * LOOK)
    expect(one.looks).toEqual(Array(21).fill('leads 1'))
    expect(two.looks).toEqual(Array(21).fill('waits'))
  })

  it('a candidate follows a leader that releases, at its next look', async () => {
    const lease = new MemoryStore()
    const one = new Candidate(lease)
    const two = new Candidate(lease)
    await pass(10 * LOOK)
    one.end()
    await pass(LOOK)
    expect(one.isDone).toBe(true)
    expect(two.last).toBe('leads 2')
  })

  it('one of two candidates follows a dead leader after the ttl', async () => {
    const lease = new MemoryStore()
    const one = new Candidate(lease)
    const others = [new Candidate(lease), new Candidate(lease)]
    await pass(10 * LOOK)
    one.freeze()
    await pass(TTL * 1000 - LOOK)
    expect(others.map(({ last }) => last)).toEqual(['waits', 'waits'])
    await pass(2 * LOOK)
    expect(others.map(({ last }) => last).sort()).toEqual(['leads 2', 'waits'])
  })

  it('a leader that was stopped does not lead when it continues', async () => {
    const lease = new MemoryStore()
    const one = new Candidate(lease)
    const two = new Candidate(lease)
    await pass(10 * LOOK)
    const proceed = one.freeze()
    await pass(10 * LOOK)
    const before = one.looks.length
    proceed()
    await pass(5 * LOOK)
    expect(one.looks.slice(before)).toEqual(Array(one.looks.length - before).fill('waits'))
    expect(one.looks.length).toBeGreaterThan(before)
    expect(two.last).toBe('leads 2')
  })

  it('a leader whose renewal took too long does not lead', async () => {
    const lease = new SlowStore(new MemoryStore())
    const one = new Candidate(lease)
    await pass(LOOK)
    const proceed = lease.stop('back')
    await pass(3 * LOOK)
    proceed()
    await pass(0)
    expect(one.last).toBe('waits')
  })

  it('a leader whose time is over does not renew, even if it is alone', async () => {
    const lease = new MemoryStore()
    const one = new Candidate(lease)
    await pass(10 * LOOK)
    const proceed = one.freeze()
    await pass(LOOK) // it renews once more, and then it is stopped
    await pass(TTL * 600) // three fifths of the ttl
    const before = await lease.read()
    proceed()
    await pass(LOOK)
    expect(one.last).toBe('waits')
    expect(await lease.read()).toEqual(before)
    await pass(TTL * 1000 + LOOK)
    expect(one.last).toBe('leads 2')
  })

  it('the time of a leader counts from the start of a slow renewal', async () => {
    const lease = new SlowStore(new MemoryStore())
    const one = new Candidate(lease)
    await pass(LOOK - 1)
    const proceed = lease.stop('back')
    await pass(1 + 1.9 * LOOK)
    proceed() // the renewal took 1.9 looks; its time is over three looks after it began, that is 1.1 from here
    await pass(0)
    expect(one.last).toBe('leads 1')
    const continueAgain = lease.stop('back')
    await pass(1.2 * LOOK)
    continueAgain()
    await pass(0)
    expect(one.last).toBe('waits')
  })

  it('the time of a leader counts from the start of a slow acquire()', async () => {
    const lease = new SlowStore(new MemoryStore())
    const one = new Candidate(lease)
    await pass(0)
    one.end()
    await pass(0) // it released the lease; the next acquire() is slow
    const proceed = lease.stop('back')
    const two = new Candidate(lease)
    await pass(1.9 * LOOK)
    proceed()
    await pass(0)
    expect(two.last).toBe('leads 2')
    const continueAgain = lease.stop('back')
    await pass(1.2 * LOOK)
    continueAgain()
    await pass(0)
    expect(two.last).toBe('waits')
  })

  it('the time of a candidate counts from the end of a slow read()', async () => {
    const memory = new MemoryStore()
    const slow = new SlowStore(memory)
    await memory.acquire(1)
    const proceed = slow.stop('there')
    const one = new Candidate(slow)
    await pass(3 * LOOK)
    await memory.renew(1)
    proceed()
    await pass(TTL * 1000 - LOOK)
    expect(one.last).toBe('waits')
    await pass(2 * LOOK)
    expect(one.last).toBe('leads 2')
  })

  it.each([5, 15, 3600])('with a lease of %d s a leadership counts for three fifths of it', async ttl => {
    for await (const leadership of leaseElection(new MemoryStore(), ttl).campaign(new AbortController().signal)) {
      expect(leadership.leader && leadership.until).toBe(performance.now() + ttl * 600)
      break
    }
  })

  it('an aborted signal ends the campaign and releases the lease', async () => {
    const lease = new MemoryStore()
    const one = new Candidate(lease)
    await pass(LOOK / 2)
    one.end()
    await pass(0)
    expect(one.isDone).toBe(true)
    expect(await lease.read()).toEqual({ epoch: 1, renewal: undefined })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('an aborted signal during a renewal releases the lease', async () => {
    const lease = new SlowStore(new MemoryStore())
    const one = new Candidate(lease)
    await pass(LOOK / 2)
    const proceed = lease.stop('there')
    await pass(LOOK)
    one.end()
    proceed()
    await pass(0)
    expect(one.isDone).toBe(true)
    expect(await lease.read()).toEqual({ epoch: 1, renewal: undefined })
  })

  it('the signal has at most one listener after twenty looks', async () => {
    const ending = new AbortController()
    const looks = leaseElection(new MemoryStore(), TTL).campaign(ending.signal)[Symbol.asyncIterator]()
    for (let look = 0; look < 20; look++) {
      const next = looks.next()
      await pass(LOOK)
      await next
    }
    expect(getEventListeners(ending.signal, 'abort').length).toBeLessThanOrEqual(1)
    await looks.return?.()
  })

  it('a candidate that does not lead releases nothing', async () => {
    const lease = new MemoryStore()
    new Candidate(lease)
    const two = new Candidate(lease)
    await pass(3 * LOOK)
    const before = await lease.read()
    two.end()
    await pass(0)
    expect(await lease.read()).toEqual(before)
  })

  it('a candidate that was stopped in acquire() does not lead', async () => {
    const lease = new SlowStore(new MemoryStore())
    const proceed = lease.stop('back')
    const one = new Candidate(lease)
    await pass(2 * LOOK)
    proceed()
    await pass(0)
    expect(one.last).toBe('waits')
  })

  it('two candidates never lead at once, even if any process is stopped', async () => {
    const stop = fc.record({
      who: fc.nat(2),
      /** It is stopped before its next call reaches the lease, before the answer arrives, or between two calls. */
      where: fc.constantFrom('there' as const, 'back' as const, 'between' as const),
      after: fc.nat(4000),
      for: fc.nat(12_000),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(stop, { maxLength: 8 }), async stops => {
        const lease = new MemoryStore()
        const slow = [0, 1, 2].map(() => new SlowStore(lease))
        const all = slow.map(one => new Candidate(one))
        for (const { who, where, after, for: time } of stops) {
          await pass(after)
          const proceed = where === 'between' ? all[who]!.freeze() : slow[who]!.stop(where) // there are three
          setTimeout(proceed, time)
        }
        await pass(30_000)
        const looks = all.flatMap(({ led }) => led).sort((one, other) => one.at - other.at)
        looks.slice(1).forEach(({ epoch, at }, i) => {
          const before = looks[i]! // the leadership before this one
          if (epoch === before.epoch) return
          expect(epoch).toBeGreaterThan(before.epoch)
          expect(at, 'the leadership before this one is over').toBeGreaterThanOrEqual(before.at + 600 * TTL)
        })
        expect(
          all.filter(({ last }) => last?.startsWith('leads')),
          'in the end there is one',
        ).toHaveLength(1)
        for (const one of all) one.end()
        await pass(LOOK)
      }),
      { numRuns: 300 },
    )
  })

  it('a late candidate waits a whole ttl for an existing lease', async () => {
    const lease = new MemoryStore()
    await lease.acquire(7)
    await pass(60_000)
    const late = new Candidate(lease)
    await pass(TTL * 1000 - 1)
    expect(late.last).toBe('waits')
    await pass(LOOK)
    expect(late.last).toBe('leads 8')
  })

  it('one of three candidates that see a free lease leads', async () => {
    const lease = new MemoryStore()
    const all = [new Candidate(lease), new Candidate(lease), new Candidate(lease)]
    await pass(0)
    expect(all.filter(({ last }) => last === 'leads 1')).toHaveLength(1)
  })

  it('a caller that stops iterating releases the lease', async () => {
    const lease = new MemoryStore()
    for await (const leadership of leaseElection(lease, TTL).campaign(new AbortController().signal)) {
      expect(leadership).toEqual({ leader: true, epoch: 1, until: performance.now() + 600 * TTL })
      break
    }
    expect(await lease.read()).toEqual({ epoch: 1, renewal: undefined })
  })

  it('a ttl below 5 s is rejected with an OptionError', () => {
    expect(() => leaseElection(new MemoryStore(), 4)).toThrow(
      'ttl: 4 is not allowed, it must be from 5 to 3600 seconds',
    )
  })
})

/** Advances the clock; the work that follows from each timer runs before the next timer. */
async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds)
}

class Candidate {
  readonly looks: string[] = []
  readonly led: { readonly epoch: number; readonly at: number }[] = []
  isDone = false
  readonly #gate = new Gate()
  readonly #ending = new AbortController()

  constructor(lease: LeaseStore) {
    void this.#listen(leaseElection(lease, TTL).campaign(this.#ending.signal))
  }
  get last(): string | undefined {
    return this.looks.at(-1)
  }
  end(): void {
    this.#ending.abort()
  }
  /** Asks for no more values until the returned function is called. */
  freeze(): () => void {
    return this.#gate.shut()
  }

  async #listen(campaign: AsyncIterable<Leadership>): Promise<void> {
    for await (const leadership of campaign) {
      this.looks.push(leadership.leader ? `leads ${leadership.epoch}` : 'waits')
      if (leadership.leader) this.led.push({ epoch: leadership.epoch, at: performance.now() })
      await this.#gate.passed()
    }
    this.isDone = true
  }
}

class MemoryStore implements LeaseStore {
  #record: LeaseRecord | undefined
  #renewals = 0

  async read(): Promise<LeaseRecord | undefined> {
    return this.#record
  }
  async acquire(epoch: number): Promise<boolean> {
    if (this.#record && this.#record.epoch >= epoch) return false
    return this.#renewed(epoch)
  }
  async renew(epoch: number): Promise<boolean> {
    return this.#record?.epoch === epoch && this.#renewed(epoch)
  }
  async release(epoch: number): Promise<void> {
    if (this.#record?.epoch === epoch) this.#record = { epoch, renewal: undefined }
  }
  #renewed(epoch: number): true {
    this.#record = { epoch, renewal: ++this.#renewals }
    return true
  }
}

/** The same store, for a process that may be stopped within a call. */
class SlowStore implements LeaseStore {
  readonly #lease: LeaseStore
  readonly #gates = { there: new Gate(), back: new Gate() }
  constructor(lease: LeaseStore) {
    this.#lease = lease
  }
  stop(where: 'there' | 'back'): () => void {
    return this.#gates[where].shut()
  }
  read(): Promise<LeaseRecord | undefined> {
    return this.#call(() => this.#lease.read())
  }
  acquire(epoch: number): Promise<boolean> {
    return this.#call(() => this.#lease.acquire(epoch))
  }
  renew(epoch: number): Promise<boolean> {
    return this.#call(() => this.#lease.renew(epoch))
  }
  release(epoch: number): Promise<void> {
    return this.#call(() => this.#lease.release(epoch))
  }
  async #call<T>(call: () => Promise<T>): Promise<T> {
    await this.#gates.there.passed()
    const answer = await call()
    await this.#gates.back.passed()
    return answer
  }
}

class Gate {
  #passed: Promise<unknown> = Promise.resolve()
  async passed(): Promise<void> {
    await this.#passed
  }
  /** Stays shut until every function that it returned is called. */
  shut(): () => void {
    let open = (): void => {}
    this.#passed = Promise.all([this.#passed, new Promise<void>(done => (open = done))])
    return () => open()
  }
}
