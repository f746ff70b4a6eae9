export { OptionError } from '@softspoken/wire'
export type { AddressOptions } from './address/vip-addresses.ts'
export type { VipInterface } from './address/vip-interface.ts'
export { VipAgent } from './agent/agent.ts'
export type { TakeOver, TakeOverCause, VipPart, Withdrawal } from './agent/durations.ts'
export type { AgentOptions } from './agent/options.ts'
export type { AgentReason, DrainReason, ServeReason } from './agent/reasons.ts'
export { runAgent } from './agent/run-agent.ts'
export type { Mode } from './agent/state.ts'
export type { AgentEvents, AgentRole, AgentStatus, ElectionFailure } from './agent/status.ts'
export { leaseDirectory } from './election/directory.ts'
export type { Election, Leadership, PreviousHolder } from './election/election.ts'
export { leaseElection } from './election/lease-election.ts'
export {
  type LeaseRecord,
  type LeaseStore,
  LeaseStoreError,
  type StoredLease,
} from './election/lease-store.ts'
export { type LeaseElectionOptions, profiles } from './election/options.ts'
export type { ElectionReason, LeaseStoreReason } from './election/reasons.ts'
export type { KubernetesLeaseStatus } from './kubernetes/api-client.ts'
export { type KubernetesLease, kubernetesLease } from './kubernetes/kubernetes-lease.ts'
export type { KubernetesLeaseOptions } from './kubernetes/options.ts'
