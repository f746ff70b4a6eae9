/**
 * What a real API server answered (kube-apiserver 1.37.2), replayed over TLS. The recordings are not part of this repository;
 * `SOFTSPOKEN_LEASE_RECORDINGS` names their folder, absolute or from the repository's root.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tlsFile, writeKubeconfig } from '@softspoken/test-support/fake-lease-server'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import type { LeaseRecord, StoredLease } from '../election/lease-store.ts'
import type { JsonMap } from './json.ts'
import { type KubernetesLease, kubernetesLease } from './kubernetes-lease.ts'

interface Recording {
  readonly name: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: (JsonMap & { readonly metadata: JsonMap; readonly spec: JsonMap }) | null
  }
  readonly response: { readonly status: number; readonly headers: Record<string, string>; readonly body: unknown }
}

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const setting = process.env.SOFTSPOKEN_LEASE_RECORDINGS
const folder = setting && resolve(root, setting)

/** What our client must make of the answer: this part of the Lease, nothing, or an error. */
const expected: Record<string, object | undefined> = {
  'create-201': { holder: 'n1', duration: 5, epoch: 0, version: '417' },
  'create-404-no-namespace': { reason: 'not-found', detail: 'answered 404: namespaces "nope" not found' },
  'create-409-exists': { reason: 'conflict', detail: 'leases.coordination.k8s.io "vip" already exists' },
  'get-200-empty-holder': { holder: '', duration: 1, acquiredAt: new Date('2026-11-25T23:31:29.977Z'), version: '420' },
  'get-401': { reason: 'unauthorized', detail: 'answered 401: Unauthorized' },
  'get-403': { reason: 'forbidden', detail: 'User "vip-agent" cannot get resource "leases"' },
  'get-403-anonymous': { reason: 'forbidden', detail: 'User "system:anonymous" cannot get resource "leases"' },
  'get-404': undefined,
  'put-200': { holder: 'n1', version: '418' },
  'put-200-released': { holder: '', duration: 1, version: '420' },
  'put-200-unknown-field-warning': { holder: 'n1', version: '419' },
  'put-201-create': { reason: 'bad-answer', detail: 'must be specified for an update' }, // it is a 422
  'put-400-duration-fraction': { reason: 'bad-answer', detail: 'cannot unmarshal number 1.5' },
  'put-400-millis': {
    reason: 'bad-answer',
    detail: 'answered 400: Lease in version "v1" cannot be handled as a Lease',
  },
  'put-400-name-mismatch': { reason: 'bad-answer', detail: 'does not match the name on the URL' },
  'put-400-not-json': { reason: 'bad-answer', detail: 'unexpected end of JSON input' },
  'put-400-seconds': { reason: 'bad-answer', detail: 'cannot parse "Z" as ".000000"' },
  'put-404-or-create': { holder: 'n1', version: '424' }, // it is a 201: the Lease had been deleted
  'put-409-conflict': { reason: 'conflict', detail: 'the object has been modified' },
  'put-409-uid': { reason: 'conflict', detail: 'Precondition failed: UID in precondition' },
  'put-415': { reason: 'bad-answer', detail: 'answered 415: the body of the request was in an unknown format' },
  'put-422-duration-0': { reason: 'bad-answer', detail: 'spec.leaseDurationSeconds: Invalid value: 0' },
  'put-422-no-resourceversion': { reason: 'bad-answer', detail: 'metadata.resourceVersion: Invalid value: 0' },
  'put-422-transitions-negative': { reason: 'bad-answer', detail: 'spec.leaseTransitions: Invalid value: -1' },
  'watch-200-timeout': { holder: '', duration: 1, version: '420' },
  'watch-410-future': undefined, // a resourceVersion that does not exist yet: the server waits, and ends the watch
}
/** Requests with a mistake that our client cannot make, so that only the answer is replayed. */
const mistakes =
  /^(put-201|put-400-(millis|name|not-json|seconds)|put-415|put-422-no-resource|put-200-unknown|watch-410)/
/** Requests that our client does not send. */
const unused = ['delete-200', 'delete-after', 'delete-before', 'list-200', 'livez', 'readyz-verbose', 'version']

if (!folder || !existsSync(folder)) {
  const text = 'recordings of an API server: not run, set SOFTSPOKEN_LEASE_RECORDINGS to their folder'
  console.warn(text)
  it.skip(text)
} else run(folder)

function run(folder: string): void {
  const recordings = readdirSync(folder).map(file => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Recording)
  let temporary: string
  beforeAll(() => void (temporary = mkdtempSync(join(tmpdir(), 'recordings-'))))
  afterAll(() => rmSync(temporary, { recursive: true }))

  test('each recording is replayed, or is a request that this client does not send', () => {
    expect(recordings.map(({ name }) => name).sort()).toEqual([...Object.keys(expected), ...unused].sort())
  })

  describe.each(recordings.filter(({ name }) => name in expected))('$name', recording => {
    it('has the outcome that the election needs', async () => {
      const { outcome, requests } = await replay(recording, temporary)
      const wanted = expected[recording.name]
      if (wanted === undefined) expect(outcome).toBeUndefined()
      else if ('reason' in wanted)
        expect(outcome).toMatchObject({
          ...wanted,
          detail: expect.stringContaining(String(Reflect.get(wanted, 'detail'))),
        })
      else expect(outcome).toMatchObject(wanted)
      if (!mistakes.test(recording.name)) expect(requests.at(-1)).toMatchObject(comparable(recording.request))
    })
  })
}

/** Performs the request of a recording with our client against a server that gives the recorded answer. */
async function replay(recording: Recording, temporary: string): Promise<{ outcome: unknown; requests: object[] }> {
  const { request, response } = recording
  const requests: object[] = []
  const options = { cert: readFileSync(tlsFile('server.pem')), key: readFileSync(tlsFile('server-key.pem')) }
  const server = createServer(options, (received, answer) => {
    let text = ''
    received.on('data', chunk => (text += chunk))
    received.on('end', () => {
      const { method = '', url: path = '', headers } = received
      requests.push(comparable({ method, path, headers, body: text === '' ? null : JSON.parse(text) }))
      if (request.method === 'PUT' && method === 'GET') return void answer.end(JSON.stringify(leaseBefore(recording)))
      const { 'content-length': _, ...recorded } = response.headers
      answer.writeHead(response.status, recorded)
      answer.end(typeof response.body === 'string' ? response.body : JSON.stringify(response.body))
    })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  try {
    const [, namespace] = /namespaces\/([^/]+)/.exec(request.path) ?? []
    const { Authorization: token } = request.headers
    const user = token === undefined ? { username: 'x', password: 'y' } : { token: token.replace('Bearer ', '') }
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const kubeconfig = writeKubeconfig(temporary, url, user)
    const store = kubernetesLease({ lease: `${namespace}/vip`, kubeconfig })
    return { outcome: await perform(store, recording).catch(error => error), requests }
  } finally {
    server.closeAllConnections()
    await new Promise(done => server.close(done))
  }
}

async function perform(store: KubernetesLease, { name, request }: Recording): Promise<unknown> {
  const { signal } = new AbortController()
  const { method, path, body } = request
  if (path.includes('watch=1')) {
    let last: StoredLease | undefined
    await store.watch?.(lease => void (last = lease), signal)
    return last
  }
  if (method === 'GET') return store.get(signal)
  const { spec = {} } = body ?? {}
  const time = (field: string) => new Date(String(spec[field] ?? 0))
  const record: LeaseRecord = {
    holder: String(spec.holderIdentity),
    duration: Number(spec.leaseDurationSeconds),
    epoch: Number(spec.leaseTransitions),
    acquiredAt: time('acquireTime'),
    renewedAt: time('renewTime'),
  }
  if (method === 'POST') return store.create(record, signal)
  const version = String(body?.metadata?.resourceVersion ?? '1')
  return name === 'put-200-released' ? store.release?.(record, version, signal) : store.update(record, version, signal)
}

/** The Lease that the update of a recording replaces. */
function leaseBefore({ request: { body } }: Recording): object {
  const metadata = { name: 'vip', namespace: 'default', resourceVersion: '1', ...body?.metadata }
  return { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata, spec: {} }
}

/** Without what may differ: version, bookmarks and length of a watch, microseconds, and headers that only one of the two has. */
function comparable(request: { method: string; path: string; headers: object; body: unknown }): object {
  const names = ['accept', 'content-type', 'authorization']
  const headers = Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  const body = JSON.stringify(request.body).replaceAll(/(\.\d{3})\d{3}Z/g, '$1000Z')
  return {
    method: request.method,
    path: request.path.replace(/(&(allowWatchBookmarks=true|resourceVersion=0))?&timeoutSeconds=\d+/, ''),
    headers: Object.fromEntries(
      headers.filter(([name, value]) => names.includes(name) && !String(value).startsWith('Basic')),
    ),
    body: JSON.parse(body),
  }
}
