/** What `softspoken check` reads at a real API server. */
import assert from 'node:assert/strict'
import { allowNodes } from '../cordon.ts'
import { execInNamespace } from '../exec.ts'
import type { KubernetesLab } from '../lab.ts'
import type { Scenario } from '../scenario.ts'
import { softspoken } from '../softspoken.ts'
import { LATE, until } from '../until.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'vip-agent-pools' } }
const POOLS = '/apis/metallb.io/v1beta1/namespaces/kube-system/ipaddresspools'

export const checks: readonly Scenario[] = [
  {
    title: 'check says which right on the Node is missing, and which pool has the VIP',
    mode: 'leader',
    async run(lab) {
      const before = await check(lab)
      const missing = /^warning: .* may not get the Node n1, which drainOnCordon needs; patch the Node n1, which /m
      assert.match(before, missing)
      assert.match(before, /; softspoken manifest rbac --label-node true prints what grants it$/m)
      assert.match(before, /^Pools: those of Cilium may not be read .*, those of MetalLB may not be read /m)
      await allowNodes(lab.api)
      await addPool(lab)
      await until(async () => !missing.test(await check(lab)), 15 + LATE, 'the API server knows the rights')
      const after = await check(lab)
      assert.match(after, /^Rights: the credentials may do all that the Lease, drainOnCordon and labelNode need$/m)
      assert.match(after, /^Pools: none of Cilium, 1 of MetalLB$/m)
      assert.match(after, /^warning: the VIP \S+ lies in \S+ of the IPAddressPool red, so MetalLB may give/m)
    },
  },
]

/** What it prints on a node. */
async function check(lab: KubernetesLab): Promise<string> {
  const options = ['--drain-on-cordon', 'true', '--label-node', 'true']
  const command = softspoken('n1', lab, { mode: 'leader', profile: 'default', vips: lab.vips, options })
  const { stdout } = await execInNamespace(
    'n1',
    command.map(word => (word === 'announce' ? 'check' : word)),
  )
  return stdout
}

/** A pool of MetalLB with the VIP, and the right to list pools. */
async function addPool({ api }: KubernetesLab): Promise<void> {
  await api.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition)
  await until(async () => (await api.request('GET', POOLS)).status === 200, 30, 'the API server knows pools')
  const pool = { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', metadata: { name: 'red' } }
  await api.create(POOLS, { ...pool, spec: { addresses: ['198.51.100.90-198.51.100.110'] } })
  const rules = ['metallb.io', 'cilium.io'].map(group => ({ apiGroups: [group], resources: ['*'], verbs: ['list'] }))
  const subjects = [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'vip-agents' }]
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: rbac.metadata.name }
  await api.create(`${RBAC}/clusterroles`, { ...rbac, kind: 'ClusterRole', rules })
  await api.create(`${RBAC}/clusterrolebindings`, { ...rbac, kind: 'ClusterRoleBinding', roleRef, subjects })
}

/** As much of MetalLB's as is needed. */
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ipaddresspools.metallb.io' },
  spec: {
    group: 'metallb.io',
    names: { kind: 'IPAddressPool', plural: 'ipaddresspools', singular: 'ipaddresspool' },
    scope: 'Namespaced',
    versions: [
      {
        ...{ name: 'v1beta1', served: true, storage: true },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
}
