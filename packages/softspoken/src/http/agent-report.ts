/** What the status, the page and the metrics show of the VIP agent. */
import { omitUndefined } from '@softspoken/session/internal'
import type { AgentStatus, KubernetesLeaseStatus, VipAgent } from '@softspoken/vip-agent'
import type { Elected } from '../election/elected.ts'

/** The agent, and what the program knows of its election. */
export interface ShownAgent {
  readonly agent: VipAgent
  readonly nodeName: string
  readonly elected?: Elected
  /** The API server that the election or the health check asks with the kubeconfig. */
  apiServer?(): KubernetesLeaseStatus
}

/** `agent` of the answer of /status. Times are in seconds. */
export interface AgentReport extends AgentStatus {
  readonly nodeName: string
  /** Absent without an election. */
  readonly election?: {
    /** The Lease: its namespace and name, or its directory. */
    readonly lease: string
    /** Since this node last wrote the Lease as the leader. */
    readonly secondsSinceRenewal?: number
    readonly requestFailures: Readonly<Record<string, number>>
  }
  /** Its URL, and when our client certificate ends; absent if neither election nor health check uses the kubeconfig. */
  readonly apiServer?: KubernetesLeaseStatus
}

export function agentReport({ agent, nodeName, elected, apiServer }: ShownAgent): AgentReport {
  const status = { nodeName, ...agent.status(), ...omitUndefined({ apiServer: apiServer?.() }) }
  if (elected === undefined) return status
  const { name, requests } = elected
  const { secondsSinceRenewal, failures } = requests
  return {
    ...status,
    election: {
      lease: name,
      ...omitUndefined({ secondsSinceRenewal }),
      requestFailures: Object.fromEntries(failures),
    },
  }
}
