import { describe, expect, it } from 'vitest'
import { isSlower, type Measured, ratio, spreadOf } from './codec-turns.ts'

const row = { messages: 10, routes: 20, sum: 30, seconds: [0.4, 0.2, 0.3] }
function measured(change: Partial<typeof row> = {}): Measured {
  return { impl: 'a codec', rows: { drop_single: { ...row, ...change } } }
}

describe('a comparison of codecs', () => {
  it('divides the rates of the shortest runs', () => {
    expect(ratio(measured(), measured({ seconds: [0.9, 0.4] }), 'drop_single')).toBe(2)
  })
  it.each([{ messages: 9 }, { routes: 19 }, { sum: 29 }])('leaves out a row with another result: %j', change => {
    expect(ratio(measured(), measured(change), 'drop_single')).toBeUndefined()
  })
  it('leaves out a row that one of both has not', () => {
    expect(ratio(measured(), measured(), 'drop_table')).toBeUndefined()
  })
  it('shows the least, the median and the greatest turn', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ least: 1, median: 2, greatest: 3 })
    expect(spreadOf([])).toBeUndefined()
  })
  it.each([
    [[0.5, 0.92, 1.2], false],
    [[0.5, 0.9, 1.2], true],
    [[], false],
  ])('fails beyond 10 %% of the time in the median turn: %j', (ratios, slower) => {
    expect(isSlower(ratios)).toBe(slower)
  })
})
