/**
 * Runs in the lab's container: gives each manifest that `softspoken manifest` prints to kube-apiserver, which checks it and
 * stores nothing. Prints an answer per object, as JSON.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { ApiServer } from './api.ts'
import { makeKeys } from './keys.ts'
import { type Command, commands, type Verdict } from './manifests.ts'
import { makeNetwork } from './network.ts'
import { until } from './until.ts'

interface KubernetesObject {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

const folder = mkdtempSync(join(tmpdir(), 'manifests-'))
makeNetwork()
const api = await ApiServer.start(makeKeys(join(folder, 'keys')), join(folder, 'api'))
try {
  // A Pod needs it; kube-controller-manager, which makes it, is not here.
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'kube-system' } }
  await until(async () => (await create(account, '')).status === 201, 120, 'the namespace kube-system')
  for (const command of commands) for (const object of objectsOf(command)) await report(command, object)
  const [first] = objectsOf(commands[0] ?? [])
  if (first)
    await report(['a field that is unknown'], {
      ...first,
      metadata: { ...first.metadata, labls: {} },
    } as KubernetesObject)
} finally {
  await api.stop()
}

/** What the bundle prints, as in the image. */
function objectsOf(command: Command): readonly KubernetesObject[] {
  const words = ['packages/softspoken/dist/softspoken.cjs', 'manifest', ...command]
  const text = execFileSync('node', words, { encoding: 'utf8' })
  if (command[0] !== 'kubeadm-control-plane') return parseAllDocuments(text).map(document => document.toJS())
  return [parse(parse(text).spec.kubeadmConfigSpec.files[0].content)] // Cluster API is not here; its Pod is checked
}

async function report(command: Command, object: KubernetesObject): Promise<void> {
  const { status, body } = await create(object, '?dryRun=All&fieldValidation=Strict')
  const { message } = body as { message?: string }
  const verdict: Verdict = { command: command.join(' '), kind: object.kind, status, ...(message && { message }) }
  console.log(JSON.stringify(verdict))
}

function create(object: KubernetesObject, query: string) {
  const { apiVersion, kind, metadata } = object
  const group = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`
  const namespace = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`
  return api.request('POST', `${group}${namespace}/${kind.toLowerCase()}s${query}`, object)
}
