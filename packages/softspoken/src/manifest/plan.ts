/** What a manifest runs: the options of announce, completed for its kind, as arguments of the command. */
import { isDeepStrictEqual } from 'node:util'
import { omitUndefined } from '@softspoken/session/internal'
import { usesBgp } from '../config/bgp.ts'
import { asksApiServer, electionOf, withHealth } from '../config/election-options.ts'
import type { Flags } from '../config/flags.ts'
import { type OptionName, type OptionRow, optionTable, type ProgramOptions } from '../config/options.ts'
import { checkOptions } from '../config/rehearsal.ts'
import { readSources } from '../config/sources.ts'
import { UsageError } from '../config/usage-error.ts'
import { validate } from '../config/validate.ts'
import type { GivenValues } from '../config/values.ts'
import { distributions, OWN_KUBECONFIG } from './distributions.ts'
import type { ManifestOptions } from './manifest-options.ts'
import { hasOwnFolder } from './mounts.ts'

/** Kubernetes replaces it by the variable of this name. */
const NODE_NAME = '$(NODE_NAME)'
const ANY_NODE = 'node' // for the checks
export const STATE_FOLDER = '/state'

/** `--med=7`, and why it is there if the manifest has it of its own. */
interface Argument {
  readonly text: string
  readonly reason?: string
  /** It ends with `NODE_NAME`. */
  readonly ofNode?: true
}

/** The user's name of one of kube-vip's variables. */
export type NameOf = (variable: string) => string

export interface Plan {
  readonly options: ProgramOptions
  /** Of the command announce. */
  readonly args: readonly Argument[]
  /** What the program reads on the node. */
  readonly files: readonly string[]
  readonly asksApiServer: boolean
  /** That of the node itself, so the node is one of the control plane. */
  readonly ownApiServer: boolean
  /** The rights that the program needs; with any of them it is root. */
  readonly capabilities: readonly ('NET_ADMIN' | 'NET_RAW')[]
  readonly warnings: readonly string[]
}

/** This host's state directory and files decide nothing. @throws UsageError; RetryableError for a file that cannot be read. */
export async function planOf(
  flags: Flags,
  env: NodeJS.ProcessEnv,
  manifest: ManifestOptions,
  nameOf: NameOf,
): Promise<Plan> {
  const { given, inFile, file, missing, warnings } = await readSources(
    flags,
    { ...env, STATE_DIRECTORY: undefined },
    { exists: () => false, nameOf },
  )
  refuse(given, inFile, file, manifest)
  const isBgp = usesBgp(given, given.arp?.value)
  const first: GivenValues = { ...(isBgp && own('routerId', 'auto')), ...routersAsFlags(given, inFile) }
  const options = withHealth(validate(first, missing))
  const added = additions(options, manifest)
  const all: GivenValues = { ...added, ...first }
  const complete = withHealth(validate(all, missing))
  const checked = await checkOptions({ nodeName: ANY_NODE, ...complete }, all, usesServiceAccount(complete, manifest))
  if (manifest.firstNode && complete.kubeconfig !== distributions.kubeadm.kubeconfig)
    throw new UsageError(`--first-node: leave it out, because the Pod does not use ${distributions.kubeadm.kubeconfig}`)
  const args = optionTable
    .filter(({ name }) => all[name] !== undefined && !inFile.has(name))
    .flatMap(row => argumentsOf(row, complete[row.name], all[row.name] === added[row.name]))
  return {
    options: complete,
    args: [...(file === undefined ? [] : [{ text: `--config=${file}` }]), ...args],
    files: [...(file === undefined ? [] : [file]), ...filesOf(complete)],
    asksApiServer: asksApiServer(complete),
    ownApiServer: asksApiServer(complete) && /^https:\/\/(127\.|\[::1\]|localhost\b)/.test(complete.apiServer ?? ''),
    capabilities: [
      ...(complete.address === 'none' ? [] : (['NET_ADMIN'] as const)), // the VIP
      ...(complete.arp ? (['NET_RAW'] as const) : []), // frames
    ],
    warnings: [...warnings, ...checked, ...sameRouterId(given, inFile)],
  }
}

function own(name: OptionName, value: unknown): GivenValues {
  return { [name]: { value, from: name } }
}

/** Options that a manifest of this kind has by itself, unless they are given. */
function additions(options: ProgramOptions, manifest: ManifestOptions): GivenValues {
  if (manifest.kind === 'systemd') return {}
  const withCheck = options.health === undefined ? { ...options, health: 'kubernetes' } : options // it fails closed
  const { kubeconfig, apiServer } = distributions[manifest.distribution]
  const named = electionOf(options) !== undefined || options.routerId === 'auto'
  return {
    ...(options.health === undefined && own('health', 'kubernetes')),
    ...(named && own('nodeName', ANY_NODE)),
    ...(asksApiServer(withCheck) && {
      ...(!usesServiceAccount(withCheck, manifest) &&
        own('kubeconfig', options.address === 'none' ? OWN_KUBECONFIG : kubeconfig)),
      ...own('apiServer', apiServer),
    }),
    ...(electionOf(options) === 'kubernetes' && own('drainOnCordon', true)),
    ...(usesBgp(options) && own('stateDirectory', STATE_FOLDER)),
    ...own('http', '127.0.0.1:9179'),
  }
}

export function usesServiceAccount({ kubeconfig }: ProgramOptions, { kind }: ManifestOptions): boolean {
  return kind === 'daemonset' && kubeconfig === undefined
}

/** What cannot be in a manifest, or would be wrong on all nodes but one. */
function refuse(
  given: GivenValues,
  inFile: ReadonlySet<OptionName>,
  file: string | undefined,
  { kind, distribution }: ManifestOptions,
): void {
  const fail = (name: OptionName, why: string) => {
    throw new UsageError(`${given[name]?.from}: ${why}`)
  }
  if (file !== undefined && !file.startsWith('/'))
    throw new UsageError('--config: give the absolute path that the file has on the nodes')
  const secret = optionTable.find(({ name, secret }) => secret && given[name] && !inFile.has(name))
  if (secret) fail(secret.name, 'a manifest would show it; put it into a file on each node, and give tcpMd5KeyFile')
  if ([given.health?.value].flat().some(check => /^http.*[@?]/.test(String(check))) && !inFile.has('health'))
    fail('health', 'a manifest would show its user, password or query; give it in a file, with --config')
  if (kind === 'systemd') return
  if (given.nodeName) fail('nodeName', 'leave it out; the Pod takes the name of its node')
  if (given.leaseDirectory) fail('leaseDirectory', 'it is for processes of one machine; Pods elect with a Lease')
  if (given.stateDirectory) fail('stateDirectory', `leave it out; the Pod has ${STATE_FOLDER} for it`)
  if (given.disabledBy && !hasOwnFolder(String(given.disabledBy.value)))
    fail('disabledBy', 'give it a folder of its own, which the Pod has, too, such as /var/lib/softspoken/drained')
  const adminOnly = distributions[distribution].kubeconfig
  if (given.address?.value === 'none' && given.kubeconfig?.value === adminOnly)
    fail(
      'kubeconfig',
      `only root can read ${adminOnly}, and with address none the Pod is not root; give ${OWN_KUBECONFIG}`,
    )
}

/** kube-vip's list of routers as flags, which name several only if all but the address is the same. */
function routersAsFlags(given: GivenValues, inFile: ReadonlySet<OptionName>): GivenValues {
  const { peers, ...others } = given
  if (peers === undefined || inFile.has('peers')) return given
  const routers = peers.value as NonNullable<ProgramOptions['peers']> // readPeers() has made it
  const [{ address: _, ...first }] = routers as [(typeof routers)[number]] // readPeers() refuses an empty list
  const fail = (why: string) =>
    new UsageError(`${peers.from}: ${why} in a file on each node, and give it with --config`)
  if (routers.some(({ tcpMd5Key }) => tcpMd5Key !== undefined))
    throw fail('the third field is a password, which a manifest would show; put the routers')
  if (routers.some(({ address: _, ...rest }) => !isDeepStrictEqual(rest, first)))
    throw fail('flags cannot name routers with different options; put them')
  const { as, port, multihop } = first
  const values = { peer: routers.map(({ address }) => address), peerAs: as, ...omitUndefined({ port, multihop }) }
  return {
    ...others,
    ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, from: peers.from }])),
  }
}

/** A router may refuse two nodes with one BGP Identifier (RFC 6286 §2.1). What is in a file is not in the manifest. */
function sameRouterId({ routerId }: GivenValues, inFile: ReadonlySet<OptionName>): readonly string[] {
  if (routerId === undefined || routerId.value === 'auto' || inFile.has('routerId')) return []
  return [`${routerId.from}: each node needs one of its own, so leave it out if several nodes use this manifest`]
}

const reasons: Partial<Record<OptionName, string>> = {
  routerId: "from the node's name: the address that Kubernetes has may be the VIP",
  apiServer: "the node's own, because the VIP needs this program first",
  stateDirectory: 'a crash loop dials as rarely as one process would',
  drainOnCordon: 'with ARP and one control plane node leave it out: a cordon takes the VIP away for 21 s',
  http: 'clients that use a host name, such as Prometheus, need --http-host',
}

function argumentsOf(row: OptionRow, value: unknown, ours: boolean): readonly Argument[] {
  const { name, flag, kind } = row
  if (ours && name === 'nodeName') return [{ text: `${flag}=${NODE_NAME}`, ofNode: true }]
  const reason = ours || value === 'auto' ? reasons[name] : undefined
  const isMap = kind === 'map' && value !== false
  const parts = isMap ? Object.entries(value ?? {}).map(entry => entry.join('=')) : [value].flat()
  return parts.map(part => ({ text: `${flag}=${part}`, ...(reason !== undefined && { reason }) }))
}

function filesOf(options: ProgramOptions): readonly string[] {
  const { kubeconfig, healthCa, healthCert, healthKey, tcpMd5KeyFile, peers = [] } = options
  const all = [kubeconfig, healthCa, healthCert, healthKey, tcpMd5KeyFile, ...peers.map(peer => peer.tcpMd5KeyFile)]
  const files = new Set(all.filter(file => file !== undefined))
  for (const file of files)
    if (!file.startsWith('/')) throw new UsageError(`${file}: give the absolute path that the file has on the nodes`)
  return [...files]
}
