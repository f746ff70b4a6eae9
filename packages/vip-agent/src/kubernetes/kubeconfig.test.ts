/** Every mistake in a kubeconfig is one sentence with file and field, and without any value of the file. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tlsFile } from '@softspoken/test-support/fake-lease-server'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { LeaseStoreError } from '../election/lease-store.ts'
import type { Access } from './access.ts'
import { readKubeconfig } from './kubeconfig.ts'
import { readServiceAccount } from './service-account.ts'
import { WatchedFiles } from './watched-files.ts'

const [ca, cert, key] = ['ca.pem', 'client.pem', 'client-key.pem'].map(name => readFileSync(tlsFile(name))) as [
  Buffer,
  Buffer,
  Buffer,
]
const base64 = (octets: Buffer | string) => Buffer.from(octets).toString('base64')

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
  file = join(folder, 'config')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A kubeconfig with this cluster and user; undefined removes a field. */
function config({ cluster = {}, user = {}, ...top }: Record<string, object | undefined | string> = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'main',
    contexts: [{ name: 'main', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://192.0.2.1:6443', ...(cluster as object) } }],
    users: [{ name: 'u', user: user === '' ? {} : { token: 'tok', ...(user as object) } }],
    ...top,
  }
}
function read(content: object | string, context?: string): Promise<Access> {
  writeFileSync(file, typeof content === 'string' ? content : stringify(content))
  return readKubeconfig(file, context, new WatchedFiles())
}
/** The detail, without the file that it begins with. */
async function mistake(content: object | string, context?: string): Promise<string> {
  const error = await read(content, context).then(
    () => new Error('it was accepted'),
    error => error,
  )
  expect(error).toBeInstanceOf(LeaseStoreError)
  expect(error).toMatchObject({ reason: 'credentials' })
  expect(error.detail).toContain(file)
  return error.detail.slice(file.length).replace(/^: /, '')
}

describe('what is read', () => {
  test('the cluster and the user of the current context', async () => {
    expect(await read(config())).toEqual({
      server: 'https://192.0.2.1:6443',
      insecure: false,
      authorization: 'Bearer tok',
    })
  })

  test('another context', async () => {
    const contexts = [{ name: 'other', context: { cluster: 'c', user: 'v' } }]
    const users = [{ name: 'v', user: { username: 'name', password: 'pass' } }]
    expect(await read({ ...config(), contexts, users, 'current-context': '' }, 'other')).toMatchObject({
      authorization: `Basic ${base64('name:pass')}`,
    })
  })

  test('data in base64, before the files', async () => {
    const access = await read(
      config({
        cluster: {
          'certificate-authority-data': base64(ca),
          'certificate-authority': '/missing',
          'tls-server-name': 'kubernetes',
        },
        user: {
          'client-certificate-data': base64(cert),
          'client-certificate': '/missing',
          'client-key-data': base64(key),
          token: '',
        },
      }),
    )
    expect(access).toEqual({
      server: 'https://192.0.2.1:6443',
      insecure: false,
      ca,
      serverName: 'kubernetes',
      certificate: { cert, key },
    })
  })

  test('files, relative to the kubeconfig', async () => {
    mkdirSync(join(folder, 'pki'))
    for (const [name, octets] of Object.entries({ 'ca.pem': ca, 'c.pem': cert, 'k.pem': key }))
      writeFileSync(join(folder, 'pki', name), octets)
    const access = await read(
      config({
        cluster: { 'certificate-authority': 'pki/ca.pem' },
        user: { token: '', 'client-certificate': 'pki/c.pem', 'client-key': './pki/k.pem' },
      }),
    )
    expect(access).toMatchObject({ ca, certificate: { cert, key } })
  })

  test.each([
    ['certificate', Buffer.concat([cert, key])],
    ['key', Buffer.concat([key, cert])],
  ])('one file with certificate and key, the %s first, as kubelet has it', async (_, both) => {
    writeFileSync(join(folder, 'both.pem'), both)
    const access = await read(
      config({ user: { token: '', 'client-certificate': 'both.pem', 'client-key': 'both.pem' } }),
    )
    expect(access.certificate).toEqual({ cert: both, key: both })
  })

  test.each([
    ['empty impersonation', { as: '', 'as-uid': null, 'as-groups': [], 'as-user-extra': {} }],
    ['an empty auth-provider', { 'auth-provider': {} }],
  ])('%s, which some programs write', async (_, user) => {
    expect(await read(config({ user }))).toMatchObject({ authorization: 'Bearer tok' })
  })

  test('maps that are named and merged', async () => {
    const text = stringify(config({ user: {} })).replace('token: tok', '<<: *login')
    expect(await read(`extra:\n  login: &login { token: merged }\n${text}`)).toMatchObject({
      authorization: 'Bearer merged',
    })
  })

  test('a token file before a token, without its line end', async () => {
    writeFileSync(join(folder, 'token'), 'new\n')
    expect(await read(config({ user: { tokenFile: 'token', token: 'old' } }))).toMatchObject({
      authorization: 'Bearer new',
    })
  })

  test('a URL with a path, and a server that is not verified', async () => {
    const cluster = { server: 'https://[2001:db8::1]/k8s/c-1/', 'insecure-skip-tls-verify': true }
    expect(await read(config({ cluster }))).toMatchObject({ server: 'https://[2001:db8::1]/k8s/c-1', insecure: true })
  })

  test('an exec command with its arguments, environment and cluster', async () => {
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: './bin/login',
      args: ['a', 'b c'],
      env: [{ name: 'A', value: '1' }, { name: 'B' }],
      provideClusterInfo: true,
      interactiveMode: 'IfAvailable',
    }
    const cluster = { 'certificate-authority-data': base64(ca), 'tls-server-name': 'kubernetes' }
    const access = await read(config({ cluster, user: { token: '', exec } }))
    expect(access.exec).toEqual({
      from: `${file}: users[0].user.exec`,
      apiVersion: 'client.authentication.k8s.io/v1',
      command: join(folder, 'bin/login'),
      args: ['a', 'b c'],
      env: { A: '1', B: '' },
      spec: {
        interactive: false,
        cluster: {
          server: 'https://192.0.2.1:6443',
          'certificate-authority-data': base64(ca),
          'tls-server-name': 'kubernetes',
        },
      },
    })
  })

  test('a command without a slash is left to PATH', async () => {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1beta1', command: 'login' }
    const access = await read(config({ cluster: { 'insecure-skip-tls-verify': true }, user: { exec } }))
    expect(access.exec).toMatchObject({ command: 'login', args: [], env: {}, spec: { interactive: false } })
  })
})

describe('mistakes', () => {
  const withCert = { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) }
  const v1 = 'client.authentication.k8s.io/v1'
  const exec = (fields: object) => config({ user: { exec: { apiVersion: v1, command: 'x', ...fields } } })

  test.each<[string, object | string]>([
    ['it must be a kubeconfig in YAML', 'a: *missing'],
    [', line 2: it must be a kubeconfig in YAML', 'a: 1\nb: "'],
    [', line 2: it has a name twice in one map', 'a: 1\na: 2'],
    [' must be a kubeconfig: a map with contexts, clusters and users', '[]'],
    [' must be a kubeconfig: a map with contexts, clusters and users', ''],
    ['current-context must be the name of a context', config({ 'current-context': '' })],
    ['current-context must be a string; write it in quotes', { ...config(), 'current-context': 5 }],
    ['current-context names a context that is not in contexts, which has 1', config({ 'current-context': 'x' })],
    ['contexts must be a list', config({ contexts: {} })],
    ['contexts[0] must be a map', config({ contexts: ['main'] })],
    ['contexts[0].context must be a map', config({ contexts: [{ name: 'main' }] })],
    [
      'contexts[0].context.cluster must be the name of a cluster',
      config({ contexts: [{ name: 'main', context: {} }] }),
    ],
    [
      'contexts[0].context.user must be the name of a user',
      config({ contexts: [{ name: 'main', context: { cluster: 'c' } }] }),
    ],
    ['contexts[0].context.cluster names a cluster that is not in clusters, which has 0', config({ clusters: [] })],
    ['contexts[0].context.user names a user that is not in users, which has 0', config({ users: [] })],
    ['clusters[0].cluster.server must be a URL such as https://', config({ cluster: { server: '' } })],
    ['clusters[0].cluster.server must be a URL', config({ cluster: { server: 'http://192.0.2.1' } })],
    ['clusters[0].cluster.server must be a URL', config({ cluster: { server: 'https://user:secret@192.0.2.1' } })],
    ['clusters[0].cluster.server must be a URL', config({ cluster: { server: 'https://192.0.2.1/?token=secret' } })],
    ['clusters[0].cluster.server must be a URL', config({ cluster: { server: '192.0.2.1:6443' } })],
    [
      'clusters[0].cluster.proxy-url must be left out: the VIP agent talks to the API server of its own node without a proxy',
      config({ cluster: { 'proxy-url': 'http://proxy' } }),
    ],
    [
      'clusters[0].cluster.certificate-authority cannot be read: ENOENT',
      config({ cluster: { 'certificate-authority': 'x' } }),
    ],
    [
      'clusters[0].cluster.certificate-authority must be a path; PEM itself belongs in certificate-authority-data, in base64',
      config({ cluster: { 'certificate-authority': String(ca) } }),
    ],
    [
      'clusters[0].cluster.certificate-authority-data must be PEM in base64',
      config({ cluster: { 'certificate-authority-data': String(ca) } }),
    ],
    [
      'clusters[0].cluster.certificate-authority-data must be certificates in PEM, each of them whole',
      config({ cluster: { 'certificate-authority-data': base64(`${ca}${String(ca).slice(0, 300)}`) } }),
    ],
    [
      'clusters[0].cluster.insecure-skip-tls-verify must be left out beside certificate-authority',
      config({ cluster: { 'certificate-authority-data': base64(ca), 'insecure-skip-tls-verify': true } }),
    ],
    [
      'clusters[0].cluster.insecure-skip-tls-verify must be true or false',
      config({ cluster: { 'insecure-skip-tls-verify': 'yes' } }),
    ],
    ['users[0].user must be a user with client-certificate and client-key, token', config({ user: '' })],
    ['users[0].user.token must be a string; write it in quotes', config({ user: { token: 12345 } })],
    ['users[0].user.token must be one token, without spaces', config({ user: { token: 'a b' } })],
    ['users[0].user.tokenFile cannot be read: ENOENT', config({ user: { tokenFile: 'eyJhbGciOiJSUzI1NiJ9' } })],
    ['it must have at most 100 levels and 50000 tokens of YAML', '['.repeat(500_000)],
    ['it must have at most 100 levels and 50000 tokens of YAML', '? '.repeat(20_000)],
    ['it must have at most 100 levels and 50000 tokens of YAML', `[${','.repeat(300_000)}`],
    ['users[0].user.tokenFile must be a regular file of at most 1 MiB', config({ user: { tokenFile: '/dev/zero' } })],
    ['users[0].user.tokenFile must be a file with one token on one line', config({ user: { tokenFile: 'config' } })],
    ['users[0].user.password must be given, because', config({ user: { token: '', username: 'x' } })],
    ['users[0].user.username must be a name without a colon', config({ user: { token: '', password: 'x' } })],
    ['users[0].user.client-key must be given, because', config({ user: { ...withCert, 'client-key-data': '' } })],
    [
      'users[0].user.client-certificate must be given',
      config({ user: { ...withCert, 'client-certificate-data': '' } }),
    ],
    [
      'users[0].user.client-certificate-data must be a certificate in PEM',
      config({ user: { ...withCert, 'client-certificate-data': base64('secret') } }),
    ],
    [
      'users[0].user.client-key-data must be the key of the client certificate, in PEM, without a passphrase',
      config({ user: { ...withCert, 'client-key-data': base64(readFileSync(tlsFile('server-key.pem'))) } }),
    ],
    [
      'users[0].user.client-key-data must be the key',
      config({ user: { ...withCert, 'client-key-data': base64('x') } }),
    ],
    ['users[0].user.as must be left out: the VIP agent acts as the user itself', config({ user: { as: 'admin' } })],
    ['users[0].user.as-groups must be left out', config({ user: { 'as-groups': ['x'] } })],
    ['users[0].user.auth-provider must be left out', config({ user: { 'auth-provider': { name: 'gcp' } } })],
    ['users[0].user.exec must be a map', config({ user: { exec: 'command' } })],
    ['users[0].user.exec.apiVersion must be client.authentication.k8s.io/v1 or', exec({ apiVersion: 'v1alpha1' })],
    ['users[0].user.exec.command must be the name or the path of a command', exec({ command: '' })],
    ['users[0].user.exec.args must be a list', exec({ args: 'x' })],
    ['users[0].user.exec.args[0] must be a string; write it in quotes', exec({ args: [1] })],
    ['users[0].user.exec.env[0] must be a map', exec({ env: ['A=1'] })],
    ['users[0].user.exec.env[0].name must be a name', exec({ env: [{ value: 'x' }] })],
    ['users[0].user.exec.interactiveMode must be Never or IfAvailable', exec({ interactiveMode: 'Always' })],
    ['users[0].user.exec.provideClusterInfo must be true or false', exec({ provideClusterInfo: 1 })],
  ])('%s', async (text, content) => {
    expect((await mistake(content)).slice(0, text.length)).toBe(text)
  })

  test('text that is not UTF-8', async () => {
    writeFileSync(file, Buffer.from([0x61, 0x3a, 0xff]))
    await expect(readKubeconfig(file, undefined, new WatchedFiles())).rejects.toMatchObject({
      detail: `${file}: it must be a kubeconfig in YAML`,
    })
  })

  test('the option context names no context', async () => {
    expect(await mistake(config(), 'x')).toBe('the option context names a context that is not in contexts, which has 1')
  })

  test('a directory, and a link to nothing', async () => {
    await expect(readKubeconfig(folder, undefined, new WatchedFiles())).rejects.toMatchObject({
      detail: `${folder} must be a regular file of at most 1 MiB`,
    })
    symlinkSync('/missing', file)
    await expect(readKubeconfig(file, undefined, new WatchedFiles())).rejects.toMatchObject({
      detail: `${file} cannot be read: ENOENT`,
    })
  })

  test('no sentence shows a value, whichever field has a secret', async () => {
    const secret = 'S3CR3T'
    const values = [secret, [secret], { [secret]: secret }, 12345, null, `-----BEGIN ${secret}`, `https://${secret}@h`]
    const full = config({
      cluster: {
        'certificate-authority': 'x',
        'certificate-authority-data': 'x',
        'tls-server-name': 'x',
        'proxy-url': '',
      },
      user: {
        ...{ tokenFile: '', username: '', password: '', as: '', 'auth-provider': '' },
        ...{ 'client-certificate': 'x', 'client-certificate-data': 'x', 'client-key': 'x', 'client-key-data': 'x' },
        exec: { apiVersion: v1, command: 'x', args: ['x'], env: [{ name: 'x', value: 'x' }], provideClusterInfo: true },
      },
    })
    for (const path of paths(full))
      for (const value of values) {
        const detail = await read(replaced(full, path, value) as object).then(
          () => '',
          (error: LeaseStoreError) => error.detail,
        )
        expect(detail).not.toContain(secret)
        expect(detail).not.toContain('12345')
      }
  }, 30_000) // on a busy machine
})

test('any YAML is a kubeconfig, or a mistake with one sentence', async () => {
  const word = fc.constantFrom(
    'clusters',
    'cluster',
    'server',
    'users',
    'user',
    'contexts',
    'context',
    'name',
    'main',
    'token',
  )
  const value = fc.letrec(tie => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.oneof(word, fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.double()),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(word, fc.string()), tie('tree'), { maxKeys: 4 }),
    ),
  })).tree
  const content = fc.oneof(
    value.map(tree => stringify(tree) ?? ''),
    fc.string({ unit: 'binary', maxLength: 200 }),
    value.map(tree => stringify({ ...config(), clusters: tree })),
    value.map(tree => stringify({ ...config(), users: [{ name: 'u', user: tree }] })),
    fc
      .array(fc.constantFrom('a: ', '&x ', '*x', '- ', '{', '}', '[', '!!', '\n', '  ', '"', '<<: ', '? ', '| ', '\t'))
      .map(parts => parts.join('')),
  )
  await fc.assert(
    fc.asyncProperty(content, async text => {
      const error = await read(text).then(
        () => undefined,
        error => error,
      )
      if (error !== undefined) {
        expect(error).toBeInstanceOf(LeaseStoreError)
        expect(error.detail).toMatch(/^[^\n]+$/)
      }
    }),
    { numRuns: Number(process.env.RUNS ?? 300) },
  )
}, 30_000) // on a busy machine

describe('readServiceAccount()', () => {
  const environment = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }
  const account = (variables: Record<string, string> = environment) =>
    readServiceAccount(variables, folder, new WatchedFiles())

  test('server, authority and token of a Pod', async () => {
    writeFileSync(join(folder, 'ca.crt'), ca)
    writeFileSync(join(folder, 'token'), 'tok')
    expect(await account()).toEqual({ server: 'https://10.96.0.1', insecure: false, ca, authorization: 'Bearer tok' })
    expect(await account({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' })).toMatchObject({
      server: 'https://[fd00::1]:6443',
    })
    expect(await account({ KUBERNETES_SERVICE_HOST: '10.96.0.1' })).toMatchObject({ server: 'https://10.96.0.1' })
  })

  test.each([
    {},
    { KUBERNETES_SERVICE_HOST: '' },
    { KUBERNETES_SERVICE_HOST: '', KUBERNETES_SERVICE_PORT: '443' },
    { KUBERNETES_SERVICE_HOST: 'a b' },
    { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: 'x' },
  ])('outside a Pod, the sentence names the variables and the option: %j', async variables => {
    await expect(account(variables)).rejects.toMatchObject({
      reason: 'credentials',
      detail: expect.stringMatching(/^KUBERNETES_SERVICE_HOST and .* set the option kubeconfig$/),
    })
  })

  test('files that are missing or wrong are named', async () => {
    await expect(account()).rejects.toMatchObject({ detail: `${folder}/ca.crt cannot be read: ENOENT` })
    writeFileSync(join(folder, 'ca.crt'), 'x')
    await expect(account()).rejects.toMatchObject({
      detail: expect.stringMatching(/ca.crt must be certificates in PEM/),
    })
    writeFileSync(join(folder, 'ca.crt'), ca)
    writeFileSync(join(folder, 'token'), '')
    await expect(account()).rejects.toMatchObject({
      detail: `${folder}/token must be a file with one token on one line`,
    })
  })
})

type Path = readonly (string | number)[]
function paths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [path, ...entries.flatMap(([name, inner]) => paths(inner, [...path, name]))]
}
function replaced(value: unknown, [first, ...rest]: Path, by: unknown): unknown {
  if (first === undefined) return by
  const inner = replaced(Reflect.get(value as object, first), rest, by)
  return Array.isArray(value) ? value.with(Number(first), inner) : { ...(value as object), [first]: inner }
}
