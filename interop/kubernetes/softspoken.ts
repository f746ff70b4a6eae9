/** The command of our program on a node of the lab. */
import type { KubernetesLab } from './lab.ts'
import { address, address6, type NodeName, nodes } from './network.ts'
import { NODE_AS, ROUTER_AS } from './router.ts'

export type Mode = 'all-nodes' | 'standby' | 'leader'
export type Profile = 'default' | 'fast'

export interface AgentSettings {
  readonly mode: Mode
  readonly profile: Profile
  readonly vips: readonly string[]
  /** A URL, or `kubernetes`. Default: the service. */
  readonly health?: string
  readonly options: readonly string[]
  /** Modules of `preload/` that the program imports first: they do to it what `KubernetesLab.tell()` says. */
  readonly preloads?: readonly Preload[]
  /** Its BGP Identifier. Default: the address of the node, which it also dials from. */
  readonly routerId?: string
  /** Makes another command of its command. */
  readonly wrap?: (command: readonly string[]) => readonly string[]
  /** The folder of its log. Default: that of the lab. */
  readonly folder?: string
}
export type Preload = 'clock' | 'hang' | 'rate'

/** Runs the bundle, as a user does. The agent talks to the node's own API server; the others are for a release only. */
export function softspoken(node: NodeName, { keys }: KubernetesLab, agent: AgentSettings): readonly string[] {
  const { mode, profile, vips, options, health = 'http://127.0.0.1:8080/healthz', routerId } = agent
  const election = ['--kubeconfig', keys.file('agent.conf'), '--node-name', node]
  if (profile === 'fast') election.push('--lease-profile', 'fast')
  return [
    ...['node', 'packages/softspoken/dist/softspoken.cjs', 'announce', '--mode', mode],
    ...vips.flatMap(vip => ['--prefix', `${vip}/${vip.includes(':') ? 128 : 32}`]),
    ...['--local-as', `${NODE_AS}`, '--router-id', routerId ?? address[node]],
    ...(routerId === undefined ? ['--local-address', address[node]] : []),
    ...(vips.some(vip => vip.includes(':')) ? ['--next-hop', address[node], address6[node]] : []),
    ...['--peer', address.rt, '--peer-as', `${ROUTER_AS}`],
    ...['--health', health, '--health-interval', '1', '--health-rise', '1'],
    ...(mode === 'all-nodes' ? [] : election),
    ...options,
  ]
}

/** For its environment. The API servers of the other nodes are for a release. */
export function environment(node: NodeName, { preloads = [] }: AgentSettings, switches: string): NodeJS.ProcessEnv {
  const others = nodes.filter(other => other !== node).map(other => `https://${address[other]}:6443`)
  const modules = preloads.map(name => `--import=${new URL(`preload/${name}.mjs`, import.meta.url)}`)
  return {
    SOFTSPOKEN_API_SERVERS: others.join(','),
    LAB_SWITCHES: switches,
    ...(modules.length > 0 && { NODE_OPTIONS: modules.join(' ') }),
  }
}
