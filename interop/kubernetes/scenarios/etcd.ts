/** etcd is paused. The lab has one member, so that all API servers are hit at once. */
import assert from 'node:assert/strict'
import { readLease } from '../lease.ts'
import { nodes } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { pause, until } from '../until.ts'

export const etcd: readonly Scenario[] = [
  {
    title: 'etcd that pauses for 8 s moves nothing',
    mode: 'standby',
    profile: 'default',
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      const before = await readLease(lab.api)
      const at = Date.now()
      lab.api.pauseEtcd()
      await pause(8)
      lab.api.resumeEtcd()
      await pause(6)
      const after = await readLease(lab.api)
      assert.equal(after?.spec.leaseTransitions, before?.spec.leaseTransitions)
      assert.equal(lab.active, leader)
      assert.equal(lab.failedSince(at).length, 0)
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
      await until(isRenewed, 15, 'a holder')
      const seconds = (Date.now() - recovered) / 1000
      await pause(5)
      const after = await readLease(lab.api)
      assert.ok((after?.spec.leaseTransitions ?? 0) - before <= 1, 'the Lease moved once at most')
      assert.equal(lab.active, after?.spec.holderIdentity)
      assert.equal(lab.failedSince(at).length, 0, 'every request was answered')
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
      await until(() => lab.active === undefined, 20, 'no route')
      assert.ok(nodes.every(node => lab.agent(node).running))
      lab.api.resumeEtcd()
      const recovered = Date.now()
      await until(() => lab.active !== undefined, 10, 'a route again')
      const seconds = (Date.now() - recovered) / 1000
      await lab.steady()
      assert.equal(lab.routesSince(at).filter(({ what }) => what === undefined).length, 1, 'it was withdrawn once')
      return { seconds }
    },
  },
]
