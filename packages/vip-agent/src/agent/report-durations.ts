/** Lets an agent emit how long its take-overs and withdrawals take. */
import type { Clock, Logger } from '@softspoken/session'
import { notify } from '@softspoken/session/internal'
import type { VipAgent } from './agent.ts'
import { Durations } from './durations.ts'
import type { AgentConfig } from './state.ts'

interface Parts {
  readonly config: AgentConfig
  readonly vips: readonly string[]
  readonly clock: Clock
  readonly log: Logger
}

export function reportDurations(agent: VipAgent, { config, vips, clock, log }: Parts): Durations {
  const { announcer, health } = agent
  const durations = new Durations(config, {
    now: () => clock.now(),
    isSent() {
      const { peers = [] } = announcer?.status() ?? {}
      return vips.every(vip => peers.some(({ sent, queued }) => sent.includes(vip) && !(vip in queued)))
    },
    tookOver: takeOver => notify(agent, log, 'take-over', takeOver),
    withdrew: withdrawal => notify(agent, log, 'withdrawal', withdrawal),
  })
  announcer?.on('sent', () => durations.routeSent()).on('withdrawn', () => durations.routeWithdrawn())
  health.on('checked', ({ outcome }) => durations.checked(outcome === 'passed'))
  return durations
}
