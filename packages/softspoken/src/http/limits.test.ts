/** Limits of the HTTP server: few sockets and few queued octets, and no effect on the session. */
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Announcer } from '@softspoken/announcer'
import { Listener, Session } from '@softspoken/session'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type StatusPage, serve } from './status-page.ts'

const VIP = '198.51.100.10/32'
const MOST = 16

const toClose: AsyncDisposable[] = []
const sockets: Socket[] = []
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const one of toClose.splice(0).reverse()) await one[Symbol.asyncDispose]()
})

/** A page, its announcer, and a session that is established. */
async function established() {
  const lines: string[] = []
  const note = (fields: object, text: string) => void lines.push(`${text} ${JSON.stringify(fields)}`)
  const page = await serve('127.0.0.1:0', { log: { debug: note, info: note, warn: note, error: note } })
  const announcer = new Announcer({
    local: { as: 64515, id: '10.0.5.11' },
    peers: [{ as: 65000, address: '127.0.0.1' }],
    nextHop: '10.0.5.11',
    drainTime: 0,
    firstDialDelay: 60,
  })
  page.attach(announcer)
  toClose.push(announcer, page)
  announcer.announce(VIP)
  const session = announcer.sessions[0]! // there is one peer
  const listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(session)
  const port = await listener.listen()
  const peer = { as: 64515, address: '127.0.0.1', port }
  toClose.push(listener, new Session({ local: { as: 65000, id: '10.0.5.1' }, peer }).start())
  await vi.waitFor(() => expect(announcer.status().peers[0]?.sent).toEqual([VIP]))
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${page.port}${path}`)
    return { status: answer.status, text: await answer.text() }
  }
  return { page, announcer, session, lines, get }
}

async function client(page: StatusPage, text = '', localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: page.port ?? 0, localAddress })
  sockets.push(socket)
  socket.on('error', () => {}) // it is closed by the other side
  await once(socket, 'connect')
  socket.write(text)
  return socket
}
/** Everything that is received until the connection ends. */
async function answerTo(page: StatusPage, text: string): Promise<string> {
  const socket = await client(page, text)
  let answer = ''
  socket.on('data', chunk => (answer += chunk))
  if (!socket.closed) await once(socket, 'close')
  return answer
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`

describe('a flood', () => {
  test.each([
    ['idle connections', ''],
    ['half-sent requests', 'GET /metrics HTTP/1.1\r\nHost: 127'],
    ['clients that read nothing', get('/metrics').repeat(2000)],
    [
      'bodies without end',
      `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n${'4\r\nabcd\r\n'.repeat(5000)}`,
    ],
    ['upgrades', `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`],
    ['CONNECT', 'CONNECT 127.0.0.1:179 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
    ['octets that are no HTTP', '\x16\x03\x01\x02\x00\x01'.repeat(1000)],
  ])('of %s leaves few sockets, few octets, /healthz and the session', async (_, text) => {
    const { page, session, get } = await established()
    const length = (await get('/metrics')).text.length
    let most = 0
    let octets = 0
    for (let round = 0; round < 60; round++) {
      ;(await client(page, text)).pause()
      most = Math.max(most, page.connections.count)
      octets = Math.max(octets, page.connections.queued)
      if (round % 20 === 19) expect((await get('/healthz')).status).toBe(200)
    }
    expect(most).toBeLessThanOrEqual(MOST)
    expect(octets).toBeLessThanOrEqual(MOST * 4 * (length + 2000))
    expect((await get('/readyz')).status).toBe(200)
    expect(session.state).toBe('Established')
  })

  test('closes the longest idle connection of the address with the most', async () => {
    const { page } = await established()
    const quiet = await client(page, get('/healthz'))
    await once(quiet, 'data')
    const others: Socket[] = []
    for (let at = 0; at < 30; at++) {
      const other = await client(page, get('/healthz'), '127.0.0.2')
      await once(other, 'data')
      others.push(other)
    }
    await vi.waitFor(() => expect(others.filter(({ closed }) => closed).length).toBe(15))
    expect(others.map(({ closed }) => closed)).toEqual([...Array(15).fill(true), ...Array(15).fill(false)])
    quiet.write(get('/healthz'))
    expect(String(await once(quiet, 'data'))).toContain('the process runs')
  })
})

describe('a connection', () => {
  test('is closed with its hundredth answer', async () => {
    const { page } = await established()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ports = new Set<unknown>()
    for (let at = 0; at < 101; at++)
      await new Promise<void>((done, failed) =>
        request({ agent, host: '127.0.0.1', port: page.port, path: '/healthz' }, response => {
          ports.add(response.socket.localPort)
          response.resume().on('end', done)
        })
          .on('error', failed)
          .end(),
      )
    agent.destroy()
    expect(ports.size).toBe(2)
  })
  test('may pipeline a few requests, and gets the answers in order', async () => {
    const { page } = await established()
    const answer = await answerTo(
      page,
      `${get('/healthz')}${get('/readyz')}${get('/none').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')}`,
    )
    expect(answer.match(/(?<=\r\n\r\n).*\n/g)).toEqual(['the process runs\n', 'ready\n', 'not found\n'])
  })
  test('with HTTP/1.0 gets an answer and is closed, with and without a Host', async () => {
    const { page } = await established()
    for (const host of ['', 'Host: localhost\r\n'])
      expect(await answerTo(page, `GET /healthz HTTP/1.0\r\n${host}\r\n`)).toMatch(
        /^HTTP\/1\.1 200 .*the process runs\n$/s,
      )
  })
  test('gets the answer after the client has ended its side', async () => {
    const { page } = await established()
    const socket = await client(page)
    let answer = ''
    socket.on('data', chunk => (answer += chunk))
    socket.end(get('/healthz'))
    await once(socket, 'close')
    expect(answer).toContain('the process runs')
  })
  test.each([
    ['a body', 413, 'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n'],
    ['a body in chunks', 413, 'GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a body to come', 413, 'GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n'],
    ['a POST with a body', 405, 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n'],
    ['headers of more than 16 KiB', 431, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`],
    ['no Host', 400, 'GET / HTTP/1.1\r\n\r\n'],
    ['no HTTP', 400, 'hello\r\n\r\n'],
  ])('with %s gets %i and is closed', async (_, status, text) => {
    const { page, session } = await established()
    expect(await answerTo(page, text)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(session.state).toBe('Established')
  })
})

describe('an answer', () => {
  test.each(['/metrics', '/status', '/events'])('of %s serves all clients for a second', async path => {
    const { announcer, get } = await established()
    vi.useFakeTimers({ toFake: ['performance'] })
    await get(path)
    vi.advanceTimersByTime(1000)
    const reads = vi.spyOn(announcer, 'status')
    const once = await get(path)
    const { length } = reads.mock.calls
    vi.advanceTimersByTime(999)
    const answers = await Promise.all(Array.from({ length: 15 }, () => get(path)))
    expect(answers).toEqual(Array(15).fill(once))
    expect(reads.mock.calls.length).toBe(length)
    vi.advanceTimersByTime(1)
    await get(path)
    expect(reads.mock.calls.length).toBe(2 * length)
  })
  test('of /readyz is never reused, because it changes with the route', async () => {
    const { announcer, get } = await established()
    expect((await get('/readyz')).status).toBe(200)
    void announcer.drain()
    expect((await get('/readyz')).status).toBe(503)
  })
  const evil = Object.create(null)
  test.each([
    ['an error', new Error('a bug')],
    ['an object without a text', evil],
    ['an error whose message throws', Object.defineProperty(new Error(), 'message', { get: () => JSON.parse('{') })],
  ])('that throws %s becomes a 500 and one log line', async (_, thrown) => {
    const { announcer, session, lines, get } = await established()
    const broken = vi.spyOn(announcer, 'status').mockImplementation(() => {
      throw thrown
    })
    for (const path of ['/status', '/readyz', '/metrics', '/status']) {
      expect(await get(path)).toEqual({ status: 500, text: 'an error, see the log\n' })
    }
    expect(lines.map(line => line.replace(/,"detail".*/, ''))).toEqual(
      ['/status', '/readyz', '/metrics'].map(path => `page failed {"path":"${path}"`),
    )
    broken.mockRestore()
    expect((await get('/readyz')).status).toBe(200)
    expect(session.state).toBe('Established')
  })
})
