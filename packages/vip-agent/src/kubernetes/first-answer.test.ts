/** Which server is asked when, and whose answer counts, in virtual time. */
import { VirtualClock } from '@softspoken/session/testing'
import { describe, expect, it } from 'vitest'
import { firstAnswer } from './first-answer.ts'

const FINAL = new Error('conflict')

class Run {
  readonly clock = new VirtualClock()
  readonly caller = new AbortController()
  readonly asked: string[] = []
  readonly signals: AbortSignal[] = []
  readonly #open = new Map<string, [resolve: (answer: string) => void, reject: (error: Error) => void]>()
  outcome: unknown

  constructor(...servers: readonly string[]) {
    const ask = (server: string, signal: AbortSignal): Promise<string> => {
      this.asked.push(server)
      this.signals.push(signal)
      return new Promise<string>((resolve, reject) => void this.#open.set(server, [resolve, reject]))
    }
    void firstAnswer(servers, this.clock, error => error === FINAL, this.caller.signal, ask).then(
      answer => (this.outcome = answer),
      error => (this.outcome = error),
    )
  }
  async answer(server: string, what: string | Error): Promise<void> {
    const [resolve, reject] = this.#open.get(server)!
    if (typeof what === 'string') resolve(what)
    else reject(what)
    await this.clock.advance(0)
  }
}
const refused = (name: string) => new Error(`${name} refused`)

describe('firstAnswer()', () => {
  it('asks one server alone if it answers within a second', async () => {
    const run = new Run('a', 'b')
    await run.clock.advance(0.9)
    await run.answer('a', 'yes')
    await run.clock.advance(60)
    expect([run.asked, run.outcome, run.clock.pendingTimers]).toEqual([['a'], 'yes', 0])
  })
  it('asks the next server each second; an earlier answer counts, and ends the others', async () => {
    const run = new Run('a', 'b', 'c')
    await run.clock.advance(1)
    expect(run.asked).toEqual(['a', 'b'])
    await run.answer('a', 'yes')
    await run.clock.advance(60)
    expect([run.asked, run.outcome]).toEqual([['a', 'b'], 'yes'])
    expect(run.signals.map(({ aborted }) => aborted)).toEqual([true, true])
    expect(run.clock.pendingTimers).toBe(0)
  })
  it('asks the next server at once if the last one fails, but not an earlier one', async () => {
    const run = new Run('a', 'b', 'c', 'd')
    await run.answer('a', refused('a'))
    expect(run.asked).toEqual(['a', 'b'])
    await run.clock.advance(1)
    expect(run.asked).toEqual(['a', 'b', 'c'])
    await run.answer('b', refused('b'))
    expect(run.asked).toEqual(['a', 'b', 'c'])
    await run.answer('c', refused('c'))
    expect(run.asked).toEqual(['a', 'b', 'c', 'd'])
    await run.clock.advance(0.9)
    expect(run.outcome).toBeUndefined()
  })
  it('fails as the first server did, after all have failed', async () => {
    const run = new Run('a', 'b')
    await run.clock.advance(1)
    await run.answer('b', refused('b'))
    expect(run.outcome).toBeUndefined()
    await run.answer('a', refused('a'))
    expect(run.outcome).toEqual(refused('a'))
    expect(run.clock.pendingTimers).toBe(0)
  })
  it('fails at once if the others would give the same failure', async () => {
    const run = new Run('a', 'b', 'c')
    await run.clock.advance(1)
    await run.answer('b', FINAL)
    await run.clock.advance(60)
    expect([run.outcome, run.asked]).toEqual([FINAL, ['a', 'b']])
    expect(run.signals[0]?.aborted).toBe(true)
  })
  it('ends the requests with the signal of the caller', () => {
    const run = new Run('a')
    expect(run.signals[0]?.aborted).toBe(false)
    run.caller.abort()
    expect(run.signals[0]?.aborted).toBe(true)
  })
})
