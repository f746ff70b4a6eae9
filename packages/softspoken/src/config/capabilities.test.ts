import { expect, test } from 'vitest'
import { hasCapabilityIn, whatIsLacking } from './capabilities.ts'

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

test.each([
  [false, [], undefined],
  [false, ['NET_RAW'], undefined],
  [false, ['NET_ADMIN'], /lacks the capability NET_ADMIN \(in a Pod: .* add: \[NET_ADMIN\]\)$/],
  [true, ['NET_ADMIN', 'NET_RAW'], /lacks the capabilities NET_ADMIN and NET_RAW \(.* add: \[NET_ADMIN, NET_RAW\]\)$/],
  [true, ['NET_RAW'], /lacks the capability NET_RAW \(.* add: \[NET_ADMIN, NET_RAW\]\)$/],
] as const)('with arp %s and without %j the error names what is lacking', (arp, without, sentence) => {
  const lacks = whatIsLacking(arp, name => !(without as readonly string[]).includes(name))
  if (sentence === undefined) expect(lacks).toBeUndefined()
  else expect(lacks).toMatch(sentence)
})
test('the line of another set is not the effective one', () => {
  expect(hasCapabilityIn('XCapEff:\t0000000000000000\n', 'NET_RAW')).toBe(true)
  expect(hasCapabilityIn('CapEff:  0000000000000000\n', 'NET_RAW')).toBe(false)
})
