/** What each kind of look at the file does to the node, in virtual time. */
import type { Logger } from '@softspoken/session'
import { VirtualClock } from '@softspoken/session/testing'
import { describe, expect, it } from 'vitest'
import type { Drain } from '../agent/state.ts'
import { DrainFile } from './drain-file.ts'
import type { Look } from './look-at.ts'

const present = { exists: true, since: 1_800_000_000_000, text: 'kernel\nupgrade' } as const
const absent: Look = { exists: false, hasFolder: true }
const withoutFolder: Look = { exists: false, hasFolder: false }
const refused = new Error('EACCES: permission denied')

/** A file whose state the test sets: a look, an error, or a look that never ends. */
class Run {
  readonly clock = new VirtualClock()
  readonly lines: string[] = []
  readonly drains: (Drain | undefined)[] = []
  looks = 0
  #answers: (() => void)[] = []
  state: Look | Error | 'hangs'
  readonly file: DrainFile

  constructor(state: Run['state']) {
    this.state = state
    const note = ({ error }: { error?: unknown }, text: string): void => void this.lines.push(`${text}: ${error}`)
    const log: Logger = { debug: note, info: note, warn: note, error: note }
    this.file = new DrainFile({
      ...{ file: '/run/softspoken/drained', clock: this.clock, log },
      changed: drain => void this.drains.push(drain),
      look: () => this.#look(),
    })
  }
  async pass(seconds: number, state = this.state): Promise<string | undefined> {
    this.state = state
    await this.clock.advance(seconds)
    return this.drains.at(-1)?.reason
  }
  answer(): void {
    for (const answer of this.#answers.splice(0)) answer()
  }
  async #look(): Promise<Look> {
    this.looks++
    if (this.state === 'hangs') await new Promise<void>(done => this.#answers.push(done))
    if (this.state instanceof Error) throw this.state
    return this.state as Look // a test that lets a look end has set one
  }
}

describe('DrainFile', () => {
  it('a file drains the node with its text and its time, until it is removed', async () => {
    const run = new Run(absent)
    expect(await run.pass(1.5)).toBeUndefined()
    expect(await run.pass(1, present)).toBe('drained')
    expect(run.drains.at(-1)).toEqual({
      ...{ reason: 'drained', since: 1_800_000_000_000 },
      detail: 'drained since 2027-01-15T08:00:00Z: kernel upgrade',
    })
    await run.pass(1, { ...present, since: present.since + 1000 })
    expect(run.drains.at(-1)).toMatchObject({ since: present.since }) // a folder's time changes with its files
    await run.pass(1, { ...present, since: present.since + 1000, text: 'other' })
    expect(run.drains.at(-1)?.detail).toBe('drained since 2027-01-15T08:00:01Z: other')
    expect(await run.pass(1, absent)).toBeUndefined()
    expect(run.looks).toBe(6)
  })
  it('the node does not serve before the first look has ended', async () => {
    const run = new Run('hangs')
    expect(await run.pass(2)).toBe('starting')
    expect(await run.pass(1)).toBe('drain-unknown')
    expect(run.drains.at(-1)?.detail).toBe('whether this node is drained is not known: no answer within 3 s')
    run.state = absent
    run.answer()
    expect(await run.pass(0)).toBeUndefined()
  })
  it('a node whose first look fails is out of service until a look succeeds', async () => {
    const run = new Run(refused)
    expect(await run.pass(60)).toBe('drain-unknown')
    expect(await run.pass(1, absent)).toBeUndefined()
  })
  it.each<[string, Run['state']]>([
    ['fails', refused],
    ['hangs', 'hangs'],
  ])('a look that %s changes nothing for a node that is drained, or not', async (_, state) => {
    for (const [look, reason] of [
      [present, 'drained'],
      [absent, undefined],
    ] as const) {
      const run = new Run(look)
      expect(await run.pass(1.5)).toBe(reason)
      expect(await run.pass(600, state)).toBe(reason)
      expect(run.lines).toHaveLength(1)
    }
  })
  it('a look that hangs is the only one', async () => {
    const run = new Run(absent)
    await run.pass(1.5, 'hangs')
    await run.pass(600)
    expect(run.looks).toBe(2)
    run.state = present
    run.answer()
    expect(await run.pass(0)).toBe('drained')
  })
  it('a node stays drained if the folder of the file is gone', async () => {
    const run = new Run(present)
    expect(await run.pass(1.5)).toBe('drained')
    expect(await run.pass(10, withoutFolder)).toBe('drained')
    expect(run.lines).toEqual(['the file of disabledBy cannot be read: its folder is gone'])
    expect(await run.pass(1, absent)).toBeUndefined()
  })
  it('a folder that was never there drains no node', async () => {
    const run = new Run(withoutFolder)
    expect(await run.pass(60)).toBeUndefined()
    expect(run.lines).toEqual([])
  })
  it('the same problem is logged once, until a look succeeds', async () => {
    const run = new Run(absent)
    await run.pass(1.5)
    await run.pass(30, refused)
    await run.pass(30, new Error('EIO: i/o error'))
    await run.pass(1, absent)
    await run.pass(30, refused)
    expect(run.lines.map(line => line.split(': ')[1])).toEqual(['EACCES', 'EIO', 'EACCES'])
  })
  it('nothing is looked at after stop()', async () => {
    const run = new Run('hangs')
    run.file.stop()
    run.state = present
    run.answer()
    await run.pass(60)
    expect([run.looks, run.drains.length]).toEqual([1, 1])
  })
})
