/**
 * The environment of kube-vip's BGP mode, understood as far as it means the same here. Whatever means something else is
 * said, and what cannot be had is refused: an address that was reachable must not be lost to a silent change.
 */
import type { AllGiven } from './sources.ts'
import { notAllowed, UsageError } from './usage-error.ts'

/** One router as kube-vip's `bgp_peers` tells it: <address>:<AS>:<password>:<multihop>:<port>, with [] around IPv6. */
interface KubeVipPeer {
  address: string
  as: number
  tcpMd5Key?: string
  multihop?: number
  port?: number
}

const MULTIHOP = 255 // hops: kube-vip's "true" sets no limit
const OUR_HOLD_TIME = 90 // seconds

/** Settings that kube-vip has under other names, where any of its BGP names is there. */
export function fromKubeVip(env: NodeJS.ProcessEnv): { given: AllGiven; warnings: readonly string[] } {
  const said = (name: string): string | undefined => env[name]?.trim() || undefined
  const warnings: string[] = []
  const given: AllGiven = {}
  // `address` and the like are anybody's names; only beside one of these are they kube-vip's.
  if (!['bgp_as', 'bgp_routerid', 'bgp_peers', 'bgp_peeraddress'].some(said)) return { given, warnings }

  const whole = (name: string): number | undefined => {
    const value = said(name)
    return value === undefined ? undefined : wholeNumber(name, value)
  }
  const give = (name: keyof AllGiven, from: string, value: unknown): void => {
    if (value !== undefined) given[name] = { value, from }
  }
  if (said('bgp_enable') === 'false') throw new UsageError('bgp_enable: it is false, and BGP is all that is done here')
  for (const [name, instead] of refused) if (said(name)) throw new UsageError(`${name}: ${instead}`)

  const vip = said('address') ? 'address' : 'vip_address'
  give('prefix', vip, hostRouteOf(vip, said(vip), said('vip_subnet')))
  give('localAs', 'bgp_as', whole('bgp_as'))
  give('routerId', 'bgp_routerid', said('bgp_routerid'))
  give('localAddress', 'bgp_sourceip', said('bgp_sourceip'))
  give('bindDevice', 'bgp_sourceif', said('bgp_sourceif'))
  if (said('bgp_peers'))
    give('peers', 'bgp_peers', said('bgp_peers')!.split(',').filter(Boolean).map(readPeer(warnings)))
  else {
    give('peer', 'bgp_peeraddress', said('bgp_peeraddress') && [said('bgp_peeraddress')])
    give('peerAs', 'bgp_peeras', whole('bgp_peeras'))
    give('tcpMd5Key', 'bgp_peerpass', said('bgp_peerpass'))
    give('multihop', 'bgp_multihop', multihop('bgp_multihop', said('bgp_multihop')))
  }
  const holdTime = whole('bgp_hold_time')
  if (holdTime !== undefined && holdTime < OUR_HOLD_TIME)
    warnings.push(
      `bgp_hold_time: ${holdTime} s is taken as it is; ${OUR_HOLD_TIME} s would be ours, since a router drops the route whenever this process or the path stands still for as long`,
    )
  give('holdTime', 'bgp_hold_time', holdTime)
  give('health', 'control_plane_health_check_address', said('control_plane_health_check_address'))
  give('healthCa', 'control_plane_health_check_ca_path', said('control_plane_health_check_ca_path'))
  for (const [name, setting] of healthNumbers) give(setting, name, whole(name))
  if (said('control_plane_health_check_address'))
    warnings.push(
      'control_plane_health_check_address: three good answers in a row announce, where kube-vip takes one; healthRise: 1 is its way',
    )
  if (said('bgp_keepalive_interval'))
    warnings.push('bgp_keepalive_interval: not used, a KEEPALIVE goes out after a third of the negotiated hold time')
  for (const [name, why] of unused) if (said(name) && said(name) !== 'false') warnings.push(`${name}: not used, ${why}`)
  for (const name of Object.keys(env).filter(name => ofBgp.test(name) && said(name) && !understood.includes(name)))
    warnings.push(`${name}: not used, there is no such setting here`)
  return { given, warnings }
}

/** What would change where traffic goes if it were passed over. */
const refused: readonly (readonly [string, string])[] = [
  ['bgp_routerinterface', 'an interface has many addresses; give the router id itself as bgp_routerid'],
  ['zebra_enable', 'there is no Zebra here; announce the address to the router itself'],
  ['mpbgp_nexthop', 'not supported; give the next hop itself as SOFTSPOKEN_NEXT_HOP'],
]
/** What is somebody else's work. */
const unused: readonly (readonly [string, string])[] = [
  ['vip_arp', 'the address is announced by BGP only'],
  ['vip_interface', 'the address is never put on an interface here; do so beside this program'],
  ['vip_leaderelection', 'every node that runs this announces; with an election, see the agent example'],
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

/** Names that can only be meant for BGP: none of them is passed over in silence. */
const ofBgp = /^(bgp|mpbgp|zebra|control_plane_health_check)_/
const understood: readonly string[] = [
  ...['bgp_enable', 'bgp_as', 'bgp_routerid', 'bgp_sourceip', 'bgp_sourceif', 'bgp_peers', 'bgp_hold_time'],
  ...['bgp_peeraddress', 'bgp_peeras', 'bgp_peerpass', 'bgp_multihop', 'bgp_keepalive_interval'],
  ...['control_plane_health_check_address', 'control_plane_health_check_ca_path'],
  ...[...refused, ...unused, ...healthNumbers].map(([name]) => name),
]

function hostRouteOf(name: string, address: string | undefined, subnet: string | undefined): string | undefined {
  if (address === undefined) return undefined
  const length = address.includes(':') ? 128 : 32
  const lengths = subnet?.split(',').map(one => one.replace('/', '')) ?? []
  if (lengths.some(one => one !== '32' && one !== '128'))
    throw notAllowed('vip_subnet', subnet, '/32 or /128: only a host route is announced')
  if (!/^[\d.]+$|:/.test(address)) throw notAllowed(name, address, 'an address: names are not looked up')
  return `${address.replace(/\/\d+$/, '')}/${length}`
}

function readPeer(warnings: string[]): (text: string) => KubeVipPeer {
  return text => {
    const [, v6, v4, rest = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/s.exec(text) ?? []
    const address = v6 ?? v4 ?? ''
    if (address === 'unnumbered') throw new UsageError('bgp_peers: unnumbered peers are not supported; give an address')
    const where = `bgp_peers, router ${address}`
    const [as = '', password = '', hops = '', port = '', families = '', bfd = ''] = rest.split(':')
    if (families) throw new UsageError(`${where}: MP-BGP options are not supported; give SOFTSPOKEN_NEXT_HOP`)
    if (bfd && !bfd.startsWith('false')) throw new UsageError(`${where}: BFD is not supported`)
    if (/^\d+$/.test(password))
      warnings.push(
        `${where}: the third field is the password for TCP MD5, and yours is a number: was an AS number or a port meant? The fields are <address>:<AS>:<password>:<multihop>:<port>`,
      )
    const limit = multihop(`${where}, multihop`, hops)
    return {
      address,
      as: wholeNumber(`${where}, AS`, as),
      ...(password && { tcpMd5Key: password }),
      ...(limit !== undefined && { multihop: limit }),
      ...(port && { port: wholeNumber(`${where}, port`, port) }),
    }
  }
}
function multihop(where: string, value: string | undefined): number | undefined {
  if (!value || ['false', 'f', '0'].includes(value.toLowerCase())) return undefined
  if (['true', 't', '1'].includes(value.toLowerCase())) return MULTIHOP
  throw notAllowed(where, value, 'true or false')
}
function wholeNumber(where: string, value: string): number {
  if (!/^\d+$/.test(value)) throw notAllowed(where, value, 'a whole number')
  return Number(value)
}
