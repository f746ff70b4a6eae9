import { describe, expect, it } from 'vitest'
import { configuration } from './sources.ts'

const plain = {
  ...{ bgp_enable: 'true', address: '198.51.100.10', bgp_as: '64515', bgp_routerid: '10.0.5.11' },
  ...{ bgp_peeraddress: '10.0.5.1', bgp_peeras: '65000' },
}

describe("kube-vip's environment", () => {
  it('with one router', async () => {
    const env = {
      ...plain,
      bgp_peerpass: 'secret',
      bgp_multihop: 'true',
      bgp_sourceip: '10.0.5.11',
      bgp_hold_time: '90',
    }
    const { settings, warnings, given } = await configuration([], env)
    expect(settings).toEqual({
      prefix: '198.51.100.10/32',
      localAs: 64515,
      routerId: '10.0.5.11',
      peer: ['10.0.5.1'],
      peerAs: 65000,
      tcpMd5Key: 'secret',
      multihop: 255,
      localAddress: '10.0.5.11',
      holdTime: 90,
      logLevel: 'info',
    })
    expect(warnings).toEqual([])
    expect(given.prefix?.from).toBe('address')
  })
  it('with several, by position, IPv6 in brackets', async () => {
    const { bgp_peeraddress: _address, bgp_peeras: _as, ...rest } = plain
    const env = { ...rest, bgp_peers: '10.0.5.1:65000:secret:true,[2001:db8::1]:65001:::1179,10.0.5.3:65002::false' }
    expect((await configuration([], env)).settings.peers).toEqual([
      { address: '10.0.5.1', as: 65000, tcpMd5Key: 'secret', multihop: 255 },
      { address: '2001:db8::1', as: 65001, port: 1179 },
      { address: '10.0.5.3', as: 65002 },
    ])
  })
  it('vip_address is the older name, and an IPv6 address is a /128', async () => {
    const { address: _, ...rest } = plain
    expect((await configuration([], { ...rest, vip_address: '2001:db8::10' })).settings.prefix).toBe('2001:db8::10/128')
  })
  it('with a health check of the control plane', async () => {
    const env = {
      ...plain,
      control_plane_health_check_address: 'https://10.0.5.11:6443/livez',
      control_plane_health_check_ca_path: '/etc/kubernetes/pki/ca.crt',
      control_plane_health_check_period_seconds: '10',
      control_plane_health_check_timeout_seconds: '4',
      control_plane_health_check_failure_threshold: '2',
    }
    const { settings, warnings } = await configuration([], env)
    expect(settings).toMatchObject({
      health: 'https://10.0.5.11:6443/livez',
      healthCa: '/etc/kubernetes/pki/ca.crt',
      healthInterval: 10,
      healthTimeout: 4,
      healthFall: 2,
    })
    expect(warnings).toEqual([expect.stringContaining('three good answers in a row announce')])
  })
  it('gives way to our own names', async () => {
    expect((await configuration(['--local-as', '64999'], plain)).settings.localAs).toBe(64999)
  })
  it('is not looked at where nothing of BGP is in it: `address` is a name that anybody may use', async () => {
    await expect(configuration([], { address: '198.51.100.10', port: '6443' })).rejects.toThrow('--prefix is missing')
  })

  it.each([
    [{ bgp_hold_time: '15' }, /^bgp_hold_time: 15 s is taken as it is; 90 s would be ours/],
    [{ bgp_keepalive_interval: '5' }, /^bgp_keepalive_interval: not used, a KEEPALIVE goes out after a third/],
    [{ bgp_peers: '10.0.5.1:65000:65000:false' }, /10\.0\.5\.1: the third field is the password .* yours is a number/],
    [{ vip_leaderelection: 'true' }, /^vip_leaderelection: not used/],
    [{ vip_arp: 'true' }, /^vip_arp: not used/],
    [{ health_check_port: '10256' }, /^health_check_port: not used, http shows/],
    [{ prometheus_server: ':2112' }, /^prometheus_server: not used, http shows/],
    [{ bgp_attach_ip_to_interface: 'true' }, /^bgp_attach_ip_to_interface: not used, there is no such setting here/],
    [{ bgp_peer: '10.0.5.1' }, /^bgp_peer: not used, there is no such setting here/],
  ])('%j is pointed out', async (more, warning) => {
    const { warnings } = await configuration([], { ...plain, ...more })
    expect(warnings).toEqual([expect.stringMatching(warning)])
    expect(warnings.join()).not.toContain('secret')
  })
  it.each([
    [{ bgp_enable: 'false' }, /^bgp_enable: it is false/],
    [{ bgp_routerinterface: 'eth0' }, /^bgp_routerinterface: .*give the router id itself/],
    [{ mpbgp_nexthop: 'fixed' }, /^mpbgp_nexthop: not supported/],
    [{ vip_subnet: '24' }, /^vip_subnet: '24' is not allowed, it must be \/32 or \/128/],
    [
      { address: 'vip.example' },
      /^address: 'vip.example' is not allowed, it must be an address: names are not looked up/,
    ],
    [{ bgp_as: 'AS64515' }, /^bgp_as: 'AS64515' is not allowed, it must be a whole number/],
    [{ bgp_peers: 'unnumbered:eth0:65000' }, /^bgp_peers: unnumbered peers are not supported/],
    [{ bgp_peers: '10.0.5.1' }, /^bgp_peers, router 10\.0\.5\.1, AS: '' is not allowed/],
    [{ bgp_peers: '10.0.5.1:65000::maybe' }, /multihop: 'maybe' is not allowed, it must be true or false/],
    [{ bgp_peers: '10.0.5.1:65000::false:179::true;300;300;3' }, /BFD is not supported/],
  ])('%j is refused', async (more, sentence) => {
    await expect(configuration([], { ...plain, ...more })).rejects.toThrow(sentence)
  })
})
