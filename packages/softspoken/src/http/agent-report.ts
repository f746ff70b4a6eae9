/** What the status, the page and the metrics show of the VIP agent. */
import { omitUndefined } from '@softspoken/session/internal'
import type { AgentStatus, VipAgent } from '@softspoken/vip-agent'
import type { Elected } from '../election/elected.ts'

/** The agent, and what the program knows of its election. */
export interface ShownAgent {
  readonly agent: VipAgent
  readonly nodeName: string
  readonly elected?: Elected
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
    /** URL of the API server. */
    readonly server?: string
    /** When our client certificate ends. */
    readonly certificateEnd?: Date
  }
}

export function agentReport({ agent, nodeName, elected }: ShownAgent): AgentReport {
  const status = { nodeName, ...agent.status() }
  if (elected === undefined) return status
  const { name, requests, apiServer } = elected
  const { secondsSinceRenewal, failures } = requests
  return {
    ...status,
    election: {
      lease: name,
      ...omitUndefined({ secondsSinceRenewal }),
      requestFailures: Object.fromEntries(failures),
      ...apiServer?.(),
    },
  }
}
