import assert from 'node:assert/strict'
import { faults } from '../faults.ts'
import { VIP } from '../lab.ts'
import { readLease } from '../lease.ts'
import { nodes } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { pause, until } from '../until.ts'

export const handover: readonly Scenario[] = [
  ...(['standby', 'leader'] as const).map(
    (mode): Scenario => ({
      title: `SIGTERM to the leader in ${mode} mode hands the VIP over without a gap`,
      mode,
      async run(lab) {
        lab.startAgent()
        const node = await lab.steady()
        await pause(6)
        const { child } = lab.agent(node)
        const at = Date.now()
        child.kill('SIGTERM')
        await until(async () => (await readLease(lab.api))?.spec.holderIdentity !== node, 2, 'the Lease is released')
        const released = (Date.now() - at) / 1000
        await until(() => child.exitCode !== null, 10, 'the agent ends')
        const ended = (Date.now() - at) / 1000
        await pause(2)
        assert.equal(child.exitCode, 0)
        assert.ok(ended <= 8.5, `it ended after ${ended} s`)
        assert.ok(!lab.holders.includes(node), 'the VIP is off the interface')
        assert.equal(lab.failedSince(at).length, 0, 'every request was answered')
        assert.match(lab.router.log(), /Received: Administrative shutdown/i)
        return { released, ended }
      },
    }),
  ),
  {
    title: 'a rolling restart, the leader last, moves the VIP without a gap',
    mode: 'leader',
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      await pause(2)
      const at = Date.now()
      for (const node of [...nodes.filter(name => name !== leader), leader]) {
        await lab.agent(node).kill('SIGTERM')
        lab.startAgent(node)
        await until(async () => (await lab.router.sessions()) === 3, 40, `the session with ${node} again`)
      }
      await lab.steady()
      assert.equal(lab.failedSince(at).length, 0, 'every request was answered')
    },
  },
  {
    title: 'SIGTERM together with the end of its API server releases through another server',
    mode: 'leader',
    async run(lab) {
      lab.startAgent()
      const node = await lab.steady()
      await pause(2)
      const at = Date.now()
      await faults.apidown.inject(lab, node)
      lab.agent(node).child.kill('SIGTERM')
      await until(() => lab.movedFrom(node), 4, 'another node has the route')
      return { seconds: (Date.now() - at) / 1000 }
    },
  },
  {
    title: 'a killed leader that starts again removes its old VIP and does not lead',
    mode: 'leader',
    async run(lab) {
      lab.startAgent()
      const node = await lab.steady()
      const before = await readLease(lab.api)
      await lab.agent(node).kill('SIGKILL')
      assert.ok(lab.holders.includes(node), 'the VIP of the killed process is still there')
      await until(() => lab.movedFrom(node), 10, 'another node leads')
      lab.startAgent(node)
      await until(() => !lab.holders.includes(node), 5, 'the old VIP is removed')
      await lab.steady()
      assert.notEqual(lab.active, node)
      const after = await readLease(lab.api)
      assert.ok((after?.spec.leaseTransitions ?? 0) > (before?.spec.leaseTransitions ?? 0), 'the epoch rose')
    },
  },
  {
    title: 'a leader that is stopped and continued never advertises as leader again',
    mode: 'leader',
    async run(lab) {
      lab.startAgent()
      const node = await lab.steady()
      await pause(2)
      const at = Date.now()
      const { child } = lab.agent(node)
      child.kill('SIGSTOP')
      await until(() => lab.movedFrom(node), 10, 'another node leads')
      const next = lab.active
      child.kill('SIGCONT')
      await pause(10)
      assert.equal(lab.active, next)
      assert.ok(!lab.routes.some(({ at: when, what }) => when > at + 8000 && what === node))
      return {
        ended: child.signalCode ?? 'runs',
        seconds: (lab.routes.find(r => r.at > at && r.what === next)!.at - at) / 1000,
      }
    },
  },
  {
    title: 'five VIPs of both families move together',
    mode: 'leader',
    vips: [VIP, '198.51.100.101', '198.51.100.102', '2001:db8:100::100', '2001:db8:100::101'],
    async run(lab) {
      lab.startAgent()
      const node = await lab.steady()
      await until(() => lab.routesOf(lab.vips).every(next => next === node), 10, 'all five routes')
      lab.agent(node).child.kill('SIGTERM')
      await until(() => new Set(lab.routesOf(lab.vips)).size === 1 && lab.active !== node, 10, 'all five moved')
      await until(() => lab.vipsOn(node).length === 0, 10, 'all five are off the interface')
    },
  },
  {
    title: 'a fault of a standby node changes nothing',
    mode: 'standby',
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      const other = nodes.find(node => node !== leader)!
      const at = Date.now()
      await lab.agent(other).kill('SIGKILL')
      await pause(8)
      assert.equal(lab.active, leader)
      assert.equal(lab.failedSince(at).length, 0)
    },
  },
]
