import { expect, it } from 'vitest'
import { afterColon, decimal } from './decimal.ts'

it('decimal() writes every 16-bit number as JavaScript does', () => {
  for (let value = 0; value <= 0xffff; value++)
    if (decimal(value) !== String(value) || afterColon(value) !== `:${value}`)
      expect([decimal(value), afterColon(value)]).toEqual([String(value), `:${value}`])
  expect(decimal(0xffff)).toBe('65535')
})

it.each([
  99_999, 100_000, 999_999, 1_000_000, 1_000_001, 65_000_000, 999_999_999, 1_000_000_000, 4_000_000_007, 0xffffffff,
])('decimal() writes %i as JavaScript does', value =>
  expect([decimal(value), afterColon(value)]).toEqual([String(value), `:${value}`]),
)
