/** The election that the options select. Loaded only if there is one. */
import type { Logger } from '@softspoken/session'
import {
  type Election,
  type KubernetesLeaseStatus,
  kubernetesLease,
  type LeaseStore,
  leaseDirectory,
  leaseElection,
} from '@softspoken/vip-agent'
import { leaseOptions } from '../config/agent-options.ts'
import { electionOptions, labelOf, leaseOf } from '../config/election-options.ts'
import type { ProgramOptions } from '../config/options.ts'
import { LeaseRequests } from './lease-requests.ts'

export interface Elected {
  readonly election: Election
  /** Where the Lease is kept. */
  readonly store: LeaseStore
  /** The Lease, as a sentence names it. */
  readonly name: string
  readonly requests: LeaseRequests
  /** Whether the Node of this node is cordoned, if Kubernetes has the Lease. */
  isCordoned?(signal: AbortSignal): Promise<boolean>
  /** Labels the Node of this node, or removes the label, if Kubernetes has the Lease. */
  labelNode?(isHolder: boolean, signal: AbortSignal): Promise<void>
  /** Of the API server, if Kubernetes has the Lease. */
  apiServer?(): KubernetesLeaseStatus
}

/** Nothing is read or connected before the first campaign. @throws OptionError */
export function elect(options: ProgramOptions, log?: Logger): Elected {
  const election = electionOptions(options)
  const requests = new LeaseRequests(election.identity)
  const { leaseDirectory: directory } = options
  const kubernetes =
    directory === undefined ? kubernetesLease({ ...leaseOptions(options), ...(log && { log }) }) : undefined
  const store = kubernetes ?? leaseDirectory(String(directory))
  return {
    election: leaseElection(requests.observe(store), { ...election, ...(log && { log }) }),
    store,
    name: directory ?? leaseOf(options),
    requests,
    ...(kubernetes && {
      apiServer: () => kubernetes.status(),
      isCordoned: signal => kubernetes.isCordoned(election.identity, signal),
      labelNode: (isHolder, signal) => {
        const label = labelOf(options) ?? {} // checkTogether() requires one
        const labels = isHolder ? label : Object.fromEntries(Object.keys(label).map(name => [name, null]))
        return kubernetes.labelNode(election.identity, labels, signal)
      },
    }),
  }
}
