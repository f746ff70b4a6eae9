import assert from 'node:assert/strict'
import { readLease } from '../lease.ts'
import type { Scenario } from '../scenario.ts'
import { LATE, pause, until } from '../until.ts'

export const health: readonly Scenario[] = [
  ...(['off', 'hang'] as const).map(
    (position): Scenario => ({
      title: `a leader whose API server ${position === 'off' ? 'refuses' : 'hangs'} hands over by health`,
      mode: 'leader',
      health: 'kubernetes', // the node's own API server
      async run(lab) {
        lab.startAgent()
        const leader = await lab.steady()
        await pause(2)
        const at = Date.now()
        await lab.switch(leader, 'api', position)
        await until(() => lab.movedFrom(leader), 12 + LATE, 'another node leads')
        return { seconds: (Date.now() - at) / 1000 }
      },
    }),
  ),
  {
    title: 'a leader whose service answers 503 gives up the Lease, and another node leads',
    mode: 'leader',
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      await pause(2)
      const at = Date.now()
      await lab.switch(leader, 'service', 'off')
      await until(() => lab.movedFrom(leader), 8 + LATE, 'another node leads')
      assert.notEqual((await readLease(lab.api))?.spec.holderIdentity, leader)
      return { seconds: (Date.now() - at) / 1000 }
    },
  },
  {
    title: 'a health check that gets 401 announces nothing and is called misconfigured',
    mode: 'all-nodes',
    async run(lab) {
      await lab.switch('n1', 'service', '401')
      lab.startAgent('n1')
      await until(() => /misconfigured/.test(lab.agent('n1').log), 20 + LATE, 'a line in the log')
      assert.equal(lab.active, undefined)
    },
  },
  {
    title: 'services that all fail withdraw everywhere; the first healthy one returns',
    mode: 'standby',
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      for (const node of ['n1', 'n2', 'n3'] as const) await lab.switch(node, 'service', 'off')
      await until(() => lab.active === undefined, 8 + LATE, 'no route')
      await until(() => lab.holders.length === 0, 8 + LATE, 'no VIP on any interface')
      await lab.switch(leader, 'service', 'on')
      const at = Date.now()
      await until(() => lab.active === leader, 10 + LATE, 'the route again')
      return { seconds: (Date.now() - at) / 1000 }
    },
  },
]
