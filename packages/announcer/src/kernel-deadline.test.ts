import { VirtualClock } from '@softspoken/session/testing'
import { describe, expect, it, vi } from 'vitest'
import { keepDeadline } from './kernel-deadline.ts'

/** A deadline of the kernel that writes down its calls, and may be made to throw. */
function stage(secondsLeft: () => number, { isBroken = false, hasLog = true } = {}) {
  const clock = new VirtualClock()
  const calls: string[] = []
  const lines: object[] = []
  let broken = isBroken
  const call = (name: string): void => {
    if (broken) throw new Error('no timer is left')
    calls.push(name)
  }
  const quiet = () => {}
  const error = (fields: object, text: string) => void lines.push({ ...fields, text })
  const log = { debug: quiet, info: quiet, warn: quiet, error }
  const deadline = { arm: (seconds: number) => call(`arm ${seconds}`), disarm: () => call('disarm') }
  const end = keepDeadline(deadline, clock, hasLog ? log : undefined, secondsLeft)
  const setBroken = (value: boolean) => {
    broken = value
  }
  return { clock, calls, lines, end, setBroken }
}

describe('the deadline of the kernel', () => {
  it('it is set at once and each second to the end of the earliest lease', async () => {
    let left = 30
    const { clock, calls } = stage(() => left--)
    expect(calls).toEqual(['arm 30'])
    await clock.advance(2)
    expect(calls).toEqual(['arm 30', 'arm 29', 'arm 28'])
  })
  it('it is never nearer than 5 s, because an event loop may be late', () => {
    expect(stage(() => 4.9).calls).toEqual(['arm 5'])
    expect(stage(() => -1).calls).toEqual(['arm 5'])
    expect(stage(() => 5.1).calls).toEqual(['arm 5.1'])
  })
  it('without a lease there is none', async () => {
    const secondsLeft = vi.fn(() => Number.POSITIVE_INFINITY)
    const { clock, calls } = stage(secondsLeft)
    secondsLeft.mockReturnValue(9)
    await clock.advance(1)
    expect(calls).toEqual(['disarm', 'arm 9'])
  })
  it('at the end it is removed, and leaves no timer', () => {
    const { clock, calls, end } = stage(() => 9)
    end()
    expect([calls, clock.pendingTimers]).toEqual([['arm 9', 'disarm'], 0])
  })
  it('a kernel that refuses is logged once, and again after it worked', async () => {
    const { clock, calls, lines, setBroken } = stage(() => 9)
    const line = { error: 'no timer is left', text: 'kernel deadline failed' }
    setBroken(true)
    await clock.advance(3)
    expect(lines).toEqual([line])
    setBroken(false)
    await clock.advance(1)
    setBroken(true)
    await clock.advance(2)
    expect([calls, lines]).toEqual([
      ['arm 9', 'arm 9'],
      [line, line],
    ])
  })
  it('a kernel that refuses from the beginning is logged, too', () => {
    expect(stage(() => 9, { isBroken: true }).lines).toHaveLength(1)
  })
  it('a kernel that refuses ends nothing, with a log or without', async () => {
    const { clock, calls, setBroken } = stage(() => 9, { isBroken: true, hasLog: false })
    setBroken(false)
    await clock.advance(1)
    expect(calls).toEqual(['arm 9'])
  })
})
