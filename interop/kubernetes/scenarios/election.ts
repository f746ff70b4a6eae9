import assert from 'node:assert/strict'
import { deleteLease, overwriteLease, readLease } from '../lease.ts'
import { nodes } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { LATE, pause, until } from '../until.ts'

const LEASE = 5 // seconds, of the profile `fast`

export const election: readonly Scenario[] = [
  {
    title: 'agents wait without an exit until the Role exists, then one leads within 5 s',
    mode: 'leader',
    granted: false,
    async run(lab) {
      lab.startAgent()
      await until(async () => (await lab.router.sessions()) === 3, 30 + LATE, 'all sessions')
      await pause(10)
      assert.equal(lab.active, undefined)
      for (const node of nodes) assert.ok(lab.agent(node).running, `${node} runs`)
      const forbidden = nodes.map(
        node =>
          lab
            .agent(node)
            .log.split('\n')
            .filter(line => /forbidden/i.test(line)).length,
      )
      assert.ok(
        forbidden.every(lines => lines >= 1 && lines <= 2),
        `lines that say why: ${forbidden}`,
      )
      await lab.api.grant()
      const at = Date.now()
      await until(() => lab.active !== undefined, 5 + LATE, 'a leader')
      const seconds = (Date.now() - at) / 1000
      await pause(3)
      assert.equal(new Set(lab.routes.flatMap(({ what }) => what ?? [])).size, 1, 'one leader')
      return { seconds }
    },
  },
  {
    title: 'another node takes a stale Lease after one lease, its old holder at once',
    mode: 'leader',
    async run(lab) {
      lab.startAgent()
      const holder = await lab.steady()
      await Promise.all(nodes.map(node => lab.agent(node).kill()))
      await until(() => lab.active === undefined, LATE, 'no route')
      const other = nodes.find(node => node !== holder)!
      let at = Date.now()
      lab.startAgent(other)
      await until(() => lab.active === other, LEASE + 3 + LATE, 'another node leads')
      const asOther = (Date.now() - at) / 1000
      assert.ok(asOther >= LEASE, `another node led after ${asOther} s`)
      await lab.agent(other).kill()
      await until(() => lab.active === undefined, LATE, 'no route')
      at = Date.now()
      lab.startAgent(other)
      await until(() => lab.active === other, 15, 'the old holder leads')
      const asHolder = (Date.now() - at) / 1000
      assert.ok(asHolder < LEASE, `the old holder led after ${asHolder} s`)
      return { asOther, asHolder }
    },
  },
  {
    title: 'a leader whose Lease gets another holder withdraws, and a node leads again',
    mode: 'leader',
    async run(lab) {
      lab.startAgent()
      await lab.steady()
      const before = (await readLease(lab.api))?.spec.leaseTransitions ?? 0
      await overwriteLease(lab.api, { holderIdentity: 'another-cluster', leaseDurationSeconds: LEASE })
      const at = Date.now()
      await until(() => lab.active === undefined, 3 + LATE, 'the withdrawal')
      const withdrawn = (Date.now() - at) / 1000
      await until(() => lab.active !== undefined, 15 + LATE, 'a leader again') // the lease, and the advertisement interval
      const again = (Date.now() - at) / 1000
      assert.ok(((await readLease(lab.api))?.spec.leaseTransitions ?? 0) > before, 'the epoch rose')
      return { withdrawn, again }
    },
  },
  {
    title: 'a deleted Lease is created again with a higher epoch and one leader',
    mode: 'standby',
    async run(lab) {
      lab.startAgent()
      await lab.steady()
      await overwriteLease(lab.api, { leaseTransitions: 41 })
      await pause(4)
      const at = Date.now()
      await deleteLease(lab.api)
      await until(async () => (await readLease(lab.api))?.spec.holderIdentity !== undefined, 8 + LATE, 'a Lease again')
      await pause(4)
      const epoch = (await readLease(lab.api))?.spec.leaseTransitions
      assert.ok((epoch ?? 0) > 41, `the epoch is ${epoch}`)
      await lab.assertAnswered(at)
      return { epoch }
    },
  },
  {
    title: 'answers that are 3 s late change no leader',
    mode: 'leader',
    profile: 'default',
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      const before = await readLease(lab.api)
      const at = Date.now()
      for (const node of nodes) await lab.switch(node, 'api', 'slow')
      await pause(30)
      const after = await readLease(lab.api)
      assert.equal(after?.spec.leaseTransitions, before?.spec.leaseTransitions)
      assert.equal(lab.active, leader)
      await lab.assertAnswered(at)
    },
  },
  {
    title: 'answers that are 3 s late with a short lease move the Lease once at most',
    mode: 'standby',
    async run(lab) {
      lab.startAgent()
      await lab.steady()
      const before = (await readLease(lab.api))?.spec.leaseTransitions ?? 0
      const at = Date.now()
      // Each request takes longer than its time limit, 1.35 s, so no node leads.
      for (const node of nodes) await lab.switch(node, 'api', 'slow')
      await pause(30)
      assert.ok(nodes.every(node => lab.agent(node).running))
      for (const node of nodes) await lab.switch(node, 'api', 'on')
      const recovered = Date.now()
      await lab.steady()
      const seconds = (Date.now() - recovered) / 1000
      const after = (await readLease(lab.api))?.spec.leaseTransitions ?? 0
      assert.ok(after - before <= 1, `the Lease moved ${after - before} times`)
      await lab.assertAnswered(at)
      return { seconds }
    },
  },
  {
    title: 'a leader without the router gives up the Lease, and another node leads',
    mode: 'leader',
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      const at = Date.now()
      await lab.cut(leader, 'segment')
      await until(() => lab.movedFrom(leader), 10 + LATE, 'another node leads')
      return { seconds: (Date.now() - at) / 1000 }
    },
  },
]
