/** kube-vip's variables for its election and its address, which select kube-vip's behaviour: the leader alone announces. */
import { isOn, isTrue } from './kube-vip-peers.ts'
import { DEFAULT_LEASE, type OptionName } from './options.ts'
import type { SourceValues } from './values.ts'

/** How the variables are read. */
export interface KubeVipReader {
  value(name: string): string | undefined
  /** The flag that the user gave for a variable, or the variable. */
  nameOf(variable: string): string
  /** Read and checked only if no value of ours wins. `from` is the name that the user gave. */
  set(option: OptionName, name: string, read: (text: string, from: string) => unknown): void
  setNumber(option: OptionName, name: string): void
}

/** kubeadm's, which kube-vip takes if it is there. */
const ADMIN_CONF = '/etc/kubernetes/admin.conf'
const API_PORT = '6443'
const durations = [
  ['vip_leaseduration', 'leaseDuration'],
  ['vip_renewdeadline', 'renewDeadline'],
  ['vip_retryperiod', 'retryPeriod'],
] as const
const others = [
  ...(['vip_leasename', 'cp_namespace', 'k8s_config_file', 'kubernetes_addr'] as const),
  'enable_node_labeling',
] as const
export const electionNames: readonly string[] = [
  ...['vip_leaderelection', 'vip_nodename', 'vip_interface', ...others],
  ...durations.map(([name]) => name),
]

/**
 * Sets what is given. Returns what kube-vip does without being asked, which every other source wins over.
 * `own` has the values from flags and our variables.
 */
export function readElection(
  { value, nameOf, set, setNumber }: KubeVipReader,
  own: SourceValues,
  warnings: string[],
  exists: (path: string) => boolean,
): SourceValues {
  const implied: SourceValues = {}
  const imply = (option: OptionName, result: unknown): void => {
    implied[option] = { from: `${option}, as kube-vip has it`, read: () => result }
  }
  set('nodeName', 'vip_nodename', text => text)
  if (own.address === undefined) {
    set('interface', 'vip_interface', text => [text])
    imply('replaceAddress', true)
  }
  const name = 'vip_leaderelection'
  const elects = own.mode === undefined ? isOn(value(name)) || isOn(value('vip_arp')) : own.mode.read() !== 'all-nodes'
  if (!elects) {
    for (const unused of [...others, ...durations.map(([name]) => name)])
      if (isOn(value(unused)))
        warnings.push(
          `${nameOf(unused)}: not used, because ${own.mode ? `${own.mode.from} is all-nodes` : `${nameOf(name)} is not true`}`,
        )
    return implied
  }
  if (isOn(value(name))) set('mode', name, (text, from) => (isTrue(from, text) ? 'leader' : undefined))
  const [namespace, lease] = DEFAULT_LEASE.split('/')
  for (const from of ['cp_namespace', 'vip_leasename'])
    set('lease', from, () => `${value('cp_namespace') ?? namespace}/${value('vip_leasename') ?? lease}`)
  for (const [from, option] of durations) setNumber(option, from)
  if (isOn(value('enable_node_labeling'))) set('labelNode', 'enable_node_labeling', (text, from) => isTrue(from, text))
  set('kubeconfig', 'k8s_config_file', text => text)
  set('apiServer', 'kubernetes_addr', text => (text.includes('://') ? text : `https://${text}`))
  if (value('k8s_config_file') === undefined && exists(ADMIN_CONF)) {
    imply('kubeconfig', ADMIN_CONF)
    imply('apiServer', `https://127.0.0.1:${value('port') ?? API_PORT}`) // the server in that file is the VIP
  }
  return implied
}
