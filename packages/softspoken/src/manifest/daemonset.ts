/** A DaemonSet, which Kubernetes rolls out node by node. */
import type { ManifestOptions } from './manifest-options.ts'
import { type Plan, usesServiceAccount } from './plan.ts'
import { LABELS, metadata, podSpec } from './pod.ts'
import { inline, note, yamlOf } from './yaml.ts'

/** `head`: a comment. */
export function daemonSet(plan: Plan, manifest: ManifestOptions, head: string): string {
  const { hostNetwork, ...rest } = podSpec(
    plan,
    manifest,
    plan.asksApiServer && usesServiceAccount(plan.options, manifest),
  )
  const spec = {
    hostNetwork,
    priorityClassName: note('system-node-critical', 'without it the Pod is evicted when memory is short'),
    nodeSelector: inline({ 'kubernetes.io/os': 'linux' }),
    ...((manifest.taint || plan.ownApiServer) && { affinity: controlPlane }),
    tolerations: [inline({ operator: 'Exists' })],
    ...rest,
  }
  return yamlOf(
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: metadata(),
      spec: {
        selector: { matchLabels: inline(LABELS) },
        updateStrategy: {
          type: 'RollingUpdate',
          rollingUpdate: note(inline({ maxUnavailable: 1 }), 'the other nodes continue'),
        },
        template: { metadata: { labels: inline(LABELS) }, spec },
      },
    },
    head,
  )
}

const controlPlane = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        { matchExpressions: [inline({ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' })] },
      ],
    },
  },
}
