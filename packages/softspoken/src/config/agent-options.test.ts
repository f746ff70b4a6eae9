import { describe, expect, it } from 'vitest'
import { addressOptions, agentOptions, announcerOptions, leaseOptions, preference } from './agent-options.ts'
import { electionOf, electionOptions, modeOf, withoutDefault } from './election-options.ts'
import { optionTable, type ProgramOptions, peerOptionNames } from './options.ts'

const needed: ProgramOptions = {
  ...{ prefix: ['198.51.100.10/32'], localAs: 64515, routerId: '10.0.5.11', logLevel: 'info' },
  ...{ peer: ['10.0.5.1'], peerAs: 65000 },
}
/** A value of each option that is handed to the library, and that no other option has. */
const values: Readonly<Record<string, unknown>> = {
  ...{
    localAs: 64999,
    routerId: '10.0.5.12',
    peer: ['10.0.5.2'],
    peerAs: 65009,
    port: 1179,
    localAddress: '10.0.5.13',
  },
  ...{ holdTime: 31, tcpMd5Key: 'a key', ttlSecurity: 3, multihop: 5, bindDevice: 'eth0' },
  ...{ med: 7, localPref: 8, community: ['65000:1'], stateDirectory: '/var/lib/softspoken' },
  ...{ largeCommunity: ['65000:1:2'], prepend: 2, drainTime: 4, gracefulShutdownTime: 5 },
  ...{ mode: 'leader', lease: 'infra/vip', leaseDuration: 20, renewDeadline: 11, retryPeriod: 3, nodeName: 'node-9' },
  ...{ kubeconfig: '/etc/vip.conf', apiServer: 'https://127.0.0.1:6444', apiServers: ['https://10.0.5.12:6443'] },
  ...{ address: 'none', requireAddress: true, destroyConnections: false, replaceAddress: true },
  ...{ disabledBy: '/run/softspoken/drained', arp: true, claimInUse: true },
}
/** Another part of the program uses it. */
function isElsewhere(name: string): boolean {
  return (
    [
      ...['prefix', 'peers', 'withoutCapabilities', 'tcpMd5KeyFile', 'backOff', 'http', 'httpHost', 'logLevel'],
      ...['leaseDirectory', 'leaseProfile', 'interface', 'kernelDeadline', 'nextHop', 'drainOnCordon', 'labelNode'],
      'probePort',
    ].includes(name) || name.startsWith('health')
  )
}

/** The library's option of that name, as its errors spell it. */
function option(options: ProgramOptions, field: string): unknown {
  const { local, peers, ...rest } = announcerOptions(options)
  const ofAgent = { ...agentOptions(options), ...electionOptions(options), ...leaseOptions(options) }
  const [peer] = peers
  if (field === 'peer.address') return peers.map(({ address }) => address)
  const all = { ...rest, ...preference(options), local, peer, ...ofAgent } as object
  return field.split('.').reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], all) // as they are nested
}

describe('announcerOptions()', () => {
  const handedOver = optionTable.filter(({ name }) => !isElsewhere(name))
  it('has a value in this test for each option of the library', () => {
    expect(handedOver.filter(({ name }) => values[name] === undefined)).toEqual([])
  })
  it.each(handedOver.map(({ name, libraryName }) => [name, libraryName] as const))(
    'hands %s to the library as %s',
    (name, field) => {
      expect(option({ ...needed, [name]: values[name] }, field)).toEqual(values[name])
      expect(option(needed, field), 'and without it, not').not.toEqual(values[name])
    },
  )
  it.each([
    [undefined, undefined],
    [['10.0.5.14'], '10.0.5.14'],
    [['2001:db8::14', '10.0.5.14'], { ipv4: '10.0.5.14', ipv6: '2001:db8::14' }],
  ])('hands the next hops %j over as %j', (given, handed) => {
    expect(announcerOptions({ ...needed, ...(given && { nextHop: given }) }).nextHop).toEqual(handed)
  })
  it('hands over only the given parts of backOff', () => {
    expect(announcerOptions({ ...needed, backOff: { minInterval: 10 } }).backOff).toEqual({ minInterval: 10 })
    expect(announcerOptions(needed)).not.toHaveProperty('backOff')
  })
  it('hands over withoutCapabilities as capabilities that are false', () => {
    const { capabilities } = announcerOptions({ ...needed, withoutCapabilities: ['routeRefresh', 'fourOctetAs'] })
    expect(capabilities).toEqual({ routeRefresh: false, fourOctetAs: false })
    expect(announcerOptions(needed)).not.toHaveProperty('capabilities')
  })
  it('gives the options of one router to that router alone', () => {
    const own = {
      ...{ port: 1179, tcpMd5Key: 'its own', ttlSecurity: 2, multihop: 9, bindDevice: 'eth1' },
      ...{ holdTime: 30, localAddress: '10.0.6.11', nextHop: '10.0.6.12' },
    }
    expect([...peerOptionNames].sort()).toEqual(['address', 'as', 'tcpMd5KeyFile', ...Object.keys(own)].sort())
    const { peer: _peer, peerAs: _as, ...rest } = needed
    const peers = [
      { address: '10.0.5.1', as: 65000, ...own },
      { address: '10.0.5.2', as: 65001 },
    ]
    expect(announcerOptions({ ...rest, peers, tcpMd5Key: 'of all' })).toMatchObject({ tcpMd5Key: 'of all', peers })
    expect(announcerOptions({ ...rest, peers }).peers).toEqual(peers)
  })
  it('gives the options of all routers to each router', () => {
    const { peers } = announcerOptions({ ...needed, peer: ['10.0.5.1', '2001:db8::1'], port: 1179 })
    expect(peers).toEqual([
      { address: '10.0.5.1', as: 65000, port: 1179 },
      { address: '2001:db8::1', as: 65000, port: 1179 },
    ])
  })
  it.each([
    ['198.51.100.10/32', 'ipv4-unicast'],
    ['2001:db8::10/128', 'ipv6-unicast'],
  ])('makes of the prefix %s the family %s for every router', (prefix, family) => {
    expect(announcerOptions({ ...needed, prefix: [prefix], peer: ['10.0.5.1', '2001:db8::1'] }).families).toEqual([
      family,
    ])
  })
})

const onlyArp: ProgramOptions = { prefix: ['203.0.113.100/32'], arp: true, logLevel: 'info' }

describe('agentOptions()', () => {
  it('takes the host routes as VIPs of both families', () => {
    const prefix = ['198.51.100.10/32', '2001:db8::10/128']
    const { vips, announcer } = agentOptions({ ...needed, prefix })
    expect(vips).toEqual(prefix)
    expect(announcer).toMatchObject({ families: ['ipv4-unicast', 'ipv6-unicast'], maxPrefixes: 2 })
  })
  it('joins the names of interfaces, and has the default of the library without one', () => {
    expect(addressOptions({ ...needed, interface: ['bond0.48', 'eno*'] })).toEqual({ interface: 'bond0.48,eno*' })
    expect(addressOptions(needed)).toEqual({})
  })
  it('takes the interface of the segment with arp, and needs no router', () => {
    const { vips, announcer, preference, address, arp } = agentOptions({ ...onlyArp })
    expect({ vips, announcer, preference, address, arp }).toEqual({
      ...{ vips: onlyArp.prefix, announcer: undefined, preference: undefined },
      ...{ address: { interface: 'auto' }, arp: true },
    })
    expect(agentOptions({ ...needed, arp: true }).announcer).toBeDefined()
    expect([modeOf(onlyArp), electionOf(onlyArp)]).toEqual(['leader', 'kubernetes'])
  })
  it('requires the address on an interface if the program adds none by default', () => {
    expect(agentOptions(needed).requireAddress).toBe(false)
    expect(agentOptions({ ...needed, address: 'none' }).requireAddress).toBe(true)
    expect(agentOptions({ ...needed, address: 'none', requireAddress: false }).requireAddress).toBe(false)
  })
  it('has the kernel deadline unless it is off', () => {
    expect(agentOptions(needed).kernelDeadline).toBe(true)
    expect(agentOptions({ ...needed, kernelDeadline: 'off' }).kernelDeadline).toBe(false)
  })
})

describe('electionOptions()', () => {
  it('takes the durations of the profile, and those that are given before them', () => {
    const fast = { ...needed, leaseProfile: 'fast' } as const
    expect(electionOptions(fast)).toMatchObject({ leaseDuration: 5, renewDeadline: 3, retryPeriod: 1 })
    expect(electionOptions({ ...fast, leaseDuration: 6 })).toMatchObject({ leaseDuration: 6, renewDeadline: 3 })
  })
  it('waits a second more if the leader alone holds the address', () => {
    const claimDelay = (options: Partial<ProgramOptions>) => electionOptions({ ...needed, ...options }).claimDelay
    expect([claimDelay({ mode: 'leader' }), claimDelay({ mode: 'standby' })]).toEqual([1, 0])
    expect(claimDelay({ mode: 'leader', address: 'none' })).toBe(0)
  })
  it('writes the name of the node in lower case', () => {
    expect(electionOptions({ ...needed, nodeName: 'Node-1' }).identity).toBe('node-1')
  })
  it('gives a request less than half of the renew deadline', () => {
    expect(leaseOptions({ ...needed, leaseProfile: 'fast' }).requestTimeout).toBeCloseTo(1.35)
  })
})

it('withoutDefault() has those of a router without BGP, claimInUse without ARP', () => {
  const [arp, bgp] = [true, false].map(arp => withoutDefault({ prefix: [], logLevel: 'info', arp }))
  expect(arp).toEqual(expect.arrayContaining(['port', 'holdTime', 'nextHop', 'drainTime']))
  expect(arp).not.toContain('claimInUse')
  expect(bgp).toContain('claimInUse')
  expect(bgp).not.toContain('port')
})
