/** How `status` asks, and what it makes of other answers. */
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { type AddressInfo, isIPv6 } from 'node:net'
import { describe, expect, test } from 'vitest'
import { status } from './status.ts'

const captured = readFileSync(new URL('samples/status.json', import.meta.url), 'utf8')

describe('status()', () => {
  test('reads /status', async () => {
    await using site = await answering(({ url }, answer) =>
      answer.writeHead(url === '/status' ? 200 : 404).end(captured),
    )
    expect(await status(site.address)).toMatch(/^Partly withheld: .*^ROUTE /ms)
    for (const url of [`http://${site.address}/`, `HTTP://${site.address}/status`, `${site.address}/status`])
      expect(await status(url)).toMatch(/^Partly withheld: /)
    expect(await status(site.address, { json: true })).toBe(captured)
  })
  test('rejects while the program starts', async () => {
    await using site = await answering((_, answer) => answer.writeHead(503).end('not ready: the program is starting'))
    await expect(status(site.address)).rejects.toThrow(`status: the program at ${site.address} is starting`)
  })
  test.each<[string, RequestListener]>([
    ['another JSON', (_, answer) => answer.end('{}')],
    ['no JSON', (_, answer) => answer.end('<html>')],
    ['null', (_, answer) => answer.end('null')],
    ['our names and other values', (_, answer) => answer.end(captured.replaceAll(/"(peers|health)":/g, '"$1":7,"x":'))],
    ['our names and no words', (_, answer) => answer.end(JSON.stringify({ ...JSON.parse(captured), verdict: {} }))],
    ['no version', (_, answer) => answer.end(captured.replace('"version"', '"other"'))],
    ['a verdict without words', (_, answer) => answer.end(JSON.stringify({ ...JSON.parse(captured), verdict: null }))],
    ['an agent without its parts', (_, answer) => answer.end(JSON.stringify({ ...JSON.parse(captured), agent: {} }))],
    ['a body without an end', (_, answer) => pour(answer)],
    ['an error of a proxy', (_, answer) => answer.writeHead(503).end('no backend')],
    ['an error', (_, answer) => answer.writeHead(500).end(captured)],
    ['another protocol', (_, answer) => answer.writeHead(101, { Connection: 'Upgrade', Upgrade: 'other' }).end()],
  ])('rejects if the server answers with %s', async (_, listener) => {
    await using site = await answering(listener)
    await expect(status(site.address)).rejects.toThrow(`status: the server at ${site.address} is not softspoken`)
  })
  test.each(['verdict', 'announcements', 'withheld', 'leases', 'peers', 'health', 'advertised', 'version', 'uptime'])(
    'rejects if the answer has no %s',
    async part => {
      const { [part]: _, ...others } = JSON.parse(captured) as Record<string, unknown>
      await using site = await answering((_, answer) => answer.end(JSON.stringify(others)))
      await expect(status(site.address)).rejects.toThrow('is not softspoken')
      await expect(status(site.address, { json: true })).rejects.toThrow('is not softspoken')
    },
  )
  test('rejects if the answer ends before its end', async () => {
    await using site = await answering((_, answer) => {
      answer.writeHead(200, { 'Content-Length': 100 })
      answer.write('{', () => answer.destroy())
    })
    await expect(status(site.address)).rejects.toThrow(
      `status: no answer from ${site.address}: the connection ended in the middle of the answer; does`,
    )
  })
  test('rejects if the answer is not HTTP', async () => {
    await using site = await answering((_, answer) => answer.socket?.end('SSH-2.0-other\r\n'))
    await expect(status(site.address)).rejects.toThrow(
      `status: no answer from ${site.address}: the answer is not HTTP; does`,
    )
  })
  test('rejects if no server answers', async () => {
    const { address, [Symbol.asyncDispose]: close } = await answering(() => {})
    await close()
    await expect(status(address)).rejects.toThrow(
      `status: no answer from ${address}: connect ECONNREFUSED ${address}; does a program run there with --http ${address}, or SOFTSPOKEN_HTTP?`,
    )
  })
  test('does not show a password', async () => {
    await expect(status('user:word@127.0.0.1:9179')).rejects.toThrow(/^status: the given value is not allowed/)
  })
  test('the interface of a link-local address is not in the Host header', async () => {
    for (const address of ['[fe80::1]:9179', '[FEBF::1]:9179'])
      await expect(status(address)).rejects.toThrow(
        'status: a link-local address needs its interface, such as [fe80::1%eth0]:9179',
      )
    let host: string | undefined
    await using site = await answering(({ headers }, answer) => {
      host = headers.host
      answer.end(captured)
    }, '::1')
    expect(await status(site.address.replace(']', '%lo]'))).toMatch(/^Partly withheld: /)
    expect(host).toBe(site.address)
  })
  test.each([
    '',
    '127.0.0.1',
    '127.0.0.1:port',
    '127.0.0.1:65536',
    '[127.0.0.1]:9179',
    '127.0.0.1:0',
    '[::1:9179',
    '127.0.0.1:9179/x',
    '127.0.0.1:9179/status/x',
    'https://127.0.0.1:9179',
    '127.0.0.1/24:9179',
    '::1:9179',
    'x[::1]:9179',
    '[::1]:9179x',
    'host name:9179',
  ])("refuses the address '%s'", async address => {
    await expect(status(address)).rejects.toThrow(
      /^status: .* is not allowed, it must be an address and a port, such as 127.0.0.1:9179$/,
    )
  })
})

function pour(answer: ServerResponse): void {
  while (!answer.destroyed && answer.write(' '.repeat(1 << 16)));
  if (!answer.destroyed) answer.once('drain', () => pour(answer))
}
async function answering(
  listener: RequestListener,
  host = '127.0.0.1',
): Promise<AsyncDisposable & { readonly address: string }> {
  const server = createServer(listener)
  await new Promise<void>(done => server.listen(0, host, done))
  const { port } = server.address() as AddressInfo // a TCP server's address has one
  return {
    address: isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}
