/** The store against an API server of our own that keeps Leases as a real one does, over TLS. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@softspoken/session/testing'
import { FakeLeaseServer, type LeaseServerFault } from '@softspoken/test-support/fake-lease-server'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { LeaseRecord, StoredLease } from '../election/lease-store.ts'
import type { LeaseStoreReason } from '../election/reasons.ts'
import { kubernetesLease } from './kubernetes-lease.ts'
import type { KubernetesLeaseOptions } from './options.ts'

const NAME = 'kube-system/plndr-cp-lock'
const { signal } = new AbortController()

let server: FakeLeaseServer
let folder: string
beforeEach(async () => {
  server = await FakeLeaseServer.listening()
  folder = mkdtempSync(join(tmpdir(), 'kubernetes-lease-'))
})
afterEach(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

function store(options: KubernetesLeaseOptions = {}) {
  return kubernetesLease({ kubeconfig: server.kubeconfig(folder), ...options })
}
function record(changes: Partial<LeaseRecord> = {}): LeaseRecord {
  const at = new Date('2026-01-31T12:00:00.123Z')
  return { holder: 'node1', duration: 15, epoch: 3, acquiredAt: at, renewedAt: at, ...changes }
}

describe('labelNode()', () => {
  test('sets and removes labels of the Node by a merge patch', async () => {
    server.nodes.set('node1', { kind: 'Node', metadata: { name: 'node1' }, spec: {} })
    await store().labelNode('node1', { 'kube-vip.io/has-ip': '192.0.2.1', old: null }, signal)
    expect(server.requests.at(-1)).toMatchObject({
      ...{ method: 'PATCH', path: '/api/v1/nodes/node1' },
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { metadata: { labels: { 'kube-vip.io/has-ip': '192.0.2.1', old: null } } },
    })
    server.fault = 'forbidden'
    await expect(store().labelNode('node1', {}, signal)).rejects.toMatchObject({ reason: 'forbidden' })
  })
})

describe('isCordoned()', () => {
  test.each([
    [{ unschedulable: true }, true],
    [{ unschedulable: false }, false],
    [{}, false],
  ])('a Node with the spec %j is cordoned: %s', async (spec, cordoned) => {
    server.nodes.set('node1', { kind: 'Node', metadata: { name: 'node1' }, spec })
    expect(await store().isCordoned('node1', signal)).toBe(cordoned)
    expect(server.requests.at(-1)).toMatchObject({ method: 'GET', path: '/api/v1/nodes/node1' })
  })
  test('rejects with a reason', async () => {
    await expect(store().isCordoned('none', signal)).rejects.toMatchObject({ reason: 'not-found' })
    server.nodes.set('node1', { kind: 'Lease', metadata: { name: 'node1' }, spec: {} })
    await expect(store().isCordoned('node1', signal)).rejects.toMatchObject({ reason: 'bad-answer' })
    server.fault = 'forbidden'
    await expect(store().isCordoned('node1', signal)).rejects.toMatchObject({ reason: 'forbidden' })
  })
  test('a Node without a spec is a bad answer, and "true" as a text does not count', async () => {
    server.nodes.set('node1', { kind: 'Node', metadata: { name: 'node1' }, spec: { unschedulable: 'true' } } as never)
    expect(await store().isCordoned('node1', signal)).toBe(false)
    server.nodes.set('node1', { kind: 'Node', metadata: { name: 'node1' } } as never)
    await expect(store().isCordoned('node1', signal)).rejects.toMatchObject({ reason: 'bad-answer' })
  })
  test('a name that is no name of a Node asks for nothing else', async () => {
    await expect(store().isCordoned('../leases?x', signal)).rejects.toMatchObject({ reason: 'not-found' })
    expect(server.requests.at(-1)?.path).toBe('/api/v1/nodes/..%2Fleases%3Fx')
  })
})

describe('get(), create() and update()', () => {
  test('get() resolves with undefined if there is no Lease', async () => {
    expect(await store().get(signal)).toBeUndefined()
  })

  test('create() writes times with six digits, and resolves with the version', async () => {
    const created = await store().create(record(), signal)
    expect(created).toEqual({ ...record(), version: server.lease(NAME)?.metadata.resourceVersion })
    expect(server.lease(NAME)?.spec).toEqual({
      holderIdentity: 'node1',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-31T12:00:00.123000Z',
      renewTime: '2026-01-31T12:00:00.123000Z',
      leaseTransitions: 3,
    })
  })

  test('get() reads what another program wrote; missing fields are zero', async () => {
    server.put(NAME, { holderIdentity: 'node2', renewTime: '2026-01-31T12:00:00.123456Z' })
    const zero = new Date(0)
    expect(await store().get(signal)).toEqual({
      holder: 'node2',
      duration: 0,
      epoch: 0,
      acquiredAt: zero,
      renewedAt: new Date('2026-01-31T12:00:00.123Z'),
      version: server.lease(NAME)?.metadata.resourceVersion,
    })
  })

  test('update() keeps the fields that are not of the election', async () => {
    server.put(
      NAME,
      { ...spec, strategy: 'OldestEmulationVersion' },
      { annotations: { 'kube-vip.io/x': '1' }, labels: { a: 'b' } },
    )
    const tested = store()
    const { version } = (await tested.get(signal)) as StoredLease
    await tested.update(record({ epoch: 4 }), version, signal)
    expect(server.lease(NAME)).toMatchObject({
      metadata: { annotations: { 'kube-vip.io/x': '1' }, labels: { a: 'b' } },
      spec: { holderIdentity: 'node1', leaseTransitions: 4, strategy: 'OldestEmulationVersion' },
    })
    expect(server.requests.at(-1)?.body).not.toHaveProperty('metadata.managedFields')
  })

  test('the MAC address is an annotation that counts for its epoch only', async () => {
    const mac = '02:00:5e:00:00:02'
    const tested = store()
    const { version } = await tested.create(record({ mac }), signal)
    expect(server.lease(NAME)?.metadata.annotations).toEqual({ 'softspoken/mac': mac, 'softspoken/mac-epoch': '3' })
    expect(await store().get(signal)).toMatchObject({ mac })
    const annotations = server.lease(NAME)?.metadata.annotations
    server.put(NAME, { ...spec, leaseTransitions: 4 }, { annotations }) // kube-vip took it, and kept them
    expect(await store().get(signal)).not.toHaveProperty('mac')
    const { version: last } = (await tested.get(signal)) as StoredLease
    expect(last).not.toBe(version)
    await tested.update(record({ epoch: 5 }), last, signal)
    expect(server.lease(NAME)?.metadata.annotations ?? {}).toEqual({})
  })

  test('an annotation that is no MAC address is ignored', async () => {
    for (const mac of ['', '02:00:5E:00:00:02', '02:00:5e:00:00', 7, { a: 1 }]) {
      server.put(NAME, spec, { annotations: { 'softspoken/mac': mac, 'softspoken/mac-epoch': '7' } } as never)
      expect(await store().get(signal)).not.toHaveProperty('mac')
    }
  })

  test('update() of a version that it has not seen looks first', async () => {
    const { version } = await store().create(record(), signal)
    const other = store()
    await other.update(record({ renewedAt: new Date(0) }), version, signal)
    expect(server.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'PUT'])
    await expect(other.update(record(), 'no version', signal)).rejects.toMatchObject({ reason: 'conflict' })
  })

  test('update() knows the last eight versions without a look', async () => {
    const tested = store()
    const { version } = await tested.create(record(), signal)
    const see = async () => {
      server.put(NAME, spec)
      await tested.get(signal)
    }
    for (let others = 1; others < 8; others++) await see()
    await expect(tested.update(record(), version, signal)).rejects.toMatchObject({ reason: 'conflict' })
    expect(server.requests.at(-1)?.method).toBe('PUT')
    await see()
    await expect(tested.update(record(), version, signal)).rejects.toMatchObject({
      reason: 'conflict',
      detail: `the Lease has another version than ${version}`,
    })
    expect(server.requests.at(-1)?.method).toBe('GET')
  })

  test('update() is a conflict if another program has written, deleted or created again', async () => {
    const tested = store()
    const { version } = await tested.create(record(), signal)
    const conflict = { reason: 'conflict' }
    server.put(NAME, { holderIdentity: 'node2' })
    await expect(tested.update(record(), version, signal)).rejects.toMatchObject(conflict)
    server.delete(NAME)
    await expect(tested.update(record(), version, signal)).rejects.toMatchObject(conflict)
    server.put(NAME, spec, { resourceVersion: version })
    await expect(tested.update(record(), version, signal)).rejects.toMatchObject(conflict)
    expect(server.lease(NAME)?.spec).toEqual(spec)
  })

  test('create() is a conflict if there is a Lease', async () => {
    server.put(NAME, spec)
    await expect(store().create(record(), signal)).rejects.toMatchObject({ reason: 'conflict' })
  })

  test('create() in a namespace that does not exist fails with the answer', async () => {
    await expect(store({ lease: 'nope/vip' }).create(record(), signal)).rejects.toMatchObject({
      reason: 'not-found',
      detail: expect.stringContaining('answered 404: namespaces "nope" not found'),
    })
  })

  test('all requests of a store use one connection', async () => {
    const tested = store()
    const { version } = await tested.create(record(), signal)
    await tested.update(record(), version, signal)
    await tested.get(signal)
    expect(server.connections).toBe(1)
  })
})

const spec = {
  holderIdentity: 'node2',
  leaseDurationSeconds: 15,
  leaseTransitions: 7,
  acquireTime: '2026-01-31T12:00:00.123456Z',
  renewTime: '2026-01-31T12:00:00.123456Z',
}

describe('failures', () => {
  test.each<[LeaseServerFault, LeaseStoreReason, string]>([
    ['unauthorized', 'unauthorized', 'answered 401: Unauthorized'],
    ['forbidden', 'forbidden', 'answered 403: leases.coordination.k8s.io is forbidden'],
    ['server-error', 'server-error', 'answered 500: etcdserver: request timed out'],
    ['wrong-uid', 'conflict', 'answered 409: Precondition failed'],
    ['reset', 'unreachable', 'cannot be reached: ECONNRESET'],
  ])('the fault %s is the reason %s', async (fault, reason, detail) => {
    server.fault = fault
    await expect(store().get(signal)).rejects.toMatchObject({ reason, detail: expect.stringContaining(detail) })
  })

  test.each<[LeaseServerFault]>([['hang'], ['slow']])('the fault %s is a timeout', async fault => {
    const clock = new VirtualClock()
    server.fault = fault
    const failed = expect(store({ clock }).get(signal)).rejects.toMatchObject({
      reason: 'timeout',
      detail: `${new URL(server.url).host} did not answer within 4.5 seconds`,
    })
    await server.received(1)
    await clock.advance(4.5)
    await failed
    expect(clock.pendingTimers).toBe(0)
  })

  test('a server that is closed is unreachable, and found again on a new connection', async () => {
    const tested = store()
    await tested.create(record(), signal)
    await server.stop()
    await expect(tested.get(signal)).rejects.toMatchObject({
      reason: 'unreachable',
      detail: expect.stringMatching(/cannot be reached: ECONN/),
    })
    await server.start()
    expect(await tested.get(signal)).toMatchObject({ holder: 'node1' })
  })

  test('a write whose answer is lost fails, and is there at the next look', async () => {
    const tested = store()
    server.fault = 'drop-after-write'
    await expect(tested.create(record(), signal)).rejects.toMatchObject({ reason: 'unreachable' })
    server.fault = undefined
    expect(await tested.get(signal)).toMatchObject({ holder: 'node1' })
  })

  test('an aborted signal ends a request, and sends none', async () => {
    const controller = new AbortController()
    const tested = store()
    server.fault = 'hang'
    const failed = expect(tested.get(controller.signal)).rejects.toMatchObject({ reason: 'timeout' })
    await server.received(1)
    controller.abort()
    await failed
    await expect(tested.get(controller.signal)).rejects.toMatchObject({ reason: 'timeout' })
    expect(server.requests).toHaveLength(1)
  })
})

describe('release()', () => {
  test('release() writes an empty holder through its own server', async () => {
    const tested = store({ releaseServers: ['https://127.0.0.1:1'] })
    const { version } = await tested.create(record(), signal)
    await tested.release?.(record({ holder: '', duration: 1 }), version, signal)
    expect(server.lease(NAME)?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 })
  })

  test('release() uses another server at once if its own refuses', async () => {
    await using other = await FakeLeaseServer.listening()
    const clock = new VirtualClock() // it stands still: nothing waits for a second
    const tested = store({ clock, releaseServers: ['https://127.0.0.1:1', other.url] })
    const { version, ...released } = await tested.create(record(), signal)
    const { metadata } = server.lease(NAME)!
    other.put(NAME, spec, { uid: metadata.uid })
    const moved = other.lease(NAME)!
    moved.metadata.resourceVersion = version
    await server.stop()
    await tested.release?.({ ...released, holder: '' }, version, signal)
    expect(other.lease(NAME)?.spec).toMatchObject({ holderIdentity: '' })
  })

  test('release() also asks another server if its own is silent for a second', async () => {
    await using other = await FakeLeaseServer.listening()
    const clock = new VirtualClock()
    const tested = store({ clock, releaseServers: [other.url] })
    const { version } = await tested.create(record(), signal)
    other.put(NAME, spec, { uid: server.lease(NAME)?.metadata.uid })
    other.lease(NAME)!.metadata.resourceVersion = version
    server.fault = 'hang'
    const released = tested.release?.(record({ holder: '' }), version, signal)
    await server.received(2)
    expect(other.requests).toHaveLength(0)
    await clock.advance(1)
    await released
    expect(other.lease(NAME)?.spec).toMatchObject({ holderIdentity: '' })
    expect(clock.pendingTimers).toBe(0)
  })

  test('release() is a conflict at once, whichever server says so', async () => {
    await using other = await FakeLeaseServer.listening()
    const tested = store({ releaseServers: [other.url] })
    const { version } = await tested.create(record(), signal)
    server.put(NAME, { holderIdentity: 'node2' })
    await expect(tested.release?.(record({ holder: '' }), version, signal)).rejects.toMatchObject({
      reason: 'conflict',
    })
    expect(other.requests).toHaveLength(0)
  })

  test('update() never uses another server', async () => {
    await using other = await FakeLeaseServer.listening()
    const tested = store({ releaseServers: [other.url] })
    const { version } = await tested.create(record(), signal)
    await server.stop()
    await expect(tested.update(record(), version, signal)).rejects.toMatchObject({ reason: 'unreachable' })
    expect(other.requests).toHaveLength(0)
  })
})

describe('watch()', () => {
  async function watching(options: KubernetesLeaseOptions = {}) {
    server.put(NAME, spec)
    const tested = store(options)
    const seen: (string | undefined)[] = []
    const waiting = new Set<() => void>()
    const controller = new AbortController()
    const ended = tested.watch!(lease => {
      seen.push(lease?.holder)
      for (const done of waiting) done()
    }, controller.signal)
    ended.catch(() => {})
    const count = async (wanted: number) => {
      while (seen.length < wanted) await new Promise<void>(done => waiting.add(done))
      return seen
    }
    return { tested, seen, count, controller, ended }
  }

  test('watch() calls back with the Lease, each change, and its end', async () => {
    const { count, ended } = await watching()
    await count(1)
    server.put(NAME, { holderIdentity: 'node3' })
    await count(2)
    server.delete(NAME)
    expect(await count(3)).toEqual(['node2', 'node3', undefined])
    server.endWatches()
    await ended
    expect(server.requests[0]?.path).toBe(
      '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases?watch=1&fieldSelector=metadata.name%3Dplndr-cp-lock&resourceVersion=0&timeoutSeconds=60',
    )
  })

  test('an update uses the version that a watch has seen', async () => {
    const { tested, count } = await watching()
    await count(1)
    await tested.update(record(), server.lease(NAME)!.metadata.resourceVersion!, signal)
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'PUT'])
  })

  test('watch() sends nothing if its signal is aborted before its start', async () => {
    const tested = store()
    await tested.watch?.(() => {}, AbortSignal.abort())
    expect(server.requests).toHaveLength(0)
  })

  test('watch() rejects if the server refuses it', async () => {
    server.fault = 'forbidden'
    const { ended } = await watching()
    await expect(ended).rejects.toMatchObject({ reason: 'forbidden' })
  })

  test('watch() resolves when its signal is aborted', async () => {
    const { count, controller, ended } = await watching()
    await count(1)
    controller.abort()
    await ended
  })

  test('watch() rejects after its time if the server never ends it', async () => {
    const clock = new VirtualClock()
    const { count, ended } = await watching({ clock })
    await count(1)
    await clock.advance(64.5)
    await expect(ended).rejects.toMatchObject({ reason: 'timeout' })
    expect(clock.pendingTimers).toBe(0)
  })

  test('watch() rejects soon if no answer begins', async () => {
    const clock = new VirtualClock()
    server.fault = 'hang'
    const { ended } = await watching({ clock })
    await server.received(1)
    await clock.advance(4.5)
    await expect(ended).rejects.toMatchObject({ reason: 'timeout' })
  })

  test.each<[string, LeaseStoreReason]>([
    ['{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd"}}', 'server-error'],
    ['{"type":"ERROR","object":{"kind":"Status","code":403}}', 'forbidden'],
    ['{"type":"ERROR","object":{}}', 'server-error'],
    ['{"type":"MODIFIED","object":{"kind":"Pod"}}', 'bad-answer'],
    ['{"type":"SURPRISE","object":{}}', 'bad-answer'],
    ['{"type":"ADDED"}', 'bad-answer'],
    ['[]', 'bad-answer'],
    ['not JSON', 'bad-answer'],
  ])('watch() rejects after the line %s', async (line, reason) => {
    const { count, ended } = await watching()
    await count(1)
    server.sendToWatches(line)
    await expect(ended).rejects.toMatchObject({ reason })
  })

  test('watch() has each change since the last answer, and none that an answer had', async () => {
    const tested = store()
    server.put(NAME, spec)
    await tested.get(signal)
    server.put(NAME, { holderIdentity: 'node3' })
    server.put(NAME, { holderIdentity: 'node4' })
    const seen: (string | undefined)[] = []
    const ended = tested.watch!(lease => seen.push(lease?.holder), signal)
    await server.received(2)
    await tested.update(record(), server.lease(NAME)!.metadata.resourceVersion!, signal)
    server.sendToWatches(JSON.stringify({ type: 'MODIFIED', object: server.lease(NAME) }))
    server.delete(NAME)
    server.endWatches()
    await ended
    // The event of our own update may arrive before its answer, but only once.
    expect([0, 1]).toContain(seen.filter(holder => holder === 'node1').length)
    expect(seen.filter(holder => holder !== 'node1')).toEqual(['node3', 'node4', undefined])
  })

  test('watch() resolves after 410 Gone, and the next one begins with the Lease as it is', async () => {
    server.put(NAME, spec)
    const tested = store()
    await tested.get(signal)
    server.put(NAME, { holderIdentity: 'node3' })
    server.oldestVersion = Number(server.lease(NAME)?.metadata.resourceVersion)
    await tested.watch!(() => {}, signal)
    const { promise, resolve } = withResolvers<string | undefined>()
    const controller = new AbortController()
    const ended = tested.watch!(lease => resolve(lease?.holder), controller.signal)
    expect(await promise).toBe('node3')
    controller.abort()
    await ended
    const versions = server.requests.map(({ path }) => /resourceVersion=(\d+)/.exec(path)?.[1])
    expect(versions).toEqual([undefined, expect.stringMatching(/^1\d\d$/), '0'])
  })

  test('watch() passes on what its callback throws', async () => {
    server.put(NAME, spec)
    const failed = store().watch!(() => {
      throw new Error('ours')
    }, signal)
    await expect(failed).rejects.toThrow('ours')
  })
})

describe('load() and status()', () => {
  test('status() has the server and the end of the certificate after load()', async () => {
    const tested = store()
    expect(tested.status()).toEqual({})
    const loaded = { server: server.url, certificateEnd: new Date('2126-10-28T10:09:42Z') }
    expect(await tested.load()).toEqual(loaded)
    expect(tested.status()).toEqual(loaded)
    expect(server.requests).toHaveLength(0)
  })

  test('status() has the option server before anything is read', () => {
    expect(store({ server: 'https://node1:6443' }).status()).toEqual({ server: 'https://node1:6443' })
  })

  test('a store that has read nothing yet speaks of the API server', async () => {
    await expect(store().get(AbortSignal.abort())).rejects.toMatchObject({
      detail: 'the request to the API server was cancelled',
    })
    await expect(store({ server: 'https://node1:6443' }).get(AbortSignal.abort())).rejects.toMatchObject({
      detail: 'the request to node1:6443 was cancelled',
    })
  })

  test('without a kubeconfig, the service account of the Pod is read', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '')
    const failed = kubernetesLease().load()
    vi.unstubAllEnvs()
    await expect(failed).rejects.toMatchObject({
      reason: 'credentials',
      detail: expect.stringContaining('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be'),
    })
  })

  test('load() rejects if the kubeconfig is missing, with its path', async () => {
    const kubeconfig = join(folder, 'missing')
    await expect(kubernetesLease({ kubeconfig }).load()).rejects.toMatchObject({
      reason: 'credentials',
      detail: `${kubeconfig} cannot be read: ENOENT`,
    })
  })

  test('load() rejects if the server of the kubeconfig is a VIP', async () => {
    const tested = store({ vips: ['127.0.0.1/32'] })
    const refusal = { reason: 'credentials', detail: expect.stringContaining('is a virtual IP of this agent') }
    await expect(tested.load()).rejects.toMatchObject(refusal)
    await expect(tested.get(signal)).rejects.toMatchObject(refusal)
    expect(server.connections).toBe(0)
  })

  test('a server whose name has the address of a VIP is refused', async () => {
    const tested = store({ server: server.url.replace('127.0.0.1', 'localhost'), vips: ['127.0.0.1'] })
    await expect(tested.get(signal)).rejects.toMatchObject({
      reason: 'credentials',
      detail: expect.stringContaining('is a virtual IP of this agent'),
    })
    expect(server.requests).toHaveLength(0)
  })

  test('a server whose name is that of a VIP is refused before a node has the VIP', async () => {
    const tested = store({ server: 'https://localhost:1', vips: ['127.0.0.1'] }) // nothing listens there
    await expect(tested.get(signal)).rejects.toMatchObject({
      reason: 'credentials',
      detail: expect.stringContaining('localhost:1 is a virtual IP of this agent'),
    })
  })

  test('the option server replaces the server of the kubeconfig', async () => {
    await using other = await FakeLeaseServer.listening()
    await store({ server: other.url }).get(signal)
    expect([server.requests.length, other.requests.length]).toEqual([0, 1])
  })
})

function withResolvers<value>(): { promise: Promise<value>; resolve: (value: value) => void } {
  let resolve = (_: value): void => {}
  const promise = new Promise<value>(done => {
    resolve = done
  })
  return { promise, resolve }
}
