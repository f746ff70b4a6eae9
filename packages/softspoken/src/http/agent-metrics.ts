/** The metrics of the VIP agent, read at the scrape; docs/operations.md has the same table. */
import { hostRoute } from '@softspoken/announcer'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { type AgentReport, agentReport, type ShownAgent } from './agent-report.ts'
import { registerDurationMetrics } from './duration-metrics.ts'

/** The labels and the value of each sample. */
type Samples = readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[]

interface Row {
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
  read(report: AgentReport): Samples
}

const gauges: readonly Row[] = [
  {
    name: 'softspoken_is_leader',
    help: '1 while this node leads the election, 0 while it does not; absent without an election.',
    read: ({ election, role }) => (election ? [[{}, role === 'leader' ? 1 : 0]] : []),
  },
  {
    name: 'softspoken_role',
    help: '1 for the role that this node has in its mode.',
    labels: ['mode', 'role'],
    read: ({ mode, role }) => [[{ mode, role }, 1]],
  },
  {
    name: 'softspoken_leader_epoch',
    help: 'The epoch of the leadership of this node; absent while it does not lead.',
    read: ({ epoch }) => optional(epoch),
  },
  {
    name: 'softspoken_lease_remaining_seconds',
    help: 'Seconds until a lease of this node ends: election or health; absent while there is none.',
    labels: ['lease'],
    read: ({ leases: { election, health } }) =>
      Object.entries({ election, health }).flatMap(([lease, left]) => (left === undefined ? [] : [[{ lease }, left]])),
  },
  {
    name: 'softspoken_lease_renewal_age_seconds',
    help: 'Seconds since this node last wrote the Lease as the leader; absent if it never has.',
    read: ({ election }) => optional(election?.secondsSinceRenewal),
  },
  {
    name: 'softspoken_address_present',
    help: '1 while the VIPs are on the interface, 0 while they are not. Without an interface: on any, as far as that is required.',
    labels: ['interface'],
    read: ({ address }) => [[{ interface: address.interface ?? '' }, address.present ? 1 : 0]],
  },
  {
    name: 'softspoken_arp_holds',
    help: '1 while this node holds the VIPs on the segment, 0 while it does not; absent without ARP.',
    read: ({ arp }) => (arp ? [[{}, arp.holds ? 1 : 0]] : []),
  },
  {
    name: 'softspoken_arp_blocked',
    help: '1 while another node that has a VIP blocks the claim of this one, 0 while none does; absent without ARP.',
    read: ({ arp }) => (arp ? [[{}, arp.blockedBy === undefined ? 0 : 1]] : []),
  },
  {
    name: 'softspoken_drained_since_timestamp_seconds',
    help: 'Since when this node is out of service, in Unix time, 0 if that is not known; absent while it is in service.',
    labels: ['reason'],
    read: ({ drained }) => (drained ? [[{ reason: drained.reason }, (drained.since?.getTime() ?? 0) / 1000]] : []),
  },
  {
    name: 'softspoken_vip_reachable',
    help: '1 if the last probe from this node connected to the VIP, 0 if it did not; absent while this node does not probe.',
    labels: ['vip'],
    read: ({ vips = {} }) =>
      Object.entries(vips).flatMap(([vip, { probe, reason }]) =>
        probe === undefined ? [] : [[{ vip }, reason === 'connected' ? 1 : 0]],
      ),
  },
  {
    name: 'softspoken_kernel_deadline_armed',
    help: '1 while the kernel ends this process unless it moves its deadline in time, 0 while it does not.',
    read: ({ leases }) => [[{}, leases.kernelDeadline === undefined ? 0 : 1]],
  },
  {
    name: 'softspoken_client_certificate_not_after_timestamp_seconds',
    help: 'When our client certificate for the API server ends, in Unix time; absent without one.',
    read: ({ apiServer }) => optional(apiServer?.certificateEnd && apiServer.certificateEnd.getTime() / 1000),
  },
]
const counters: readonly Row[] = [
  {
    name: 'softspoken_lease_request_failures_total',
    help: 'Requests for the Lease that failed, by reason. A conflict means that another node has changed it first.',
    labels: ['reason'],
    read: ({ election }) =>
      Object.entries(election?.requestFailures ?? {}).map(([reason, count]) => [{ reason }, count] as const),
  },
  {
    name: 'softspoken_arp_conflicts_total',
    help: 'Times that another MAC address claimed a VIP, and this node claimed or defended it; absent without ARP.',
    read: ({ arp }) => optional(arp?.conflicts),
  },
  {
    name: 'softspoken_arp_frames_total',
    help: 'Frames sent unasked, probes and announcements of ARP and NDP; absent without ARP.',
    read: ({ arp }) => optional(arp?.framesSent),
  },
]

function optional(value: number | undefined): Samples {
  return value === undefined ? [] : [[{}, value]]
}

/** Call it in the same step that makes the agent: its events come later, so all of them are counted. */
export function registerAgentMetrics(shown: ShownAgent, registry: Registry): void {
  const registers = [registry]
  for (const { name, help, labels = [], read } of gauges)
    new Gauge({
      ...{ name, help, labelNames: labels, registers },
      collect() {
        this.reset()
        if (labels.length === 0) this.remove() // reset() leaves a 0, and absent is no 0
        for (const [of, value] of read(agentReport(shown))) this.set(of, value)
      },
    })
  for (const { name, help, labels = [], read } of counters)
    new Counter({
      ...{ name, help, labelNames: labels, registers },
      collect() {
        this.reset()
        if (labels.length === 0) this.remove()
        for (const [of, value] of read(agentReport(shown))) this.inc(of, value)
      },
    })
  registerDurationMetrics(shown, registry)
  registerProbeMetric(shown, registry)
  if (shown.elected === undefined) return
  const transitions = new Counter({
    name: 'softspoken_leader_transitions_total',
    help: 'Times that this node began to lead.',
    registers,
  })
  let epoch: number | undefined
  shown.agent.on('role', now => {
    if (now.role === 'leader' && now.epoch !== epoch) transitions.inc()
    epoch = now.epoch
  })
}

function registerProbeMetric({ probe }: ShownAgent, registry: Registry): void {
  const seconds = new Histogram({
    name: 'softspoken_vip_connect_duration_seconds',
    help: 'How long the VIP took to accept a connection of a probe from this node; a probe that did not connect is not counted.',
    labelNames: ['vip'],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2],
    registers: [registry],
  })
  probe?.on('connected', ({ vip, seconds: taken }) => seconds.observe({ vip: hostRoute(vip).prefix }, taken))
}
