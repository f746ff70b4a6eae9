import { expect, it, vi } from 'vitest'
import { reapGroups } from './reap.ts'

it('asks for the children of each group until it has none', () => {
  const alive = new Set([10, 11])
  const reap = vi.fn((group: number) => alive.has(group))
  const asked = (ended?: number) => {
    reap.mockClear()
    reapGroups(ended, { isFirst: true, reap })
    return reap.mock.calls.map(([group]) => group)
  }
  expect(asked()).toEqual([])
  expect(asked(10)).toEqual([10])
  expect(asked(11)).toEqual([10, 11])
  alive.delete(10)
  expect(asked()).toEqual([10, 11])
  alive.delete(11)
  expect(asked(12)).toEqual([11, 12])
  expect(asked()).toEqual([])
})
it('leaves them to the first process of the container if this is another one', () => {
  const reap = vi.fn(() => true)
  reapGroups(10, { isFirst: false, reap })
  reapGroups(10, { reap }) // as the tests are
  expect(reap).not.toHaveBeenCalled()
})
