import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer, type Server } from 'node:net'
import { describe, expect, test } from 'vitest'
import { type HttpCheckOptions, httpCheck } from './http-check.ts'
import { tcpCheck } from './tcp-check.ts'

const pem = (name: string) =>
  readFileSync(new URL(`../../../../test/fixtures/tls/${name}.pem`, import.meta.url), 'utf8')
const { signal } = new AbortController()

describe('tcpCheck()', () => {
  test('tcpCheck() passes if a connection is accepted, and closes it', async () => {
    await using server = await listening(createTcpServer())
    const closed = new Promise(done => server.server.once('connection', socket => socket.once('close', done).resume()))
    await tcpCheck({ host: '127.0.0.1', port: server.port })(signal)
    await closed
  })

  test('tcpCheck() fails if nothing listens, with the reason', async () => {
    const server = await listening(createTcpServer())
    await server[Symbol.asyncDispose]()
    await expect(tcpCheck({ port: server.port })(signal)).rejects.toThrow(
      `connect ECONNREFUSED 127.0.0.1:${server.port}`,
    )
  })

  test('tcpCheck() ends when its signal is aborted', async () => {
    await using server = await listening(createTcpServer())
    await expect(tcpCheck({ port: server.port })(AbortSignal.abort())).rejects.toThrow('aborted')
  })

  test.each<[object, string]>([
    [{}, 'tcpCheck.port: undefined is not allowed'],
    [{ port: 0 }, 'tcpCheck.port: 0 is not allowed, it must be from 1 to 65535'],
    [{ port: 80, hostname: 'a' }, 'tcpCheck.hostname: no such option'],
    [{ port: 80, host: 7 }, "tcpCheck.host: 7 is not allowed, it must be a string such as '127.0.0.1'"],
    [{ port: 80, host: '' }, 'tcpCheck.host: '],
  ])('tcpCheck() rejects the options %j', (options, message) => {
    expect(() => tcpCheck(options as { port: number })).toThrow(message)
  })
})

describe('httpCheck()', () => {
  test.each([
    [401, 'misconfigured'],
    [403, 'misconfigured'],
    [404, 'misconfigured'],
    [429, undefined],
    [503, undefined],
  ])('httpCheck() rejects the status %d with reason %s', async (status, reason) => {
    await using server = await listening(createServer((_, response) => response.writeHead(status).end()))
    const error: unknown = await httpCheck(`http://127.0.0.1:${server.port}/`)(signal).catch(error => error)
    expect(error).toBeInstanceOf(Error)
    expect((error as { reason?: string }).reason).toBe(reason)
    if (status > 403) expect((error as Error).message).toBe(`http://127.0.0.1:${server.port}/ answered ${status}`)
  })

  test.each<[string, HttpCheckOptions, string | undefined]>([
    ['/livez', {}, undefined],
    ['/livez', { status: 200, body: 'ok' }, undefined],
    ['/livez', { body: /^ok$/ }, undefined],
    ['/livez', { body: 'fine' }, 'answered 200, but not fine'],
    ['/livez', { body: 'o.' }, 'answered 200, but not o.'],
    ['/two', { body: 'ok' }, undefined],
    ['/many', {}, 'answered 300'],
    ['/x65534', { body: 'ok' }, undefined],
    ['/x65535', { body: 'ok' }, 'answered 200, but not ok'],
    ['/livez', { body: /^k/ }, 'answered 200, but not /^k/'],
    ['/livez', { status: 204 }, 'answered 200'],
    ['/ill', {}, 'answered 503'],
    ['/ill', { status: 503 }, undefined],
    ['/moved', {}, 'answered 302'],
    ['/endless', { body: 'ok' }, 'answered 200, but not ok'],
  ])('httpCheck() of %s with %j', async (path, probe, failure) => {
    await using server = await listening(createServer(service))
    const checked = httpCheck(`http://127.0.0.1:${server.port}${path}`, probe)(signal)
    if (failure === undefined) await checked
    else await expect(checked).rejects.toThrow(`http://127.0.0.1:${server.port}${path} ${failure}`)
  })

  test('httpCheck() resets the regular expression between checks', async () => {
    await using server = await listening(createServer(service))
    const check = httpCheck(`http://127.0.0.1:${server.port}/livez`, { body: /ok/g })
    await check(signal)
    await check(signal)
  })

  test.each(['/silent', '/half'])('httpCheck() of %s ends when its signal is aborted', async path => {
    const controller = new AbortController()
    await using server = await listening(
      createServer((asked, answer) => {
        service(asked, answer)
        setImmediate(() => controller.abort())
      }),
    )
    const checked = httpCheck(`http://127.0.0.1:${server.port}${path}`, { body: 'ok' })(controller.signal)
    await expect(checked).rejects.toThrow('abort')
  })

  test('httpCheck() fails if nothing listens, with the reason', async () => {
    const server = await listening(createServer(service))
    await server[Symbol.asyncDispose]()
    const checked = httpCheck(`http://127.0.0.1:${server.port}/livez`)(signal)
    await expect(checked).rejects.toThrow(`connect ECONNREFUSED 127.0.0.1:${server.port}`)
  })
})

describe('httpCheck() over TLS', () => {
  const own = { cert: pem('server'), key: pem('server-key') }

  test.each<[string, HttpCheckOptions, string | undefined]>([
    ['an authority that is trusted', { ca: pem('ca') }, undefined],
    ['an authority as bytes', { ca: Buffer.from(pem('ca')) }, undefined],
    ['an unknown authority', {}, 'unable to verify the first certificate'],
    ['no verification, asked for explicitly', { verify: 'none' }, undefined],
  ])('httpCheck() over TLS with %s', async (_, probe, failure) => {
    await using server = await listening(createTlsServer(own, service))
    const checked = httpCheck(`https://127.0.0.1:${server.port}/livez`, { body: 'ok', ...probe })(signal)
    if (failure === undefined) await checked
    else await expect(checked).rejects.toThrow(failure)
  })

  test('httpCheck() rejects a certificate for another name', async () => {
    await using server = await listening(createTlsServer(own, service))
    const checked = httpCheck(`https://localhost:${server.port}/livez`, { ca: pem('ca') })(signal)
    await expect(checked).rejects.toThrow("Hostname/IP does not match certificate's altnames")
  })

  test('httpCheck() sends our certificate if the service requests one', async () => {
    await using server = await listening(
      createTlsServer({ ...own, ca: pem('ca'), requestCert: true, rejectUnauthorized: true }, service),
    )
    const url = `https://127.0.0.1:${server.port}/livez`
    await httpCheck(url, { ca: pem('ca'), cert: pem('client'), key: pem('client-key') })(signal)
    await expect(httpCheck(url, { ca: pem('ca') })(signal)).rejects.toThrow()
  })

  test('httpCheck() with our certificate names its permissions after status 403', async () => {
    await using server = await listening(createTlsServer(own, (_, response) => response.writeHead(403).end()))
    const credentials = { cert: pem('client'), key: pem('client-key') }
    await expect(
      httpCheck(`https://127.0.0.1:${server.port}/`, { ca: pem('ca'), ...credentials })(signal),
    ).rejects.toThrow('answered 403: check the permissions of our credentials')
  })

  test("httpCheck() keeps Node's error as the cause of its advice", async () => {
    await using server = await listening(createTlsServer(own, service))
    const error: unknown = await httpCheck(`https://127.0.0.1:${server.port}/livez`)(signal).catch(error => error)
    expect(error).toMatchObject({ cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' } })
  })
})

describe('httpCheck() rejects', () => {
  const https = 'https://127.0.0.1/livez'
  const broken = '-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n'
  test.each<[string, object, string]>([
    ['ftp://127.0.0.1/', {}, 'httpCheck.url: it must be a URL that begins with http:// or https://'],
    ['127.0.0.1/livez', {}, 'httpCheck.url: it must be a URL that begins with http:// or https://'],
    ['http://127.0.0.1/', { ca: pem('ca') }, 'httpCheck.ca: it must be left out: http://127.0.0.1/ has no certificate'],
    ['http://127.0.0.1/', { verify: 'none' }, 'it must be left out: http://127.0.0.1/ has no certificate'],
    [https, { cert: pem('client') }, 'httpCheck.key: it must be given, because cert and key go together'],
    [https, { verify: false }, "httpCheck.verify: false is not allowed, it must be 'none' or left out"],
    [https, { verify: 'none', ca: pem('ca') }, "httpCheck.ca: it must be left out beside verify 'none'"],
    [https, { key: pem('client-key') }, 'httpCheck.cert: it must be given, because cert and key go together'],
    [https, { cert: broken, key: pem('client-key') }, 'httpCheck.cert: it must be valid PEM'],
    [https, { cert: pem('client'), key: broken }, 'httpCheck.key: it must be the key of cert, in PEM'],
    [https, { cert: pem('client'), key: pem('server-key') }, 'httpCheck.key: it must be the key of cert, in PEM'],
    [https, { cert: 'nonsense', key: 'nonsense' }, 'PEM'],
    [https, { insecure: true }, 'httpCheck.insecure: no such option'],
  ])('httpCheck() rejects %s with %j', (url, probe, message) => {
    expect(() => httpCheck(url, probe)).toThrow(message)
  })

  test("httpCheck() keeps Node's error as the cause of a rejected certificate", () => {
    const given = { cert: broken, key: pem('client-key') }
    expect(() => httpCheck(https, given)).toThrow(expect.objectContaining({ cause: expect.any(Error) }))
  })
})

const service: RequestListener = ({ url }, answer) => {
  if (url === '/silent') return
  if (url === '/half') answer.write('o')
  else if (url === '/moved') answer.writeHead(302, { location: '/livez' }).end()
  else if (url === '/many') answer.writeHead(300).end('ok')
  else if (url === '/two') answer.write('o', () => answer.end('k'))
  else if (url?.startsWith('/x')) answer.end(`${'x'.repeat(Number(url.slice(2)))}ok`)
  else if (url === '/ill') answer.writeHead(503).end('ill')
  else if (url === '/endless') {
    const more = (): void => {
      while (!answer.destroyed && answer.write('x'.repeat(10_000)));
    }
    answer.on('drain', more)
    more()
  } else answer.end('ok')
}

interface Listening extends AsyncDisposable {
  readonly server: Server
  readonly port: number
}
async function listening(server: Server): Promise<Listening> {
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not a TCP server')
  return {
    server,
    port: address.port,
    async [Symbol.asyncDispose]() {
      if ('closeAllConnections' in server) (server as { closeAllConnections(): void }).closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}
