import { describe, expect, it } from 'vitest'
import { addressesIn, forFamily, type PerFamily } from './per-family.ts'

describe('an address for each family', () => {
  const both: PerFamily = { ipv4: '192.0.2.1', ipv6: '2001:db8::1' }
  it.each([
    [undefined, undefined, undefined],
    ['192.0.2.1', '192.0.2.1', '192.0.2.1'],
    [both, '192.0.2.1', '2001:db8::1'],
    [{ ipv6: '2001:db8::1' }, undefined, '2001:db8::1'],
  ])('%j is %s for IPv4 and %s for IPv6', (given, ipv4, ipv6) => {
    expect([forFamily(given, 'ipv4-unicast'), forFamily(given, 'ipv6-unicast')]).toEqual([ipv4, ipv6])
  })
  it('each address has the name of its option', () => {
    expect(addressesIn('192.0.2.1', 'nextHop')).toEqual([['nextHop', '192.0.2.1']])
    expect(addressesIn(both, 'nextHop')).toEqual([
      ['nextHop.ipv4', '192.0.2.1'],
      ['nextHop.ipv6', '2001:db8::1'],
    ])
    expect(addressesIn({ ipv4: '192.0.2.1', ipv6: undefined } as object as PerFamily, 'nextHop')).toHaveLength(1) // as a caller without types may
  })
  it.each([
    [{ ipv5: '192.0.2.1' }, 'nextHop.ipv5: no such option, did you mean ipv4?'],
    [{ ipv4: 7 }, "nextHop.ipv4: 7 is not allowed, it must be a string such as '192.0.2.1'"],
    [7, 'nextHop: 7 is not allowed, it must be an object with ipv4, ipv6'],
  ])('%j is rejected', (given, message) => {
    expect(() => addressesIn(given as PerFamily, 'nextHop')).toThrow(message) // as a caller without types may
  })
})
