/** A server that answers with anything: each answer is a LeaseStoreError with a reason, and nothing crashes or hangs. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { VirtualClock } from '@softspoken/session/testing'
import { tlsFile, writeKubeconfig } from '@softspoken/test-support/fake-lease-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LeaseStoreError } from '../election/lease-store.ts'
import type { LeaseStoreReason } from '../election/reasons.ts'
import { kubernetesLease } from './kubernetes-lease.ts'

const tls = { cert: readFileSync(tlsFile('server.pem')), key: readFileSync(tlsFile('server-key.pem')) }
const { signal } = new AbortController()
const token = 'S3CR3T'

let folder: string
let close: () => Promise<unknown>
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-server-'))
})
afterEach(async () => {
  await close()
  rmSync(folder, { recursive: true })
})

/** A store at a server that does this when the first octets of a request have arrived. */
async function storeAt(act: (socket: Socket) => void, plain = false, clock?: VirtualClock) {
  const sockets = new Set<Socket>()
  const accept = (socket: Socket): void => {
    sockets.add(socket.on('error', () => {}))
    socket.once('data', () => act(socket))
  }
  const server: Server = plain ? createTcpServer(accept) : createTlsServer(tls, accept)
  server.on('tlsClientError', () => {})
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  close = () => {
    for (const socket of sockets) socket.destroy()
    return new Promise(done => server.close(done))
  }
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  return kubernetesLease({
    lease: 'default/vip',
    kubeconfig: writeKubeconfig(folder, url, { token }),
    ...(clock && { clock }),
  })
}
function http(body: string, head = 'HTTP/1.1 200 OK'): (socket: Socket) => void {
  return socket => socket.end(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}
function lease(changes: object = {}, metadata: object = {}): (socket: Socket) => void {
  const object = { kind: 'Lease', metadata: { name: 'vip', namespace: 'default', resourceVersion: '1', ...metadata } }
  return http(JSON.stringify({ ...object, spec: {}, ...changes }))
}
/** Writes the same octets again and again. */
function endless(head: string, octets: string): (socket: Socket) => void {
  return socket => {
    const write = (): void => {
      while (!socket.destroyed && socket.write(octets));
    }
    socket.on('drain', write).write(head)
    write()
  }
}

test('a token that the server repeats is not shown', async () => {
  const store = await storeAt(
    http(JSON.stringify({ message: `bad ${token}` }), `HTTP/1.1 403 Forbidden\r\nRetry-After: ${token}`),
  )
  const detail = expect.stringMatching(/answered 403 \(Retry-After: \(secret\)\): bad \(secret\)$/)
  await expect(store.get(signal)).rejects.toMatchObject({ reason: 'forbidden', detail })
})

describe('an answer that is no Lease', () => {
  const wrong = 'something that is not the Lease'

  test.each<[string, LeaseStoreReason, string, (socket: Socket) => void]>([
    ['garbage', 'bad-answer', 'did not answer in HTTP: HPE_', socket => socket.end('garbage\r\n\r\n')],
    ['binary garbage', 'bad-answer', 'did not answer in HTTP: HPE_', socket => socket.end(Buffer.alloc(100, 0xff))],
    [
      'headers without end',
      'bad-answer',
      'HPE_HEADER_OVERFLOW',
      endless('HTTP/1.1 200 OK\r\n', 'x: y\r\n'.repeat(100)),
    ],
    ['two lengths', 'bad-answer', 'HPE_', http('', 'HTTP/1.1 200 OK\r\nContent-Length: 5')],
    ['a body without end', 'bad-answer', 'more than 1 MiB', endless('HTTP/1.1 200 OK\r\n\r\n', '{'.repeat(65_536))],
    [
      'chunks without end',
      'bad-answer',
      'more than 1 MiB',
      endless('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', `1000\r\n${'x'.repeat(4096)}\r\n`),
    ],
    [
      'a chunk without a length',
      'unreachable',
      'ECONNRESET', // Node says no more of it after the head
      socket => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
    ],
    ['no answer', 'unreachable', 'ECONNRESET', socket => socket.end()],
    [
      'half an answer',
      'unreachable',
      'ECONNRESET',
      socket => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{'),
    ],
    ['half a head', 'unreachable', 'cannot be reached', socket => socket.end('HTTP/1.1 200 OK\r\nConte')],
    [
      'another protocol',
      'bad-answer',
      'changed to another protocol',
      socket => socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
    ],
    [
      'a redirect',
      'bad-answer',
      'answered 302',
      http('', `HTTP/1.1 302 Found\r\nLocation: https://192.0.2.1/?${token}`),
    ],
    ['an empty body', 'bad-answer', wrong, http('')],
    ['no content', 'bad-answer', wrong, socket => socket.end('HTTP/1.1 204 No Content\r\n\r\n')],
    ['HTML', 'bad-answer', wrong, http('<html>')],
    ['deep JSON', 'bad-answer', wrong, http('['.repeat(500_000))],
    ['null', 'bad-answer', wrong, http('null')],
    ['a list', 'bad-answer', wrong, http('[]')],
    ['another kind', 'bad-answer', 'kind must be Lease', lease({ kind: 'Pod' })],
    [
      'no metadata',
      'bad-answer',
      'metadata must have the name vip and the namespace default',
      lease({ metadata: null }),
    ],
    ['another name', 'bad-answer', 'metadata must have the name', lease({}, { name: 'x' })],
    ['another namespace', 'bad-answer', 'metadata must have the name', lease({}, { namespace: 'x' })],
    ['no version', 'bad-answer', 'metadata.resourceVersion must be a string', lease({}, { resourceVersion: '' })],
    ['a version of another type', 'bad-answer', 'metadata.resourceVersion', lease({}, { resourceVersion: 1 })],
    ['a spec of another type', 'bad-answer', 'spec must be an object', lease({ spec: [] })],
    [
      'a holder of another type',
      'bad-answer',
      'spec.holderIdentity must be a string',
      lease({ spec: { holderIdentity: 1 } }),
    ],
    [
      'a broken duration',
      'bad-answer',
      'spec.leaseDurationSeconds must be',
      lease({ spec: { leaseDurationSeconds: 1.5 } }),
    ],
    ['an epoch below zero', 'bad-answer', 'spec.leaseTransitions must be', lease({ spec: { leaseTransitions: -1 } })],
    [
      'an epoch above 2^31',
      'bad-answer',
      'spec.leaseTransitions must be',
      lease({ spec: { leaseTransitions: 2 ** 31 } }),
    ],
    ['no time', 'bad-answer', 'spec.renewTime must be a time', lease({ spec: { renewTime: 'soon' } })],
    ['a time of another type', 'bad-answer', 'spec.acquireTime must be a time', lease({ spec: { acquireTime: 5 } })],
    [
      'a 404 of another resource',
      'not-found',
      'answered 404',
      http('{"kind":"Status","reason":"NotFound","details":{}}', 'HTTP/1.1 404 X'),
    ],
    ['a 404 that is no Status', 'not-found', 'answered 404', http('{"details":{"kind":"leases"}}', 'HTTP/1.1 404 X')],
    ['a 404 of no API server', 'not-found', 'answered 404', http('<html>', 'HTTP/1.1 404 Not Found')],
    ['a 503', 'server-error', 'answered 503 (Retry-After: 5)', http('', 'HTTP/1.1 503 X\r\nRetry-After: 5')],
    [
      'a 429',
      'server-error',
      'answered 429 (Retry-After: 1): slow down',
      http('{"message":"slow down"}', 'HTTP/1.1 429 X\r\nRetry-After: 1'),
    ],
    [
      'a message with controls',
      'server-error',
      'answered 500: a\ufffd[31mb',
      http('{"message":"a\\u001b[31mb"}', 'HTTP/1.1 500 X'),
    ],
    [
      'a long message',
      'server-error',
      `${'x'.repeat(300)}…`,
      http(`{"message":"${'x'.repeat(9999)}"}`, 'HTTP/1.1 500 X'),
    ],
  ])('%s is the reason %s', async (_, reason, text, act) => {
    const error = await (await storeAt(act)).get(signal).catch(error => error)
    expect(error).toBeInstanceOf(LeaseStoreError)
    expect(error.reason).toBe(reason)
    expect(error.detail).toContain(text)
    expect(error.detail).not.toContain(token)
    expect(error.detail.length).toBeLessThan(500)
  })

  test('interim answers before the answer are skipped', async () => {
    const store = await storeAt(socket => {
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'.repeat(3))
      lease()(socket)
    })
    expect(await store.get(signal)).toMatchObject({ version: '1' })
  })
})

test('a server without TLS is the reason bad-answer', async () => {
  const store = await storeAt(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), true)
  await expect(store.get(signal)).rejects.toMatchObject({
    reason: 'bad-answer',
    detail: expect.stringContaining('did not answer in TLS: '),
  })
})

test.each<[string, string]>([
  ['in the head', 'HTTP/1.1 200 OK\r\nX: '],
  ['in the body', 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{'],
])('an answer that drips %s is a timeout, although it never stops', async (_, beginning) => {
  const clock = new VirtualClock()
  const received = new Promise<Socket>(done => {
    void storeAt(done, false, clock).then(store => {
      failed = expect(store.get(signal)).rejects.toMatchObject({ reason: 'timeout' })
    })
  })
  let failed: Promise<void> | undefined
  const socket = await received
  const ended = new Promise(done => socket.once('close', done))
  socket.write(beginning)
  for (let second = 0; second < 5; second++) {
    socket.write('x')
    await clock.advance(1)
  }
  await failed
  await ended // our side closes the connection
})

test('a watch whose connection ends in the middle of a line rejects', async () => {
  const store = await storeAt(socket => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"typ'))
  await expect(store.watch!(() => {}, signal)).rejects.toMatchObject({ reason: 'unreachable' })
})
