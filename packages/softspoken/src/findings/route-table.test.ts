import { expect, it } from 'vitest'
import { defaultRowsIn, rowsOf } from './route-table.ts'

// As Linux pads /proc/net/route and /proc/net/ipv6_route.
const table = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0   ${''}
eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0   ${''}
  lo\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0
`

it('rowsOf() has the cells of each row, without the white space around them', () => {
  expect(rowsOf(table)[0]?.slice(6, 10)).toEqual(['Metric', 'Mask', 'MTU', 'Window'])
  expect(rowsOf(table).map(([name, , , , , , , , , , last]) => [name, last])).toEqual([
    ...[['Iface', 'IRTT'], ...['eth0', 'eth0', 'lo'].map(name => [name, '0'])],
    ['', undefined],
  ])
})
it('defaultRowsIn() has the rows whose mask is empty', () => {
  expect(defaultRowsIn(table).map(row => row.slice(0, 3))).toEqual([['eth0', '00000000', '0100000A']])
  expect(defaultRowsIn('')).toEqual([])
})
