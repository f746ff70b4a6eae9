/** Candidates for one lease, in virtual time. A process that is stopped asks for nothing while time goes by. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Leadership } from './election.ts'
import { type Lease, leaseElection, type Term } from './lease-election.ts'

const TTL = 5
const LOOK = 1000 // milliseconds: a fifth of it

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

describe('an election by lease', () => {
  it('makes the first candidate the leader of epoch 1, and says so at each look', async () => {
    const lease = new MemoryLease()
    const one = new Candidate(lease)
    const two = new Candidate(lease)
    await pass(20 * LOOK)
    expect(one.words).toEqual(Array(21).fill('leads 1'))
    expect(two.words).toEqual(Array(21).fill('waits'))
  })

  it('lets a candidate follow at its next look, with the next epoch, where the leader lets go', async () => {
    const lease = new MemoryLease()
    const one = new Candidate(lease)
    const two = new Candidate(lease)
    await pass(10 * LOOK)
    one.end()
    await pass(LOOK)
    expect(one.isDone).toBe(true)
    expect(two.last).toBe('leads 2')
  })

  it('lets one candidate of several follow a leader that is gone, once nothing was renewed for the ttl', async () => {
    const lease = new MemoryLease()
    const one = new Candidate(lease)
    const others = [new Candidate(lease), new Candidate(lease)]
    await pass(10 * LOOK)
    one.freeze()
    await pass(TTL * 1000 - LOOK)
    expect(others.map(({ last }) => last)).toEqual(['waits', 'waits'])
    await pass(2 * LOOK)
    expect(others.map(({ last }) => last).sort()).toEqual(['leads 2', 'waits'])
  })

  it('tells a leader that was stopped, before anything else, that it leads no more', async () => {
    const lease = new MemoryLease()
    const one = new Candidate(lease)
    const two = new Candidate(lease)
    await pass(10 * LOOK)
    const goOn = one.freeze()
    await pass(10 * LOOK)
    const before = one.words.length
    goOn()
    await pass(5 * LOOK)
    expect(one.words.slice(before)).toEqual(Array(one.words.length - before).fill('waits'))
    expect(one.words.length).toBeGreaterThan(before)
    expect(two.last).toBe('leads 2')
  })

  it('gives no word of a leader whose renewal took until its time was over', async () => {
    const lease = new SlowLease(new MemoryLease())
    const one = new Candidate(lease)
    await pass(LOOK)
    const goOn = lease.stop('back')
    await pass(3 * LOOK)
    goOn()
    await pass(0)
    expect(one.last).toBe('waits')
  })

  it('gives no word of a leader that was stopped while it took the lease', async () => {
    const lease = new SlowLease(new MemoryLease())
    const goOn = lease.stop('back')
    const one = new Candidate(lease)
    await pass(2 * LOOK)
    goOn()
    await pass(0)
    expect(one.last).toBe('waits')
  })

  it('has no two leaders at any time, wherever and for how long processes are stopped', async () => {
    const stop = fc.record({
      who: fc.nat(2),
      /** Before its next call reaches the lease, or with the answer on its way back, or between two calls. */
      where: fc.constantFrom('there' as const, 'back' as const, 'between' as const),
      after: fc.nat(4000),
      for: fc.nat(12_000),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(stop, { maxLength: 8 }), async stops => {
        const lease = new MemoryLease()
        const slow = [0, 1, 2].map(() => new SlowLease(lease))
        const all = slow.map(one => new Candidate(one))
        for (const { who, where, after, for: time } of stops) {
          await pass(after)
          const goOn = where === 'between' ? all[who]!.freeze() : slow[who]!.stop(where) // there are three
          setTimeout(goOn, time)
        }
        await pass(30_000)
        const words = all.flatMap(({ led }) => led).sort((one, other) => one.at - other.at)
        words.slice(1).forEach(({ epoch, at }, i) => {
          const before = words[i]! // the word before this one
          if (epoch === before.epoch) return
          expect(epoch).toBeGreaterThan(before.epoch)
          expect(at, 'the word of the leader before counts no more').toBeGreaterThanOrEqual(before.at + 600 * TTL)
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

  it('takes a lease that stood before it came only after the whole ttl', async () => {
    const lease = new MemoryLease()
    await lease.take(7)
    await pass(60_000)
    const late = new Candidate(lease)
    await pass(TTL * 1000 - 1)
    expect(late.last).toBe('waits')
    await pass(LOOK)
    expect(late.last).toBe('leads 8')
  })

  it('lets nobody hold what it did not get: two see a free lease at once', async () => {
    const lease = new MemoryLease()
    const all = [new Candidate(lease), new Candidate(lease), new Candidate(lease)]
    await pass(0)
    expect(all.filter(({ last }) => last === 'leads 1')).toHaveLength(1)
  })

  it('lets go where nobody listens any more', async () => {
    const lease = new MemoryLease()
    for await (const word of leaseElection(lease, TTL).campaign(new AbortController().signal)) {
      expect(word).toEqual({ leader: true, epoch: 1 })
      break
    }
    expect(await lease.read()).toEqual({ epoch: 1, renewal: undefined })
  })

  it('refuses a lease that is too short for five looks a second apart', () => {
    expect(() => leaseElection(new MemoryLease(), 4)).toThrow('ttl: 4 is not allowed, it must be from 5 to 3600')
  })
})

/** Milliseconds go by; what follows from each timer happens before the next. */
async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds)
}

class Candidate {
  readonly words: string[] = []
  readonly led: { readonly epoch: number; readonly at: number }[] = []
  isDone = false
  readonly #gate = new Gate()
  readonly #ending = new AbortController()

  constructor(lease: Lease) {
    void this.#listen(leaseElection(lease, TTL).campaign(this.#ending.signal))
  }
  get last(): string | undefined {
    return this.words.at(-1)
  }
  end(): void {
    this.#ending.abort()
  }
  /** Asks for no more words, until it goes on. */
  freeze(): () => void {
    return this.#gate.shut()
  }

  async #listen(campaign: AsyncIterable<Leadership>): Promise<void> {
    for await (const word of campaign) {
      this.words.push(word.leader ? `leads ${word.epoch}` : 'waits')
      if (word.leader) this.led.push({ epoch: word.epoch, at: performance.now() })
      await this.#gate.passed()
    }
    this.isDone = true
  }
}

class MemoryLease implements Lease {
  #term: Term | undefined
  #renewals = 0

  async read(): Promise<Term | undefined> {
    return this.#term
  }
  async take(epoch: number): Promise<boolean> {
    if (this.#term && this.#term.epoch >= epoch) return false
    return this.#renewed(epoch)
  }
  async renew(epoch: number): Promise<boolean> {
    return this.#term?.epoch === epoch && this.#renewed(epoch)
  }
  async release(epoch: number): Promise<void> {
    if (this.#term?.epoch === epoch) this.#term = { epoch, renewal: undefined }
  }
  #renewed(epoch: number): true {
    this.#term = { epoch, renewal: ++this.#renewals }
    return true
  }
}

/** The same lease, as a process sees it that may be stopped within a call. */
class SlowLease implements Lease {
  readonly #lease: Lease
  readonly #gates = { there: new Gate(), back: new Gate() }
  constructor(lease: Lease) {
    this.#lease = lease
  }
  stop(where: 'there' | 'back'): () => void {
    return this.#gates[where].shut()
  }
  read(): Promise<Term | undefined> {
    return this.#call(() => this.#lease.read())
  }
  take(epoch: number): Promise<boolean> {
    return this.#call(() => this.#lease.take(epoch))
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
  /** Until what it returns is called, by everybody who shut it. */
  shut(): () => void {
    let open = (): void => {}
    this.#passed = Promise.all([this.#passed, new Promise<void>(done => (open = done))])
    return () => open()
  }
}
