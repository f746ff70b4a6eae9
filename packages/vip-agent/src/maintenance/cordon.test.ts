/** What each kind of answer does to the node, in virtual time. */
import type { Logger } from '@softspoken/session'
import { VirtualClock } from '@softspoken/session/testing'
import { describe, expect, it } from 'vitest'
import type { Drain } from '../agent/state.ts'
import { CordonWatch } from './cordon.ts'

class Run {
  readonly clock = new VirtualClock()
  readonly lines: string[] = []
  readonly drains: (Drain | undefined)[] = []
  asked = 0
  state: boolean | Error | 'hangs' | 'deaf'
  readonly watch: CordonWatch

  constructor(state: Run['state'], hasElection = true) {
    this.state = state
    const note = (level: string) => (_: object, text: string) => void this.lines.push(`${level} ${text}`)
    const log: Logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
    this.watch = new CordonWatch({
      ...{ clock: this.clock, log },
      changed: drain => void this.drains.push(drain),
      hasElection,
      isCordoned: signal => this.#isCordoned(signal),
    })
  }
  async pass(seconds: number, state = this.state): Promise<(string | undefined)[]> {
    this.state = state
    await this.clock.advance(seconds)
    return this.drains.map(drain => drain?.reason)
  }
  async #isCordoned(signal: AbortSignal): Promise<boolean> {
    this.asked++
    if (this.state === 'deaf') return new Promise(() => {})
    if (this.state === 'hangs')
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
    if (this.state instanceof Error) throw this.state
    return this.state
  }
}
const failure = (reason: string) => Object.assign(new Error(`the reason is ${reason}`), { reason })
const forbidden = failure('forbidden')
const asking = 'it cannot be asked whether this node is cordoned'

describe('CordonWatch', () => {
  it('a cordoned node is drained within 10 s, until it is uncordoned', async () => {
    const run = new Run(false)
    expect(await run.pass(9)).toEqual([])
    expect(await run.pass(1.1, true)).toEqual(['cordoned'])
    expect(run.drains[0]?.detail).toMatch(/^the node is cordoned, seen since 20[\d-]+T[\d:]+Z$/)
    expect(await run.pass(60)).toEqual(['cordoned'])
    expect(await run.pass(10, false)).toEqual(['cordoned', undefined])
    expect(run.asked).toBe(9)
  })
  it('without an election the reason says that other nodes are not known', async () => {
    const run = new Run(true, false)
    await run.pass(1)
    expect(run.drains[0]?.detail).toMatch(/; without an election it does not know whether another node serves$/)
  })
  it.each<[string, Error | 'hangs', string]>([
    ['is forbidden', forbidden, 'error'],
    ['is unauthorized', failure('unauthorized'), 'error'],
    ['is about no Node', failure('not-found'), 'error'],
    ['times out', failure('timeout'), 'warn'],
    ['is refused', new Error('ECONNREFUSED'), 'warn'],
    ['hangs', 'hangs', 'warn'],
  ])('an answer that %s changes nothing, and is logged once', async (_, state, level) => {
    const run = new Run(state)
    expect(await run.pass(100)).toEqual([])
    expect(await run.pass(20, true)).toEqual(['cordoned'])
    expect(await run.pass(100, state)).toEqual(['cordoned'])
    expect(run.lines).toEqual([`${level} ${asking}`, `${level} ${asking}`])
  })
  it('an answer that never comes, not even after its signal, is logged', async () => {
    const run = new Run('deaf')
    await run.pass(20)
    expect(run.lines).toEqual([`warn ${asking}`])
    expect(await run.pass(20, true)).toEqual(['cordoned'])
  })
  it('nothing is asked after stop()', async () => {
    const run = new Run('hangs')
    run.watch.stop()
    await run.pass(60, true)
    expect([run.asked, run.drains, run.lines]).toEqual([1, [], []])
  })
})
