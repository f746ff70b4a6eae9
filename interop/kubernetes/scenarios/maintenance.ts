import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addNodes, allowNodes, cordon } from '../cordon.ts'
import type { KubernetesLab } from '../lab.ts'
import { readLease } from '../lease.ts'
import { type NodeName, nodes } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { LATE, pause, until } from '../until.ts'

export const maintenance: readonly Scenario[] = [
  {
    title: 'a cordoned leader hands the VIP over without a gap, and its session stays up',
    mode: 'leader',
    profile: 'default',
    options: ['--drain-on-cordon', 'true'],
    async run(lab) {
      await addNodes(lab.api)
      lab.startAgent()
      const node = await lab.steady()
      // Without the right to get its Node a node leads all the same.
      await until(() => asking(lab, node).length === 1, 15 + LATE, 'the refusal is logged')
      await cordon(lab.api, node, true)
      const refused = Date.now()
      await pause(22)
      assert.equal(lab.active, node)
      await lab.assertAnswered(refused)
      assert.equal(asking(lab, node).length, 1, 'it is logged once')
      await allowNodes(lab.api)
      const seconds = await movesAway(lab, node, 15)
      assert.match(lab.agent(node).log, /"reason":"cordoned","detail":"the node is cordoned, seen since /)
      // In service again, it follows the next leader.
      await cordon(lab.api, node, false)
      await lab.untilReady(node, 2)
      const next = lab.active
      assert.ok(next)
      await cordon(lab.api, next, true)
      await movesAway(lab, next, 15)
      return { seconds }
    },
  },
  {
    title: 'the only node keeps the VIP when cordoned, and gives way at the next cordon',
    mode: 'leader',
    options: ['--drain-on-cordon', 'true'],
    async run(lab) {
      await addNodes(lab.api)
      await allowNodes(lab.api)
      lab.startAgent('n1')
      await lab.steady()
      const at = Date.now()
      await cordon(lab.api, 'n1', true)
      const holders = () => lab.leaseHolders.filter(holder => holder.at > at)
      await until(() => holders().length >= 2, 15 + 10 + LATE, 'the Lease is released, and n1 leads again')
      const [released, again] = holders()
      assert.deepEqual([released?.what, again?.what], ['', 'n1'])
      const seconds = (again!.at - released!.at) / 1000
      assert.ok(seconds > 9, `another node had ${seconds} s to take the Lease`)
      await pause(8)
      await lab.assertAnswered(at)
      assert.deepEqual(lab.holders, ['n1'])
      assert.match(lab.agent('n1').log, /no other node leads, so this one does although cordoned/)
      lab.startAgent('n2')
      await until(async () => (await lab.router.sessions()) === 2, 15 + LATE, 'the session of n2')
      await pause(12)
      assert.equal(await holder(lab), 'n1', 'it leads on')
      await cordon(lab.api, 'n1', false)
      await pause(12)
      await cordon(lab.api, 'n1', true)
      const moved = await movesAway(lab, 'n1', 15)
      return { seconds, moved }
    },
  },
  {
    title: 'a leader that a file drains hands the VIP over without a gap, and waits after a restart',
    mode: 'leader',
    profile: 'default',
    async run(lab) {
      const fileOf = (node: NodeName) => join(lab.folder, `drained-${node}`)
      const start = (node: NodeName) => lab.startAgentWith(node, { options: ['--disabled-by', fileOf(node)] })
      for (const node of nodes) start(node)
      const node = await lab.steady()
      await pause(2)
      writeFileSync(fileOf(node), 'kernel upgrade\n')
      const seconds = await movesAway(lab, node, 6)
      assert.match(lab.agent(node).log, /"reason":"drained","detail":"drained since [^"]*: kernel upgrade"/)
      await lab.agent(node).kill('SIGTERM')
      const holder = (await readLease(lab.api))?.spec.holderIdentity
      start(node)
      await pause(8)
      assert.equal((await readLease(lab.api))?.spec.holderIdentity, holder)
      assert.ok(!lab.holders.includes(node), 'a drained node that starts holds nothing')
      return { seconds }
    },
  },
  {
    title: 'the Node that leads has the label of kube-vip, once the API server allows it',
    mode: 'leader',
    options: ['--label-node', 'true'],
    async run(lab) {
      await addNodes(lab.api)
      lab.startAgent()
      const node = await lab.steady()
      const refusals = () => lab.agent(node).log.match(/"msg":"the Node cannot be labelled"/g) ?? []
      await until(() => refusals().length === 1, 15 + LATE, 'the refusal is logged')
      await allowNodes(lab.api)
      const labelled = async () => (await nodesWithLabel(lab)).join()
      await until(async () => (await labelled()) === node, 15 + LATE, 'the leader has the label')
      const at = Date.now()
      await lab.agent(node).kill('SIGTERM')
      const after = await labelled()
      assert.notEqual(after, node, 'an agent that ends removes the label')
      await until(async () => (await labelled()) === lab.active, 15 + LATE, 'the next leader has the label')
      const seconds = (Date.now() - at) / 1000
      const killed = lab.active
      assert.ok(killed && killed !== node)
      await lab.agent(killed).kill('SIGKILL')
      await until(() => lab.movedFrom(killed), 20, 'another node has the route')
      lab.startAgentWith(killed, { options: ['--label-node', 'true'] })
      await until(
        async () => (await labelled()) === lab.active,
        15 + LATE,
        'the agent that starts again removes the label',
      )
      return { seconds }
    },
  },
]

/** By name. */
async function nodesWithLabel(lab: KubernetesLab): Promise<readonly string[]> {
  const { body } = await lab.api.request('GET', '/api/v1/nodes?labelSelector=kube-vip.io/has-ip')
  return (body as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name).sort()
}

/** Another node has the route, no request was lost, and the node holds nothing but its session. Resolves with the seconds. */
async function movesAway(lab: KubernetesLab, node: NodeName, seconds: number): Promise<number> {
  const at = Date.now()
  await until(() => lab.movedFrom(node), seconds + LATE, `another node than ${node} has the route`)
  const took = (Date.now() - at) / 1000
  await until(() => !lab.holders.includes(node), 8 + LATE, `the VIP is off the interface of ${node}`)
  await lab.assertAnswered(at)
  assert.notEqual((await readLease(lab.api))?.spec.holderIdentity, node)
  assert.equal(await lab.router.sessions(), lab.agents.size, 'every session stays up')
  return took
}

async function holder(lab: KubernetesLab): Promise<string | undefined> {
  return (await readLease(lab.api))?.spec.holderIdentity
}
function asking(lab: KubernetesLab, node: NodeName): readonly string[] {
  return lab.agent(node).log.match(/"msg":"it cannot be asked whether this node is cordoned"/g) ?? []
}
