import { expect } from 'vitest'
import { AgentPair, configurations, everyFault, faults } from '../lab/agent-pair.ts'
import { forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

const WITHIN = 30 // seconds; docs/failover.md has how long it takes

forEachDaemon(
  configurations,
  'the virtual IP moves to the other agent after each fault of the leader',
  async (lab, router) => {
    for (const fault of everyFault) {
      await using pair = await AgentPair.start(lab, router, { leader: true, holdTime: 90 })
      const { active, other } = await pair.roles()
      const { med: before = 0 } = (await pair.best()) ?? {}
      faults[fault].inject(active)
      const best = await waitFor(() => pair.best(), {
        until: ({ nextHop }) => nextHop === other.address,
        within: WITHIN,
        what: `the next hop to change after the leader was ${fault}`,
      })
      expect(best.med, 'the next leader has the next epoch').toBe(before - 1)
    }
  },
)
