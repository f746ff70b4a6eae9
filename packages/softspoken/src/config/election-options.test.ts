/** Which options go together; sources.test.ts and mistakes.test.ts have the sentences as a user gets them. */
import { describe, expect, it } from 'vitest'
import { checkTogether, electionOf, labelOf, modeOf, withHealth, withoutDefault } from './election-options.ts'
import type { ProgramOptions } from './options.ts'
import { UsageError } from './usage-error.ts'

const options = (given: Partial<ProgramOptions>): ProgramOptions => ({
  ...{ prefix: ['198.51.100.10/32'], logLevel: 'info', nodeName: 'node-1' },
  ...given,
})
const leader = { mode: 'leader', kubeconfig: '/etc/kubernetes/admin.conf' } as const
const inDirectory = { mode: 'leader', leaseDirectory: '/mnt/leases' } as const

it.each<[Partial<ProgramOptions>, ReturnType<typeof electionOf>, ReturnType<typeof modeOf>]>([
  [{}, undefined, 'all-nodes'],
  [{ mode: 'all-nodes' }, undefined, 'all-nodes'],
  [{ mode: 'standby' }, 'kubernetes', 'standby'],
  [{ mode: 'leader' }, 'kubernetes', 'leader'],
  [{ lease: 'kube-system/vip' }, 'kubernetes', 'standby'],
  [{ leaseDirectory: '/mnt/leases' }, 'directory', 'standby'],
  [{ arp: true }, 'kubernetes', 'leader'],
  [{ arp: true, mode: 'all-nodes' }, undefined, 'all-nodes'],
  [{ arp: false }, undefined, 'all-nodes'],
])('%j has the election %s and the mode %s', (given, election, mode) => {
  expect([electionOf(options(given)), modeOf(options(given))]).toEqual([election, mode])
})
it('the label of the Node has the first IPv4 VIP, and there is none with IPv6 alone', () => {
  const prefix = ['2001:db8::10/128', '198.51.100.10/32', '198.51.100.11/32']
  expect(labelOf(options({ prefix }))).toEqual({ 'kube-vip.io/has-ip': '198.51.100.10' })
  expect(labelOf(options({ prefix: ['2001:db8::10/128'] }))).toBeUndefined()
})
it('the default health check is that of the API server if it has the election', () => {
  const healthOf = (given: Partial<ProgramOptions>) => withHealth(options(given)).health
  expect(['leader', 'all-nodes'].map(mode => healthOf({ mode: mode as 'leader' }))).toEqual(['kubernetes', undefined])
  expect([healthOf(inDirectory), healthOf({ ...leader, health: 'exec:/bin/true' })]).toEqual([
    undefined,
    'exec:/bin/true',
  ])
})
it.each<[Partial<ProgramOptions>, string[], string[]]>([
  [
    {},
    ['leaseProfile', 'leaseDuration', 'lease', 'kubeconfig', 'apiServer', 'requireAddress', 'claimInUse'],
    ['med', 'interface'],
  ],
  [
    leader,
    ['requireAddress', 'claimInUse'],
    ['leaseProfile', 'leaseDuration', 'lease', 'kubeconfig', 'apiServer', 'med'],
  ],
  [inDirectory, ['lease', 'kubeconfig', 'apiServer'], ['leaseProfile', 'leaseDuration']],
  [{ ...leader, leaseProfile: 'fast' }, ['leaseDuration', 'renewDeadline', 'retryPeriod'], ['leaseProfile']],
  [{ health: 'kubernetes' }, ['lease'], ['kubeconfig', 'apiServer']],
  [{ address: 'none' }, ['interface', 'replaceAddress', 'destroyConnections'], ['requireAddress']],
  [{ arp: true }, ['localAs', 'peer', 'med', 'drainTime'], ['claimInUse', 'lease']],
])('with %j the defaults of %j do not apply, and those of %j do', (given, idle, applied) => {
  const names = withoutDefault(options(given))
  expect(names).toEqual(expect.arrayContaining(idle))
  expect(names.filter(name => applied.includes(name))).toEqual([])
  expect(names.filter(name => !/^[a-z]\w+$/i.test(name))).toEqual([])
})

describe('checkTogether()', () => {
  it.each<[Partial<ProgramOptions>, string]>([
    [{ arp: true, mode: 'standby' }, 'arp: not allowed together with mode standby: one node has the VIP'],
    [{ arp: true, address: 'none' }, 'address: not allowed together with arp, which adds the VIP'],
    [{ claimInUse: true }, 'claimInUse: not allowed without arp'],
    [{ lease: 'a/b', leaseDirectory: '/x' }, 'leaseDirectory: not allowed together with lease'],
    [{ mode: 'all-nodes', lease: 'a/b' }, 'lease: not allowed together with mode all-nodes'],
    [{ mode: 'all-nodes', leaseDirectory: '/x' }, 'leaseDirectory: not allowed together with mode all-nodes'],
    [{ leaseProfile: 'fast' }, 'leaseProfile: not allowed without an election'],
    [{ leaseDuration: 15 }, 'leaseDuration: not allowed without an election'],
    [{ renewDeadline: 10 }, 'renewDeadline: not allowed without an election'],
    [{ retryPeriod: 2 }, 'retryPeriod: not allowed without an election'],
    [{ ...leader, med: 0 }, 'med: not allowed with an election'],
    [{ ...inDirectory, drainOnCordon: true }, 'drainOnCordon: not allowed without an election by Kubernetes'],
    [{ ...leader, probePort: 0 }, 'probePort: 0 is not allowed, it must be a port from 1 to 65535'],
    [{ ...leader, probePort: 65_536 }, 'probePort: 65536 is not allowed, it must be a port from 1 to 65535'],
    [{ ...leader, arp: true, probePort: 6443 }, 'probePort: not allowed without BGP'],
    [{ ...leader, mode: 'standby', probePort: 6443 }, 'probePort: not allowed in the mode standby'],
    [{ ...inDirectory, labelNode: true }, 'labelNode: not allowed without an election by Kubernetes'],
    [{ ...leader, prefix: ['2001:db8::10/128'], labelNode: true }, 'labelNode: not allowed with IPv6 VIPs alone'],
    [{ kubeconfig: '/x' }, 'kubeconfig: not allowed without an election by Kubernetes or health kubernetes'],
    [{ apiServer: 'https://[::1]:6443' }, 'apiServer: not allowed without an election by Kubernetes or health'],
    [{ address: 'none', interface: ['eth0'] }, 'interface: not allowed together with address none'],
    [{ address: 'none', replaceAddress: true }, 'replaceAddress: not allowed together with address none'],
    [{ requireAddress: true }, 'requireAddress: not allowed without address none'],
    [{ ...leader, nodeName: 'localhost' }, 'nodeName: it is localhost: each node needs a name of its own'],
    [{ routerId: 'auto', nodeName: 'LOCALHOST.localdomain' }, 'nodeName: it is localhost.localdomain: each node'],
    [{ routerId: '198.51.100.10' }, 'routerId: 198.51.100.10 is a VIP'],
  ])('refuses %j', (given, sentence) => {
    const check = () => checkTogether(options(given), {}, true)
    expect(check).toThrow(UsageError)
    expect(check).toThrow(sentence)
  })
  it.each<Partial<ProgramOptions>>([
    {},
    { arp: true, claimInUse: true },
    { address: 'none', requireAddress: false },
    { ...leader, leaseDuration: 15, renewDeadline: 10, retryPeriod: 2 },
    { ...leader, probePort: 1 },
    { ...leader, probePort: 65_535 },
    { ...leader, labelNode: true, drainOnCordon: true },
    { ...leader, prefix: ['2001:db8::10/128'], labelNode: false },
    { labelNode: false, drainOnCordon: false },
    { ...inDirectory, leaseProfile: 'fast' },
    { med: 0 },
    { health: 'kubernetes', kubeconfig: '/x', apiServer: 'https://127.0.0.1:6443' },
    { interface: ['eth0'], replaceAddress: true },
    { nodeName: 'localhost' },
    { ...leader, nodeName: 'localhost-1' },
    { ...leader, nodeName: 'not-localhost' },
    { routerId: '198.51.100.11' },
    { ...leader, apiServers: ['https://192.0.2.1:6443'] },
  ])('accepts %j without a warning', given => {
    expect(checkTogether(options(given), {}, true)).toEqual([])
  })
  it('wants a kubeconfig where there is no service account', () => {
    const { kubeconfig: _, ...alone } = leader
    expect(() => checkTogether(options(alone), {}, false)).toThrow('kubeconfig is missing: this is no Pod')
    expect(checkTogether(options(leader), {}, false)).toEqual([])
    expect(checkTogether(options({}), {}, false)).toEqual([])
  })
  it('warns of API servers that no election by Kubernetes uses', () => {
    const given = { apiServers: { value: [], from: '--api-servers' } }
    expect(checkTogether(options({ apiServers: ['https://192.0.2.1:6443'] }), given, true)).toEqual([
      '--api-servers: not used, because there is no election by Kubernetes',
    ])
  })
  it('names the place where an option was given', () => {
    const given = { med: { value: 0, from: '--med' } }
    expect(() => checkTogether(options({ ...leader, med: 0 }), given, true)).toThrow('--med: not allowed with')
  })
})
