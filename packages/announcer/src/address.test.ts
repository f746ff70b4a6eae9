import { expect, test } from 'vitest'
import { canonicalLocal, isNoHost } from './address.ts'

test.each(['0.0.0.0', '::', '::ffff:198.51.100.10', '::ffff:c633:640a'])('%s is the address of no host', address => {
  expect(isNoHost(address)).toBe(true)
})

test.each(['10.0.0.0', '198.51.100.10', '2001:db8::', '::1', '2001:db8::ffff:1'])(
  '%s is the address of a host',
  address => {
    expect(isNoHost(address)).toBe(false)
  },
)

test.each([
  ['2001:DB8:0::1', '2001:db8::1'],
  ['::ffff:198.51.100.10', '198.51.100.10'],
  ['fe80:0::1%eth0', 'fe80::1%eth0'],
  ['a socket of the caller', 'a socket of the caller'],
])('the local address %s becomes %s', (given, expected) => {
  expect(canonicalLocal(given)).toBe(expected)
})
