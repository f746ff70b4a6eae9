export { OptionError } from '@softspoken/wire'
export { type AgentOptions, runAgent } from './agent.ts'
export { leaseDirectory } from './election/directory.ts'
export { type Election, type ElectionReason, everyNode, type Leadership } from './election/election.ts'
export { leaseElection } from './election/lease-election.ts'
export {
  type LeaseRecord,
  type LeaseStore,
  LeaseStoreError,
  type LeaseStoreReason,
  type StoredLease,
} from './election/lease-store.ts'
export { type LeaseElectionOptions, profiles } from './election/options.ts'
export type { KubernetesLeaseStatus } from './kubernetes/api-client.ts'
export { type KubernetesLease, kubernetesLease } from './kubernetes/kubernetes-lease.ts'
export type { KubernetesLeaseOptions } from './kubernetes/options.ts'
export type { VipInterface } from './vip-address.ts'
