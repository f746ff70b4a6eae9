import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { lookFor } from './own-address.ts'

describe.runIf(process.platform === 'linux')('on Linux', () => {
  const all = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.map(({ address }) => (/^fe80:/.test(address) ? `${address}%${name}` : address)),
  )
  it.each(all)('lookFor() finds %s', address => {
    expect(lookFor(address)).toBe('here')
  })
  it.each(['203.0.113.77', '127.0.0.77', '0.0.0.0', '2001:db8::77', '::ffff:203.0.113.77', 'fe80::77%lo'])(
    'lookFor() does not find %s',
    address => {
      expect(lookFor(address)).toBe('gone')
    },
  )
  it('lookFor() finds an IPv4 address that is mapped into IPv6', () => {
    expect(lookFor('::ffff:127.0.0.1')).toBe('here')
  })
})

it.each(['', 'router', 'fe80::1%', '192.0.2.1/24', '::1%lo%x'])("lookFor() does not throw for '%s'", text => {
  expect(lookFor(text)).toMatch(/^(unknown|gone)$/)
})
