import assert from 'node:assert/strict'
import { faults } from '../faults.ts'
import { VIP } from '../lab.ts'
import { readLease } from '../lease.ts'
import { ip, type NodeName, nodes } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { LATE, pause, until } from '../until.ts'

/** By which an agent knows its own addresses: packages/linux/src/address-message.ts. */
const ADDRESS_PROTOCOL = 83
/** Seconds: without a release, another node takes the Lease 15 s after its last renewal, which is 2 s old at most. */
const LESS_THAN_LEASE = 12
/** Seconds: the Lease, its claim delay, and the look that finds its end. */
const TAKE_OVER = 7

export const handover: readonly Scenario[] = [
  ...(['standby', 'leader'] as const).map(
    (mode): Scenario => ({
      title: `SIGTERM to the leader in ${mode} mode hands the VIP over without a gap`,
      mode,
      profile: 'default',
      async run(lab) {
        lab.startAgent()
        const node = await lab.steady()
        await pause(6)
        const { child } = lab.agent(node)
        const at = Date.now()
        child.kill('SIGTERM')
        await until(
          async () => (await readLease(lab.api))?.spec.holderIdentity !== node,
          LESS_THAN_LEASE,
          'the Lease is released',
        )
        const released = (Date.now() - at) / 1000
        await until(() => child.exitCode !== null, 8 + LATE, 'the agent ends')
        const ended = (Date.now() - at) / 1000
        assert.equal(child.exitCode, 0)
        assert.ok(!lab.holders.includes(node), 'the VIP is off the interface')
        await lab.assertAnswered(at)
        assert.match(lab.router.log(), /Received: Administrative shutdown/i)
        return { released, ended }
      },
    }),
  ),
  {
    title: 'a rolling restart, the leader last, moves the VIP without a gap',
    mode: 'leader',
    profile: 'default',
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      await pause(2)
      const at = Date.now()
      for (const node of [...nodes.filter(name => name !== leader), leader]) {
        await lab.restart(node)
        await until(async () => (await lab.router.sessions()) === 3, LATE, `the session with ${node} again`)
      }
      await lab.steady()
      await lab.assertAnswered(at)
    },
  },
  {
    title: 'SIGTERM together with the end of its API server releases through another server',
    mode: 'leader',
    profile: 'default',
    async run(lab) {
      lab.startAgent()
      const node = await lab.steady()
      await pause(2)
      const at = Date.now()
      await faults.apidown.inject(lab, node)
      lab.agent(node).child.kill('SIGTERM')
      await until(() => lab.movedFrom(node), LESS_THAN_LEASE, 'another node has the route')
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
      // The kernel would remove it before another node leads.
      const forever = ['valid_lft', 'forever', 'preferred_lft', 'forever', 'proto', `${ADDRESS_PROTOCOL}`]
      ip('-n', node, 'address', 'replace', `${VIP}/32`, 'dev', 'lo', 'scope', 'host', ...forever)
      await until(() => lab.movedFrom(node), TAKE_OVER + LATE, 'another node leads')
      assert.ok(lab.holders.includes(node), 'the VIP is still there')
      lab.startAgent(node)
      await until(() => !lab.holders.includes(node), 5 + LATE, 'the old VIP is removed')
      await lab.steady()
      assert.notEqual(lab.active, node)
      const after = await readLease(lab.api)
      assert.ok((after?.spec.leaseTransitions ?? 0) > (before?.spec.leaseTransitions ?? 0), 'the epoch rose')
    },
  },
  // The kernel deadline ends the process. Without one it wakes up when another node leads.
  ...(['on', 'off'] as const).map(
    (deadline): Scenario => ({
      title: `a stopped leader never advertises again (kernel deadline: ${deadline})`,
      mode: 'leader',
      options: deadline === 'on' ? [] : ['--kernel-deadline', 'off'],
      async run(lab) {
        lab.startAgent()
        const node = await lab.steady()
        await pause(2)
        const at = Date.now()
        const { child } = lab.agent(node)
        child.kill('SIGSTOP')
        await until(() => lab.movedFrom(node), TAKE_OVER + LATE, 'another node leads')
        const seconds = (Date.now() - at) / 1000
        const next = lab.active
        const continued = Date.now()
        child.kill('SIGCONT')
        await pause(10)
        assert.equal(child.signalCode, deadline === 'on' ? 'SIGKILL' : null)
        assert.equal(lab.active, next)
        assert.deepEqual(
          lab.routesSince(continued).filter(({ what }) => what === node),
          [],
        )
        assert.ok(!lab.holders.includes(node), 'it has no VIP')
        assert.equal((await readLease(lab.api))?.spec.holderIdentity, next)
        return { seconds }
      },
    }),
  ),
  {
    title: 'five VIPs of both families move together',
    mode: 'leader',
    profile: 'default',
    vips: [VIP, '198.51.100.101', '198.51.100.102', '2001:db8:100::100', '2001:db8:100::101'],
    async run(lab) {
      lab.startAgent()
      const node = await lab.steady()
      const allAt = (one: NodeName | undefined) =>
        one !== undefined && lab.routesOf(lab.vips).every(next => next === one)
      await until(() => allAt(node), 10 + LATE, 'all five routes')
      lab.agent(node).child.kill('SIGTERM')
      await until(() => lab.movedFrom(node) && allAt(lab.active), 10 + LATE, 'all five moved')
      await until(() => lab.vipsOn(node).length === 0, 10 + LATE, 'all five are off the interface')
    },
  },
  {
    title: 'a fault of a standby node changes nothing',
    mode: 'standby',
    profile: 'default',
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      const other = nodes.find(node => node !== leader)!
      const at = Date.now()
      await lab.agent(other).kill('SIGKILL')
      await pause(8)
      assert.equal(lab.active, leader)
      await lab.assertAnswered(at)
    },
  },
]
