/** kube-vip's variables: one table of the forms that are used, and one of those that are refused, with every sentence. */
import { describe, expect, it } from 'vitest'
import { readConfiguration } from '../../tools/configuration.ts'
import { fromKubeVipFlags } from './kube-vip-flags.ts'
import { readSources } from './sources.ts'
import { UsageError } from './usage-error.ts'

const plain = {
  ...{ bgp_enable: 'true', address: '198.51.100.10', bgp_as: '64515', bgp_routerid: '10.0.5.11' },
  ...{ bgp_peeraddress: '10.0.5.1', bgp_peeras: '65000' },
}

describe("kube-vip's variables", () => {
  it('configure one router', async () => {
    const env = {
      ...plain,
      bgp_peerpass: 'secret',
      bgp_multihop: 'true',
      bgp_sourceip: '10.0.5.11',
      bgp_hold_time: '90',
    }
    const { options, warnings, given } = await readConfiguration([], env)
    expect(options).toEqual({
      prefix: ['198.51.100.10/32'],
      localAs: 64515,
      routerId: '10.0.5.11',
      peer: ['10.0.5.1'],
      peerAs: 65000,
      tcpMd5Key: 'secret',
      multihop: 255,
      localAddress: '10.0.5.11',
      holdTime: 90,
      replaceAddress: true,
      logLevel: 'info',
    })
    expect(warnings).toEqual([])
    expect(given.prefix?.from).toBe('address')
  })
  it('configure several routers by position, IPv6 in brackets', async () => {
    const { bgp_peeraddress: _address, bgp_peeras: _as, ...rest } = plain
    const env = { ...rest, bgp_peers: '10.0.5.1:65000:secret:true,[2001:db8::1]:65001:::1179,10.0.5.3:65002::false' }
    expect((await readConfiguration([], env)).options.peers).toEqual([
      { address: '10.0.5.1', as: 65000, tcpMd5Key: 'secret', multihop: 255 },
      { address: '2001:db8::1', as: 65001, port: 1179 },
      { address: '10.0.5.3', as: 65002 },
    ])
  })
  it('accept the older name vip_address, and make a /128 of an IPv6 address', async () => {
    const { address: _, ...rest } = plain
    expect((await readConfiguration([], { ...rest, vip_address: '2001:db8::10' })).options.prefix).toEqual([
      '2001:db8::10/128',
    ])
  })
  it('configure a health check of the control plane', async () => {
    const env = {
      ...plain,
      control_plane_health_check_address: 'https://10.0.5.11:6443/livez',
      control_plane_health_check_ca_path: '/etc/kubernetes/pki/ca.crt',
      control_plane_health_check_period_seconds: '10',
      control_plane_health_check_timeout_seconds: '4',
      control_plane_health_check_failure_threshold: '2',
    }
    const { options, warnings } = await readConfiguration([], env)
    expect(options).toMatchObject({
      health: 'https://10.0.5.11:6443/livez',
      healthCa: '/etc/kubernetes/pki/ca.crt',
      healthInterval: 10,
      healthTimeout: 4,
      healthFall: 2,
    })
    expect(warnings).toEqual([expect.stringContaining('the route is announced after three passed checks')])
  })
  it('lose against our own options', async () => {
    expect((await readConfiguration(['--local-as', '64999'], plain)).options.localAs).toBe(64999)
  })
  it('are ignored without a BGP name, because `address` may mean anything', async () => {
    await expect(readConfiguration([], { address: '198.51.100.10', port: '6443' })).rejects.toThrow(
      '--prefix is missing',
    )
  })

  it.each([
    { bgp_as: '64515' },
    { bgp_routerid: '10.0.5.11' },
    { bgp_peers: '10.0.5.1:65000' },
    { bgp_peeraddress: '10.0.5.1' },
    { cp_enable: 'true' },
    { vip_arp: 'true' },
    { vip_leaderelection: 'true' },
  ])('are known by one of them alone: %j', async env => {
    await expect(readConfiguration([], env)).rejects.toThrow(/, or (address|bgp_\w+)\b/)
  })
  it('are not checked if our own options win', async () => {
    const env = {
      ...{ bgp_as: 'AS1', address: 'vip.example', vip_subnet: '24', bgp_hold_time: '15', bgp_sourceip: 'eth0' },
      ...{ bgp_peers: 'router.example', bgp_routerinterface: 'eth0', mpbgp_nexthop: 'fixed' },
    }
    const own = ['--prefix', '198.51.100.11/32', '--local-as', '64999', '--router-id', '10.0.5.12', '--hold-time', '90']
    const more = ['--peer', '10.0.5.9', '--peer-as', '65009', '--local-address', '10.0.5.12', '--next-hop', '10.0.5.12']
    const { options, warnings } = await readConfiguration([...own, ...more], env)
    expect(options).toMatchObject({ prefix: ['198.51.100.11/32'], localAs: 64999, peer: ['10.0.5.9'] })
    expect(warnings).toEqual([])
  })
})

/** The variables, the options that they make, and the warning, if any. */
type Form = [env: Record<string, string>, options: object, warning?: RegExp]
const leads = { vip_leaderelection: 'true' }
const election = { mode: undefined, lease: undefined, health: undefined, apiServer: undefined }
const absent = {
  ...{ localAs: undefined, peer: undefined },
  ...election,
  port: undefined,
  tcpMd5Key: undefined,
  multihop: undefined,
  nextHop: undefined,
  ...{ leaseDuration: undefined, labelNode: undefined, arp: undefined },
}
const peersOf = (bgp_peers: string) => ({ bgp_peers, bgp_peeraddress: '', bgp_peeras: '' })
const v4 = { address: '10.0.5.1', as: 65000 }
const v6 = { address: '2001:db8:1::1', as: 65000 }

describe("kube-vip's variables in each form are used:", () => {
  it.each<Form>([
    [{ address: '198.51.100.10' }, { prefix: ['198.51.100.10/32'] }],
    [{ address: '198.51.100.10/32' }, { prefix: ['198.51.100.10/32'] }],
    [{ address: ' 2001:db8::10 ' }, { prefix: ['2001:db8::10/128'] }],
    [{ address: '2001:db8::10/128' }, { prefix: ['2001:db8::10/128'] }],
    [{ address: '', vip_address: '198.51.100.10' }, { prefix: ['198.51.100.10/32'] }],
    [{ vip_address: '198.51.100.10' }, { prefix: ['198.51.100.10/32'] }],
    [
      { vip_address: '198.51.100.9' },
      { prefix: ['198.51.100.10/32'] },
      /^vip_address: not used, because its new name, address, is also set/,
    ],
    [{ vip_subnet: '32' }, { prefix: ['198.51.100.10/32'] }],
    [{ vip_subnet: '/32' }, { prefix: ['198.51.100.10/32'] }],
    [{ vip_subnet: '32,128' }, { prefix: ['198.51.100.10/32'] }],
    [{ vip_subnet: '/32, /128', address: '2001:db8::10' }, { prefix: ['2001:db8::10/128'] }],
    [{ vip_subnet: 'auto' }, { prefix: ['198.51.100.10/32'] }, /^vip_subnet: auto is for ARP, so a \/32 is announced/],
    [{ vip_cidr: '32' }, { prefix: ['198.51.100.10/32'] }],
    [{ port: '6443' }, { port: undefined }, /^port: not used, because an address is announced, with all its ports/],
    [{ bgp_enable: 'T' }, {}],
    [{ bgp_as: '4200000000' }, { localAs: 4_200_000_000 }],
    [{ bgp_routerid: '10.0.5.12' }, { routerId: '10.0.5.12' }],
    [{ bgp_sourceip: '10.0.5.11' }, { localAddress: '10.0.5.11' }],
    [{ bgp_sourceif: 'eth0' }, { bindDevice: 'eth0' }],
    [{ bgp_peeraddress: '2001:db8::1' }, { peer: ['2001:db8::1'] }],
    [{ bgp_peeraddress: '[2001:db8::1]' }, { peer: ['2001:db8::1'] }],
    [{ bgp_peeraddress: 'fe80::1%eth0' }, { peer: ['fe80::1%eth0'] }],
    [{ bgp_peeras: '65001' }, { peerAs: 65001 }],
    [{ bgp_peerpass: 'secret' }, { tcpMd5Key: 'secret' }],
    [{ bgp_peerpass: '' }, { tcpMd5Key: undefined }],
    [{ bgp_multihop: '1' }, { multihop: 255 }],
    [{ bgp_multihop: 'False' }, { multihop: undefined }],
    [{ bgp_hold_time: '90' }, { holdTime: 90 }],
    [{ bgp_hold_time: '15' }, { holdTime: 15 }, /^bgp_hold_time: 15 s is used; our default is 90 s/],
    [
      { bgp_keepalive_interval: '5' },
      {},
      /^bgp_keepalive_interval: not used, because a KEEPALIVE is sent after a third/,
    ],
    [peersOf('10.0.5.1:65000'), { peers: [v4] }],
    [peersOf('10.0.5.1:65000:'), { peers: [v4] }],
    [peersOf('10.0.5.1:65000::false'), { peers: [v4] }],
    [peersOf('10.0.5.1:65000, ,'), { peers: [v4] }],
    [peersOf('10.0.5.1:65000:k1'), { peers: [{ ...v4, tcpMd5Key: 'k1' }] }],
    [peersOf('10.0.5.1:65000:1k'), { peers: [{ ...v4, tcpMd5Key: '1k' }] }],
    [peersOf('10.0.5.1:65000:::65535'), { peers: [{ ...v4, port: 65_535 }] }, /port 65535 is dialled/],
    [peersOf('10.0.5.1:65000:secret:TRUE'), { peers: [{ ...v4, tcpMd5Key: 'secret', multihop: 255 }] }],
    [peersOf('10.0.5.1:65000:::179'), { peers: [{ ...v4, port: 179 }] }],
    [
      peersOf('10.0.5.1:65000:::1179'),
      { peers: [{ ...v4, port: 1179 }] },
      /^bgp_peers, router 10\.0\.5\.1: port 1179 is dialled, although kube-vip always dials 179/,
    ],
    [peersOf('10.0.5.1:65000::false:::false;300;300;3'), { peers: [v4] }],
    [peersOf('[2001:db8:1::1]:65000'), { peers: [v6] }],
    [peersOf('[fe80::1%eth0]:65000'), { peers: [{ address: 'fe80::1%eth0', as: 65000 }] }],
    [peersOf(',10.0.5.1:65000, [2001:db8:1::1]:65000,'), { peers: [v4, v6] }],
    [{ bgp_peers: '[2001:db8:1::1]:65000', bgp_peerpass: 'k' }, { peers: [v6, { ...v4, tcpMd5Key: 'k' }] }],
    [{ bgp_peers: '[2001:db8:1::1]:65000', bgp_multihop: 'true' }, { peers: [v6, { ...v4, multihop: 255 }] }],
    [{ bgp_peers: '[2001:db8:1::1]:65000', bgp_multihop: 'false' }, { peers: [v6, v4] }],
    [
      { ...peersOf('10.0.5.1:65000'), bgp_peeras: '65000' },
      { peers: [v4] },
      /^bgp_peeras: not used, because each router of bgp_peers has its own/,
    ],
    [
      { ...peersOf('10.0.5.1:65000'), bgp_multihop: 'true' },
      { peers: [v4] },
      /^bgp_multihop: not used, because each router of bgp_peers has its own/,
    ],
    [
      { ...peersOf('10.0.5.1:65000'), bgp_peerpass: 'secret' },
      { peers: [v4], tcpMd5Key: undefined },
      /^bgp_peerpass: not used, because each router of bgp_peers has its own/,
    ],
    [
      peersOf('10.0.5.1:65000:65000:false'),
      { peers: [{ ...v4, tcpMd5Key: '65000' }] },
      /^bgp_peers, router 10\.0\.5\.1: the third field is the password .* it is a number, true or false/,
    ],
    [
      { control_plane_health_check_address: 'https://10.0.5.11:6443/livez' },
      { health: 'https://10.0.5.11:6443/livez' },
      /^control_plane_health_check_address: the route is announced after three passed checks/,
    ],
    [{ control_plane_health_check_ca_path: '/pki/ca.crt' }, { healthCa: '/pki/ca.crt' }],
    [{ control_plane_health_check_cert_path: '/pki/a.crt' }, { healthCert: '/pki/a.crt' }],
    [{ control_plane_health_check_client_cert_path: '/pki/a.crt' }, { healthCert: '/pki/a.crt' }],
    [{ control_plane_health_check_key_path: '/pki/a.key' }, { healthKey: '/pki/a.key' }],
    [{ control_plane_health_check_client_key_path: '/pki/a.key' }, { healthKey: '/pki/a.key' }],
    [{ control_plane_health_check_period_seconds: '10' }, { healthInterval: 10 }],
    [{ control_plane_health_check_timeout_seconds: '4' }, { healthTimeout: 4 }],
    [{ control_plane_health_check_failure_threshold: '2' }, { healthFall: 2 }],
    [{ zebra_enable: 'false', zebra_url: 'unix:/a' }, {}, /^zebra_url: not used, because it belongs to zebra_enable/],
    [{ mpbgp_ipv4: '10.0.5.11' }, { nextHop: undefined }, /^mpbgp_ipv4: not used, because it belongs to mpbgp_nexthop/],
    [
      { backend_health_check_interval: '5' },
      {},
      /^backend_health_check_interval: not used, because it is for routing tables/,
    ],
    [{ vip_arp: 'F', svc_enable: 'false' }, { arp: undefined }],
    [
      { vip_arp: 'true', bgp_enable: 'true' },
      { arp: true, localAs: 64515 },
    ],
    [
      { vip_arp: 'true', bgp_enable: 'false' },
      { arp: true, localAs: undefined, peer: undefined },
    ],
    [{ vip_arp: 'true' }, { arp: true, health: 'kubernetes' }],
    [{ vip_arp: 'true', vip_leasename: 'vip' }, { lease: 'kube-system/vip' }],
    [{ address: '198.51.100.10, 2001:db8::10' }, { prefix: ['198.51.100.10/32', '2001:db8::10/128'] }],
    [{ vip_interface: 'lo' }, { interface: ['lo'], replaceAddress: true }],
    [leads, { mode: 'leader', lease: undefined, health: 'kubernetes', replaceAddress: true }],
    [{ vip_leaderelection: 'false' }, { mode: undefined, health: undefined }],
    [{ ...leads, vip_leasename: 'vip' }, { lease: 'kube-system/vip' }],
    [{ ...leads, cp_namespace: 'infra' }, { lease: 'infra/plndr-cp-lock' }],
    [{ ...leads, vip_leasename: 'vip', cp_namespace: 'infra' }, { lease: 'infra/vip' }],
    [
      { ...leads, vip_leaseduration: '5', vip_renewdeadline: '3', vip_retryperiod: '1' },
      { leaseDuration: 5, renewDeadline: 3, retryPeriod: 1 },
    ],
    [{ ...leads, vip_nodename: 'node-1' }, { nodeName: 'node-1' }],
    [
      { ...leads, k8s_config_file: '/etc/vip.conf' },
      { kubeconfig: '/etc/vip.conf', apiServer: undefined },
    ],
    [{ ...leads, kubernetes_addr: '10.0.5.11:6443' }, { apiServer: 'https://10.0.5.11:6443' }],
    [{ ...leads, kubernetes_addr: 'https://10.0.5.11:6443' }, { apiServer: 'https://10.0.5.11:6443' }],
    [
      { vip_leasename: 'vip' },
      { lease: undefined, mode: undefined },
      /^vip_leasename: not used, because vip_leaderelection is not true/,
    ],
    [{ health_check_port: '10256' }, {}, /^health_check_port: not used, because .* need SOFTSPOKEN_HTTP/],
    [{ prometheus_server: ':2112' }, {}, /^prometheus_server: not used, because .* needs SOFTSPOKEN_HTTP/],
    [{ prometheus_server: ':2112', health_check_port: '10256', SOFTSPOKEN_HTTP: '127.0.0.1:9179' }, {}],
    [{ bgp_attach_ip_to_interface: 'true' }, {}, /^bgp_attach_ip_to_interface: not used, because it is for Services/],
    [
      { vip_loglevel: '4' },
      { logLevel: 'info' },
      /^vip_loglevel: not used, because its numbers differ between versions/,
    ],
    [{ svc_enable: 'true' }, {}, /^svc_enable: not used, because this program announces no Services; Cilium, MetalLB/],
    [
      { vip_leaseduration: '15' },
      { leaseDuration: undefined },
      /^vip_leaseduration: not used, because vip_leaderelection is not true/,
    ],
    [{ ...leads, enable_node_labeling: 'true' }, { labelNode: true }],
    [{ ...leads, enable_node_labeling: 'false' }, { labelNode: undefined }],
    [{ enable_node_labeling: 'true' }, {}, /^enable_node_labeling: not used, because vip_leaderelection is not true/],
    [{ cp_detect: 'true' }, {}, /^cp_detect: not used, because the API server of 127\.0\.0\.1 is verified/],
    [{ cp_enable: 'true', vip_loseleadership: 'false' }, {}],
    [{ bgp_routerid: 'auto' }, { routerId: 'auto' }],
    [{ svc_x: 'y', egress_x: 'y' }, {}, /^svc_x, egress_x: not used, because there is no such option here/],
    [{ bgp_peer: '10.0.5.1', vip_x: 'y' }, {}, /^bgp_peer, vip_x: not used, because there is no such option here/],
  ])('%j', async (more, expected, warning) => {
    const { options, warnings } = await readConfiguration([], { ...plain, ...more })
    expect({ ...absent, ...options }).toMatchObject(expected)
    expect(warnings).toEqual(warning === undefined ? [] : [expect.stringMatching(warning)])
  })
})

describe('kube-vip variables with a wrong value are refused, and no password is shown:', () => {
  it.each<[Record<string, string>, RegExp]>([
    [{ address: '198.51.100.10/24' }, /^address: '198.51.100.10\/24' .*a host route, which is \/32/],
    [{ address: '2001:db8::10/64' }, /^address: '2001:db8::10\/64' .*a host route, which is \/128/],
    [{ address: '2001:db8::10/32' }, /^address: .*a host route, which is \/128/],
    [{ address: '198.51.100.10/' }, /^address: .*a host route, which is \/32/],
    [
      { address: '198.51.100.10,vip.example' },
      /^address: 'vip.example' is not allowed, it must be an address, because/,
    ],
    [{ address: '198.51.100.10,' }, /^address: '' is not allowed/],
    [{ vip_leaderelection: 'maybe' }, /^vip_leaderelection: the given value is not allowed, it must be true or false/],
    [{ ...leads, enable_node_labeling: 'maybe' }, /^enable_node_labeling: the given value .* true or false/],
    [{ ...leads, vip_leaseduration: '15s' }, /^vip_leaseduration: '15s' is not allowed, it must be a whole number/],
    [
      { address: 'vip.example' },
      /^address: 'vip.example' is not allowed, it must be an address, because names are not looked/,
    ],
    [{ address: '', vip_address: 'vip' }, /^vip_address: 'vip' is not allowed, it must be an address/],
    [{ vip_subnet: '24' }, /^vip_subnet: '24' is not allowed, it must be \/32 or \/128/],
    [{ vip_subnet: '32,64' }, /^vip_subnet: '32,64' is not allowed/],
    [{ vip_cidr: '24' }, /^vip_cidr: '24' is not allowed/],
    [{ bgp_enable: 'false' }, /^bgp_enable: it is false/],
    [{ bgp_enable: '0' }, /^bgp_enable: it is false/],
    [{ bgp_enable: 'yes' }, /^bgp_enable: the given value is not allowed, it must be true or false/],
    [{ vip_arp: 'maybe' }, /^vip_arp: the given value is not allowed, it must be true or false/],
    [{ bgp_hold_time: '90s' }, /^bgp_hold_time: '90s' is not allowed, it must be a whole number/],
    [{ bgp_peers: '10.0.5.2:1', bgp_multihop: 'maybe' }, /^bgp_multihop: the given value .*true or false/],
    [{ bgp_peers: '10.0.5.2:1', bgp_peeraddress: 'router.example' }, /^bgp_peeraddress: the given value .*an address/],
    [{ bgp_as: 'AS64515' }, /^bgp_as: 'AS64515' is not allowed, it must be a whole number/],
    [{ bgp_routerinterface: 'eth0' }, /^bgp_routerinterface: .*give the router id itself/],
    [{ bgp_sourceip: 'eth0' }, /^bgp_sourceip: .*it must be an address/],
    [
      { bgp_peeraddress: 'router.example' },
      /^bgp_peeraddress: the given value .*an address, because names are not looked up/,
    ],
    [{ bgp_peeraddress: '200[1:db8::1]' }, /^bgp_peeraddress: the given value .*an address/],
    [{ bgp_peeraddress: '[2001:db8::]1' }, /^bgp_peeraddress: the given value .*an address/],
    [{ bgp_peeraddress: '10.0.5.1:65000:secret' }, /^bgp_peeraddress: the given value is not allowed/],
    [{ bgp_multihop: 'secret' }, /^bgp_multihop: the given value .*true or false/],
    [{ mpbgp_nexthop: 'fixed' }, /^mpbgp_nexthop: not supported/],
    [{ zebra_enable: 'true' }, /^zebra_enable: Zebra is not supported/],
    [{ annotation: 'bgp' }, /^annotation: annotations of the node are not read/],
    [{ annotations: 'bgp' }, /^annotations: annotations of the node are not read/],
    [{ config_file: '/a.yaml' }, /^config_file: kube-vip's own file is not read/],
    [{ bgp_peers: ',' }, /^bgp_peers: there is no router in it, each must be <address>:<AS>/],
    [{ bgp_peers: '10.0.5.1' }, /^bgp_peers, number 1: the AS number is missing/],
    [{ bgp_peers: '10.0.5.1:' }, /^bgp_peers, router 10\.0\.5\.1, the second field: the given value .*the AS number/],
    [{ bgp_peers: '10.0.5.1:0' }, /the second field: .*the AS number/],
    [{ bgp_peers: '10.0.5.1:1e3' }, /the second field: .*the AS number/],
    [{ bgp_peers: '10.0.5.1:1.5' }, /the second field: .*the AS number/],
    [{ bgp_peers: '10.0.5.1:secret' }, /the second field: .*the AS number/],
    [{ bgp_peers: '10.0.5.1:4294967296' }, /the second field: .*the AS number/],
    [{ bgp_peers: '10.0.5.1:65000::maybe' }, /the fourth field, multihop: .*true or false/],
    [{ bgp_peers: '10.0.5.1:65000:sec:ret' }, /the fourth field, multihop: .*true or false/],
    [{ bgp_peers: '10.0.5.1:65000:sec,ret:true' }, /^bgp_peers, number 2, the first field: .*a password with a comma/],
    [{ bgp_peers: '10.0.5.1:65000:::65536' }, /the fifth field: .*a port from 1 to 65535/],
    [{ bgp_peers: '10.0.5.1:65000:::bgp' }, /the fifth field: .*a port/],
    [{ bgp_peers: '10.0.5.1:65000::::mpbgp_nexthop=fixed' }, /MP-BGP options are not supported/],
    [{ bgp_peers: '10.0.5.1:65000::false:179::true;300;300;3' }, /BFD is not supported/],
    [{ bgp_peers: '10.0.5.1:65000:a:b:c:d:e:f' }, /there are more than 7 fields; for a password with a colon/],
    [{ bgp_peers: '2001:db8:1::1:65000' }, /^bgp_peers, number 1: an IPv6 address must be in brackets/],
    [{ bgp_peers: '2001:db8:1::1' }, /an IPv6 address must be in brackets/],
    [{ bgp_peers: '::1:65000:secret' }, /an IPv6 address must be in brackets/],
    [{ bgp_peers: 'fe80::1%eth0:65000' }, /an IPv6 address must be in brackets/],
    [{ bgp_peers: '2001:db8:1:2:3:4:5:6:65000' }, /an IPv6 address must be in brackets/],
    [{ bgp_peers: '[2001:db8::1' }, /it must be \[<IPv6 address>\]:<AS>/],
    [{ bgp_peers: '[2001:db8::1]65000' }, /it must be \[<IPv6 address>\]:<AS>/],
    [{ bgp_peers: '[router.example]:65000' }, /between the brackets: .*an address/],
    [
      { bgp_peers: 'router.example:65000' },
      /^bgp_peers, number 1, the first field: .*an address, because names are not/,
    ],
    [{ bgp_peers: ':::::::' }, /the first field: .*an address|brackets/],
    [{ address: '' }, /^--prefix is missing: .*, or address\)$/],
    [{ bgp_as: '' }, /^--local-as is missing: .*, or bgp_as, for which kube-vip uses 65000 if it is missing\)$/],
    [{ bgp_routerid: '' }, /^--router-id is missing: .*, or bgp_routerid\)$/],
    [{ bgp_peeraddress: '' }, /^--peer is missing: .*, or bgp_peeraddress or bgp_peers\)$/],
    [{ bgp_peeras: '' }, /^--peer-as is missing: .*, or bgp_peeras, for which kube-vip uses 65000 if it is missing\)$/],
    [{ bgp_peeraddress: 'unnumbered:eth0' }, /^bgp_peeraddress: unnumbered peers are not supported/],
    [{ bgp_peers: 'unnumbered:eth0:65000' }, /^bgp_peers, number 1: unnumbered peers are not supported/],
    [{ bgp_peers: '10.0.5.2:1', bgp_peeras: '' }, /^bgp_peeras: '' is not allowed, it must be a whole number/],
  ])('%j', async (more, sentence) => {
    const run = readConfiguration([], { ...plain, ...more })
    await expect(run).rejects.toThrow(sentence)
    await expect(run).rejects.not.toThrow(/secret|sec\b|ret\b/)
    await expect(run).rejects.toBeInstanceOf(UsageError)
  })
})

describe("a sentence about a flag of kube-vip's names the flag, not the variable:", () => {
  const bgp = ['--bgp', '--localAS', '64515', '--bgpRouterID', '10.0.5.11', '--address', '198.51.100.10']
  const router = ['--peerAddress', '10.0.5.1', '--peerAS', '65000']
  const read = async (...words: readonly string[]) => {
    const { env, nameOf } = fromKubeVipFlags([...bgp, ...words])
    return await readSources({ values: {}, config: undefined }, env, { exists: () => false, nameOf })
  }
  it.each([
    [['--bgpHoldTimer', '90s', ...router], '--bgpHoldTimer: '],
    [['--multihop=maybe', ...router], '--multihop: '],
    [['--bgppeers', '10.0.5.2:x'], '--bgppeers, router 10.0.5.2, the second field: '],
    [['--bgppeers', 'router'], '--bgppeers, number 1, the first field: '],
    [['--bgppeers', ' ,'], '--bgppeers: there is no router in it'],
    [['--bgppeers', '10.0.5.2:1', '--peerAddress', 'router.example'], '--peerAddress: '],
    [['--bgppeers', '10.0.5.2:1', '--peerAddress', '10.0.5.1', '--peerAS', 'x'], '--peerAS: '],
    [['--bgp=maybe', ...router], '--bgp: '],
    [['--bgp=false', ...router], '--bgp: it is false, and vip_arp is not true'],
    [['--arp=maybe', ...router], '--arp: '],
    [['--leaderElection=maybe', ...router], '--leaderElection: '],
    [['--leaderElection', '--enableNodeLabeling=maybe', ...router], '--enableNodeLabeling: '],
  ])('%j', async (words, sentence) => {
    const message = read(...words).then(
      () => 'accepted',
      error => (error as Error).message,
    )
    expect((await message).slice(0, sentence.length)).toBe(sentence)
  })
  it.each([
    [['--bgpHoldTimer', '5', ...router], '--bgpHoldTimer: 5 s is used'],
    [['--leaseName', 'x', ...router], '--leaseName: not used, because vip_leaderelection is not true'],
    [['--leaseName', 'x', '--leaderElection=false', ...router], '--leaseName: not used, because --leaderElection is'],
    [['--bgppeers', '10.0.5.2:1', '--peerAS', '65000'], '--peerAS: not used, because each router of --bgppeers has'],
    [['--bgppeers', '10.0.5.2:1:::1179'], '--bgppeers, router 10.0.5.2: port 1179 is dialled'],
    [['--vip', '198.51.100.11', ...router], '--vip: not used, because its new name, --address, is also set'],
  ])('a warning: %j', async (words, sentence) => {
    const { warnings } = await read(...words)
    expect(warnings.map(one => one.slice(0, sentence.length))).toContain(sentence)
  })
})
