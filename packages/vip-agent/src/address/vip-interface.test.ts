/** The steps of an interface that the caller manages, in virtual time. */
import { VirtualClock } from '@softspoken/session/testing'
import { describe, expect, it } from 'vitest'
import { VipSteps } from './vip-interface.ts'

class Run {
  readonly clock = new VirtualClock()
  readonly calls: string[] = []
  /** Ends each call after these seconds. */
  takes = 0
  fault: Error | undefined
  readonly steps = new VipSteps(
    { set: seconds => this.#call(`set ${seconds}`), remove: () => this.#call('remove') },
    this.clock,
  )

  async #call(what: string): Promise<void> {
    this.calls.push(what)
    if (this.takes > 0) await new Promise<void>(done => this.clock.setTimeout(done, this.takes * 1000))
    if (this.fault) throw this.fault
  }
}

describe('VipSteps', () => {
  it('a lifetime is in whole seconds; it counts from before the call', async () => {
    const run = new Run()
    run.takes = 2
    const until = run.steps.set(run.clock.now() + 9999)
    const start = run.clock.now()
    await run.clock.advance(2)
    expect([run.calls, (await until) - start]).toEqual([['set 9'], 9000])
  })
  it('a lease without an end is one of 1e9 s', async () => {
    const run = new Run()
    await run.steps.set(Number.POSITIVE_INFINITY)
    expect(run.calls).toEqual(['set 1000000000'])
  })
  it('a lease that ends in less than a second sets nothing', async () => {
    const run = new Run()
    await expect(run.steps.set(run.clock.now() + 999)).rejects.toThrow('less than a second')
    await run.steps.set(run.clock.now() + 1000)
    expect(run.calls).toEqual(['set 1'])
  })
  it('the steps run one after the other, also after one that failed', async () => {
    const run = new Run()
    run.takes = 1
    run.fault = new Error('EPERM')
    const first = run.steps.remove()
    const failed = expect(first).rejects.toThrow('EPERM')
    const second = run.steps.set(run.clock.now() + 60_000)
    await run.clock.advance(0.9)
    expect(run.calls).toEqual(['remove'])
    await run.clock.advance(0.1)
    await failed
    run.fault = undefined
    await run.clock.advance(1)
    await second
    expect(run.calls, 'the second began a second later').toEqual(['remove', 'set 59'])
  })
  it.each(['set', 'remove'] as const)('%s() has 5 s, and leaves no timer behind', async name => {
    const run = new Run()
    run.takes = 60
    const step = name === 'set' ? run.steps.set(run.clock.now() + 60_000) : run.steps.remove()
    let error: unknown
    void step.catch(thrown => (error = thrown))
    await run.clock.advance(4.9)
    expect(error).toBeUndefined()
    await run.clock.advance(0.1)
    expect(error).toMatchObject({ message: `${name}() did not end within 5 s` })
    run.takes = 0
    const before = run.clock.pendingTimers
    await run.steps.remove()
    expect(run.clock.pendingTimers).toBe(before)
  })
})
