/**
 * Reads a kubeconfig. Its rules are those of kubectl: a `-data` field comes before its file, `tokenFile` before `token`, and
 * relative paths are relative to the kubeconfig. An error names the file and the field and never shows a value, because any
 * value may be a secret in the wrong place.
 */
import { dirname, resolve } from 'node:path'
import { parseYaml, YAML_LIMITS } from '../yaml.ts'
import { type Access, type ClientCertificate, credentialsError, type ExecPlugin } from './access.ts'
import { authorizationOf, certificatesIn, isKeyOf, serverUrl } from './values.ts'
import type { WatchedFiles } from './watched-files.ts'

/**
 * The cluster and the user of one context; `context` undefined: current-context.
 * @throws LeaseStoreError with reason `credentials`
 */
export async function readKubeconfig(file: string, context: string | undefined, files: WatchedFiles): Promise<Access> {
  const top = new Section(file, '', await parseFile(file, await files.read(file, file)))
  const named = context ?? top.text('current-context')
  if (named === undefined) throw top.wrong('current-context', 'the name of a context')
  const chosen = top.named(
    'contexts',
    named,
    'context',
    context === undefined ? 'current-context' : 'the option context',
  )
  const cluster = top.named(
    'clusters',
    chosen.needed('cluster', 'the name of a cluster'),
    'cluster',
    chosen.path('cluster'),
  )
  const user = top.named('users', chosen.needed('user', 'the name of a user'), 'user', chosen.path('user'))
  cluster.rejectGiven('proxy-url', 'the VIP agent talks to the API server of its own node without a proxy')
  for (const name of ['as', 'as-uid', 'as-groups', 'as-user-extra'])
    user.rejectGiven(name, 'the VIP agent acts as the user itself')
  user.rejectGiven('auth-provider', 'Kubernetes has no auth-provider since 1.26, use exec')
  const access = await clusterOf(cluster, files)
  return { ...access, ...(await userOf(user, access, files)) }
}

async function clusterOf(cluster: Section, files: WatchedFiles): Promise<Access> {
  const server = serverUrl(cluster.needed('server', 'a URL such as https://127.0.0.1:6443'))
  if (server === undefined)
    throw cluster.wrong(
      'server',
      'a URL such as https://127.0.0.1:6443, with https and without user, password and query',
    )
  const authority = await octets(cluster, 'certificate-authority', files)
  const ca = authority?.octets
  if (authority && certificatesIn(authority.octets) === undefined)
    throw cluster.wrong(authority.field, 'certificates in PEM, each of them whole')
  const insecure = cluster.flag('insecure-skip-tls-verify')
  if (insecure && ca !== undefined)
    throw cluster.wrong('insecure-skip-tls-verify', 'left out beside certificate-authority, which it would not use')
  const serverName = cluster.text('tls-server-name')
  return { server, insecure, ...(ca && { ca }), ...(serverName !== undefined && { serverName }) }
}

async function userOf(user: Section, cluster: Access, files: WatchedFiles): Promise<Partial<Access>> {
  const certificate = await certificateOf(user, files)
  const authorization = await authorizationOfUser(user, files)
  const exec = user.section('exec')
  if (exec === undefined && authorization === undefined && certificate === undefined)
    throw user.wrong(
      '',
      'a user with client-certificate and client-key, token, tokenFile, exec, or username and password',
    )
  return {
    ...(certificate && { certificate }),
    ...(authorization !== undefined && { authorization }),
    ...(exec && { exec: execOf(exec, cluster) }),
  }
}

async function certificateOf(user: Section, files: WatchedFiles): Promise<ClientCertificate | undefined> {
  const cert = await octets(user, 'client-certificate', files)
  const key = await octets(user, 'client-key', files)
  if (cert === undefined && key === undefined) return undefined
  const together = 'given, because client-certificate and client-key go together'
  if (cert === undefined) throw user.wrong('client-certificate', together)
  if (key === undefined) throw user.wrong('client-key', together)
  if (certificatesIn(cert.octets) === undefined) throw user.wrong(cert.field, 'a certificate in PEM')
  if (!isKeyOf(key.octets, cert.octets))
    throw user.wrong(key.field, 'the key of the client certificate, in PEM, without a passphrase')
  return { cert: cert.octets, key: key.octets }
}

async function authorizationOfUser(user: Section, files: WatchedFiles): Promise<string | undefined> {
  const file = user.text('tokenFile')
  if (file !== undefined) {
    const token = await files.read(user.relative(file), user.from('tokenFile'))
    return authorizationOf(token.toString()) ?? failed(user.wrong('tokenFile', 'a file with one token on one line'))
  }
  const token = user.text('token')
  if (token !== undefined)
    return authorizationOf(token) ?? failed(user.wrong('token', 'one token, without spaces or other characters'))
  const name = user.text('username')
  const password = user.text('password')
  if (name === undefined && password === undefined) return undefined
  if (name === undefined || name.includes(':')) throw user.wrong('username', 'a name without a colon, beside password')
  if (password === undefined) throw user.wrong('password', 'given, because username and password go together')
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

/** `field-data` in base64, or the file that `field` names; with the name of the one that is used. */
async function octets(
  section: Section,
  field: string,
  files: WatchedFiles,
): Promise<{ readonly field: string; readonly octets: Buffer } | undefined> {
  const data = section.text(`${field}-data`)
  if (data !== undefined) {
    if (!/^[A-Za-z0-9+/\s]+=*\s*$/.test(data)) throw section.wrong(`${field}-data`, 'PEM in base64')
    return { field: `${field}-data`, octets: Buffer.from(data, 'base64') }
  }
  const file = section.text(field)
  if (file === undefined) return undefined
  if (file.includes('-----BEGIN')) throw section.wrong(field, `a path; PEM itself belongs in ${field}-data, in base64`)
  return { field, octets: await files.read(section.relative(file), section.from(field)) }
}

const execVersions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']

function execOf(exec: Section, cluster: Access): ExecPlugin {
  const apiVersion = exec.text('apiVersion')
  if (apiVersion === undefined || !execVersions.includes(apiVersion))
    throw exec.wrong('apiVersion', execVersions.join(' or '))
  const command = exec.needed('command', 'the name or the path of a command')
  if (exec.text('interactiveMode') === 'Always')
    throw exec.wrong('interactiveMode', 'Never or IfAvailable, because the VIP agent has no terminal')
  const variables = exec.list('env').map(entry => [entry.needed('name', 'a name'), entry.text('value') ?? ''])
  return {
    from: exec.from(''),
    apiVersion,
    // As kubectl: a name is found by PATH, a path is relative to the kubeconfig.
    command: command.includes('/') ? exec.relative(command) : command,
    args: exec.texts('args'),
    env: Object.fromEntries(variables),
    spec: { interactive: false, ...(exec.flag('provideClusterInfo') && { cluster: clusterInfo(cluster) }) },
  }
}
function clusterInfo({ server, serverName, ca, insecure }: Access): object {
  return {
    server,
    ...(serverName !== undefined && { 'tls-server-name': serverName }),
    ...(ca && { 'certificate-authority-data': ca.toString('base64') }),
    ...(insecure && { 'insecure-skip-tls-verify': true }),
  }
}

/** A map of the file, and its place in it. */
class Section {
  readonly #file: string
  readonly #path: string
  readonly #content: ReadonlyMap<string, unknown>

  constructor(file: string, path: string, content: unknown) {
    this.#file = file
    this.#path = path
    if (typeof content !== 'object' || content === null || Array.isArray(content))
      throw this.wrong('', path === '' ? 'a kubeconfig: a map with contexts, clusters and users' : 'a map')
    this.#content = new Map(Object.entries(content))
  }

  path(name: string): string {
    return [this.#path, name].filter(part => part !== '').join('.')
  }
  from(name: string): string {
    const path = this.path(name)
    return path === '' ? this.#file : `${this.#file}: ${path}`
  }
  wrong(name: string, allowed: string): Error {
    return credentialsError(`${this.from(name)} must be ${allowed}`)
  }
  relative(path: string): string {
    return resolve(dirname(this.#file), path)
  }

  /** Kubernetes' own programs write an empty string for what is not set. */
  text(name: string): string | undefined {
    const value = this.#content.get(name) ?? ''
    if (typeof value !== 'string') throw this.wrong(name, 'a string; write it in quotes')
    return value === '' ? undefined : value
  }
  needed(name: string, allowed: string): string {
    return this.text(name) ?? failed(this.wrong(name, allowed))
  }
  flag(name: string): boolean {
    const value = this.#content.get(name) ?? false
    if (typeof value !== 'boolean') throw this.wrong(name, 'true or false')
    return value
  }
  section(name: string): Section | undefined {
    const value = this.#content.get(name) ?? undefined
    return value === undefined ? undefined : new Section(this.#file, this.path(name), value)
  }
  texts(name: string): string[] {
    return this.#items(name).map((value, i) =>
      typeof value === 'string' ? value : failed(this.wrong(`${name}[${i}]`, 'a string; write it in quotes')),
    )
  }
  list(name: string): Section[] {
    return this.#items(name).map((value, i) => new Section(this.#file, this.path(`${name}[${i}]`), value))
  }
  rejectGiven(name: string, why: string): void {
    const value = this.#content.get(name) ?? ''
    // Some programs write an empty list or map, too.
    const isEmpty = typeof value === 'object' ? Object.keys(value).length === 0 : value === ''
    if (!isEmpty) throw this.wrong(name, `left out: ${why}`)
  }

  /** The entry of a list with that name; `by` is where the name was given. */
  named(list: string, name: string, kind: string, by: string): Section {
    const entries = this.list(list)
    const entry = entries.find(entry => entry.text('name') === name)
    if (entry === undefined)
      throw credentialsError(`${this.#file}: ${by} names a ${kind} that is not in ${list}, which has ${entries.length}`)
    return entry.section(kind) ?? failed(entry.wrong(kind, 'a map'))
  }

  #items(name: string): readonly unknown[] {
    const value = this.#content.get(name) ?? []
    if (!Array.isArray(value)) throw this.wrong(name, 'a list')
    return value
  }
}

/** The parser quotes the text in its errors, so ours have only the line. */
async function parseFile(file: string, octets: Buffer): Promise<unknown> {
  let line = ''
  let what = 'must be a kubeconfig in YAML'
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(octets)
    const document = await parseYaml(text, { merge: true }) // kubectl merges maps with `<<`, too
    if (document === undefined) what = `must have ${YAML_LIMITS}`
    const [fault] = [...(document?.errors ?? []), ...(document?.warnings ?? [])]
    if (fault?.linePos !== undefined) line = `, line ${fault.linePos[0].line}`
    if (fault?.code === 'DUPLICATE_KEY') what = 'has a name twice in one map'
    if (document !== undefined && fault === undefined) return document.toJS()
  } catch {
    // Not UTF-8, or an alias without an anchor.
  }
  throw credentialsError(`${file}${line}: it ${what}`)
}

function failed(error: Error): never {
  throw error
}
