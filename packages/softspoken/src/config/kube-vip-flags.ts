/** kube-vip's flags of its command manifest. Each is one of its variables, which kube-vip.ts reads. */
import { SERVICES } from './kube-vip-names.ts'
import { UsageError } from './usage-error.ts'

/** Without a value. */
const switches: Readonly<Record<string, string>> = {
  '--arp': 'vip_arp',
  '--autodetectcp': 'cp_detect',
  '--bgp': 'bgp_enable',
  '--controlplane': 'cp_enable',
  '--enableLoadBalancer': 'lb_enable',
  '--enableNodeLabeling': 'enable_node_labeling',
  '--leaderElection': 'vip_leaderelection',
  '--multihop': 'bgp_multihop',
  '--services': 'svc_enable',
  '--servicesElection': 'svc_election',
  '--table': 'vip_routingtable',
  '--zebra': 'zebra_enable',
}
const flags: Readonly<Record<string, string>> = {
  '--address': 'address',
  '--annotations': 'annotations',
  '--bgpHoldTimer': 'bgp_hold_time',
  '--bgpKeepAliveInterval': 'bgp_keepalive_interval',
  '--bgpRouterID': 'bgp_routerid',
  '--bgppeers': 'bgp_peers',
  '--cidr': 'vip_cidr',
  '--config-file': 'config_file',
  '--healthCheckPort': 'health_check_port',
  '--interface': 'vip_interface',
  '--k8sConfigPath': 'k8s_config_file',
  '--leaseDuration': 'vip_leaseduration',
  '--leaseName': 'vip_leasename',
  '--leaseRenewDuration': 'vip_renewdeadline',
  '--leaseRetry': 'vip_retryperiod',
  '--localAS': 'bgp_as',
  '--log': 'vip_loglevel',
  '--namespace': 'cp_namespace',
  '--nodeName': 'vip_nodename',
  '--peerAS': 'bgp_peeras',
  '--peerAddress': 'bgp_peeraddress',
  '--peerPass': 'bgp_peerpass',
  '--port': 'port',
  '--prometheusHTTPServer': 'prometheus_server',
  '--sourceIF': 'bgp_sourceif',
  '--sourceIP': 'bgp_sourceip',
  '--vip': 'vip_address',
  '--vipSubnet': 'vip_subnet',
}
/** Flags of ours, too. They are kube-vip's beside one that only kube-vip has. */
const shared: ReadonlySet<string> = new Set(['--address', '--arp', '--interface', '--multihop', '--port'])
/** Its flags that only have another spelling here. */
const spelled: Readonly<Record<string, string>> = { '--inCluster': '--in-cluster' }

interface KubeVipFlags {
  /** The words that are not kube-vip's. */
  readonly argv: readonly string[]
  /** Its flags as variables. */
  readonly env: NodeJS.ProcessEnv
  /** The flag of a variable, or the variable. */
  nameOf(variable: string): string
}

/** @throws UsageError for a flag without its value, and for Services. */
export function fromKubeVipFlags(words: readonly string[]): KubeVipFlags {
  const rest = words.map(word => spelled[word] ?? word)
  const names = new Map<string, string>()
  const nameOf = (variable: string): string => names.get(variable) ?? variable
  if (!rest.some(isTheirs)) return { argv: rest, env: {}, nameOf }
  const argv: string[] = []
  const env: Record<string, string> = {}
  while (rest.length > 0) {
    const word = rest.shift() ?? ''
    const [, flag = '', given] = /^(--[\w-]+)(?:=(.*))?$/s.exec(word) ?? []
    const variable = switches[flag] ?? flags[flag]
    const stays = flag === '--address' && (given ?? rest[0]) === 'none'
    if (variable === undefined || stays) {
      argv.push(word)
      continue
    }
    const value = given ?? (flag in switches ? 'true' : rest.shift())
    if (value === undefined || (given === undefined && value.startsWith('--')))
      throw new UsageError(`${flag}: it has no value`)
    names.set(variable, flag)
    env[variable] = value
  }
  if (env.svc_enable === 'true') throw new UsageError(`--services: ${SERVICES}; leave it out`)
  return { argv, env, nameOf }
}

function isTheirs(word: string, at: number, words: readonly string[]): boolean {
  const [flag = '', given = words[at + 1]] = word.split('=')
  if (!(flag in switches || flag in flags)) return false
  if (flag === '--address') return /[.:]/.test(given ?? '') // an address or the name of a host; ours is `none`
  return !shared.has(flag)
}
