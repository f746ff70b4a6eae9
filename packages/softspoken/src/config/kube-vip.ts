/**
 * The environment of kube-vip's BGP mode, understood as far as it means the same here. Whatever means something else is
 * said, and what cannot be had is refused: an address that was reachable must not be lost to a silent change.
 */
import { isIP } from 'node:net'
import { addressOf, isOn, isTrue, type KubeVipPeer, MULTIHOP, readPeers, wholeNumber } from './kube-vip-peers.ts'
import type { OptionName } from './options.ts'
import { notAllowed, UsageError } from './usage-error.ts'
import type { SourceValues } from './values.ts'

const OUR_HOLD_TIME = 90 // seconds

interface KubeVip {
  readonly values: SourceValues
  readonly warnings: readonly string[]
  /** What kube-vip calls each option that is needed, if its names are used. */
  readonly missing: Partial<Record<OptionName, string>>
}
const missing = {
  prefix: 'address',
  localAs: 'bgp_as, for which kube-vip takes 65000 if it is left out',
  routerId: 'bgp_routerid',
  peer: 'bgp_peeraddress or bgp_peers',
  peerAs: 'bgp_peeras, for which kube-vip takes 65000 if it is left out',
}

/**
 * ProgramOptions that kube-vip has under other names, if any of its BGP names is there. `own` has ours, which go before them;
 * `warnings` is complete once all values were read.
 */
export function fromKubeVip(env: NodeJS.ProcessEnv, own: SourceValues): KubeVip {
  const said = (name: string): string | undefined => env[name]?.trim() || undefined
  const warnings: string[] = []
  const values: SourceValues = {}
  // `address` and the like are anybody's names; only beside one of these are they kube-vip's.
  if (!['bgp_as', 'bgp_routerid', 'bgp_peers', 'bgp_peeraddress'].some(said)) return { values, warnings, missing: {} }

  /** Read, and judged, only if nothing of ours goes before it. */
  const offer = (option: OptionName, name: string, read: (text: string) => unknown): void => {
    const text = said(name)
    if (text !== undefined) values[option] = { from: name, read: () => read(text) }
  }
  const offerNumber = (option: OptionName, name: string): void => offer(option, name, text => wholeNumber(name, text))

  if (said('bgp_enable') !== undefined && !isTrue('bgp_enable', said('bgp_enable')))
    throw new UsageError('bgp_enable: it is false, and BGP is all that is done here')
  for (const [name, instead] of refused) if (isOn(said(name))) throw new UsageError(`${name}: ${instead}`)

  const vip = said('address') ? 'address' : 'vip_address'
  offer('prefix', vip, text => {
    if (said('vip_address') !== undefined && vip === 'address' && said('vip_address') !== text)
      warnings.push('vip_address: not used, address is its new name, and is given as well')
    const subnet = said('vip_subnet') === undefined ? 'vip_cidr' : 'vip_subnet'
    return hostRouteOf(vip, text, subnet, said(subnet), warnings)
  })
  offerNumber('localAs', 'bgp_as')
  offer('routerId', 'bgp_routerid', text => text)
  for (const [name, option, instead] of refusedUnlessOurs)
    offer(option, name, () => {
      throw new UsageError(`${name}: ${instead}`)
    })
  offer('localAddress', 'bgp_sourceip', text => addressOf('bgp_sourceip', text))
  offer('bindDevice', 'bgp_sourceif', text => text)
  if (own.peer === undefined && said('bgp_peers') !== undefined) {
    offer('peers', 'bgp_peers', text => [...readPeers(text, warnings), ...oneMore(said, env.bgp_peerpass, warnings)])
  } else {
    offer('peer', 'bgp_peeraddress', text => [addressOf('bgp_peeraddress', text)])
    offerNumber('peerAs', 'bgp_peeras')
    if (env.bgp_peerpass) values.tcpMd5Key = { from: 'bgp_peerpass', read: () => env.bgp_peerpass } // not trimmed
    if (isOn(said('bgp_multihop')))
      offer('multihop', 'bgp_multihop', text => (isTrue('bgp_multihop', text) ? MULTIHOP : undefined))
  }
  offer('holdTime', 'bgp_hold_time', text => {
    const seconds = wholeNumber('bgp_hold_time', text)
    if (seconds < OUR_HOLD_TIME)
      warnings.push(
        `bgp_hold_time: ${seconds} s is used; our default is ${OUR_HOLD_TIME} s, because the router drops the route if this process or the path stands still for the hold time`,
      )
    return seconds
  })
  offer('health', 'control_plane_health_check_address', text => {
    warnings.push(
      'control_plane_health_check_address: three good answers in a row announce, where kube-vip takes one; healthRise: 1 is its way',
    )
    return text
  })
  for (const [name, option] of healthFiles) offer(option, name, text => text)
  for (const [name, option] of healthNumbers) offerNumber(option, name)
  for (const [name, why] of unused) if (isOn(said(name))) warnings.push(`${name}: not used, ${why}`)
  const unknown = Object.keys(env).filter(name => ofKubeVip.test(name) && isOn(said(name)) && !understood.has(name))
  if (unknown.length > 0) warnings.push(`${unknown.join(', ')}: not used, there is no such option here`)
  return { values, warnings, missing }
}

/** The router of `bgp_peeraddress`, which kube-vip adds to those of `bgp_peers`. */
function oneMore(
  said: (name: string) => string | undefined,
  key: string | undefined,
  warnings: string[],
): readonly KubeVipPeer[] {
  const address = said('bgp_peeraddress')
  if (address === undefined) {
    for (const name of ['bgp_peeras', 'bgp_peerpass', 'bgp_multihop'])
      if (isOn(said(name))) warnings.push(`${name}: not used, each router of bgp_peers has its own`)
    return []
  }
  const hops = said('bgp_multihop')
  return [
    {
      address: addressOf('bgp_peeraddress', address),
      as: wholeNumber('bgp_peeras', said('bgp_peeras') ?? ''),
      ...(key && { tcpMd5Key: key }),
      ...(isOn(hops) && isTrue('bgp_multihop', hops) && { multihop: MULTIHOP }),
    },
  ]
}

/** What would change where traffic goes if it were passed over. */
const refused: readonly (readonly [string, string])[] = [
  ['zebra_enable', 'there is no Zebra here; announce the address to the router itself'],
  ['annotation', 'annotations of the node are not read; give the routers as bgp_peers'],
  ['annotations', 'annotations of the node are not read; give the routers as bgp_peers'],
  ['config_file', "kube-vip's own file is not read; give its options as variables, or a file of ours with --config"],
]
/** The same, unless an option of ours goes before it. */
const refusedUnlessOurs: readonly (readonly [string, OptionName, string])[] = [
  [
    'bgp_routerinterface',
    'routerId',
    'an interface has many addresses; give the router id itself as bgp_routerid, and leave this out',
  ],
  ['mpbgp_nexthop', 'nextHop', 'not supported; give the next hop itself as SOFTSPOKEN_NEXT_HOP'],
]
/** What this program does not do. */
const unused: readonly (readonly [string, string])[] = [
  ['port', 'an address is announced, for all its ports'],
  ['vip_arp', 'the address is announced by BGP only'],
  ['vip_interface', 'the address is never put on an interface here; do so beside this program'],
  ['vip_leaderelection', 'every node that runs this announces; with an election, see the agent example'],
  ['vip_routingtable', 'the address is announced by BGP only'],
  ['bgp_attach_ip_to_interface', 'the address is never put on an interface here; do so beside this program'],
  ['bgp_keepalive_interval', 'a KEEPALIVE goes out after a third of the negotiated hold time'],
  ['mpbgp_ipv4', 'it is for mpbgp_nexthop; give the next hop itself as SOFTSPOKEN_NEXT_HOP'],
  ['mpbgp_ipv6', 'it is for mpbgp_nexthop; give the next hop itself as SOFTSPOKEN_NEXT_HOP'],
  ['zebra_url', 'it is for zebra_enable'],
  ['zebra_version', 'it is for zebra_enable'],
  ['zebra_software_name', 'it is for zebra_enable'],
  ['backend_health_check_interval', 'it is for routing tables and load balancers; healthInterval is ours'],
  ['health_check_port', 'http shows /healthz and /readyz'],
  ['prometheus_server', 'http shows /metrics'],
  ['svc_enable', 'one address is announced, and no services'],
  ['lb_enable', 'there is no load balancer here'],
]

const healthNumbers = [
  ['control_plane_health_check_period_seconds', 'healthInterval'],
  ['control_plane_health_check_timeout_seconds', 'healthTimeout'],
  ['control_plane_health_check_failure_threshold', 'healthFall'],
] as const
/** Only the first is in kube-vip 1.2; the others are how its etcd names would be called here. */
const healthFiles = [
  ['control_plane_health_check_ca_path', 'healthCa'],
  ['control_plane_health_check_cert_path', 'healthCert'],
  ['control_plane_health_check_client_cert_path', 'healthCert'],
  ['control_plane_health_check_key_path', 'healthKey'],
  ['control_plane_health_check_client_key_path', 'healthKey'],
] as const

/** Names that can only be meant for kube-vip: none of them is passed over in silence. */
const ofKubeVip = /^(bgp|mpbgp|zebra|control_plane_health_check|vip)_/
const understood: ReadonlySet<string> = new Set([
  ...['vip_address', 'vip_subnet', 'vip_cidr'],
  ...['bgp_enable', 'bgp_as', 'bgp_routerid', 'bgp_sourceip', 'bgp_sourceif', 'bgp_peers', 'bgp_hold_time'],
  ...['bgp_peeraddress', 'bgp_peeras', 'bgp_peerpass', 'bgp_multihop', 'control_plane_health_check_address'],
  ...[...refused, ...refusedUnlessOurs, ...unused, ...healthNumbers, ...healthFiles].map(([name]) => name),
])

function hostRouteOf(
  name: string,
  text: string,
  subnetName: string,
  subnet: string | undefined,
  warnings: string[],
): string {
  if (text.includes(',')) throw notAllowed(name, text, 'one address: run this program once for each of several')
  const [, address = '', length] = /^([^/]*)(?:\/(.*))?$/s.exec(text) ?? []
  const family = isIP(address)
  if (family === 0) throw notAllowed(name, text, 'an address: names are not looked up')
  const host = family === 4 ? '32' : '128'
  if (length !== undefined && length !== host)
    throw notAllowed(name, text, `a host route, which is /${host}: nothing wider is announced`)
  const lengths = subnet?.split(',').map(one => one.trim().replace('/', '')) ?? []
  if (lengths.some(one => !['32', '128', 'auto'].includes(one)))
    throw notAllowed(subnetName, subnet, '/32 or /128: only a host route is announced')
  if (lengths.includes('auto')) warnings.push(`${subnetName}: auto is for ARP, a /${host} is announced`)
  return `${address}/${host}`
}
