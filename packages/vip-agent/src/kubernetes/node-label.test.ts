/** What is written when, in virtual time. */
import type { Logger } from '@softspoken/session'
import { VirtualClock } from '@softspoken/session/testing'
import { describe, expect, it } from 'vitest'
import { NodeLabel } from './node-label.ts'

class Run {
  readonly clock = new VirtualClock()
  readonly writes: boolean[] = []
  readonly lines: string[] = []
  fault: Error | 'hangs' | undefined
  readonly label: NodeLabel

  constructor(fault?: Run['fault']) {
    this.fault = fault
    const note = (fields: object, text: string) => void this.lines.push(`${text} ${JSON.stringify(fields)}`)
    const log: Logger = { debug() {}, info() {}, warn: note, error() {} }
    this.label = new NodeLabel({ clock: this.clock, log, write: (is, signal) => this.#write(is, signal) })
  }
  async #write(isHolder: boolean, signal: AbortSignal): Promise<void> {
    this.writes.push(isHolder)
    if (this.fault instanceof Error) throw this.fault
    if (this.fault === 'hangs')
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
  }
}

describe('NodeLabel', () => {
  it('removes the label of an earlier process, and writes each change once', async () => {
    const run = new Run()
    await run.clock.advance(1)
    for (const isHolder of [true, true, false]) {
      run.label.set(isHolder)
      await run.clock.advance(60)
    }
    expect(run.writes).toEqual([false, true, false])
    expect(run.lines).toEqual([])
  })
  it('leaves out what is no longer true when a write ends', async () => {
    const run = new Run()
    for (const isHolder of [true, false, true]) run.label.set(isHolder)
    await run.clock.advance(60)
    expect(run.writes).toEqual([false, true])
  })
  it('repeats a write that fails each 10 s, and logs it once', async () => {
    const run = new Run(new Error('127.0.0.1:6443 answered 403'))
    run.label.set(true)
    await run.clock.advance(25)
    expect(run.writes).toHaveLength(3)
    expect(run.lines).toEqual(['the Node cannot be labelled {"detail":"127.0.0.1:6443 answered 403"}'])
    run.fault = undefined
    await run.clock.advance(60)
    expect(run.writes.slice(3)).toEqual([true])
  })
  it('ends a write that hangs after 5 s', async () => {
    const run = new Run('hangs')
    await run.clock.advance(6)
    expect(run.lines).toEqual([expect.stringContaining('no answer within 5 s')])
  })
  it.each<[Run['fault'], number]>([
    [undefined, 0],
    [new Error('ECONNREFUSED'), 0],
    ['hangs', 1],
  ])('removes the label at stop(), and waits a second at most: %s', async (fault, seconds) => {
    const run = new Run()
    run.label.set(true)
    await run.clock.advance(1)
    run.fault = fault
    let isStopped = false
    void run.label.stop().then(() => (isStopped = true))
    await run.clock.advance(0.9)
    expect(isStopped).toBe(seconds === 0)
    await run.clock.advance(60)
    expect([isStopped, run.writes]).toEqual([true, [false, true, false]])
  })
})
