import { describe, expect, it } from 'vitest'
import { defaultRoutesIn, sysctlWarnings, type VipNetwork } from './sysctl.ts'

const VIP = '198.51.100.10'
const network = (given: Partial<VipNetwork> = {}): VipNetwork => ({
  ...{ vips: [VIP], inbound: [], defaultRoutes: ['eth0'], shared: [], ...given },
})
const find = (given: Partial<VipNetwork>, settings: Readonly<Record<string, number>>) =>
  sysctlWarnings(network(given), (name, interfaceName) => settings[`${interfaceName}.${name}`])

describe('arp_ignore with ARP', () => {
  it.each([0, 1, 2, 4, 7])('%i is no warning', value => {
    expect(find({ arp: 'eth0' }, { 'eth0.arp_ignore': value })).toEqual([])
  })
  it.each([
    ['eth0', 3, 'no ARP request for an address of scope host, as the VIP is'],
    ['all', 8, 'no ARP request'],
  ])('of %s with %i keeps the kernel from answering', (place, value, what) => {
    expect(find({ arp: 'eth0' }, { [`${place}.arp_ignore`]: value, 'eth0.arp_filter': 9 })).toEqual([
      `arp_ignore of eth0 is ${value} (the larger of net.ipv4.conf.all.arp_ignore and net.ipv4.conf.eth0.arp_ignore), so the kernel answers ${what}: hosts cannot find 198.51.100.10; set both to at most 2`,
    ])
  })
  it('matters only with ARP, and for IPv4', () => {
    expect(find({}, { 'all.arp_ignore': 8 })).toEqual([])
    expect(find({ arp: 'eth0', vips: [] }, { 'all.arp_ignore': 8 })).toEqual([])
  })
})

describe('rp_filter', () => {
  const strict = { 'eth1.rp_filter': 1 }
  it('that is strict matters where the default route is elsewhere', () => {
    expect(find({ inbound: ['eth1', 'eth0'] }, { 'all.rp_filter': 1 })).toEqual([
      'rp_filter of eth1 is 1 (strict), and the default route leaves by eth0, so the kernel drops what clients behind it send to 198.51.100.10 through eth1; set net.ipv4.conf.eth1.rp_filter to 2',
    ])
    expect(find({ inbound: ['eth1'] }, strict)).toHaveLength(1)
  })
  it('is no warning if it is loose, off, or nothing leaves elsewhere', () => {
    expect(find({ inbound: ['eth1'] }, { ...strict, 'all.rp_filter': 2 })).toEqual([])
    expect(find({ inbound: ['eth1'] }, {})).toEqual([])
    expect(find({ inbound: ['eth1'], defaultRoutes: ['eth1'] }, strict)).toEqual([])
    expect(find({ inbound: ['eth1'], defaultRoutes: [] }, strict)).toEqual([])
    expect(find({ inbound: ['eth1'], vips: [] }, strict)).toEqual([])
  })
})

describe('a VIP in the subnet of an interface that several nodes have', () => {
  const shared = [{ vip: VIP, interface: 'eth0' }]
  it.each([
    [0, 0],
    [0, 2],
    [1, 0],
    [1, 1],
  ])('with arp_ignore %i and arp_announce %i is a warning', (ignore, announce) => {
    expect(find({ shared }, { 'eth0.arp_ignore': ignore, 'all.arp_announce': announce })).toEqual([
      expect.stringMatching(
        `^198.51.100.10 lies in the subnet of eth0, .*arp_ignore ${ignore}, arp_announce ${announce}.*`,
      ),
    ])
  })
  it('is no warning if the kernel neither answers nor asks with it', () => {
    expect(find({ shared }, { 'all.arp_ignore': 1, 'eth0.arp_announce': 2 })).toEqual([])
  })
})

it('defaultRoutesIn() has each interface of a default route once', () => {
  const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   \n'
  const row = (name: string, to: string, mask: string) =>
    `${name}\t${to}\t010200C0\t0003\t0\t0\t0\t${mask}\t0\t0\t0   \n`
  const table = [
    row('eth0', '00000000', '00000000'),
    row('eth1', '00000000', '00000080'),
    row('eth0', '00000000', '00000000'),
  ]
  expect(defaultRoutesIn(head + table.join('') + row('eth2', '000200C0', '00FFFFFF'))).toEqual(['eth0'])
  expect(defaultRoutesIn('')).toEqual([])
})
