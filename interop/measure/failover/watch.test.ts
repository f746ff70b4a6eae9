import { expect, test } from 'vitest'
import { changes } from './watch.ts'

const VIP = '198.51.100.10/32'

test('reads the output of ip monitor for BIRD’s kernel table', () => {
  const lines = [
    '1795260144362360086 198.51.100.10 via 203.0.113.65 dev eth0 proto bird metric 32',
    '1795260145201340235 local fe80::42:cbff:fe00:7143 dev eth0 table local proto kernel metric 0 pref medium',
    '1795260145901340235 198.51.100.100 via 203.0.113.78 dev eth0 proto bird metric 32',
    '1795260147166435308 Deleted 198.51.100.10 via 203.0.113.65 dev eth0 proto bird metric 32',
  ]
  expect(changes(lines, VIP)).toEqual([
    { at: expect.closeTo(1795260144362.36, 1), nextHop: '203.0.113.65' },
    { at: expect.closeTo(1795260147166.435, 1), nextHop: undefined },
  ])
})

test('reads the output of gobgp monitor', () => {
  const lines = [
    '1795260140156945062 2026-11-21T11:22:20Z [ROUTE] 198.51.100.10/32 via 203.0.113.65 aspath [65010] attrs [{Origin: i} {Med: 10}]',
    '1795260142952416374 2026-11-21T11:22:22Z [DELROUTE] 198.51.100.10/32 via 203.0.113.65 aspath [65010] attrs [{Origin: i} {Med: 10}]',
  ]
  expect(changes(lines, VIP)).toEqual([
    { at: expect.closeTo(1795260140156.945, 1), nextHop: '203.0.113.65' },
    { at: expect.closeTo(1795260142952.416, 1), nextHop: undefined },
  ])
})
