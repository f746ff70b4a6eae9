/** What is asked of an API server beside the Lease: rights, and objects of other kinds. Against one of our own over TLS. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeLeaseServer } from '@softspoken/test-support/fake-lease-server'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { missingRights, type Right } from './access-review.ts'
import { listObjects } from './list-objects.ts'

const { signal } = new AbortController()
let server: FakeLeaseServer
let folder: string
beforeEach(async () => {
  server = await FakeLeaseServer.listening()
  folder = mkdtempSync(join(tmpdir(), 'questions-'))
})
afterEach(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})
const options = () => ({ kubeconfig: server.kubeconfig(folder) })

it('missingRights() names the rights that a review denies, and asks for each', async () => {
  const rights: Right[] = [
    { verb: 'get', group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-system', name: 'vip' },
    { verb: 'get', group: '', resource: 'nodes' },
  ]
  expect(await missingRights(options(), rights, signal)).toEqual([])
  server.denied.add('get nodes')
  expect(await missingRights(options(), rights, signal)).toEqual([rights[1]])
  expect(server.requests.slice(0, 2).map(({ method, path, body }) => [method, path, body])).toEqual(
    rights.map(resourceAttributes => [
      'POST',
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } },
    ]),
  )
  server.fault = 'forbidden'
  await expect(missingRights(options(), rights, signal)).rejects.toMatchObject({ reason: 'forbidden' })
})

it('listObjects() has the objects, and undefined for a kind that is not known', async () => {
  const path = '/apis/metallb.io/v1beta1/ipaddresspools'
  expect(await listObjects(options(), path, signal)).toBeUndefined()
  const pool = { metadata: { name: 'pool' } }
  server.objects.set(path, { items: [pool, 5, null] })
  expect(await listObjects(options(), path, signal)).toEqual([pool])
  for (const wrong of [{ items: {} }, ['items']]) {
    server.objects.set(path, wrong)
    await expect(listObjects(options(), path, signal)).rejects.toMatchObject({
      reason: 'bad-answer',
      detail: expect.stringMatching(/answered with something else than a list$/),
    })
  }
  server.fault = 'server-error'
  await expect(listObjects(options(), path, signal)).rejects.toMatchObject({ reason: 'server-error' })
})
