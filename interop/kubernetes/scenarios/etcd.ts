/** etcd is paused. The lab has one member, so that all API servers are hit at once. */
import assert from 'node:assert/strict'
import { readLease } from '../lease.ts'
import { nodes } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { LATE, pause, until } from '../until.ts'

export const etcd: readonly Scenario[] = [
  {
    title: 'etcd that pauses for 8 s moves nothing',
    mode: 'standby',
    profile: 'default',
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      // The leader leads for 10 s after a renewal, and renews every 2 s: the pause begins after one.
      const before = await readLease(lab.api)
      const isRenewed = async () => (await readLease(lab.api))?.spec.renewTime !== before?.spec.renewTime
      await until(isRenewed, LATE, 'a renewal')
      const at = Date.now()
      lab.api.pauseEtcd()
      await pause(8)
      lab.api.resumeEtcd()
      await pause(6)
      const after = await readLease(lab.api)
      assert.equal(after?.spec.leaseTransitions, before?.spec.leaseTransitions)
      assert.equal(lab.active, leader)
      await lab.assertAnswered(at)
      assert.equal(lab.routesSince(at).length, 0, 'the route did not move')
    },
  },
  {
    title: 'etcd that pauses for 30 s costs the client nothing, and one node leads after it',
    mode: 'standby',
    profile: 'default',
    health: 'kubernetes', // the default check, which leaves etcd out
    async run(lab) {
      lab.startAgent()
      await lab.steady()
      const before = (await readLease(lab.api))?.spec.leaseTransitions ?? 0
      const at = Date.now()
      lab.api.pauseEtcd()
      await pause(30)
      lab.api.resumeEtcd()
      const recovered = Date.now()
      const isRenewed = async () => Date.parse((await readLease(lab.api))?.spec.renewTime ?? '') > recovered
      await until(isRenewed, 15 + LATE, 'a holder')
      const seconds = (Date.now() - recovered) / 1000
      await pause(5) // the advertisement interval
      await lab.steady()
      const after = (await readLease(lab.api))?.spec.leaseTransitions ?? 0
      assert.ok(after - before <= 1, `the Lease moved ${after - before} times`)
      await lab.assertAnswered(at)
      return { seconds }
    },
  },
  {
    title: 'a health check that has etcd in it withdraws once, and returns with etcd',
    mode: 'standby',
    health: 'https://127.0.0.1:6443/readyz',
    options: ['--health-verify', 'none'],
    async run(lab) {
      lab.startAgent()
      await lab.steady()
      const at = Date.now()
      lab.api.pauseEtcd()
      await until(() => lab.active === undefined, 20 + LATE, 'no route')
      assert.ok(nodes.every(node => lab.agent(node).running))
      lab.api.resumeEtcd()
      const recovered = Date.now()
      await until(() => lab.active !== undefined, 10 + LATE, 'a route again')
      const seconds = (Date.now() - recovered) / 1000
      await lab.steady()
      assert.equal(lab.routesSince(at).filter(({ what }) => what === undefined).length, 1, 'it was withdrawn once')
      return { seconds }
    },
  },
]
