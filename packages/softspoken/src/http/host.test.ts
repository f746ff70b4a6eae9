/** Which host names are answered (DNS rebinding), with a page on loopback. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { OptionError } from '@softspoken/wire'
import { afterEach, describe, expect, test } from 'vitest'
import { httpHosts } from './address.ts'
import { type StatusPage, serve } from './status-page.ts'

const toClose: AsyncDisposable[] = []
afterEach(async () => {
  for (const one of toClose.splice(0)) await one[Symbol.asyncDispose]()
})

const lines: object[] = []
async function page(hosts: readonly string[] = []): Promise<StatusPage> {
  lines.length = 0
  const warn = (fields: object, text: string) => void lines.push({ ...fields, text })
  const served = await serve('127.0.0.1:0', { hosts, log: { debug() {}, info() {}, warn, error() {} } })
  toClose.push(served)
  return served
}
/** The status line's code, and the body. */
async function ask({ port = 0 }: StatusPage, head: string): Promise<[number, string]> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`${head}\r\nConnection: close\r\n\r\n`)
  let answer = ''
  socket.on('data', chunk => (answer += chunk))
  await once(socket, 'close')
  const [status = '', ...body] = answer.split('\r\n\r\n')
  return [Number(status.split(' ')[1]), body.join('')]
}
const withHost = (host: string) => `GET /healthz HTTP/1.1\r\nHost: ${host}`

describe('a request is answered if its host name is', () => {
  test.each([
    '127.0.0.1',
    '127.0.0.1:9179',
    '192.0.2.1:80',
    '[::1]',
    '[::1]:9179',
    '[2001:db8::1]:9179',
    '[::ffff:192.0.2.1]',
    'localhost',
    'localhost:9179',
    'LocalHost',
    'localhost.',
    'localhost.:9179',
  ])('%s', async host => {
    expect(await ask(await page(), withHost(host))).toEqual([200, 'the process runs\n'])
  })
  test.each(['node-1', 'node-1:9179', 'NODE-1', 'node-1.', 'metrics.example.net', 'a_b.example'])(
    '%s, given with --http-host',
    async host => {
      const served = await page(['Node-1', 'metrics.example.net.', 'a_b.example'])
      expect((await ask(served, withHost(host)))[0]).toBe(200)
    },
  )
  test('in an absolute form (RFC 9112 §3.2.2)', async () => {
    const served = await page()
    expect((await ask(served, 'GET http://127.0.0.1:9179/healthz?x HTTP/1.1\r\nHost: 127.0.0.1'))[0]).toBe(200)
    expect((await ask(served, 'GET http://localhost HTTP/1.1\r\nHost: localhost'))[0]).toBe(200)
  })
})

describe('a request is refused with 421 if its host name is', () => {
  test.each([
    'evil.example',
    'evil.example:9179',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    'evil.example@127.0.0.1',
    '2130706433',
    '127.1',
    '0x7f.0.0.1',
    '[evil.example]',
    '[127.0.0.1]',
    '::1',
    'localhost:port',
    'localhost:1:2',
    'evil.example:127.0.0.1',
    'evil.example[::1]',
    'localhost localhost',
    'localhost,evil.example',
    'node-1.example',
    '',
  ])("'%s'", async host => {
    for (const path of ['/healthz', '/status', '/none']) {
      const [status, body] = await ask(await page(['node-1']), `GET ${path} HTTP/1.1\r\nHost: ${host}`)
      expect([status, body]).toEqual([
        421,
        `the host name '${host}' is not allowed: use an address or localhost, or allow the name with --http-host\n`,
      ])
    }
  })
  test('another one in an absolute form, with any Host', async () => {
    const served = await page()
    expect((await ask(served, 'GET http://evil.example/status HTTP/1.1\r\nHost: 127.0.0.1'))[0]).toBe(421)
    expect((await ask(served, 'GET http://127.0.0.1/status HTTP/1.1\r\nHost: evil.example'))[0]).toBe(421)
    expect((await ask(served, 'GET HTTP://user@evil.example/status HTTP/1.1\r\nHost: 127.0.0.1'))[0]).toBe(421)
  })
  test('wrong in a POST, or in HTTP/1.0', async () => {
    const served = await page()
    expect((await ask(served, 'POST /status HTTP/1.1\r\nHost: evil.example'))[0]).toBe(421)
    expect((await ask(served, 'GET /status HTTP/1.0\r\nHost: evil.example'))[0]).toBe(421)
  })
})

test('two Host headers are refused with 400, in either order', async () => {
  const served = await page()
  for (const hosts of [
    ['127.0.0.1', 'evil.example'],
    ['evil.example', '127.0.0.1'],
    ['localhost', 'localhost'],
  ])
    expect(await ask(served, `GET /status HTTP/1.1\r\nHost: ${hosts.join('\r\nhost: ')}`)).toEqual([
      400,
      'there must be one Host header\n',
    ])
})

test('a refused host name is logged once, cut and escaped, sixteen at most', async () => {
  const served = await page()
  for (let at = 0; at < 3; at++) await ask(served, withHost('evil.example'))
  expect(lines).toEqual([{ host: 'evil.example', text: 'host refused' }])
  for (let at = 0; at < 40; at++) await ask(served, withHost(`${at}${'x'.repeat(1000)}`))
  expect(lines).toHaveLength(16)
  expect(JSON.stringify(lines).length).toBeLessThan(16 * 350)
  const [status, body] = await ask(served, withHost('a\x9b31m\xad'))
  expect([status, body]).toEqual([421, expect.stringMatching(/\\u009b31m.*\\u00ad/)])
})

test.each(['', 'a b', 'node-1:9179', 'http://node-1', '*.example', 'node..example', '[::1]', 'nöde'])(
  "--http-host '%s' is refused with an OptionError",
  name => {
    expect(() => httpHosts([name])).toThrow(
      new OptionError('httpHost', name, 'a host name without a port, such as node-1.example'),
    )
  },
)
