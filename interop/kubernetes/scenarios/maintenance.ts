import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubernetesLab } from '../lab.ts'
import { readLease } from '../lease.ts'
import { type NodeName, nodes } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { pause, until } from '../until.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const name = 'vip-agent-nodes'
const meta = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name } }
const rules = [{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }]
const subjects = [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'vip-agents' }]
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }

export const maintenance: readonly Scenario[] = [
  {
    title: 'a cordoned leader hands the VIP over without a gap, and its session stays up',
    mode: 'leader',
    options: ['--drain-on-cordon', 'true'],
    async run(lab) {
      for (const node of nodes) await created(lab, '/api/v1/nodes', { kind: 'Node', metadata: { name: node } })
      lab.startAgent()
      const node = await lab.steady()
      // Without the right to get its Node a node leads all the same.
      await until(() => asking(lab, node).length === 1, 15, 'the refusal is logged')
      await cordon(lab, node, true)
      const refused = Date.now()
      await pause(22)
      assert.equal(lab.active, node)
      assert.equal(lab.failedSince(refused).length, 0, 'every request was answered')
      assert.equal(asking(lab, node).length, 1, 'it is logged once')
      await created(lab, `${RBAC}/clusterroles`, { ...meta, kind: 'ClusterRole', rules })
      await created(lab, `${RBAC}/clusterrolebindings`, { ...meta, kind: 'ClusterRoleBinding', roleRef, subjects })
      const seconds = await movesAway(lab, node, 15)
      assert.match(lab.agent(node).log, /"reason":"cordoned","detail":"the node is cordoned, seen since /)
      // In service again, it follows the next leader.
      await cordon(lab, node, false)
      await until(() => served(lab, node) > 1, 15, 'the node serves again')
      const next = lab.active
      assert.ok(next)
      await cordon(lab, next, true)
      await movesAway(lab, next, 15)
      return { seconds }
    },
  },
  {
    title: 'a leader that a file drains hands the VIP over without a gap, and waits after a restart',
    mode: 'leader',
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
]

/** Another node has the route, no request was lost, and the node holds nothing but its session. Resolves with the seconds. */
async function movesAway(lab: KubernetesLab, node: NodeName, seconds: number): Promise<number> {
  const at = Date.now()
  await until(() => lab.movedFrom(node), seconds, `another node than ${node} has the route`)
  const took = (Date.now() - at) / 1000
  await until(() => !lab.holders.includes(node), 8, `the VIP is off the interface of ${node}`)
  await pause(1)
  assert.equal(lab.failedSince(at).length, 0, 'every request was answered')
  assert.notEqual((await readLease(lab.api))?.spec.holderIdentity, node)
  assert.equal(await lab.router.sessions(), nodes.length, 'every session stays up')
  return took
}

async function created(lab: KubernetesLab, path: string, object: object): Promise<void> {
  const { status, body } = await lab.api.request('POST', path, object)
  assert.equal(status, 201, JSON.stringify(body))
}
async function cordon(lab: KubernetesLab, node: NodeName, unschedulable: boolean): Promise<void> {
  const path = `/api/v1/nodes/${node}`
  const { body } = await lab.api.request('GET', path)
  const { spec, ...object } = body as { readonly spec: object }
  const { status } = await lab.api.request('PUT', path, { ...object, spec: { ...spec, unschedulable } })
  assert.equal(status, 200)
}

function asking(lab: KubernetesLab, node: NodeName): readonly string[] {
  return lab.agent(node).log.match(/"msg":"it cannot be asked whether this node is cordoned"/g) ?? []
}
/** How often the node began to serve. */
function served(lab: KubernetesLab, node: NodeName): number {
  return lab.agent(node).log.match(/"msg":"serving"/g)?.length ?? 0
}
