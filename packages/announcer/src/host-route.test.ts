import { OptionError } from '@softspoken/wire'
import { describe, expect, test } from 'vitest'
import { hostRoute } from './host-route.ts'

describe('a host route', () => {
  test.each([
    ['198.51.100.10/32', '198.51.100.10', 'ipv4-unicast'],
    ['10.0.0.0/32', '10.0.0.0', 'ipv4-unicast'],
    ['10.0.0.255/32', '10.0.0.255', 'ipv4-unicast'],
    ['100.64.0.1/32', '100.64.0.1', 'ipv4-unicast'],
    ['223.255.255.255/32', '223.255.255.255', 'ipv4-unicast'],
    ['169.253.255.255/32', '169.253.255.255', 'ipv4-unicast'],
    ['10.254.0.1/32', '10.254.0.1', 'ipv4-unicast'],
    ['2001:db8::10/128', '2001:db8::10', 'ipv6-unicast'],
    ['2001:db8::ffff:c633:640a/128', '2001:db8::ffff:c633:640a', 'ipv6-unicast'],
    ['::ff00:c633:640a/128', '::ff00:c633:640a', 'ipv6-unicast'],
    ['::1ff:c633:640a/128', '::1ff:c633:640a', 'ipv6-unicast'],
    ['fd00::1/128', 'fd00::1', 'ipv6-unicast'],
    ['::2/128', '::2', 'ipv6-unicast'],
    ['fec0::1/128', 'fec0::1', 'ipv6-unicast'],
  ])('hostRoute() accepts %s', (prefix, address, family) => {
    expect(hostRoute(prefix)).toEqual({ prefix, address, family })
  })

  test('hostRoute() accepts a bare address', () => {
    expect(hostRoute('198.51.100.10').prefix).toBe('198.51.100.10/32')
    expect(hostRoute('2001:db8::10').prefix).toBe('2001:db8::10/128')
  })

  test.each(
    [
      ['2001:DB8:0:0:0:0:0:10/128', '2001:db8::10/128', 'lower case, zeros left out (§4.1, §4.3)'],
      ['2001:0db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1/128', 'one zero field is no run (§4.2.2)'],
      ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1/128', 'of two equal runs the first is cut (§4.2.3)'],
      ['2001:db8:0:0:1:0:0:0', '2001:db8:0:0:1::/128', 'the longest run is cut (§4.2.3)'],
      ['2001:db8::198.51.100.10', '2001:db8::c633:640a/128', 'no dotted end'],
    ].filter(([, , why]) => why !== undefined),
  )('%s has one spelling, %s: %s (RFC 5952)', (given, spelling) => {
    expect(hostRoute(given).prefix).toBe(spelling)
  })

  test.each([
    ['198.51.100.0/24'],
    ['198.51.100.10/31'],
    ['0.0.0.0/0'],
    ['2001:db8::/64'],
    ['2001:db8::10/127'],
    ['::/0'],
  ])('hostRoute() rejects %s, which is wider than one address', prefix => {
    expect(() => hostRoute(prefix)).toThrow(OptionError)
  })

  test.each([
    ['0.0.0.0', 'the unspecified address'],
    ['0.1.2.3/32', 'the unspecified address'],
    ['127.0.0.1/32', 'a loopback address'],
    ['127.255.255.254/32', 'a loopback address'],
    ['169.254.0.1/32', 'a link-local address'],
    ['169.254.255.255/32', 'a link-local address'],
    ['224.0.0.1/32', 'a multicast address'],
    ['239.255.255.255/32', 'a multicast address'],
    ['240.0.0.1/32', 'a broadcast or reserved address'],
    ['255.255.255.255/32', 'a broadcast or reserved address'],
    ['::/128', 'the unspecified address'],
    ['::1/128', 'the loopback address'],
    ['::ffff:198.51.100.10/128', 'an IPv4-mapped address'],
    ['ff02::1/128', 'a multicast address'],
    ['fe80::1/128', 'a link-local address'],
    ['febf:ffff::1/128', 'a link-local address'],
  ])('hostRoute() rejects %s, which is %s (RFC 6890)', (prefix, kind) => {
    expect(() => hostRoute(prefix)).toThrow(
      `prefix: '${prefix}' is not allowed, it must be the address of one host, and not ${kind}`,
    )
  })

  test.each([
    '',
    'localhost',
    '198.51.100',
    '198.51.100.256/32',
    '198.51.100.010/32',
    '198.51.100.10/',
    '198.51.100.10/33',
    '198.51.100.10/032',
    '198.51.100.10/32 ',
    '198.51.100.10/32/32',
    '2001:db8::10/129',
    '2001:db8::g/128',
    '2001:db8::1::2/128',
    '2001:db8::10%eth0/128',
    '2001:db8::10%eth0',
  ])("hostRoute() rejects '%s' and names the field and the text", text => {
    expect(() => hostRoute(text)).toThrow(Error)
    expect(() => hostRoute(text)).toThrow(/^prefix: '.*' is not allowed, it must be /)
    expect(() => hostRoute(text)).toThrow(`'${text.replace(/\/.*/, '')}`)
  })

  test('hostRoute() rejects values that are no string', () => {
    for (const value of [undefined, null, 32, {}])
      expect(() => hostRoute(value as string)).toThrow(/^prefix: .* is not allowed, it must be a string such as/) // a caller without types
  })

  test('hostRoute() names what is allowed', () => {
    expect(() => hostRoute('198.51.100.0/24')).toThrow(
      "prefix: '198.51.100.0/24' is not allowed, it must be a host route: /32 for IPv4, /128 for IPv6",
    )
  })
})
