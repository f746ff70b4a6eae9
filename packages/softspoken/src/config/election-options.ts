/** Which election the options select, if any, and which options go together. */
import { isIPv4 } from 'node:net'
import { hostname } from 'node:os'
import { hostRoute } from '@softspoken/announcer'
import { omitUndefined } from '@softspoken/session/internal'
import { type LeaseElectionOptions, profiles } from '@softspoken/vip-agent'
import { entriesOf } from '../health/shown-url.ts'
import { ofBgp, usesBgp } from './bgp.ts'
import { DEFAULT_LEASE, type OptionName, type ProgramOptions } from './options.ts'
import { notAllowed, UsageError } from './usage-error.ts'
import type { GivenValues } from './values.ts'

/** An election is on if the mode needs one, or if a Lease is named. */
export function electionOf(options: ProgramOptions): 'kubernetes' | 'directory' | undefined {
  const { mode, arp, lease, leaseDirectory } = options
  if (leaseDirectory !== undefined) return 'directory'
  const needsOne = mode === 'standby' || mode === 'leader' || (arp === true && mode === undefined)
  return lease !== undefined || needsOne ? 'kubernetes' : undefined
}

export function modeOf(options: ProgramOptions): NonNullable<ProgramOptions['mode']> {
  if (options.arp === true && options.mode === undefined) return 'leader'
  return options.mode ?? (electionOf(options) === undefined ? 'all-nodes' : 'standby')
}

export function leaseOf({ lease = DEFAULT_LEASE }: { readonly lease?: string | undefined }): string {
  return lease
}

/** The name of this node, as kubelet writes it. */
export function nodeNameOf({ nodeName = hostname() }: ProgramOptions): string {
  return nodeName.toLowerCase()
}

/** The durations given one by one come before those of the profile. */
export function electionOptions(options: ProgramOptions): LeaseElectionOptions {
  const { leaseProfile = 'default', leaseDuration, renewDeadline, retryPeriod } = options
  return {
    identity: nodeNameOf(options),
    ...profiles[leaseProfile],
    ...omitUndefined({ leaseDuration, renewDeadline, retryPeriod }),
    // The kernel removes the address of a leader that died up to a second after its lease.
    claimDelay: modeOf(options) === 'leader' && options.address !== 'none' ? 1 : 0,
  }
}

/** kube-vip's label of the Node that leads. Its value is the first IPv4 VIP; undefined if there is none. */
export function labelOf({ prefix }: ProgramOptions): { readonly 'kube-vip.io/has-ip': string } | undefined {
  const vip = prefix.map(one => hostRoute(one).address).find(isIPv4)
  return vip === undefined ? undefined : { 'kube-vip.io/has-ip': vip }
}

/** The default health check is the API server's if Kubernetes has the election. */
export function withHealth(options: ProgramOptions): ProgramOptions {
  return options.health === undefined && electionOf(options) === 'kubernetes'
    ? { ...options, health: 'kubernetes' }
    : options
}

/** Whether a health check asks the API server. */
export function checksApiServer({ health }: ProgramOptions): boolean {
  return health !== undefined && entriesOf(health).includes('kubernetes')
}

const durations = ['leaseDuration', 'renewDeadline', 'retryPeriod'] as const
const ofElection = ['leaseProfile', ...durations] as const
const ofApiServer = ['kubeconfig', 'apiServer'] as const
const ofAddress = ['interface', 'replaceAddress', 'destroyConnections'] as const

/** For the Lease, for the health check, or for both. */
export function asksApiServer(options: ProgramOptions): boolean {
  return electionOf(options) === 'kubernetes' || checksApiServer(options)
}

/** The options whose defaults do not apply beside these options. */
export function withoutDefault(options: ProgramOptions): readonly OptionName[] {
  return [
    ...(electionOf(options) === undefined ? ofElection : []),
    ...(electionOf(options) === 'kubernetes' ? [] : (['lease'] as const)),
    ...(options.leaseProfile === undefined ? [] : durations), // the profile has its own
    ...(asksApiServer(options) ? [] : ofApiServer),
    ...(options.address === 'none' ? ofAddress : (['requireAddress'] as const)),
    ...(usesBgp(options) ? [] : ofBgp),
    ...(options.arp ? [] : (['claimInUse'] as const)),
  ]
}

/**
 * Resolves with a warning for each option that is not used.
 * @throws UsageError for options that do not go together.
 */
export function checkTogether(
  options: ProgramOptions,
  given: GivenValues,
  inPod = Boolean(process.env.KUBERNETES_SERVICE_HOST),
): readonly string[] {
  const place = (name: OptionName): string => given[name]?.from ?? name
  const refuse = (name: OptionName, why: string): never => {
    throw new UsageError(`${place(name)}: not allowed ${why}`)
  }
  const has = (name: OptionName): boolean => options[name] !== undefined
  const election = electionOf(options)
  if (options.arp && modeOf(options) !== 'leader')
    refuse('arp', `together with ${place('mode')} ${options.mode}: one node has the VIP, so the mode must be leader`)
  if (options.arp && has('address')) refuse('address', `together with ${place('arp')}, which adds the VIP`)
  if (!options.arp && has('claimInUse')) refuse('claimInUse', 'without arp')
  if (has('lease') && has('leaseDirectory')) refuse('leaseDirectory', `together with ${place('lease')}`)
  for (const name of ['lease', 'leaseDirectory'] as const)
    if (options.mode === 'all-nodes' && has(name))
      refuse(
        name,
        `together with ${place('mode')} all-nodes, which has no election; the mode must be standby or leader`,
      )
  for (const name of ofElection)
    if (election === undefined && has(name)) refuse(name, 'without an election: give the mode standby or leader')
  if (election !== undefined && has('med')) refuse('med', 'with an election, which makes the MED')
  if (options.drainOnCordon === true && election !== 'kubernetes')
    refuse('drainOnCordon', 'without an election by Kubernetes, whose credentials it uses')
  const { probePort } = options
  if (probePort !== undefined && !(probePort >= 1 && probePort <= 65_535))
    throw notAllowed(place('probePort'), probePort, 'a port from 1 to 65535')
  if (has('probePort') && !usesBgp(options)) refuse('probePort', 'without BGP: there is no router that takes a route')
  if (has('probePort') && modeOf(options) !== 'leader')
    refuse('probePort', `in the mode ${modeOf(options)}: each node that serves has the VIP, and would answer itself`)
  if (options.labelNode === true && election !== 'kubernetes')
    refuse('labelNode', 'without an election by Kubernetes, which says which Node leads')
  if (options.labelNode === true && labelOf(options) === undefined)
    refuse('labelNode', 'with IPv6 VIPs alone, because the value of a label has no colon; leave it out')
  for (const name of ofApiServer)
    if (!asksApiServer(options) && has(name))
      refuse(name, 'without an election by Kubernetes or health kubernetes, which use it')
  if (asksApiServer(options) && !has('kubeconfig') && !inPod)
    throw new UsageError(
      'kubeconfig is missing: this is no Pod with a service account, and a static Pod has none; give the path of a kubeconfig (--kubeconfig, or k8s_config_file of kube-vip)',
    )
  for (const name of ['interface', 'replaceAddress'] as const)
    if (options.address === 'none' && has(name)) refuse(name, `together with ${place('address')} none`)
  if (options.address !== 'none' && has('requireAddress'))
    refuse('requireAddress', 'without address none: an address that the agent adds is there')
  const nodeName = nodeNameOf(options)
  if ((election !== undefined || options.routerId === 'auto') && /^localhost(\.|$)/.test(nodeName))
    throw new UsageError(
      `${options.nodeName === undefined ? 'nodeName is missing, and the host name' : `${place('nodeName')}: it`} is ${nodeName}: each node needs a name of its own`,
    )
  if (options.prefix.some(one => hostRoute(one).address === options.routerId))
    throw new UsageError(
      `${place('routerId')}: ${options.routerId} is a VIP, which moves from node to node; use the node's own address, or routerId: auto`,
    )
  if (has('apiServers') && election !== 'kubernetes')
    return [`${place('apiServers')}: not used, because there is no election by Kubernetes`]
  return []
}
