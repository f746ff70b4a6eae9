/** The Pod of a manifest. */
import { posix } from 'node:path'

import { stopTimeLimit } from '../config/stop-time.ts'
import { httpAddress } from '../http/address.ts'
import { FIRST_NODE_KUBECONFIG } from './distributions.ts'
import type { ManifestOptions } from './manifest-options.ts'
import { mountsOf } from './mounts.ts'
import { type Plan, STATE_FOLDER } from './plan.ts'
import { inline, note, noteAbove, yamlOf } from './yaml.ts'

export const NAMESPACE = 'kube-system'
export const LABELS = { 'app.kubernetes.io/name': 'softspoken' }
const LINE = 80 // columns, of 100, that are left for an argument and its comment
const USER = 65532 // of the image
const DISABLED_BY = {
  flag: '--disabled-by=',
  variable: 'SOFTSPOKEN_DISABLED_BY',
  reason: 'so that softspoken drain, run in the Pod, has it, too',
}

export function metadata(): object {
  return { name: 'softspoken', namespace: NAMESPACE, labels: inline(LABELS) }
}

/** A static Pod. `head`: a comment. */
export function staticPod(plan: Plan, manifest: ManifestOptions, head: string): string {
  const { hostNetwork, ...rest } = podSpec(plan, manifest, false)
  const noPriority =
    'No priority, no priorityClassName: a graceful shutdown of the node ends Pods without one first, ' +
    'while the API server of the node still answers and takes the release of the Lease.'
  const spec = { hostNetwork: noteAbove(hostNetwork, noPriority), ...rest }
  return yamlOf({ apiVersion: 'v1', kind: 'Pod', metadata: metadata(), spec }, head)
}

/** `account`: the Pod has a ServiceAccount. */
export function podSpec(plan: Plan, { image, firstNode }: ManifestOptions, account: boolean) {
  const { options, capabilities } = plan
  const hasState = options.stateDirectory !== undefined
  const grace = stopTimeLimit(options) + 1
  const { http = '' } = options // the plan has set it
  const env = [
    ...(plan.args.some(({ ofNode }) => ofNode)
      ? [{ name: 'NODE_NAME', valueFrom: inline({ fieldRef: { fieldPath: 'spec.nodeName' } }) }]
      : []),
    ...(options.disabledBy === undefined
      ? []
      : [{ name: DISABLED_BY.variable, value: note(literal(options.disabledBy), DISABLED_BY.reason) }]),
  ]
  const mounts = mountsOf(plan.files, options.disabledBy === undefined ? [] : [posix.dirname(options.disabledBy)])
  return {
    hostNetwork: true as unknown,
    ...(account ? { serviceAccountName: 'softspoken' } : { automountServiceAccountToken: false }),
    enableServiceLinks: note(false, 'variables of a Service could look like ours'),
    terminationGracePeriodSeconds: note(grace, `a stop takes ${grace - 1} s at most`),
    securityContext: securityContext(capabilities.length > 0),
    containers: [
      {
        name: 'softspoken',
        image,
        imagePullPolicy: note('IfNotPresent', 'it starts without a registry once the image is here'),
        args: ['announce', ...plan.args.filter(({ text }) => !text.startsWith(DISABLED_BY.flag)).map(argument)],
        ...(env.length > 0 && { env }),
        startupProbe: { httpGet: probe(http, '/healthz'), periodSeconds: 5, failureThreshold: 12 },
        livenessProbe: noteAbove(
          { httpGet: probe(http, '/healthz'), periodSeconds: 10, failureThreshold: 3 },
          'Whether the event loop runs, and on purpose nothing else.',
        ),
        readinessProbe: { httpGet: probe(http, '/readyz'), periodSeconds: 5 },
        resources: { requests: inline({ cpu: '10m', memory: '80Mi' }), limits: inline({ memory: '256Mi' }) },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: inline({ drop: ['ALL'], ...(capabilities.length > 0 && { add: capabilities }) }),
        },
        volumeMounts: [
          ...mounts.map(({ name, path, type }) =>
            inline({ name, mountPath: path, ...(type !== 'DirectoryOrCreate' && { readOnly: true }) }),
          ),
          ...(hasState ? [inline({ name: 'state', mountPath: STATE_FOLDER })] : []),
        ],
      },
    ],
    volumes: [
      ...mounts.map(({ name, path, type }) => {
        const onNode = firstNode && path === options.kubeconfig ? FIRST_NODE_KUBECONFIG : path
        return noteAbove(
          { name, hostPath: inline({ path: onNode, type }) },
          `${why[type]}${capabilities.length > 0 ? '' : readable}`,
        )
      }),
      ...(hasState ? [{ name: 'state', emptyDir: inline({}) }] : []),
    ],
  }
}

const why = {
  File: 'A renewed certificate is written into the same file, which is read again.',
  DirectoryOrCreate: 'For the file of disabledBy, which softspoken drain creates here or on the node.',
  Directory: 'The folder, because a file that is replaced by rename would be another file.',
}
const readable = `\nUser ${USER} must be able to read it.`

function argument({ text: plain, reason, ofNode }: Plan['args'][number]): unknown {
  const text = ofNode ? plain : literal(plain)
  if (reason === undefined) return text
  return text.length + reason.length > LINE ? noteAbove(text, reason) : note(text, reason)
}

/** Kubernetes would replace a variable in it. */
function literal(text: string): string {
  return text.replaceAll('$(', '$$$$(')
}

function securityContext(isRoot: boolean): object {
  const seccompProfile = inline({ type: 'RuntimeDefault' })
  if (!isRoot) return { runAsNonRoot: true, runAsUser: USER, runAsGroup: USER, seccompProfile }
  return {
    runAsUser: note(0, 'Kubernetes gives a capability in `add` to no other user'),
    runAsGroup: 0,
    seccompProfile,
  }
}

/** Without `host` the kubelet dials the address of the node, on which a page of the loopback does not listen. */
function probe(http: string, path: string): object {
  const { host, port } = httpAddress(http)
  const everywhere = host === '0.0.0.0' || host === '::'
  return inline({ ...(!everywhere && { host }), port, path })
}
