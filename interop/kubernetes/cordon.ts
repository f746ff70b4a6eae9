/** The Nodes of the lab's API server, and their cordons. */
import assert from 'node:assert/strict'
import type { ApiServer } from './api.ts'
import { type NodeName, nodes } from './network.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const name = 'vip-agent-nodes'
const meta = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name } }
const rules = [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'patch'] }]
const subjects = [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'vip-agents' }]
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }

export async function addNodes(api: ApiServer): Promise<void> {
  for (const node of nodes) await api.create('/api/v1/nodes', { kind: 'Node', metadata: { name: node } })
}
/** The agents may get and label their Nodes. */
export async function allowNodes(api: ApiServer): Promise<void> {
  await api.create(`${RBAC}/clusterroles`, { ...meta, kind: 'ClusterRole', rules })
  await api.create(`${RBAC}/clusterrolebindings`, { ...meta, kind: 'ClusterRoleBinding', roleRef, subjects })
}
export async function cordon(api: ApiServer, node: NodeName, unschedulable: boolean): Promise<void> {
  const { status } = await api.request('PATCH', `/api/v1/nodes/${node}`, { spec: { unschedulable } })
  assert.equal(status, 200)
}
