import { afterEach, describe, expect, it, vi } from 'vitest'
import { DeadlineTimer } from './deadline-timer.ts'
import { fraction, realTime, waitAtMost } from './runtime.ts'
import { VirtualClock } from './testing/virtual-clock.ts'

afterEach(() => void vi.restoreAllMocks())

describe('fraction()', () => {
  it.each([0, 0.3, 1])('fraction() returns %d if that is drawn', drawn => {
    expect(fraction(() => drawn)).toBe(drawn)
  })
  it.each([-0.001, 1.001, Number.NaN])('fraction() draws by itself if it gets %d', drawn => {
    vi.spyOn(Math, 'random').mockReturnValue(0.25)
    expect(fraction(() => drawn)).toBe(0.25)
  })
  it('fraction() draws by itself if `random` throws', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.25)
    const broken = () => {
      throw new Error('no dice')
    }
    expect(fraction(broken)).toBe(0.25)
  })
})

describe('waitAtMost()', () => {
  it('waitAtMost() resolves when the promise does, and leaves no timer', async () => {
    const clock = new VirtualClock()
    await waitAtMost(clock, 1000, Promise.resolve())
    expect([clock.now(), clock.pendingTimers]).toEqual([0, 0])
  })
  it('waitAtMost() resolves after the time if the promise does not', async () => {
    const clock = new VirtualClock()
    const done = vi.fn()
    const waits = waitAtMost(clock, 1000, new Promise(() => {})).then(done)
    await clock.advance(0.999)
    expect(done).not.toHaveBeenCalled()
    await clock.advance(0.001)
    await waits
    expect(done).toHaveBeenCalledOnce()
  })
})

describe('the clock of the system', () => {
  it('the clock of the system is monotonic and has the timers of Node', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    try {
      const run = vi.fn()
      const before = realTime.now()
      realTime.setTimeout(run, 1000)
      realTime.clearTimeout(realTime.setTimeout(() => run('cancelled'), 500))
      vi.advanceTimersByTime(999)
      expect(run).not.toHaveBeenCalled()
      vi.advanceTimersByTime(1)
      expect([run.mock.calls, realTime.now() - before]).toEqual([[[]], 1000])
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('a deadline timer', () => {
  const start = () => {
    const clock = new VirtualClock()
    const times: number[] = []
    const timer = new DeadlineTimer(clock, () => times.push(clock.now()))
    return { clock, times, timer }
  }
  it('it expires once, at its deadline, and not before', async () => {
    const { clock, times, timer } = start()
    timer.set(1000)
    await clock.advance(5)
    expect(times).toEqual([1000])
  })
  it('a later deadline replaces the earlier one, and the reverse', async () => {
    const { clock, times, timer } = start()
    timer.set(1000)
    timer.set(2000)
    await clock.advance(1.5)
    expect(times).toEqual([])
    timer.set(1600)
    await clock.advance(5)
    expect([times, clock.pendingTimers]).toEqual([[1600], 0])
  })
  it('a deadline in the past expires at once', async () => {
    const { clock, times, timer } = start()
    await clock.advance(5)
    const set = vi.spyOn(clock, 'setTimeout')
    timer.set(1000)
    expect(set.mock.calls[0]?.[1]).toBe(0)
    await clock.advance(0)
    expect(times).toEqual([5000])
  })
  it('a deadline between two milliseconds expires after it', async () => {
    const { clock, times, timer } = start()
    timer.set(1000.4)
    await clock.advance(2)
    expect(times).toEqual([1001])
  })
  it.each([undefined, Number.POSITIVE_INFINITY])('the deadline %s stops the timer', async deadline => {
    const { clock, times, timer } = start()
    timer.set(1000)
    timer.set(deadline)
    expect(clock.pendingTimers).toBe(0)
    await clock.advance(5)
    expect(times).toEqual([])
  })
  it('the same deadline again leaves the timer as it is, until it has expired', async () => {
    const { clock, times, timer } = start()
    const set = vi.spyOn(clock, 'setTimeout')
    timer.set(1000)
    timer.set(1000)
    expect(set).toHaveBeenCalledOnce()
    await clock.advance(1)
    timer.set(1000)
    await clock.advance(1)
    expect(times).toEqual([1000, 1000])
  })
})
