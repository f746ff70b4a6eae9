import { expect, it } from 'vitest'
import { afterColon, decimal } from './decimal.ts'

it('writes every number of sixteen bits as JavaScript does', () => {
  for (let value = 0; value <= 0xffff; value++)
    if (decimal(value) !== String(value) || afterColon(value) !== `:${value}`)
      expect([decimal(value), afterColon(value)]).toEqual([String(value), `:${value}`])
  expect(decimal(0xffff)).toBe('65535')
})
