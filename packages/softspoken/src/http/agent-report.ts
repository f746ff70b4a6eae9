/** What the status, the page and the metrics show of the VIP agent. */
import { omitUndefined } from '@softspoken/session/internal'
import type { AgentStatus, KubernetesLeaseStatus, VipAgent } from '@softspoken/vip-agent'
import type { Elected } from '../election/elected.ts'
import type { SeenLease } from '../election/lease-requests.ts'
import type { Acceptance } from '../probe/acceptance.ts'
import type { VipProbe } from '../probe/vip-probe.ts'
import { partOf } from './verdict.ts'

/** The agent, and what the program knows of its election. */
export interface ShownAgent {
  readonly agent: VipAgent
  readonly nodeName: string
  readonly elected?: Elected
  /** The API server that the election or the health check asks with the kubeconfig. */
  apiServer?(): KubernetesLeaseStatus
  /** Of each VIP by its prefix; absent without BGP. */
  vips?(): NonNullable<AgentReport['vips']>
  readonly probe?: VipProbe
}

/** `agent` of the answer of /status. Times are in seconds. */
export interface AgentReport extends AgentStatus {
  readonly nodeName: string
  /** What this node does in the cluster, and why not more. */
  readonly part: string
  readonly why?: string
  /** Absent without an election. */
  readonly election?: {
    /** The Lease: its namespace and name, or its directory. */
    readonly lease: string
    /** Of this node, after which it takes the Lease of a leader that does not renew. */
    readonly leaseDuration?: number
    /** Absent if there is no Lease, or this node has not looked yet. */
    readonly seen?: SeenLease
    /** Since this node last wrote the Lease as the leader. */
    readonly secondsSinceRenewal?: number
    readonly requestFailures: Readonly<Record<string, number>>
  }
  /** Its URL, and when our client certificate ends; absent if neither election nor health check uses the kubeconfig. */
  readonly apiServer?: KubernetesLeaseStatus
  /** By prefix: whether the router took the route of the VIP, as far as this node knows; absent without BGP. */
  readonly vips?: Readonly<Record<string, Acceptance>>
}

export function agentReport({ agent, nodeName, elected, apiServer, vips }: ShownAgent): AgentReport {
  const now = agent.status()
  const status = { nodeName, ...partOf(now), ...now, ...omitUndefined({ apiServer: apiServer?.(), vips: vips?.() }) }
  if (elected === undefined) return status
  const { name, requests, election } = elected
  const { secondsSinceRenewal, failures, lease: seen } = requests
  return {
    ...status,
    election: {
      lease: name,
      ...omitUndefined({ leaseDuration: election.leaseDuration, seen, secondsSinceRenewal }),
      requestFailures: Object.fromEntries(failures),
    },
  }
}
