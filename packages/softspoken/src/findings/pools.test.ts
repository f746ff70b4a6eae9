import { describe, expect, it } from 'vitest'
import { UsageError } from '../config/usage-error.ts'
import { poolWarnings } from './pools.ts'

const prefixes = ['198.51.100.10/32', '2001:db8::10/128']

describe('poolWarnings()', () => {
  it.each([
    ['198.51.100.0/24', '198.51.100.10'],
    ['198.51.100.10/32', '198.51.100.10'],
    ['0.0.0.0/0', '198.51.100.10'],
    ['198.51.100.1-198.51.100.10', '198.51.100.10'],
    ['2001:db8::/32', '2001:db8::10'],
    ['::/0', '2001:db8::10'],
    ['2001:db8::1-2001:db8::ff', '2001:db8::10'],
  ])('names the one VIP that lies in %s', (pool, vip) => {
    expect(poolWarnings(prefixes, [pool])).toEqual([
      `--pool: the VIP ${vip} lies in the pool ${pool}, so its program may give ${vip} to a Service; take it out of the pool, or choose another VIP`,
    ])
  })
  it('has no warning without a pool, and for one beside the VIPs', () => {
    expect(poolWarnings(prefixes)).toEqual([])
    expect(poolWarnings(prefixes, ['198.51.100.128/25', '198.51.100.11-198.51.100.20', '2001:db8:1::/48'])).toEqual([])
  })
  it.each([
    '198.51.100.10',
    '198.51.100.0/33',
    '2001:db8::/129',
    '198.51.100.20-198.51.100.10',
    '198.51.100.1-2001:db8::1',
    '198.51.100.1-20',
    'x198.51.100.0/24/24',
    '198.51.100.1-198.51.100.20-198.51.100.30',
    '198.51.100.0/24-',
    'pool',
    '',
    '/24',
  ])('refuses %j', pool => {
    expect(() => poolWarnings(prefixes, [pool])).toThrow(UsageError)
    expect(() => poolWarnings(prefixes, [pool])).toThrow(/^--pool: .* is not allowed, it must be a prefix /)
  })
})
