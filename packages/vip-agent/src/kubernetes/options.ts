/** The options of a Lease in Kubernetes, and their checks. */
import { type Clock, type Logger, realTime } from '@softspoken/session'
import {
  assertPath,
  assertRange,
  assertString,
  canonicalAddress,
  checkEnvironment,
  guardLog,
  rejectUnknown,
} from '@softspoken/session/internal'
import { OptionError } from '@softspoken/wire'
import { hiddenValue } from '@softspoken/wire/internal'
import type { LeaseName } from './lease-object.ts'
import { hostOf, isAddress, serverUrl } from './values.ts'

/** Options of `kubernetesLease()`. */
export interface KubernetesLeaseOptions {
  /** `<namespace>/<name>` of the Lease. Default: `kube-system/plndr-cp-lock`, the Lease of kube-vip. */
  lease?: string
  /**
   * Path of a kubeconfig with a client certificate, a token, a token file, an `exec` command, or a user and a password.
   * Default: the service account of the Pod. The files are read again when they change, and after a 401 or an error of TLS.
   */
  kubeconfig?: string
  /** The context of the kubeconfig. Default: its current-context. */
  context?: string
  /**
   * URL of this node's own API server, such as `https://127.0.0.1:6443`. Default: as the kubeconfig or the Pod has it.
   * On a loopback address its certificate may be for the name `kubernetes`, because kubeadm's have no 127.0.0.1.
   */
  server?: string
  /** URLs of other nodes' API servers. Only `release()` uses them, if this node's own does not answer: it may be ending, too. */
  releaseServers?: readonly string[]
  /** The VIPs of the agent. An API server at one of them is refused, because they need the election first. */
  vips?: readonly string[]
  /** Seconds for one request, 0.1 to 60; less than half of the election's `renewDeadline`. Default: 4.5. */
  requestTimeout?: number
  /** Default: no log. */
  log?: Logger
  /** Default: the clock and the timers of the system. */
  clock?: Clock
}

export interface KubernetesLeaseConfig {
  readonly lease: LeaseName
  readonly kubeconfig: string | undefined
  readonly context: string | undefined
  readonly server: string | undefined
  readonly releaseServers: readonly string[]
  /** Canonical addresses. */
  readonly vips: readonly string[]
  /** Milliseconds. */
  readonly requestTimeout: number
  readonly log: Logger | undefined
  readonly clock: Clock
}

const names = Object.keys({
  lease: 0,
  kubeconfig: 0,
  context: 0,
  server: 0,
  releaseServers: 0,
  vips: 0,
  requestTimeout: 0,
  log: 0,
  clock: 0,
} satisfies Record<keyof KubernetesLeaseOptions, 0>)

/** @throws OptionError */
export function configure(options: KubernetesLeaseOptions): KubernetesLeaseConfig {
  rejectUnknown(options, names, '')
  checkEnvironment(options)
  const { kubeconfig, context, server, requestTimeout = 4.5, log, clock = realTime } = options
  if (kubeconfig !== undefined) assertPath(kubeconfig, 'kubeconfig')
  if (context !== undefined) assertString(context, 'context')
  if (context !== undefined && kubeconfig === undefined)
    throw new OptionError('context', context, 'left out without kubeconfig')
  const vips = list(options.vips, 'vips').map(vip => canonicalAddress(vip.replace(/\/\d+$/, '')))
  return {
    lease: leaseName(options.lease ?? 'kube-system/plndr-cp-lock'),
    kubeconfig,
    context,
    server: server === undefined ? undefined : checkServer(server, 'server', vips),
    releaseServers: list(options.releaseServers, 'releaseServers').map((server, i) =>
      checkServer(server, `releaseServers[${i}]`, vips),
    ),
    vips,
    requestTimeout: assertRange(requestTimeout, 0.1, 60, 'requestTimeout', ' seconds') * 1000,
    log: log && guardLog(log),
    clock,
  }
}

/** Names of Kubernetes: a label of DNS for the namespace, labels with dots for the Lease (RFC 1123). @throws OptionError */
export function leaseName(text: string): LeaseName {
  const label = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?'
  assertString(text, 'lease', 'kube-system/plndr-cp-lock')
  const [namespace = '', name = ''] = text.split('/', 2)
  if (!new RegExp(`^${label}/${label}(\\.${label})*$`).test(text) || name.length > 253)
    throw new OptionError('lease', text, "'<namespace>/<name>' such as 'kube-system/plndr-cp-lock'")
  return { namespace, name }
}

function checkServer(text: string, option: string, vips: readonly string[]): string {
  const allowed = 'a URL such as https://127.0.0.1:6443, with https and without user, password and query'
  const server = serverUrl(assertString(text, option, 'https://127.0.0.1:6443'))
  if (server === undefined) throw hiddenValue(option, 'this value', allowed)
  if (isVip(server, vips))
    throw new OptionError(option, text, 'the address of a node, because a VIP needs the election first')
  return server
}

/** `vips`: canonical addresses. */
export function isVip(server: string, vips: readonly string[]): boolean {
  const host = hostOf(server)
  return isAddress(host) && vips.includes(canonicalAddress(host))
}

function list(given: readonly string[] = [], option: string): readonly string[] {
  if (!Array.isArray(given)) throw new OptionError(option, given, 'a list')
  for (const [i, item] of given.entries()) assertString(item, `${option}[${i}]`)
  return given
}
