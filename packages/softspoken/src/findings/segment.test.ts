import { describe, expect, it } from 'vitest'
import type { ProgramOptions } from '../config/options.ts'
import { gatewaysIn, gatewaysIn6, type SegmentCalls, segmentFindings } from './segment.ts'

const route = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t000A00C0\t020200C0\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0
wg0\t00000000\t00000000\t0001\t0\t0\t200\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
`
const zero = '0'.repeat(32)
const route6 = `20010db8000000000000000000000000 40 ${zero} 00 ${zero} 00000100 00000001 00000000 00000001     eth0
${zero} 00 ${zero} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0
20010db8000100000000000000000000 30 ${zero} 00 fe800000000000000000000000000002 00000400 00000001 00000000 00000003     eth0
${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo
`
const GATEWAY = '02:00:5e:00:00:01'
const OTHER = '02:00:5e:00:00:09'

/** `macs`: what answers, by address. */
function find(macs: Record<string, string[]>, given: Partial<ProgramOptions> = {}, calls: Partial<SegmentCalls> = {}) {
  return segmentFindings({ prefix: ['192.0.2.100/32'], arp: true, logLevel: 'info', ...given }, 'eth0', {
    hasCapability: () => true,
    askSegment: async (address, name) => ({
      interface: name,
      answers: (macs[address] ?? []).map(mac => ({ mac, after: 1 })),
    }),
    read: file => (file.endsWith('ipv6_route') ? route6 : route),
    ...calls,
  })
}

describe('segmentFindings()', () => {
  it('names the MAC address of the gateway, and that no host has the VIP', async () => {
    expect(await find({ '192.0.2.1': [GATEWAY] })).toEqual({
      lines: [
        `Gateway: 192.0.2.1 answers on eth0, from ${GATEWAY}`,
        'Segment: no host answers for 192.0.2.100 on eth0',
      ],
      warnings: [],
    })
  })
  it('warns of a gateway that does not answer, and names who has the VIP', async () => {
    const { lines, warnings } = await find({ '192.0.2.100': [OTHER] })
    expect(lines).toEqual([
      'Gateway: 192.0.2.1 does not answer on eth0',
      `Segment: ${OTHER} answers for 192.0.2.100 on eth0`,
    ])
    expect(warnings).toEqual([expect.stringMatching(/^the gateway 192\.0\.2\.1 does not answer on eth0 .*VLAN/)])
  })
  it('names this host, too, if it has the VIP', async () => {
    const own = (answers: readonly { mac: string; after: number }[]) =>
      find({}, {}, { askSegment: async (_, name) => ({ interface: name, own: 'lo', answers }) })
    expect((await own([])).lines.at(-1)).toBe('Segment: this host answers for 192.0.2.100 on eth0')
    expect((await own([{ mac: OTHER, after: 1 }])).lines.at(-1)).toBe(
      `Segment: this host, ${OTHER} answers for 192.0.2.100 on eth0`,
    )
  })
  it('asks the gateways of both families if there are VIPs of both', async () => {
    const { lines } = await find({}, { prefix: ['192.0.2.100/32', '2001:db8::100/128'] })
    expect(lines.filter(line => line.startsWith('Gateway: '))).toEqual([
      'Gateway: 192.0.2.1 does not answer on eth0',
      'Gateway: fe80::1 does not answer on eth0',
    ])
  })
  it('asks the gateway of the family of the VIP', async () => {
    const { lines } = await find({ 'fe80::1': [GATEWAY] }, { prefix: ['2001:db8::100/128'] })
    expect(lines[0]).toBe(`Gateway: fe80::1 answers on eth0, from ${GATEWAY}`)
    expect(lines).toHaveLength(2)
  })
  it('shows eight MAC addresses at most', async () => {
    const eight = await find({ '192.0.2.1': Array.from({ length: 8 }, () => OTHER) })
    expect(eight.lines[0]).toMatch(/:09$/)
    const macs = Array.from({ length: 9 }, (_, at) => `02:00:5e:00:01:0${at}`)
    const { lines } = await find({ '192.0.2.1': macs, '192.0.2.100': macs })
    expect(lines[0]).toMatch(/^Gateway: .*from 02:00:5e:00:01:00, .*:07 and 1 more$/)
    expect(lines[1]).toMatch(/^Segment: 02:00:5e:00:01:00, .*:07 and 1 more answers for /)
  })
  it('says that there is no gateway to ask, without a warning', async () => {
    const { lines, warnings } = await find({}, {}, { read: () => '' })
    const none = [
      expect.stringMatching(/^Gateway: none is asked, because no default/),
      expect.stringMatching(/^Segment: /),
    ]
    expect([lines, warnings]).toEqual([none, []])
    const read = () => {
      throw new Error('ENOENT')
    }
    expect((await find({}, {}, { read })).lines, 'a container hides the table').toEqual(none)
  })
  it('says why the segment cannot be asked', async () => {
    const askSegment = () => Promise.reject(new Error('ENETDOWN'))
    expect((await find({}, {}, { askSegment })).lines).toEqual(['Segment: eth0 cannot be asked now, ENETDOWN'])
  })
  it.each([
    ['without ARP', { arp: false }, {}],
    ['without NET_RAW', {}, { hasCapability: (name: string) => name !== 'NET_RAW' }],
  ])('asks nothing %s', async (_, given, calls) => {
    expect(await find({}, given, calls)).toEqual({ lines: [], warnings: [] })
  })
  it('asks nothing if no interface is known for the VIPs', async () => {
    const calls = { hasCapability: () => true, askSegment: () => Promise.reject(new Error('asked')), read: () => route }
    const options: ProgramOptions = { prefix: ['192.0.2.100/32'], arp: true, logLevel: 'info' }
    expect(await segmentFindings(options, undefined, calls)).toEqual({ lines: [], warnings: [] })
  })
})

it('gatewaysIn() and gatewaysIn6() have the default routes of an interface', () => {
  expect([gatewaysIn(route, 'eth0'), gatewaysIn(route, 'wg0')]).toEqual([['192.0.2.1'], []])
  expect([gatewaysIn6(route6, 'eth0'), gatewaysIn6(route6, 'lo')]).toEqual([['fe80::1'], []])
})
