/** One campaign: what it reports of the values and of the end of a caller's own election. */
import { describe, expect, it } from 'vitest'
import type { Leadership } from '../election/election.ts'
import { Campaign } from './campaign.ts'

const leads: Leadership = { leader: true, epoch: 1, until: 1000 }
const other: Leadership = { leader: false, holder: 'other' }

/** A campaign that yields what the test says. */
class Run {
  readonly seen: unknown[] = []
  signal: AbortSignal | undefined
  #values: Leadership[] = []
  #isOver = false
  #error: Error | undefined
  #wake = (): void => {}
  readonly campaign = new Campaign(
    { campaign: signal => this.#campaign(signal) },
    {
      leadership: leadership => void this.seen.push(leadership),
      ended: error => void this.seen.push(error instanceof Error ? error.message : 'resigned'),
    },
  )

  yields(...values: readonly unknown[]): Promise<void> {
    this.#values.push(...(values as Leadership[])) // also what is none
    this.#wake()
    return turns()
  }
  ends(error?: Error): Promise<void> {
    this.#isOver = true
    this.#error = error
    this.#wake()
    return turns()
  }
  async *#campaign(signal: AbortSignal): AsyncGenerator<Leadership> {
    this.signal = signal
    for (;;) {
      const next = this.#values.shift()
      if (next !== undefined) yield next
      else if (this.#error) throw this.#error
      else if (this.#isOver) return
      else await new Promise<void>(done => (this.#wake = done))
    }
  }
}
/** Each value is reported in its own turn of the event loop. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await new Promise<void>(done => setImmediate(done))
}

describe('a campaign', () => {
  it('reports each value, and an end that was not asked for as a failure', async () => {
    const run = new Run()
    await run.yields(leads, other)
    await run.ends()
    expect(run.seen).toEqual([leads, other, 'the election ended before its signal was aborted'])
  })
  it('that is resigned reports the next leader, and that it ended', async () => {
    const run = new Run()
    await run.yields(leads)
    run.campaign.resign(true)
    expect(run.signal?.aborted).toBe(true)
    await run.yields(other)
    await run.ends()
    expect(run.seen).toEqual([leads, other, 'resigned'])
  })
  it('that is resigned without a watch ends with its next value', async () => {
    const run = new Run()
    await run.yields(leads)
    run.campaign.resign(false)
    await run.yields(other)
    expect(run.seen).toEqual([leads, 'resigned'])
  })
  it('that is abandoned reports nothing any more', async () => {
    const run = new Run()
    await run.yields(leads)
    run.campaign.abandon()
    expect(run.signal?.aborted).toBe(true)
    await run.yields(other)
    await run.ends(new Error('too late'))
    expect(run.seen).toEqual([leads])
  })
  it('that throws reports that, also after it was resigned', async () => {
    const run = new Run()
    run.campaign.resign(true)
    await run.ends(new Error('no API server'))
    expect(run.seen).toEqual(['no API server'])
  })
  it('that never pauses leaves each other turn of the event loop to others', async () => {
    const seen: number[] = []
    let isOver = false
    const campaign = new Campaign(
      {
        async *campaign() {
          for (let epoch = 1; !isOver; epoch++) yield { leader: true, epoch, until: 0 }
        },
      },
      { leadership: value => void seen.push('epoch' in value ? value.epoch : 0), ended: () => {} },
    )
    await turns()
    isOver = true
    campaign.abandon()
    expect(seen.length).toBeGreaterThan(2)
    expect(seen.length).toBeLessThan(12)
  })
})

describe('a value of an election', () => {
  it.each([
    ['the first epoch', { leader: true, epoch: 0, until: 0 }],
    ['the last epoch', { leader: true, epoch: 0xffff_ffff, until: 0 }],
    ['no end', { leader: true, epoch: 1, until: Number.POSITIVE_INFINITY }],
    ['no leader', { leader: false }],
  ])('may have %s', async (_, value) => {
    const run = new Run()
    await run.yields(value)
    expect(run.seen).toEqual([value])
  })
  it.each<[string, unknown, string]>([
    [
      'nothing',
      null,
      'election: null is not allowed, it must be one that yields { leader: true } or { leader: false }',
    ],
    ['a leader that is no boolean', { leader: 1, epoch: 1, until: 0 }, 'election: an object is not allowed'],
    ['no epoch', { leader: true, until: 0 }, 'epoch: undefined is not allowed, it must be a whole number from 0 to'],
    ['a broken epoch', { leader: true, epoch: 1.5, until: 0 }, 'epoch: 1.5 is not allowed'],
    ['an epoch below 0', { leader: true, epoch: -1, until: 0 }, 'epoch: -1 is not allowed'],
    ['an epoch above 32 bits', { leader: true, epoch: 2 ** 32, until: 0 }, 'epoch: 4294967296 is not allowed'],
    ['a text as its end', { leader: true, epoch: 1, until: '5' }, "until: '5' is not allowed, it must be milliseconds"],
    ['an end that is no number', { leader: true, epoch: 1, until: Number.NaN }, 'until: NaN is not allowed'],
  ])('with %s ends the campaign', async (_, value, sentence) => {
    const run = new Run()
    await run.yields(value)
    expect(run.seen).toEqual([expect.stringContaining(sentence)])
  })
})
