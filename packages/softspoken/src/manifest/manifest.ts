/** `softspoken manifest`: prints what runs the program elsewhere. Nothing on this machine decides what is printed. */
import { posix } from 'node:path'
import type { Flags } from '../config/flags.ts'
import { readSources } from '../config/sources.ts'
import { toUsageError, validateSome } from '../config/validate.ts'
import { daemonSet } from './daemonset.ts'
import { distributions } from './distributions.ts'
import { kubeadmControlPlane } from './kubeadm-control-plane.ts'
import type { ManifestOptions } from './manifest-options.ts'
import { type NameOf, type Plan, planOf } from './plan.ts'
import { staticPod } from './pod.ts'
import { rbac } from './rbac.ts'
import { unit } from './unit.ts'

export interface Manifest {
  readonly text: string
  readonly warnings: readonly string[]
}

/** @throws UsageError; RetryableError for a file that cannot be read. */
export async function manifest(
  flags: Flags,
  env: NodeJS.ProcessEnv,
  options: ManifestOptions,
  nameOf: NameOf,
): Promise<Manifest> {
  if (options.kind === 'rbac') {
    const { given, warnings } = await readSources(flags, env, { exists: () => false, nameOf })
    try {
      return { text: rbac(validateSome(given), options, heads.rbac(options)), warnings }
    } catch (error) {
      throw toUsageError(error, given)
    }
  }
  const plan = await planOf(flags, env, options, nameOf)
  return { text: printed[options.kind](plan, options), warnings: plan.warnings }
}

const printed = {
  pod: (plan: Plan, options: ManifestOptions) => staticPod(plan, options, heads.pod(options)),
  daemonset: (plan: Plan, options: ManifestOptions) => daemonSet(plan, options, heads.daemonset(plan)),
  systemd: (plan: Plan) => unit(plan, heads.systemd),
  'kubeadm-control-plane': (plan: Plan, options: ManifestOptions) =>
    kubeadmControlPlane(
      staticPod(plan, options, 'A static Pod, which the kubelet runs without the API server.'),
      heads.controlPlane,
    ),
}

const heads = {
  pod: ({ distribution, firstNode }: ManifestOptions) =>
    [
      `A static Pod, which the kubelet runs without the API server: on each control plane node this file is ` +
        posix.join(distributions[distribution].folder, 'softspoken.yaml'),
      firstNode
        ? 'This one is for the node that runs kubeadm init. Afterwards, replace it by the one without --first-node.'
        : undefined,
    ]
      .filter(text => text !== undefined)
      .join('\n'),
  daemonset: (plan: Plan) =>
    plan.asksApiServer
      ? 'A DaemonSet on the control plane nodes. Its rights: softspoken manifest rbac --in-cluster'
      : 'A DaemonSet. Each of its nodes announces the VIP while the health check of the node passes.',
  rbac: ({ inCluster }: ManifestOptions) =>
    inCluster
      ? 'The ServiceAccount of the DaemonSet, and its rights: on the one Lease that all nodes share, and on Nodes.'
      : 'The rights of the user of a kubeconfig: on the one Lease that all nodes share, and on Nodes.\nThis makes the kubeconfig: kubeadm kubeconfig user --client-name softspoken',
  systemd: 'Copy this to /etc/systemd/system/softspoken.service, and the bundle to /usr/lib/softspoken.',
  controlPlane: 'A part of a KubeadmControlPlane (Cluster API): add it to yours.',
}
