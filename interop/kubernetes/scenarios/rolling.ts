/** Nodes move from another agent to ours, one by one, on the same Lease. */
import assert from 'node:assert/strict'
import { VIP } from '../lab.ts'
import { readLease } from '../lease.ts'
import { nodes } from '../network.ts'
import { OtherAgent } from '../other-agent.ts'
import type { Scenario } from '../scenario.ts'
import { pause, until } from '../until.ts'

export const rolling: readonly Scenario[] = [
  {
    title: 'nodes that move from another agent on the same Lease have one holder and no gap',
    mode: 'standby',
    async run(lab) {
      const others = new Map(nodes.map(node => [node, new OtherAgent(node, lab, VIP)]))
      try {
        const leader = await lab.steady()
        const before = (await readLease(lab.api))?.spec.leaseTransitions ?? 0
        const holders = new Set<string | undefined>()
        const watch = setInterval(async () => holders.add((await readLease(lab.api))?.spec.holderIdentity), 200)
        await using _ = { [Symbol.asyncDispose]: async () => clearInterval(watch) }
        const at = Date.now()
        for (const node of [...nodes.filter(name => name !== leader), leader]) {
          await others.get(node)?.stop()
          lab.startAgent(node)
          await until(async () => (await lab.router.sessions()) === 3, 40, `the session of ${node} again`)
          await until(() => lab.vipsOn(node).length === 1, 10, `the standby ${node} has the VIP`)
          await pause(2)
          assert.equal([...others.values()].filter(({ leads }) => leads).length, node === leader ? 0 : 1)
        }
        const last = await lab.steady()
        assert.equal((await readLease(lab.api))?.spec.leaseTransitions, before + 1, 'the Lease moved once')
        assert.deepEqual(
          [...holders].filter(holder => holder),
          [leader, last],
        )
        assert.ok(
          lab.routesSince(at).every(({ what }) => what !== undefined),
          'there was always a route',
        )
        assert.equal(lab.failedSince(at).length, 0, 'every request was answered')
      } finally {
        for (const other of others.values()) await other.stop()
      }
    },
  },
]
