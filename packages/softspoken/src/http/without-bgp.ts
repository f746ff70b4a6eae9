/** What an agent without BGP shows in place of its announcer: the VIPs are announced while this node holds them. */
import { EventEmitter } from 'node:events'
import { type Announcer, type AnnouncerStatus, hostRoute } from '@softspoken/announcer'
import type { VipAgent } from '@softspoken/vip-agent'

export function withoutBgp(agent: Pick<VipAgent, 'status'>, vips: readonly string[]): Announcer {
  const prefixes = vips.map(vip => hostRoute(vip).prefix)
  const status = (): AnnouncerStatus => {
    const { holds = false, why } = agent.status().arp ?? {}
    const withheld = { reason: 'gate-down', detail: why?.detail ?? 'this node starts' } as const
    return {
      announcements: holds ? prefixes : [],
      withheld: holds ? {} : Object.fromEntries(prefixes.map(prefix => [prefix, withheld])),
      ...{ leases: {}, peers: [] },
    }
  }
  // Page and metrics read the sessions and the status, and listen to events that never come.
  return Object.assign(new EventEmitter(), { sessions: [], announce() {}, status }) as unknown as Announcer
}
