import { describe, expect, it } from 'vitest'
import { formatAddress, parseAddress } from './address.ts'
import { OptionError } from './option-error.ts'

describe('formatAddress() writes IPv6 in the form of RFC 5952', () => {
  it.each([
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1', '§4.1, §4.2.1: short'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1', '§4.2.2: one zero field stays'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1', '§4.2.3: the longest run is shortened'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1', '§4.2.3: the first of equal runs is shortened'],
    ['2001:DB8::ABCD', '2001:db8::abcd', '§4.3: lower case'],
    ['::', '::', 'all zero'],
    ['ff02::', 'ff02::', 'zero to the end'],
  ])('%s is %s (%s)', (text, canonical) => {
    expect(formatAddress(parseAddress(text, 'address'))).toBe(canonical)
  })
  it('reads an embedded IPv4 address as the same octets', () => {
    const octets = parseAddress('::ffff:192.0.2.1', 'address')
    expect([...octets]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1])
    expect(parseAddress(formatAddress(octets), 'address')).toEqual(octets)
  })
})

describe('parseAddress() throws an OptionError with the field for', () => {
  it.each([
    '',
    ' ',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.01',
    '192.0.2.1/32',
    ' 192.0.2.1',
    '1',
    '::1/128',
    'fe80::1%eth0',
  ])("'%s'", text => {
    expect(() => parseAddress(text, 'nextHop')).toThrow(new OptionError('nextHop', text, 'an IPv4 or IPv6 address'))
  })
  it.each(['2001:db8', '2001:db8:::1', '1::2::3', '12345::', '1:2:3:4:5:6:7:8:9', '::ffff:192.0.2.256'])(
    "'%s'",
    text => {
      expect(() => parseAddress(text, 'nextHop')).toThrow(OptionError)
    },
  )
  it.each([undefined, null, 42, {}])('%s', value => {
    expect(() => parseAddress(value as unknown as string, 'nextHop')).toThrow(OptionError) // a caller without types
  })
})
