/** Candidates for one lease, in virtual time. A process that is stopped asks for nothing while time goes by. */
import { getEventListeners } from 'node:events'
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

  it('does not renew once its time is over, though no other candidate is there', async () => {
    const lease = new MemoryLease()
    const one = new Candidate(lease)
    await pass(10 * LOOK)
    const goOn = one.freeze()
    await pass(LOOK) // it renews once more, and is stopped then
    await pass(TTL * 600) // three fifths of the ttl
    const before = await lease.read()
    goOn()
    await pass(LOOK)
    expect(one.last).toBe('waits')
    expect(await lease.read()).toEqual(before)
    await pass(TTL * 1000 + LOOK)
    expect(one.last).toBe('leads 2')
  })

  it('counts the time of a leader from the start of a slow renewal', async () => {
    const lease = new SlowLease(new MemoryLease())
    const one = new Candidate(lease)
    await pass(LOOK - 1)
    const goOn = lease.stop('back')
    await pass(1 + 1.9 * LOOK)
    goOn() // the renewal took 1.9 looks; its time is over three looks after it began, that is 1.1 from here
    await pass(0)
    expect(one.last).toBe('leads 1')
    const goOnAgain = lease.stop('back')
    await pass(1.2 * LOOK)
    goOnAgain()
    await pass(0)
    expect(one.last).toBe('waits')
  })

  it('counts the time of a leader from the start of a slow take', async () => {
    const lease = new SlowLease(new MemoryLease())
    const one = new Candidate(lease)
    await pass(0)
    one.end()
    await pass(0) // it let go: the next to take it is slow
    const goOn = lease.stop('back')
    const two = new Candidate(lease)
    await pass(1.9 * LOOK)
    goOn()
    await pass(0)
    expect(two.last).toBe('leads 2')
    const goOnAgain = lease.stop('back')
    await pass(1.2 * LOOK)
    goOnAgain()
    await pass(0)
    expect(two.last).toBe('waits')
  })

  it('counts the time of a candidate from the end of a slow look', async () => {
    const memory = new MemoryLease()
    const slow = new SlowLease(memory)
    await memory.take(1)
    const goOn = slow.stop('there')
    const one = new Candidate(slow)
    await pass(3 * LOOK)
    await memory.renew(1)
    goOn()
    await pass(TTL * 1000 - LOOK)
    expect(one.last).toBe('waits')
    await pass(2 * LOOK)
    expect(one.last).toBe('leads 2')
  })

  it.each([5, 15, 3600])('with a ttl of %d s gives words that count for three fifths of it', ttl => {
    expect(leaseElection(new MemoryLease(), ttl).ttl).toBeCloseTo(ttl * 0.6)
  })

  it('ends at once when it is told to, and lets go', async () => {
    const lease = new MemoryLease()
    const one = new Candidate(lease)
    await pass(LOOK / 2)
    one.end()
    await pass(0)
    expect(one.isDone).toBe(true)
    expect(await lease.read()).toEqual({ epoch: 1, renewal: undefined })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('ends at once when it is told to within a renewal', async () => {
    const lease = new SlowLease(new MemoryLease())
    const one = new Candidate(lease)
    await pass(LOOK / 2)
    const goOn = lease.stop('there')
    await pass(LOOK)
    one.end()
    goOn()
    await pass(0)
    expect(one.isDone).toBe(true)
    expect(await lease.read()).toEqual({ epoch: 1, renewal: undefined })
  })

  it('listens to its signal once, however many looks it takes', async () => {
    const ending = new AbortController()
    const words = leaseElection(new MemoryLease(), TTL).campaign(ending.signal)[Symbol.asyncIterator]()
    for (let look = 0; look < 20; look++) {
      const next = words.next()
      await pass(LOOK)
      await next
    }
    expect(getEventListeners(ending.signal, 'abort').length).toBeLessThanOrEqual(1)
    await words.return?.()
  })

  it('lets go of nothing that it does not hold', async () => {
    const lease = new MemoryLease()
    new Candidate(lease)
    const two = new Candidate(lease)
    await pass(3 * LOOK)
    const before = await lease.read()
    two.end()
    await pass(0)
    expect(await lease.read()).toEqual(before)
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
