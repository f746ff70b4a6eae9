/** Withdrawals by reason, and how long take-overs and withdrawals took. */
import type { TakeOverCause, VipPart } from '@softspoken/vip-agent'
import { agentReasons } from '@softspoken/vip-agent/internal'
import { Counter, Histogram, type Registry } from 'prom-client'
import type { ShownAgent } from './agent-report.ts'

/** In seconds. */
const buckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30]

/** Call it in the same step that makes the agent: its events come later, so all of them are observed. */
export function registerDurationMetrics({ agent, elected }: ShownAgent, registry: Registry): void {
  const registers = [registry]
  const takeOvers = new Histogram({
    name: 'softspoken_take_over_duration_seconds',
    help: 'How long this node took to have a part of the VIPs, once only its own steps were left. The lease of a dead leader has ended before.',
    labelNames: ['part', 'cause'],
    ...{ buckets, registers },
  })
  const withdrawals = new Histogram({
    name: 'softspoken_withdrawal_duration_seconds',
    help: 'How long a part of the VIPs was still there, from when this node knew the reason.',
    labelNames: ['part', 'reason'],
    ...{ buckets, registers },
  })
  const withdrawn = new Counter({
    name: 'softspoken_withdrawals_total',
    help: 'Times that this node withdrew the VIPs, by reason: the routes, or with ARP alone the addresses.',
    ...{ labelNames: ['reason'], registers },
  })
  for (const reason of agentReasons) withdrawn.inc({ reason }, 0) // so that increase() sees the first one as well
  const main = agent.announcer ? 'route' : 'address'
  agent.on('withdrawal', ({ part, reason }) => part === main && withdrawn.inc({ reason }))
  agent.on('take-over', ({ part, cause, seconds }) => takeOvers.observe({ part, cause }, seconds))
  agent.on('withdrawal', ({ part, reason, seconds }) => withdrawals.observe({ part, reason }, seconds))
  // The common ones begin at 0 for the same reason.
  const causes: readonly TakeOverCause[] = elected ? ['released', 'expired'] : ['unhealthy']
  for (const part of partsOf(agent)) {
    for (const cause of causes) takeOvers.zero({ part, cause })
    if (part !== 'segment') withdrawals.zero({ part, reason: 'unhealthy' })
  }
}

function partsOf(agent: ShownAgent['agent']): readonly VipPart[] {
  const { address, arp } = agent.status()
  return [
    ...(agent.announcer ? ['route' as const] : []),
    ...(address.interface === undefined ? [] : ['address' as const]),
    ...(arp ? ['segment' as const] : []),
  ]
}
