/** Credentials that change while the store is in use: in place, by rename, behind links, half-written, expired. */
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@softspoken/session/testing'
import { FakeLeaseServer, tlsFile } from '@softspoken/test-support/fake-lease-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type KubernetesLease, kubernetesLease } from './kubernetes-lease.ts'
import type { KubernetesLeaseOptions } from './options.ts'

const { signal } = new AbortController()
const lines: [string, object, string][] = []
const log = Object.fromEntries(
  ['debug', 'info', 'warn', 'error'].map(level => [
    level,
    (fields: object, text: string) => lines.push([level, fields, text]),
  ]),
) as unknown as import('@softspoken/session').Logger

let server: FakeLeaseServer
let folder: string
beforeEach(async () => {
  server = await FakeLeaseServer.listening()
  folder = mkdtempSync(join(tmpdir(), 'credentials-'))
  lines.length = 0
})
afterEach(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

const again = 'the credentials for the API server have been read again'
const authorizations = () => server.requests.map(({ headers }) => headers.authorization)

/** Its time stands still, so that a request waits for a slow disk or command as long as it takes. */
function storeWith(options: KubernetesLeaseOptions): KubernetesLease {
  return kubernetesLease({ clock: new VirtualClock(), ...options })
}

/** A store whose token is in this file. */
function withToken(path = 'token'): KubernetesLease {
  for (const token of ['first', 'second']) server.tokens.add(token)
  return storeWith({ kubeconfig: server.kubeconfig(folder, { tokenFile: path }), log })
}

describe('a token file', () => {
  test('it is read again if it is written in place', async () => {
    writeFileSync(join(folder, 'token'), 'first')
    const store = withToken()
    await store.get(signal)
    writeFileSync(join(folder, 'token'), 'second')
    await store.get(signal)
    expect(authorizations()).toEqual(['Bearer first', 'Bearer second'])
    expect(lines).toEqual([['info', { server: server.url }, again]])
  })

  test('it is read again if another file is renamed to it', async () => {
    writeFileSync(join(folder, 'token'), 'first')
    const store = withToken()
    await store.get(signal)
    writeFileSync(join(folder, 'new'), 'second')
    renameSync(join(folder, 'new'), join(folder, 'token'))
    await store.get(signal)
    expect(authorizations()).toEqual(['Bearer first', 'Bearer second'])
  })

  test('it is read again if a link before it moves, as in a mounted Secret', async () => {
    for (const [version, token] of Object.entries({ v1: 'first', v2: 'second' })) {
      mkdirSync(join(folder, version))
      writeFileSync(join(folder, version, 'token'), token)
    }
    symlinkSync('v1', join(folder, '..data'))
    symlinkSync('..data/token', join(folder, 'token'))
    const store = withToken()
    await store.get(signal)
    symlinkSync('v2', join(folder, '..new'))
    renameSync(join(folder, '..new'), join(folder, '..data'))
    await store.get(signal)
    expect(authorizations()).toEqual(['Bearer first', 'Bearer second'])
  })

  test('while it is missing or empty, the last token is used, with one line in the log', async () => {
    writeFileSync(join(folder, 'token'), 'first')
    const store = withToken()
    await store.get(signal)
    unlinkSync(join(folder, 'token'))
    await store.get(signal)
    await store.get(signal)
    expect(lines.map(([level, , text]) => [level, text])).toEqual([
      ['warn', 'the credentials for the API server cannot be read again'],
    ])
    writeFileSync(join(folder, 'token'), '')
    await store.get(signal)
    writeFileSync(join(folder, 'token'), 'second')
    await store.get(signal)
    expect(authorizations()).toEqual([...Array(4).fill('Bearer first'), 'Bearer second'])
    expect(JSON.stringify(lines)).not.toMatch(/first|second/)
  })

  test('it is not read again if nothing has changed', async () => {
    writeFileSync(join(folder, 'token'), 'first')
    const store = withToken()
    for (let i = 0; i < 3; i++) await store.get(signal)
    expect(lines).toEqual([])
    expect(server.connections).toBe(1)
  })
})

describe('a client certificate', () => {
  const copy = (name: string, to: string) => copyFileSync(tlsFile(name), join(folder, to))

  test('it is used when it is complete, and not while only one of its files is new', async () => {
    server.tokens.add('tok')
    copy('server.pem', 'cert')
    copy('server-key.pem', 'key')
    const user = { 'client-certificate': 'cert', 'client-key': 'key', token: 'tok' }
    const store = storeWith({ kubeconfig: server.kubeconfig(folder, user), log })
    await store.get(signal)
    copy('client.pem', 'cert')
    await store.get(signal)
    expect(server.requests.at(-1)?.user).toBe('server')
    copy('client-key.pem', 'key')
    await store.get(signal)
    expect(server.requests.map(({ user }) => user)).toEqual(['server', 'server', 'client'])
  })

  test('one file with certificate and key is enough', async () => {
    writeFileSync(
      join(folder, 'both'),
      ['client.pem', 'client-key.pem'].map(name => readFileSync(tlsFile(name))).join('\n'),
    )
    const user = { 'client-certificate': 'both', 'client-key': 'both' }
    await storeWith({ kubeconfig: server.kubeconfig(folder, user) }).get(signal)
    expect(server.requests.at(-1)?.user).toBe('client')
  })

  test('an authority that is half-written is not used', async () => {
    const store = storeWith({ kubeconfig: server.kubeconfig(folder), log })
    await store.get(signal)
    const config = readFileSync(join(folder, 'kubeconfig'), 'utf8')
    writeFileSync(join(folder, 'ca'), readFileSync(tlsFile('ca.pem')).subarray(0, 300))
    writeFileSync(join(folder, 'kubeconfig'), config.replace(tlsFile('ca.pem'), 'ca'))
    await store.get(signal)
    expect(lines[0]?.[1]).toEqual({
      error: `${folder}/kubeconfig: clusters[0].cluster.certificate-authority must be certificates in PEM, each of them whole`,
    })
  })

  test('an authority of another server is the reason certificate until it is replaced', async () => {
    copy('client.pem', 'ca') // a certificate, but not of the authority
    const file = server.kubeconfig(folder)
    writeFileSync(file, readFileSync(file, 'utf8').replace(tlsFile('ca.pem'), 'ca'))
    const store = storeWith({ kubeconfig: file })
    await expect(store.get(signal)).rejects.toMatchObject({
      reason: 'certificate',
      detail: expect.stringMatching(/has a certificate that is not trusted: \w+$/),
    })
    copy('ca.pem', 'ca')
    expect(await store.get(signal)).toBeUndefined()
  })

  test('a server name that is not in the certificate is the reason certificate', async () => {
    const file = server.kubeconfig(folder)
    const content = JSON.parse(readFileSync(file, 'utf8'))
    content.clusters[0].cluster['tls-server-name'] = 'kubernetes'
    writeFileSync(file, JSON.stringify(content))
    await expect(storeWith({ kubeconfig: file }).get(signal)).rejects.toMatchObject({
      reason: 'certificate',
      detail: expect.stringContaining('has a certificate with other names'),
    })
    content.clusters[0].cluster['tls-server-name'] = '127.0.0.1'
    writeFileSync(file, JSON.stringify(content))
    expect(await storeWith({ kubeconfig: file }).get(signal)).toBeUndefined()
  })

  test('a server that is not verified is one warning', async () => {
    const file = server.kubeconfig(folder)
    const content = JSON.parse(readFileSync(file, 'utf8'))
    content.clusters[0].cluster = { server: server.url, 'insecure-skip-tls-verify': true }
    writeFileSync(file, JSON.stringify(content))
    const store = storeWith({ kubeconfig: file, log })
    await store.get(signal)
    await store.get(signal)
    expect(lines).toEqual([['warn', { server: server.url }, 'the certificate of the API server is not verified']])
  })
})

describe('an exec command', () => {
  /** A program that appends to the file `runs`, and prints the token of that run. */
  function withExec(expiry: string | undefined): KubernetesLease {
    for (const token of ['run1', 'run2', 'run3']) server.tokens.add(token)
    const code = `
      const fs = require('node:fs')
      fs.appendFileSync('${join(folder, 'runs')}', 'x')
      const token = 'run' + fs.readFileSync('${join(folder, 'runs')}').length
      const apiVersion = 'client.authentication.k8s.io/v1'
      console.log(JSON.stringify({ apiVersion, kind: 'ExecCredential', status: { token, expirationTimestamp: ${JSON.stringify(expiry)} } }))`
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', code] }
    return storeWith({ kubeconfig: server.kubeconfig(folder, { exec }) })
  }

  test.each([undefined, '2999-01-01T00:00:00Z'])('it runs once until %s', async expiry => {
    const store = withExec(expiry)
    await store.get(signal)
    await store.get(signal)
    expect(authorizations()).toEqual(['Bearer run1', 'Bearer run1'])
  })

  test('it runs again after a 401, and after a change of the kubeconfig', async () => {
    const store = withExec(undefined)
    await store.get(signal)
    server.tokens.delete('run1')
    await expect(store.get(signal)).rejects.toMatchObject({ reason: 'unauthorized' })
    await store.get(signal)
    appendFileSync(join(folder, 'kubeconfig'), '\n')
    await store.get(signal)
    expect(authorizations()).toEqual(['Bearer run1', 'Bearer run1', 'Bearer run2', 'Bearer run3'])
  })
})
