import { describe, expect, it } from 'vitest'
import type { ProgramOptions } from '../config/options.ts'
import { type HostCalls, hostFindings, startWarnings } from './host.ts'

const ARP: Partial<ProgramOptions> = { arp: true, prefix: ['192.0.2.10/32'] }
const BGP: Partial<ProgramOptions> = { localAs: 64515, routerId: '10.0.5.11', peer: ['10.0.5.1'], peerAs: 65000 }
const DEFAULT_ROUTE = 'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n'

const addressOn = (address: string, cidr: string, internal = false) => [{ address, cidr, internal, family: 'IPv4' }]
const host = (files: Readonly<Record<string, string>> = {}, given: Partial<HostCalls> = {}): HostCalls => ({
  listInterfaces: () => [link('eth0', true)],
  networkInterfaces: (() => ({
    lo: addressOn('127.0.0.1', '127.0.0.1/8', true),
    eth0: addressOn('192.0.2.11', '192.0.2.11/24'),
    eth1: addressOn('10.0.5.11', '10.0.5.11/24'),
  })) as unknown as HostCalls['networkInterfaces'], // other fields are not read
  read: file => (file === '/proc/net/route' ? DEFAULT_ROUTE : files[file]),
  sourceAddress: async () => '10.0.5.11',
  ...given,
})
function link(name: string, carrier: boolean): ReturnType<HostCalls['listInterfaces']>[number] {
  return { index: 2, name, carrier, up: true, loopback: false, noArp: false }
}
const conf = (name: string, value: number) => ({ [`/proc/sys/net/ipv4/conf/${name}`]: `${value}\n` })
const find = (options: Partial<ProgramOptions>, interfaceName: string | undefined, calls: HostCalls) =>
  hostFindings({ prefix: ['198.51.100.10/32'], logLevel: 'info', ...options }, interfaceName, calls)
const warnings = async (...args: Parameters<typeof find>) => (await find(...args)).warnings

describe('hostFindings()', () => {
  it('has no warning for a host that is in order', async () => {
    expect(await find(BGP, 'lo', host())).toEqual({ lines: [], warnings: [] })
    expect(await find(ARP, 'eth0', host())).toEqual({ lines: [], warnings: [] })
    const unknown = host({}, { sourceAddress: async () => undefined })
    expect(await warnings(BGP, 'lo', unknown), 'no route to the router').toEqual([])
  })
  it('sees with ARP a VIP in no subnet of the interface', async () => {
    const eth0 = [...addressOn('192.0.2.11', '192.0.2.11/24'), ...addressOn('198.51.100.10', '198.51.100.10/32')]
    const calls = host({}, { networkInterfaces: (() => ({ eth0 })) as unknown as HostCalls['networkInterfaces'] })
    const sentence =
      ' lies in no subnet of eth0: a host looks for it on that segment only if it has a route to it there'
    expect(await warnings({ ...ARP, prefix: ['198.51.100.10/32'] }, 'eth0', calls)).toEqual([
      `198.51.100.10${sentence}`,
    ])
    expect(await warnings({ ...ARP, prefix: ['192.0.2.10/32', '2001:db8::10/128'] }, 'eth0', calls)).toEqual([
      `2001:db8::10${sentence}`,
    ])
    expect(await warnings(BGP, 'eth0', calls)).toEqual([])
    expect(await warnings(ARP, 'eth9', calls), 'its addresses are not known').toEqual([])
  })
  it('sees an interface without carrier', async () => {
    const calls = host({}, { listInterfaces: () => [link('lo', true), link('eth0', false)] })
    const sentence = 'eth0 has no carrier now; the program does not serve until it has'
    expect(await warnings(ARP, 'eth0', calls)).toEqual([sentence])
    expect(await warnings(BGP, 'lo', calls)).toEqual([])
    expect(await warnings({ ...BGP, address: 'none' }, undefined, calls)).toEqual([])
  })
  it('says if carrier or addresses cannot be seen, and throws nothing', async () => {
    const fail = () => {
      throw new Error('EAFNOSUPPORT')
    }
    const calls = host({}, { listInterfaces: fail, networkInterfaces: fail, read: () => undefined })
    expect(await warnings(BGP, 'lo', calls)).toEqual(['whether lo has carrier is not known: EAFNOSUPPORT'])
    expect(await warnings({ ...BGP, address: 'none' }, undefined, calls)).toEqual([])
  })
  it.each([
    ['1', 'on (net.ipv4.ip_forward); a node that had the VIP passes on what'],
    ['0', 'off (net.ipv4.ip_forward); a node that had the VIP drops what'],
  ])('shows with ARP that ip_forward is %s', async (value, text) => {
    const calls = host({ '/proc/sys/net/ipv4/ip_forward': `${value}\n` })
    expect(await find(ARP, 'eth0', calls)).toEqual({
      lines: [`Forwarding: ${text} clients still send to it`],
      warnings: [],
    })
    expect((await find(BGP, 'lo', calls)).lines).toEqual([])
    expect((await find({ ...ARP, prefix: ['2001:db8::10/128'] }, 'eth0', calls)).lines, 'it is of IPv4').toEqual([])
  })
  it('sees a strict rp_filter on the interface to the router, and on that of ARP', async () => {
    const strict = host(conf('all/rp_filter', 1))
    const sentence = expect.stringMatching(/^rp_filter of eth1 is 1 /)
    expect(await warnings(BGP, 'lo', strict)).toEqual([sentence])
    expect(await warnings({ ...BGP, localAddress: '192.0.2.11' }, 'lo', strict), 'eth0 has the default route').toEqual(
      [],
    )
    expect(await warnings({ ...BGP, prefix: ['2001:db8::10/128'] }, 'lo', strict)).toEqual([])
    const second = [...addressOn('10.0.5.9', '10.0.5.9/24'), ...addressOn('10.0.5.11', '10.0.5.11/24')]
    const two = {
      ...strict,
      networkInterfaces: (() => ({ eth1: second })) as unknown as HostCalls['networkInterfaces'],
    }
    expect(await warnings(BGP, 'lo', two), 'the second address of eth1').toEqual([sentence])
    const calls = host(conf('eth1/rp_filter', 1), { listInterfaces: () => [link('eth1', true)] })
    expect(await warnings({ ...ARP, prefix: ['10.0.5.10/32'] }, 'eth1', calls)).toEqual([sentence])
  })
  it('says at the start what no other line of the log says', async () => {
    const near = { ...BGP, prefix: ['192.0.2.100/32'] }
    const strict = host(conf('all/rp_filter', 1))
    expect(await warnings(near, 'lo', strict)).toHaveLength(2)
    expect(await startWarnings({ ...near, logLevel: 'info' }, 'lo', strict)).toEqual([
      expect.stringMatching(/^rp_filter of eth1 is 1 /),
    ])
  })
  it('sees arp_ignore of the interface of ARP', async () => {
    expect(await warnings(ARP, 'eth0', host(conf('eth0/arp_ignore', 8)))).toEqual([expect.stringContaining(' is 8 ')])
    expect(await warnings(ARP, 'eth0', host(conf('eth1/arp_ignore', 8)))).toEqual([])
  })
  it('sees a VIP in the subnet of an interface if several nodes have it', async () => {
    const near = { ...BGP, prefix: ['192.0.2.100/32'] }
    const sentence = expect.stringMatching(/^192\.0\.2\.100 lies in the subnet of eth0, /)
    expect(await warnings(near, 'lo', host())).toEqual([sentence])
    expect(await warnings({ ...near, address: 'none' }, undefined, host())).toEqual([sentence])
    expect(await warnings({ ...near, mode: 'leader' }, 'lo', host()), 'one node has it').toEqual([])
    expect(await warnings({ ...near, ...ARP }, 'eth0', host()), 'one node has it').toEqual([])
    expect(await warnings(near, 'eth0', host()), 'it must be on that segment').toEqual([])
    const lo = addressOn('192.0.2.11', '192.0.2.11/24', true)
    const inside = host({}, { networkInterfaces: (() => ({ lo })) as unknown as HostCalls['networkInterfaces'] })
    expect(await warnings(near, 'lo', inside), 'no other host asks there').toEqual([])
    const second = [...addressOn('10.9.0.1', '10.9.0.1/24'), ...addressOn('192.0.2.11', '192.0.2.11/24')]
    const calls = host(
      {},
      { networkInterfaces: (() => ({ eth0: second })) as unknown as HostCalls['networkInterfaces'] },
    )
    expect(await warnings(near, 'lo', calls), 'the second subnet of eth0').toEqual([sentence])
    expect(await warnings({ ...BGP, prefix: ['192.0.2.11/32'] }, 'lo', vipOnly()), 'the VIP itself').toEqual([])
  })
})
function vipOnly(): HostCalls {
  const interfaces = { eth0: addressOn('192.0.2.11', '192.0.2.11/32') } as unknown as ReturnType<
    HostCalls['networkInterfaces']
  >
  return host({}, { networkInterfaces: () => interfaces })
}
