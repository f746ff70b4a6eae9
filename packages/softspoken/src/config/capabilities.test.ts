import { expect, test } from 'vitest'
import { hasCapabilityIn } from './capabilities.ts'

test.each([
  ['0000000000001000', true, false],
  ['0000000000002000', false, true],
  ['00000000a80425fb', false, true], // what Docker gives
  ['000001ffffffffff', true, true],
  ['0000000000000000', false, false],
])('CapEff %s has NET_ADMIN %s and NET_RAW %s', (mask, admin, raw) => {
  const status = `CapPrm:\t000001ffffffffff\nCapEff:\t${mask}\nCapBnd:\t000001ffffffffff\n`
  expect([hasCapabilityIn(status, 'NET_ADMIN'), hasCapabilityIn(status, 'NET_RAW')]).toEqual([admin, raw])
})
test('a status without capabilities denies none', () => expect(hasCapabilityIn('', 'NET_RAW')).toBe(true))
