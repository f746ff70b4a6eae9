import { afterEach, describe, expect, it, vi } from 'vitest'
import { JUMP, JumpWatch, jumpBetween, readClocks } from './clocks.ts'

afterEach(() => void vi.restoreAllMocks())

describe('how far the clocks jumped', () => {
  const before = { now: 1000, wall: 50_000, boot: 9000 }
  it.each([
    ['no time', { now: 4000, wall: 53_000, boot: 12_000 }, 0],
    ['the sleep of the machine', { now: 4000, wall: 113_000, boot: 72_000 }, 60_000],
    ['a wall clock that was set forward', { now: 4000, wall: 60_000, boot: 12_000 }, 7000],
    ['no time if a wall clock was set back', { now: 4000, wall: 0, boot: 12_000 }, 0],
    ['the sleep if the wall clock was set back', { now: 4000, wall: 0, boot: 72_000 }, 60_000],
  ])('is %s', (_, after, expected) => {
    expect(jumpBetween(before, after)).toBe(expected)
  })
})

describe('a watch over the clocks', () => {
  const start = 1_800_000_000_000
  let wall = start
  const jumps = vi.fn()
  const watch = (): JumpWatch => {
    jumps.mockClear()
    wall = start
    vi.spyOn(Date, 'now').mockImplementation(() => wall)
    return new JumpWatch(jumps)
  }
  // The time since the start of the machine does not move here, so that only the wall clock may jump.
  it('reports a jump of more than 2 s, once', () => {
    const watched = watch()
    watched.look(0)
    wall += 1000 + JUMP
    watched.look(1000)
    expect(jumps).toHaveBeenCalledTimes(0)
    wall += 1001 + JUMP
    watched.look(2000)
    expect(jumps).toHaveBeenCalledTimes(1)
    wall += 1000
    watched.look(3000)
    expect(jumps).toHaveBeenCalledTimes(1)
  })
  it('begins again without what it saw before', () => {
    const watched = watch()
    watched.look(0)
    watched.restart()
    wall += 60_000
    watched.look(1000)
    expect(jumps).toHaveBeenCalledTimes(0)
    wall += 60_000
    watched.look(2000)
    expect(jumps).toHaveBeenCalledTimes(1)
  })
})

it('the clocks are in milliseconds', () => {
  vi.spyOn(Date, 'now').mockReturnValue(7)
  const { now, wall, boot } = readClocks(5)
  expect([now, wall]).toEqual([5, 7])
  expect(boot).toBeGreaterThan(process.uptime() * 1000) // the machine runs longer than this process
})
