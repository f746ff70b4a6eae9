/** Wall clocks that are wrong. Only the agent's own process sees the step. */
import assert from 'node:assert/strict'
import { overwriteLease, readLease } from '../lease.ts'
import { nodes } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { LATE, pause, until } from '../until.ts'

const HOUR = 3600 // seconds

export const clock: readonly Scenario[] = [
  {
    title: 'wall clocks that step by an hour, forward and back, move nothing',
    mode: 'leader',
    profile: 'default',
    preloads: ['clock'],
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      const follower = nodes.find(node => node !== leader)!
      const before = await readLease(lab.api)
      const at = Date.now()
      for (const node of [follower, leader])
        for (const seconds of [HOUR, -HOUR, 0]) {
          lab.tell(node, 'clock', `${seconds}`)
          if (node === follower)
            await pause(4) // two looks at the Lease
          else await until(() => isRenewed(lab.api, seconds), LATE, `a renewal at ${seconds} s`)
        }
      // As after a short suspend: its monotonic clock and the wall clock went on by different times.
      const { child } = lab.agent(leader)
      child.kill('SIGSTOP')
      lab.tell(leader, 'clock', `${HOUR}`)
      await pause(1)
      child.kill('SIGCONT')
      await until(() => isRenewed(lab.api, HOUR), LATE, 'it renews')
      await pause(2)
      const after = await readLease(lab.api)
      assert.equal(after?.spec.holderIdentity, leader)
      assert.equal(after?.spec.leaseTransitions, before?.spec.leaseTransitions)
      assert.equal(lab.routesSince(at).length, 0, 'the route did not move')
      assert.deepEqual(lab.holders, [leader])
      await lab.assertAnswered(at)
    },
  },
  {
    title: 'a suspended leader that cannot read the Lease withdraws after 1 s',
    mode: 'leader',
    profile: 'default', // without the step it would lead for 8 s at least
    preloads: ['clock'],
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      const { child } = lab.agent(leader)
      await lab.switch(leader, 'api', 'hang')
      child.kill('SIGSTOP')
      await overwriteLease(lab.api, { holderIdentity: 'another-cluster', leaseDurationSeconds: 15 })
      lab.tell(leader, 'clock', `${HOUR}`)
      const at = Date.now()
      child.kill('SIGCONT')
      await until(() => lab.active === undefined, 1 + LATE, 'the withdrawal')
      const withdrawn = (Date.now() - at) / 1000
      await until(() => lab.holders.length === 0, 5 + LATE, 'the VIP is off the interface')
      return { withdrawn }
    },
  },
]

/** The times in the Lease are the leader's wall clock. */
async function isRenewed(api: Parameters<typeof readLease>[0], ahead: number): Promise<boolean> {
  const renewed = Date.parse((await readLease(api))?.spec.renewTime ?? '')
  return Math.abs(renewed - Date.now() - ahead * 1000) < 4000
}
