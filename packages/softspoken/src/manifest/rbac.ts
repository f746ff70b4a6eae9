/** The rights of the agents in the API server, and nothing else. */

import { leaseName } from '@softspoken/vip-agent/internal'
import type { Node } from 'yaml'
import { leaseOf } from '../config/election-options.ts'
import type { SomeOptions } from '../config/validate.ts'
import type { ManifestOptions } from './manifest-options.ts'
import { LABELS, NAMESPACE } from './pod.ts'
import { inline, noteAbove, yamlOf } from './yaml.ts'

const NAME = 'softspoken'
const RBAC = 'rbac.authorization.k8s.io'

/** Several documents. `head`: a comment. @throws OptionError for the name of a Lease that the API server would refuse. */
export function rbac(
  options: Pick<SomeOptions, 'lease' | 'drainOnCordon' | 'labelNode' | 'nodeName'>,
  { inCluster }: ManifestOptions,
  head: string,
): string {
  const { namespace, name: lease } = leaseName(leaseOf(options))
  const account = { kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE }
  const user = { kind: 'User', apiGroup: RBAC, name: NAME }
  const named = (namespace: string) => ({ name: NAME, namespace, labels: inline(LABELS) })
  const role = {
    apiVersion: `${RBAC}/v1`,
    kind: 'Role',
    metadata: named(namespace),
    rules: [
      noteAbove(
        { apiGroups: inline(['coordination.k8s.io']), resources: inline(['leases']), verbs: inline(['create']) },
        'RBAC cannot name what does not exist yet.',
      ),
      {
        apiGroups: inline(['coordination.k8s.io']),
        resources: inline(['leases']),
        resourceNames: inline([lease]),
        verbs: inline(['get', 'update', 'list', 'watch']),
      },
    ],
  }
  const binding = {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: named(namespace),
    roleRef: inline({ apiGroup: RBAC, kind: 'Role', name: NAME }),
    subjects: [inline(inCluster ? account : user)],
  }
  const subject = inline(inCluster ? account : user)
  const objects = [
    ...(inCluster ? [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: named(NAMESPACE) }] : []),
    ...[role, binding],
    ...ofNodes(options, subject),
    ...(inCluster ? [] : [flowSchema(namespace)]),
  ]
  return objects.map((object, at) => yamlOf(object, at === 0 ? head : '')).join('---\n')
}

/** For drainOnCordon, which manifests have unless it is false, and for labelNode. */
function ofNodes({ drainOnCordon, labelNode, nodeName }: Parameters<typeof rbac>[0], subject: Node): readonly object[] {
  const uses = [
    ...(drainOnCordon === false ? [] : [{ verb: 'get', what: 'reads whether it is cordoned' }]),
    ...(labelNode ? [{ verb: 'patch', what: 'changes one label' }] : []),
  ]
  if (uses.length === 0) return []
  const what = uses.map(({ what }) => what).join(', and ')
  const rule = {
    ...{ apiGroups: inline(['']), resources: inline(['nodes']) },
    ...(nodeName !== undefined && { resourceNames: inline([nodeName.toLowerCase()]) }),
    verbs: inline(uses.map(({ verb }) => verb)),
  }
  const metadata = { name: NAME, labels: inline(LABELS) }
  return [
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata,
      rules: [
        noteAbove(
          rule,
          `Of its own Node the agent ${what}.${nodeName === undefined ? ' RBAC has no word for that; resourceNames can name the nodes.' : ''}`,
        ),
      ],
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: inline({ apiGroup: RBAC, kind: 'ClusterRole', name: NAME }),
      subjects: [subject],
    },
  ]
}

/**
 * Kubernetes has such a rule for the ServiceAccounts of kube-system, and none for the user of a kubeconfig
 * (system-leader-election in the API server's bootstrap configuration).
 */
function flowSchema(namespace: string): object {
  return {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: noteAbove(
      { name: 'softspoken-leader-election', labels: inline(LABELS) },
      'Under overload the API server answers the election as soon as that of its own components. Without it the ' +
        "renewals of the Lease wait behind everyone's requests, and the VIP moves.",
    ),
    spec: {
      priorityLevelConfiguration: inline({ name: 'leader-election' }),
      matchingPrecedence: 150,
      distinguisherMethod: inline({ type: 'ByUser' }),
      rules: [
        {
          subjects: [inline({ kind: 'User', user: { name: NAME } })],
          resourceRules: [
            {
              apiGroups: inline(['coordination.k8s.io']),
              resources: inline(['leases']),
              namespaces: inline([namespace]),
              verbs: inline(['create', 'get', 'update', 'list', 'watch']),
            },
          ],
        },
      ],
    },
  }
}
