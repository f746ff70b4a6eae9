/** The options of the command manifest that announce does not have. */
import { nearest } from '@softspoken/wire/internal'
import { type Command, Option } from 'commander'
import { notAllowed, UsageError } from '../config/usage-error.ts'
import { version } from '../version.ts'
import { type DistributionName, distributions } from './distributions.ts'

export const kinds = {
  pod: 'a static Pod, for the kubelet of each control plane node',
  daemonset: 'a DaemonSet',
  rbac: 'the rights of the agents in the API server',
  systemd: 'a unit, for a host without containers',
  'kubeadm-control-plane': 'the files of a KubeadmControlPlane (Cluster API)',
} as const
export type Kind = keyof typeof kinds

export interface ManifestOptions {
  readonly kind: Kind
  readonly image: string
  readonly distribution: DistributionName
  /** The agents use a ServiceAccount. */
  readonly inCluster: boolean
  /** For the node that runs `kubeadm init`. */
  readonly firstNode: boolean
  /** Only nodes of the control plane, whatever the other options say. */
  readonly taint: boolean
}

/** The image is not published: the name is one that no registry has. */
const DEFAULT_IMAGE = `registry.example/softspoken:${version}`

const flags = [
  ['--image <name>', `image with its exact version (default: ${DEFAULT_IMAGE})`],
  ['--distribution <name>', `${Object.keys(distributions).join(', ')}: where the files are (default: kubeadm)`],
  ['--in-cluster', 'rbac: for the ServiceAccount of the DaemonSet'],
  ['--first-node', 'pod: for the node that runs kubeadm init, version 1.29 to 1.35'],
] as const

/** Adds these options. --help shows them, and not those of announce, which the command has as well. */
export function withManifestOptions(command: Command): Command {
  for (const option of command.options) option.hideHelp()
  for (const [flag, text] of flags) command.addOption(new Option(flag, text).helpGroup('Options:'))
  const list = Object.entries(kinds).map(([kind, text]) => `  ${kind.padEnd(23)}${text}`)
  return command
    .addOption(new Option('--taint').hideHelp()) // kube-vip's
    .usage('<kind> [options]')
    .addHelpText(
      'afterAll',
      `\nKinds:\n${list.join('\n')}\n\nThe other options are those of announce, which softspoken announce --help shows.`,
    )
}

/** @throws UsageError. A word that does not look like a kind is not shown: it may be a secret. */
export function kindOf(word: string): Kind {
  if (Object.hasOwn(kinds, word)) return word as Kind // hasOwn() has checked it
  const names = Object.keys(kinds)
  const near = /^[a-z-]{1,24}$/i.test(word) ? nearest(word, names) : undefined
  if (near !== undefined) throw new UsageError(`manifest ${word}: no such kind, did you mean ${near}?`)
  throw new UsageError(`manifest: a kind comes first: ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`)
}

/** @throws UsageError */
export function manifestOptions(kind: Kind, command: Command): ManifestOptions {
  const {
    image = DEFAULT_IMAGE,
    distribution = 'kubeadm',
    inCluster = false,
    firstNode = false,
    taint = false,
  } = command.opts<Partial<Record<string, string | boolean>>>()
  const options = {
    ...{ kind, image: exactImage(String(image)), distribution: distributionOf(String(distribution)) },
    ...{ inCluster: inCluster === true, firstNode: firstNode === true, taint: taint === true },
  }
  if (options.firstNode && (kind !== 'pod' || options.distribution !== 'kubeadm'))
    throw new UsageError('--first-node: it is for manifest pod with kubeadm only')
  if (options.inCluster && kind !== 'rbac' && kind !== 'daemonset')
    throw new UsageError('--in-cluster: not allowed here, a ServiceAccount is for a DaemonSet and for rbac only')
  return options
}

/** The same Pod must run the same program on every node, and after every restart. */
function exactImage(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1)
  const [, tag, digest] = /^[\w.-]+(?::([\w.-]+))?(?:@(sha256:[\da-f]{64}))?$/.exec(name) ?? []
  if (!/^[\w./:-]*$/.test(image.slice(0, -name.length)) || (digest ?? tag ?? 'latest') === 'latest')
    throw notAllowed('--image', image, 'a name with an exact version or a digest, and not latest')
  return image
}

function distributionOf(name: string): DistributionName {
  if (!Object.hasOwn(distributions, name))
    throw notAllowed('--distribution', name, Object.keys(distributions).join(', '))
  return name as DistributionName // hasOwn() has checked it
}
