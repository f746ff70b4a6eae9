import { beforeEach, expect, it, vi } from 'vitest'

/** The functions keep their texts, so each test has functions that have none yet. */
let decimals: typeof import('./decimal.ts')
beforeEach(async () => {
  vi.resetModules()
  decimals = await import('./decimal.ts')
})

it('decimal() writes every 16-bit number as JavaScript does', () => {
  const { afterColon, decimal } = decimals
  for (let value = 0; value <= 0xffff; value++)
    if (decimal(value) !== String(value) || afterColon(value) !== `:${value}`)
      expect([decimal(value), afterColon(value)]).toEqual([String(value), `:${value}`])
  expect(decimal(0xffff)).toBe('65535')
})

it('a text that was kept is the same again', () => {
  const { afterDot } = decimals
  expect([7, 7, 0, 255, 255].map(afterDot)).toEqual(['.7', '.7', '.0', '.255', '.255'])
})

it.each([
  99_999,
  100_000,
  999_999,
  1_000_000,
  1_000_001,
  65_000_000,
  999_999_999,
  1_000_000_000,
  4_000_000_007,
  0xffffffff,
  2_147_483_648_000,
  Number.MAX_SAFE_INTEGER,
])('decimal() writes %i as JavaScript does', value =>
  expect([decimals.decimal(value), decimals.afterColon(value)]).toEqual([String(value), `:${value}`]),
)
