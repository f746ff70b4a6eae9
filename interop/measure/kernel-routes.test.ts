import { expect, it } from 'vitest'
import { routeEvents } from './kernel-routes.ts'

it('reads the times of added and deleted routes, to the microsecond', () => {
  const lines = [
    '[2026-11-21T15:30:00.123456] 198.51.100.10 via 203.0.113.2 dev eth0 proto bird metric 32',
    '[2026-11-21T15:30:01.000001] Deleted 198.51.100.10 via 203.0.113.2 dev eth0 proto bird metric 32',
    '[2026-11-21T15:30:02.000000] local 203.0.113.2 dev eth0 table local proto kernel scope host src 203.0.113.2',
  ]
  const second = Date.parse('2026-11-21T15:30:00Z')
  expect(routeEvents(lines)).toEqual([
    { at: second + 123.456, address: '198.51.100.10', nextHop: '203.0.113.2', gone: false },
    { at: second + 1000.001, address: '198.51.100.10', nextHop: '203.0.113.2', gone: true },
  ])
})
