import assert from 'node:assert/strict'
import { deleteLease, overwriteLease, readLease } from '../lease.ts'
import { nodes } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { pause, until } from '../until.ts'

export const election: readonly Scenario[] = [
  {
    title: 'agents wait without an exit until the Role exists, then one leads within 5 s',
    mode: 'leader',
    granted: false,
    async run(lab) {
      lab.startAgent()
      await until(async () => (await lab.router.sessions()) === 3, 30, 'all sessions')
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
      const at = Date.now()
      await lab.api.grant()
      await until(() => lab.active !== undefined, 6, 'a leader')
      const seconds = (Date.now() - at) / 1000
      await pause(3)
      assert.equal(new Set(lab.routes.filter(r => r.at > at && r.what).map(r => r.what)).size, 1, 'one leader')
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
      await until(() => lab.active === undefined, 5, 'no route')
      const other = nodes.find(node => node !== holder)!
      let at = Date.now()
      lab.startAgent(other)
      await until(() => lab.active === other, 15, 'another node leads')
      const asOther = (Date.now() - at) / 1000
      assert.ok(asOther < 5 + 1 + 0.2 + 3, `another node led after ${asOther} s`)
      await lab.agent(other).kill()
      await until(() => lab.active === undefined, 5, 'no route')
      at = Date.now()
      lab.startAgent(other)
      await until(() => lab.active === other, 15, 'the old holder leads')
      const asHolder = (Date.now() - at) / 1000
      assert.ok(asHolder <= 3, `the old holder led after ${asHolder} s`)
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
      const at = Date.now()
      await overwriteLease(lab.api, { holderIdentity: 'another-cluster', leaseDurationSeconds: 5 })
      await until(() => lab.active === undefined, 3, 'the withdrawal')
      const withdrawn = (Date.now() - at) / 1000
      await until(() => lab.active !== undefined, 15, 'a leader again') // the lease, and the advertisement interval
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
      await until(async () => (await readLease(lab.api))?.spec.holderIdentity !== undefined, 8, 'a Lease again')
      await pause(4)
      const epoch = (await readLease(lab.api))?.spec.leaseTransitions
      assert.ok((epoch ?? 0) > 41, `the epoch is ${epoch}`)
      assert.equal(lab.failedSince(at).length, 0, 'every request was answered')
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
      assert.equal(lab.failedSince(at).length, 0)
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
      await until(() => lab.movedFrom(leader), 10, 'another node leads')
      return { seconds: (Date.now() - at) / 1000 }
    },
  },
]
