import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { attempt, connectTo } from './connect.ts'
import { wayFrom, wayTo } from './way.ts'

const server = createServer()
let port = 0
let ended = 0
beforeAll(async () => {
  server.on('connection', socket => socket.resume().on('end', () => ended++))
  await once(server.listen(0), 'listening') // of both families
  port = (server.address() as AddressInfo).port // a TCP server's address has one
})
afterAll(() => void server.close())

const signal = () => new AbortController().signal
const fails = (code: string, name = 'Error') => ({
  check: () => async () => {
    throw Object.assign(new Error(code), { code, name })
  },
})

describe('connectTo()', () => {
  it.each(['127.0.0.1', '::1'])('connects to %s, and closes at once', async host => {
    const before = ended
    expect(await connectTo({ host, port }, signal(), 2)).toMatchObject({
      reason: 'connected',
      detail: expect.stringMatching(/^connected after \d+ ms$/),
    })
    await vi.waitFor(() => expect(ended).toBe(before + 1))
  })
  it('reports a port without a listener as refused', async () => {
    expect(await connectTo({ host: '127.0.0.1', port: 1 }, signal(), 2)).toMatchObject({ reason: 'refused' })
  })
  it.each([
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    ['ETIMEDOUT', 'timeout'],
    ['ENOTFOUND', 'not-found'],
    ['EMFILE', 'failed'],
  ])('reports %s as %s', async (code, reason) => {
    expect(await connectTo({ host: '127.0.0.1', port }, signal(), 2, fails(code))).toMatchObject({ reason })
  })
  it('reports the end of its time as timeout', async () => {
    const late = AbortSignal.abort(new DOMException('', 'TimeoutError'))
    expect(await connectTo({ host: '127.0.0.1', port }, late, 2)).toMatchObject({
      reason: 'timeout',
      detail: 'no answer within 2 s',
    })
  })
  it('takes a refusal for one even without a route, and asks for no route to a name', async () => {
    const linkLocal = { host: 'fe80::1', port }
    expect(await connectTo(linkLocal, signal(), 2, fails('ECONNREFUSED'))).toMatchObject({ reason: 'refused' })
    const name = { host: 'vip.invalid', port }
    expect(await connectTo(name, signal(), 2, fails('ENETUNREACH'))).toMatchObject({ reason: 'unreachable' })
  })
  it('measures from its beginning to its end, in seconds', async () => {
    let at = 5000
    const slow = { now: () => at, check: () => async () => void (at += 1500) }
    expect(await connectTo({ host: '127.0.0.1', port }, signal(), 2, slow)).toEqual({
      ...{ reason: 'connected', detail: 'connected after 1500 ms', seconds: 1.5 },
    })
  })
  it('that fails without an error has failed', async () => {
    expect(await attempt(() => Promise.reject(), signal())).toMatchObject({ error: new Error('unknown') })
  })
  it('reports a missing route of this host, which says nothing about a router', async () => {
    const linkLocal = { host: 'fe80::1', port } // without its interface
    expect(await connectTo(linkLocal, signal(), 2, fails('ENETUNREACH'))).toMatchObject({ reason: 'no-route' })
  })
})

describe('wayTo()', () => {
  it('knows the addresses of this host', async () => {
    expect(await wayTo('127.0.0.1')).toBe('here')
    expect(await wayTo('127.0.0.2')).toBe('link') // the source is another address
  })
})

describe('wayFrom()', () => {
  const subnets = ['127.0.0.1/8', '192.0.2.11/24', '2001:db8:5::11/64', 'fe80::1/64']
  it.each([
    ['none', undefined, '198.51.100.10'],
    ['none', undefined, '192.0.2.7'],
    ['here', '198.51.100.10', '198.51.100.10'],
    ['here', '192.0.2.11', '192.0.2.11'],
    ['link', '192.0.2.11', '192.0.2.255'],
    ['router', '192.0.2.11', '192.0.3.0'],
    ['router', '192.0.2.11', '198.51.100.10'],
    ['link', '2001:db8:5::11', '2001:db8:5::ffff'],
    ['router', '2001:db8:5::11', '2001:db8:6::1'],
  ])('is %s if this host dials from %s to %s', (way, source, address) => {
    expect(wayFrom(source, address, subnets)).toBe(way)
  })
  it('is a router if no subnet is known', () => {
    expect(wayFrom('192.0.2.11', '192.0.2.7', [])).toBe('router')
    expect(wayFrom('192.0.2.11', '192.0.2.7', ['nonsense'])).toBe('router')
  })
})
