/** A request and its deadline, in virtual time. */
import { VirtualClock } from '@softspoken/session/testing'
import { describe, expect, it } from 'vitest'
import { withDeadline } from './deadline.ts'

class Run {
  readonly clock = new VirtualClock()
  readonly caller = new AbortController()
  signal: AbortSignal | undefined
  resolve = (_: string): void => {}
  reject = (_: Error): void => {}
  outcome: unknown
  start(): this {
    void withDeadline(
      this.clock,
      4500,
      this.caller.signal,
      () => 'server',
      signal => {
        this.signal = signal
        return new Promise<string>((resolve, reject) => Object.assign(this, { resolve, reject }))
      },
    ).then(
      value => (this.outcome = value),
      error => (this.outcome = error),
    )
    return this
  }
}

describe('withDeadline()', () => {
  it('resolves with the answer, aborts nothing, and leaves no timer behind', async () => {
    const run = new Run().start()
    await run.clock.advance(4.4)
    run.resolve('answer')
    await run.clock.advance(10)
    expect([run.outcome, run.signal?.aborted, run.clock.pendingTimers]).toEqual(['answer', false, 0])
    run.caller.abort()
    await run.clock.advance(0)
    expect(run.outcome).toBe('answer')
  })
  it('rejects at the deadline, and aborts the request with the reason', async () => {
    const run = new Run().start()
    await run.clock.advance(4.4)
    expect(run.outcome).toBeUndefined()
    await run.clock.advance(0.1)
    expect(run.outcome).toMatchObject({ reason: 'timeout', detail: 'server did not answer within 4.5 seconds' })
    expect(run.signal?.reason).toBe(run.outcome)
  })
  it('rejects when the caller gives up, and aborts the request', async () => {
    const run = new Run().start()
    await run.clock.advance(1)
    run.caller.abort()
    await run.clock.advance(0)
    expect(run.outcome).toMatchObject({ reason: 'timeout', detail: 'the request to server was cancelled' })
    expect([run.signal?.aborted, run.clock.pendingTimers]).toEqual([true, 0])
  })
  it('starts nothing if the caller had given up before', async () => {
    const run = new Run()
    run.caller.abort()
    run.start()
    await run.clock.advance(0)
    expect(run.outcome).toMatchObject({ reason: 'timeout' })
    expect([run.signal, run.clock.pendingTimers]).toEqual([undefined, 0])
  })
  it('passes on a failure, and aborts what is left of the request', async () => {
    const run = new Run().start()
    const error = new Error('ECONNREFUSED')
    run.reject(error)
    await run.clock.advance(0)
    expect([run.outcome, run.signal?.reason, run.clock.pendingTimers]).toEqual([error, error, 0])
  })
})
