/** Every way in which a check can end, or fail to end, ends it within its timeout, in words without a secret. */

import dns from 'node:dns'
import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { errorText } from '@softspoken/session/internal'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { httpCheck } from './http-check.ts'
import type { Check } from './options.ts'
import { tcpCheck } from './tcp-check.ts'

function reset(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy()
  else socket.resetAndDestroy()
}
const head = 'HTTP/1.1 200 OK\r\n'
/** What a service does with a connection, once it is asked. */
const ways: readonly [string, (socket: Socket) => void, body?: string][] = [
  [
    'switches protocols',
    socket => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
  ],
  ['switches to no protocol', socket => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')],
  [
    'switches and closes',
    socket => socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
  ],
  ['upgrades with 200', socket => socket.end('HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n'), 'ok'],
  ['sends nothing', () => {}],
  ['closes without an answer', socket => socket.end()],
  ['resets', reset],
  ['sends half a status', socket => socket.write('HTTP/1.1 2')],
  ['closes after half a status', socket => socket.end('HTTP/1.1 2')],
  ['closes after half its head', socket => socket.end(`${head}x: `)],
  ['has a head without end', socket => void setInterval(() => socket.write('x: y\r\n'), 1).unref()],
  ['has a head of a megabyte', socket => socket.end(`${head}x: ${'y'.repeat(1e6)}\r\n\r\nok`)],
  ['continues for ever', socket => void setInterval(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'), 1).unref()],
  ['hints for ever', socket => void setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 1).unref()],
  ['processes for ever', socket => socket.write('HTTP/1.1 102 Processing\r\n\r\n'.repeat(1000))],
  ['speaks SSH', socket => socket.write('SSH-2.0-OpenSSH_9.7\r\n')],
  ['redirects', socket => socket.end('HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n')],
  ['never sends its body', socket => socket.write(`${head}content-length: 2\r\n\r\n`), 'ok'],
  ['has a body without end', socket => void setInterval(() => socket.write('x'), 1).unref(), 'ok'],
  ['closes in the middle of its body', socket => socket.end(`${head}content-length: 9\r\n\r\no`), 'ok'],
  [
    'resets in the middle of its body',
    socket => socket.write(`${head}content-length: 9\r\n\r\no`, () => reset(socket)),
    'ok',
  ],
  ['sends invalid chunks', socket => socket.write(`${head}transfer-encoding: chunked\r\n\r\nzz\r\n`), 'ok'],
  ['has a negative length', socket => socket.write(`${head}content-length: -1\r\n\r\n`), 'ok'],
]

afterEach(() => vi.restoreAllMocks())

describe.each(['http', 'https'])('httpCheck() over %s', scheme => {
  test.each(ways)('a service that %s fails the check in time, without a secret', async (_, act, body) => {
    await using server = await serving(scheme, act)
    const check = httpCheck(`${scheme}://user:password@127.0.0.1:${server.port}/livez?token=query`, {
      ...(body !== undefined && { body }),
      ...(scheme === 'https' && { verify: 'none' as const }),
    })
    const detail = await failure(check, SOON)
    expect(detail).not.toBe('')
    expect(detail).not.toMatch(/user|password|token|query/)
  })
})

describe('httpCheck()', () => {
  test('httpCheck() names a change of protocol', async () => {
    await using server = await serving('http', ways[0]![1])
    expect(await failure(httpCheck(`http://127.0.0.1:${server.port}/livez`))).toBe(
      `http://127.0.0.1:${server.port}/livez answered 101, and changed to another protocol`,
    )
  })
  test.each([
    [
      401,
      'credentials (cert and key) are missing, or it must allow anonymous requests (kube-apiserver: --anonymous-auth)',
    ],
    [
      403,
      'credentials (cert and key) are missing, or it must allow anonymous requests (kube-apiserver: --anonymous-auth)',
    ],
  ])('httpCheck() gives advice after status %i', async (status, advice) => {
    await using server = await serving('http', socket =>
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`),
    )
    const url = `http://127.0.0.1:${server.port}/livez`
    expect(await failure(httpCheck(`${url}?verbose`))).toBe(`${url} answered ${status}: ${advice}`)
  })
  test('httpCheck() with a user names its permissions', async () => {
    await using server = await serving('http', socket => socket.end('HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n'))
    expect(await failure(httpCheck(`http://user:password@127.0.0.1:${server.port}/`))).toBe(
      `http://127.0.0.1:${server.port}/ answered 403: check the permissions of our credentials, or it must allow anonymous requests (kube-apiserver: --anonymous-auth)`,
    )
  })
  test('httpCheck() asks for ca if the authority is unknown', async () => {
    await using server = await serving('https', socket => socket.end(head))
    expect(await failure(httpCheck(`https://127.0.0.1:${server.port}/`))).toMatch(
      /set ca to the authority of its certificate$/,
    )
  })
  test('httpCheck() names the error of each address of a name', async () => {
    vi.spyOn(dns, 'lookup').mockImplementation(((_: string, __: object, done: (...of: unknown[]) => void) =>
      done(null, [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ])) as never)
    expect(await failure(httpCheck('http://two.test:1/'))).toMatch(/^connect ECONNREFUSED .*; connect ECONNREFUSED /)
  })
  test('httpCheck() shows no secret of a URL that it rejects', () => {
    for (const url of [
      'http://user:password@[/',
      'ftp://user:password@host/path?query',
      'x:password',
      'http://user:password@h:99999/',
    ])
      expect(() => httpCheck(url)).toThrow(/^(?!.*(user|password|query))httpCheck.url: /)
    expect(() => httpCheck('http://user:password@host/?query', { ca: 'x' })).toThrow(
      /^(?!.*(user|password|query))httpCheck.ca: .*http:\/\/host\//,
    )
    try {
      httpCheck('http://user:password@[/')
    } catch (error) {
      expect(JSON.stringify(Object.entries(error as object))).not.toContain('password') // Node keeps the text it was given
    }
  })
  test('httpCheck() closes its connection after the answer', async () => {
    const closed = later()
    await using server = await serving('http', socket => {
      socket.on('error', () => {}).once('close', closed.resolve)
      socket.write(`${head}content-length: 100000000\r\n\r\n`)
    })
    await httpCheck(`http://127.0.0.1:${server.port}/`)(new AbortController().signal)
    await closed.promise
  })
})

describe('a name that is never resolved', () => {
  test.each<[string, Check]>([
    ['httpCheck()', httpCheck('http://never.test/')],
    ['httpCheck() over TLS', httpCheck('https://never.test/')],
    ['tcpCheck()', tcpCheck({ host: 'never.test', port: 80 })],
  ])('%s of a name that is never resolved ends in time', async (_, check) => {
    vi.spyOn(dns, 'lookup').mockImplementation((() => {}) as never)
    expect(await failure(check, SOON)).toMatch(/abort|took too long/)
  })
})

describe('tcpCheck()', () => {
  test('tcpCheck() ends in time if a connection is neither accepted nor refused', async () => {
    await using server = await serving('http', () => {})
    const { signal } = new AbortController()
    await tcpCheck({ port: server.port })(signal)
    expect(
      await failure(signal => tcpCheck({ port: server.port })(AbortSignal.any([signal, AbortSignal.abort()]))),
    ).toMatch(/abort/)
  })
})

/** Milliseconds after which a check that may never end is given up here; a gate does so later. */
const SOON = 40

/** Why it failed; one that ends by itself has time for it. */
async function failure(check: Check, patience = 10_000): Promise<string> {
  const controller = new AbortController()
  const timeout = setTimeout(() => controller.abort(new Error('the check took too long')), patience)
  try {
    await check(controller.signal)
  } catch (error) {
    return errorText(error)
  } finally {
    clearTimeout(timeout)
  }
  throw new Error('the check passed')
}

const pem = (name: string) =>
  readFileSync(new URL(`../../../../test/fixtures/tls/${name}.pem`, import.meta.url), 'utf8')

async function serving(
  scheme: string,
  act: (socket: Socket) => void,
): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<Socket>()
  const answer = (socket: Socket): void => {
    sockets.add(socket.on('error', () => {}))
    socket.once('data', () => act(socket))
  }
  const server: Server =
    scheme === 'https' ? createTlsServer({ cert: pem('server'), key: pem('server-key') }, answer) : createServer(answer)
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not a TCP server')
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise(done => server.close(done))
    },
  }
}

function later(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve }
}
