/** The health check of an API server, against one of our own over TLS. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeLeaseServer, type LeaseServerFault } from '@softspoken/test-support/fake-lease-server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { apiServerCheck } from './api-server-check.ts'

const { signal } = new AbortController()
let server: FakeLeaseServer
let folder: string
beforeEach(async () => {
  server = await FakeLeaseServer.listening()
  folder = mkdtempSync(join(tmpdir(), 'api-server-check-'))
})
afterEach(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

test('the check asks /readyz without etcd, with the certificate of the kubeconfig', async () => {
  const { check, status } = apiServerCheck({ kubeconfig: server.kubeconfig(folder) })
  await check(signal)
  expect(server.requests).toMatchObject([
    { method: 'GET', path: '/readyz?exclude=etcd&exclude=etcd-readiness', user: 'client' },
  ])
  expect(status()).toMatchObject({ server: server.url, certificateEnd: expect.any(Date) })
})

test.each<[LeaseServerFault, string, RegExp]>([
  ['unauthorized', 'misconfigured', /answered 401/],
  ['forbidden', 'misconfigured', /answered 403/],
  ['server-error', 'server-error', /answered 500/],
  ['reset', 'unreachable', /closed the connection|cannot be reached/],
  ['hang', 'timeout', /did not answer within 0.2 seconds/],
])('the check fails after %s with reason %s', async (fault, reason, message) => {
  server.fault = fault
  const { check } = apiServerCheck({
    kubeconfig: server.kubeconfig(folder),
    ...(fault === 'hang' && { requestTimeout: 0.2 }),
  })
  const error: unknown = await check(signal).catch(error => error)
  expect(error).toMatchObject({ reason, message: expect.stringMatching(message) })
})

test('a server that does not know /readyz is misconfigured', async () => {
  const { check } = apiServerCheck({ kubeconfig: server.kubeconfig(folder), server: `${server.url}/elsewhere` })
  await expect(check(signal)).rejects.toMatchObject({ reason: 'misconfigured' })
})

test('load() reads the kubeconfig and asks nothing', async () => {
  const { load } = apiServerCheck({ kubeconfig: server.kubeconfig(folder) })
  expect(await load()).toMatchObject({ server: server.url })
  await expect(apiServerCheck({ kubeconfig: join(folder, 'none') }).load()).rejects.toMatchObject({
    reason: 'credentials',
  })
  expect(server.requests).toEqual([])
})
