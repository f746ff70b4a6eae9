import { expect, it } from 'vitest'
import { subnetContains } from './prefixes.ts'

const octets = (text: string) => Uint8Array.from(text.split('.').map(Number))
const octets6 = (digits: string) => Uint8Array.from(Buffer.from(digits.padEnd(32, '0'), 'hex'))

it.each([
  ['192.0.2.1', 24, '192.0.2.254', true],
  ['192.0.2.1', 24, '192.0.3.254', false],
  ['192.0.2.1', 25, '192.0.2.127', true],
  ['192.0.2.1', 25, '192.0.2.128', false],
  ['192.0.2.1', 31, '192.0.2.0', true],
  ['192.0.2.1', 0, '10.0.0.1', true],
  ['192.0.2.1', 32, '192.0.2.1', false], // a host prefix
  ['192.0.2.1', 8, '192.9.9.9', true],
  ['192.0.2.1', 24, '192.0.2.1', false], // the address itself
])('the subnet of %s/%d contains %s: %s', (own, prefixLength, address, contains) => {
  expect(subnetContains({ address: octets(own), prefixLength }, octets(address))).toBe(contains)
})
it.each([
  ['20010db8', 64, '20010db800000000ffff', true],
  ['20010db8', 63, '20010db800000001', true],
  ['20010db8', 64, '20010db800000001', false],
])('the subnet of %s/%d contains %s: %s', (own, prefixLength, address, contains) => {
  expect(subnetContains({ address: octets6(own), prefixLength }, octets6(address))).toBe(contains)
})
it('a subnet contains no address of the other family', () => {
  expect(subnetContains({ address: octets('192.0.2.1'), prefixLength: 0 }, octets6('20010db8'))).toBe(false)
})
