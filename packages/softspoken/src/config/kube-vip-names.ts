/** kube-vip's variables, by what becomes of them. docs/coming-from.md has the same names. */
import { electionNames } from './kube-vip-election.ts'
import type { OptionName } from './options.ts'

/** Each of them, if it is true, shows that the variables are kube-vip's. */
export const switches = ['vip_arp', 'cp_enable', 'vip_leaderelection'] as const

export const SERVICES =
  'this program announces no Services; Cilium, MetalLB, or kube-vip without the control plane does that'

/** Refused, because ignoring it would change where traffic goes. */
export const refused: readonly (readonly [string, string])[] = [
  ['zebra_enable', 'Zebra is not supported; announce the address to the router itself'],
  ['annotation', 'annotations of the node are not read; give the routers as bgp_peers'],
  ['annotations', 'annotations of the node are not read; give the routers as bgp_peers'],
  ['config_file', "kube-vip's own file is not read; give its options as variables, or a file of ours with --config"],
]
/** The same, unless a value of ours wins. */
export const refusedUnlessOurs: readonly (readonly [string, OptionName, string])[] = [
  [
    'bgp_routerinterface',
    'routerId',
    'an interface has many addresses; give the router id itself as bgp_routerid, and leave this out',
  ],
  ['mpbgp_nexthop', 'nextHop', 'not supported; give the next hop itself as SOFTSPOKEN_NEXT_HOP'],
]
/** Ignored with a warning, because this program does not do it. */
export const unused: readonly (readonly [string, string])[] = [
  ['port', 'because an address is announced, with all its ports'],
  ['vip_routingtable', 'because the address is announced by BGP or ARP'],
  ['bgp_attach_ip_to_interface', 'because it is for Services; the address itself is added to vip_interface, or to lo'],
  ['bgp_keepalive_interval', 'because a KEEPALIVE is sent after a third of the negotiated hold time'],
  ['mpbgp_ipv4', 'because it belongs to mpbgp_nexthop; give the next hop itself as SOFTSPOKEN_NEXT_HOP'],
  ['mpbgp_ipv6', 'because it belongs to mpbgp_nexthop; give the next hop itself as SOFTSPOKEN_NEXT_HOP'],
  ['zebra_url', 'because it belongs to zebra_enable'],
  ['zebra_version', 'because it belongs to zebra_enable'],
  ['zebra_software_name', 'because it belongs to zebra_enable'],
  [
    'backend_health_check_interval',
    'because it is for routing tables and load balancers; our option is healthInterval',
  ],
  ['health_check_port', 'because /healthz and /readyz need SOFTSPOKEN_HTTP, such as 0.0.0.0:9179'],
  ['prometheus_server', 'because /metrics needs SOFTSPOKEN_HTTP, such as 0.0.0.0:9179'],
  ['svc_enable', `because ${SERVICES}`],
  ['svc_election', 'because it belongs to svc_enable'],
  ['lb_enable', 'because this program has no load balancer: the node that has the VIP answers itself'],
  ['lb_port', 'because it belongs to lb_enable'],
  ['lb_fwdmethod', 'because it belongs to lb_enable'],
  ['vip_arpRate', 'because a new holder announces the address at once, and once a minute from then on'],
  ['vip_skipdad', 'because an IPv6 address is always added without DAD'],
  ['vip_interfaceloglobal', 'because an address is never a source address here'],
  ['vip_servicesinterface', 'because it is for Services'],
  ['vip_allow_interface_not_up', 'because a node without carrier does not serve'],
  ['vip_loseleadership', 'because a leader without carrier always gives up'],
  ['vip_loseleadership_timeout_seconds', 'because a leader without carrier gives up after a second'],
  ['vip_preserve_on_leadership_loss', 'because two nodes could then have the address'],
  ['vip_cleanroutingtable', 'because it belongs to vip_routingtable'],
  ['vip_routingtableid', 'because it belongs to vip_routingtable'],
  ['vip_routingtabletype', 'because it belongs to vip_routingtable'],
  ['vip_routingprotocol', 'because it belongs to vip_routingtable'],
  ['vip_leaseannotations', 'because the agent writes only its own annotations'],
  ['vip_loglevel', 'because its numbers differ between versions of kube-vip; our option is logLevel'],
  [
    'cp_detect',
    "because the API server of 127.0.0.1 is verified by the name kubernetes, which kubeadm's certificates have",
  ],
  ['enable_service_security', 'because it is for Services'],
  ['dns_mode', 'because names are not looked up'],
]

/** Of `unused`, what `http` replaces. */
export const servedByHttp: readonly string[] = ['health_check_port', 'prometheus_server']

export const healthNumbers = [
  ['control_plane_health_check_period_seconds', 'healthInterval'],
  ['control_plane_health_check_timeout_seconds', 'healthTimeout'],
  ['control_plane_health_check_failure_threshold', 'healthFall'],
] as const
/** kube-vip 1.2 has the first; the others follow its names for etcd. */
export const healthFiles = [
  ['control_plane_health_check_ca_path', 'healthCa'],
  ['control_plane_health_check_cert_path', 'healthCert'],
  ['control_plane_health_check_client_cert_path', 'healthCert'],
  ['control_plane_health_check_key_path', 'healthKey'],
  ['control_plane_health_check_client_key_path', 'healthKey'],
] as const

/** Names that are meant for kube-vip: each unknown one causes a warning. */
const ofKubeVip = /^(bgp|mpbgp|zebra|control_plane_health_check|vip|cp|svc|lb|egress|etcd)_/
/** Every name of kube-vip that has a meaning here. */
export const understood: ReadonlySet<string> = new Set([
  ...switches,
  ...electionNames,
  ...['address', 'vip_address', 'vip_subnet', 'vip_cidr'],
  ...['bgp_enable', 'bgp_as', 'bgp_routerid', 'bgp_sourceip', 'bgp_sourceif', 'bgp_peers', 'bgp_hold_time'],
  ...['bgp_peeraddress', 'bgp_peeras', 'bgp_peerpass', 'bgp_multihop', 'control_plane_health_check_address'],
  ...[...refused, ...refusedUnlessOurs, ...unused, ...healthNumbers, ...healthFiles].map(([name]) => name),
])

/** Meant for kube-vip, and not known here. */
export function isUnknown(name: string): boolean {
  return ofKubeVip.test(name) && !understood.has(name)
}
