/** Real sockets on loopback, with options that only Linux has. */
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { inspect } from 'node:util'
import * as linux from '@softspoken/linux'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { configure } from './config.ts'
import { dialTcp } from './dial.ts'
import { Listener, type ListenerOptions } from './listener.ts'
import type { SessionOptions } from './options.ts'
import { Session } from './session.ts'

const toEnd: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(toEnd.splice(0).map(end => end()))
})

describe.runIf(linux.linuxSupport().supported)('two sessions on Linux, with koffi', () => {
  it.each([
    ['the same TCP MD5 key (RFC 2385)', { tcpMd5Key: 'sésame' }, '127.0.0.1', '127.0.0.1'],
    ['the same key over IPv6', { tcpMd5Key: 'sésame' }, '::1', '::1'],
    ['the same key over IPv4 on a socket of both families', { tcpMd5Key: 'sésame' }, '127.0.0.1', '::'],
    ['TTL security on both sides (RFC 5082)', { ttlSecurity: 1 }, '127.0.0.1', '127.0.0.1'],
    ['TTL security over IPv6', { ttlSecurity: 1 }, '::1', '::1'],
    ['TTL security over IPv4 on a socket of both families', { ttlSecurity: 1 }, '127.0.0.1', '::'],
    ['a key and TTL security at once', { tcpMd5Key: 'sésame', ttlSecurity: 1 }, '127.0.0.1', '127.0.0.1'],
    ['a TTL of one hop', { multihop: 1 }, '127.0.0.1', '127.0.0.1'],
    ['the loopback interface', { bindDevice: 'lo' }, '127.0.0.1', '127.0.0.1'],
    ['no option', {}, '127.0.0.1', undefined],
  ])('sessions establish with %s', async (_, options, address, listenOn) => {
    const waits = waiting(address, options)
    const server = listener(listenOn === undefined ? {} : { address: listenOn })
    const port = await server.serve(waits).listen()
    const dials = dialling(address, port, options)
    await soon(() => expect([dials.state, waits.state]).toEqual(['Established', 'Established']))
    expect(dials.status().local.address).toBe(address)
    expect(waits.status()).toMatchObject({
      local: { address },
      connection: { localPort: port },
      counters: { dials: 0 },
    })
  })
  it('a session may be served after listen(), with a key', async () => {
    const server = listener({ address: '127.0.0.1' })
    const port = await server.listen()
    const options = { tcpMd5Key: 'sésame', ttlSecurity: 1 }
    const waits = waiting('127.0.0.1', options)
    server.serve(waits)
    const dials = dialling('127.0.0.1', port, options)
    await soon(() => expect([dials.state, waits.state]).toEqual(['Established', 'Established']))
  })
  it('sessions with different options share a listener', async () => {
    const strict = waiting('127.0.0.1', { ttlSecurity: 1 })
    const keyed = waiting('127.0.0.2', { tcpMd5Key: 'sésame' })
    const plain = waiting('127.0.0.3')
    const port = await listener({ address: '127.0.0.1' }).serve(strict).serve(keyed).serve(plain).listen()
    dialling('127.0.0.1', port, { ttlSecurity: 1, local: from('127.0.0.1') })
    dialling('127.0.0.1', port, { tcpMd5Key: 'sésame', local: from('127.0.0.2') })
    dialling('127.0.0.1', port, { local: from('127.0.0.3') })
    const states = () => [strict, keyed, plain].map(({ state }) => state)
    await soon(() => expect(states()).toEqual(['Established', 'Established', 'Established']))
  })
  it.each<
    [
      what: string,
      dialled: Partial<SessionOptions>,
      listening: Partial<SessionOptions>,
      address?: string,
      listenOn?: string,
    ]
  >([
    ['another key (RFC 2385)', { tcpMd5Key: 'sesame' }, { tcpMd5Key: 'sésame' }],
    ['the beginning of the key', { tcpMd5Key: 'sésam' }, { tcpMd5Key: 'sésame' }],
    ['no key, if the peer requires one', {}, { tcpMd5Key: 'sésame' }],
    ['a key, if the peer has none', { tcpMd5Key: 'sésame' }, {}],
    ['another key over IPv6', { tcpMd5Key: 'sesame' }, { tcpMd5Key: 'sésame' }, '::1', '::1'],
    ['no key over IPv4 on a socket of both families', {}, { tcpMd5Key: 'sésame' }, '127.0.0.1', '::'],
    ['a TTL of 64, if 255 is required (RFC 5082 §3)', {}, { ttlSecurity: 1 }],
    ['a TTL of 253, if 254 is required', { multihop: 253 }, { ttlSecurity: 2 }],
    ['TTL security, if the answer has a TTL of 64', { ttlSecurity: 1 }, {}],
    ['a TTL of 64 over IPv6', {}, { ttlSecurity: 1 }, '::1', '::1'],
    ['a TTL of 64 over IPv4 on a socket of both families', {}, { ttlSecurity: 1 }, '127.0.0.1', '::'],
  ])('sessions do not establish with %s', async (_, dialled, listening, address = '127.0.0.1', listenOn = address) => {
    const waits = waiting(address, listening)
    const dials = dialling(address, await listener({ address: listenOn }).serve(waits).listen(), dialled)
    // Loopback answers at once: a pair that begins later and comes up shows that this one was not answered.
    const later = waiting(address, dialled)
    dialling(address, await listener({ address: listenOn }).serve(later).listen(), dialled)
    await soon(() => expect(later.state).toBe('Established'))
    expect([dials.state, waits.state]).toEqual(['Connect', 'Active'])
  })
  it('a listener enforces TTL security beside a session without it (RFC 5082 §3)', async () => {
    const strict = waiting('127.0.0.1', { ttlSecurity: 1 })
    const plain = waiting('127.0.0.2')
    const port = await listener({ address: '127.0.0.1' }).serve(strict).serve(plain).listen()
    // Its connection is accepted, because the other session has no TTL security; what it sends later is dropped.
    const far = dialling('127.0.0.1', port, { local: from('127.0.0.1') })
    await soon(() => expect(far.state).toBe('OpenConfirm'))
    dialling('127.0.0.1', port, { local: from('127.0.0.2') })
    await soon(() => expect(plain.state).toBe('Established'))
    expect(far.state).toBe('OpenConfirm')
    expect(strict.state).not.toBe('Established')
  })
  it('a listener requires the key beside a session without one (RFC 2385)', async () => {
    const keyed = waiting('127.0.0.1', { tcpMd5Key: 'sésame' })
    const plain = waiting('127.0.0.2')
    const port = await listener({ address: '127.0.0.1' }).serve(keyed).serve(plain).listen()
    const without = dialling('127.0.0.1', port, { local: from('127.0.0.1') })
    dialling('127.0.0.1', port, { local: from('127.0.0.2') })
    await soon(() => expect(plain.state).toBe('Established'))
    expect([without.state, keyed.state]).toEqual(['Connect', 'Active'])
  })
  it('serve() throws for the key of an IPv6 peer on an IPv4 listener', async () => {
    const server = listener({ address: '127.0.0.1' })
    const port = await server.listen()
    expect(() => server.serve(waiting('::1', { tcpMd5Key: 'sésame' }))).toThrow(
      'tcpMd5Key: an IPv4 socket cannot have a key for ::1',
    )
    const plain = waiting('127.0.0.1')
    server.serve(plain)
    dialling('127.0.0.1', port)
    await soon(() => expect(plain.state).toBe('Established'))
  })
  it('a connection that cannot have the options of its session is closed', async () => {
    const server = listener({ address: '127.0.0.1' })
    const waits = waiting('127.0.0.1', { bindDevice: 'nosuch0' })
    const port = await server.serve(waits).listen()
    const socket = connect({ host: '127.0.0.1', port }).on('error', () => {})
    await once(socket.resume(), 'close')
    expect([server.unconfiguredPeers, waits.state]).toEqual([1, 'Active'])
  })
  it('a dial through an interface that does not exist fails with a hint', async () => {
    const dials = dialling('127.0.0.1', 179, { bindDevice: 'nosuch0' })
    await soon(() =>
      expect(dials.status().lastFailure).toMatchObject({
        detail: 'the interface nosuch0 is not on this host',
        hint: 'check bindDevice',
      }),
    )
  })
  it('the system ends a connection that is not acknowledged in time (RFC 5482)', async () => {
    const waits = waiting('127.0.0.1', { holdTime: 300 })
    const port = await listener({ address: '127.0.0.1' }).serve(waits).listen()
    const set = vi.spyOn(linux, 'setUserTimeout')
    toEnd.push(() => set.mockRestore())
    const dials = dialling('127.0.0.1', port, { sendHoldTime: 90.5 })
    await soon(() => expect([dials.state, waits.state]).toEqual(['Established', 'Established']))
    expect(set.mock.calls.map(([, milliseconds]) => milliseconds)).toEqual([90_500, 600_000])
    expect(set.mock.results.map(({ type }) => type)).toEqual(['return', 'return'])
  })
  it('a dial leaves no descriptor open if the system refuses an option', () => {
    const config = configure({ local: from('127.0.0.1'), peer: { as: 1, address: '127.0.0.1' }, bindDevice: 'nosuch0' })
    const lowest = () => {
      const fd = openSync('/dev/null', 'r')
      closeSync(fd)
      return fd
    }
    const before = lowest()
    for (let dials = 0; dials < 10; dials++) expect(() => dialTcp(config)).toThrow('bindDevice: the system refused it')
    expect(lowest()).toBe(before)
  })
  it('no event, status or log line shows the key', async () => {
    const lines: unknown[] = []
    const note = (fields: object, text: string) => lines.push(fields, text)
    const log = { debug: note, info: note, warn: note, error: note }
    const dials = dialling('127.0.0.1', 179, { tcpMd5Key: 'sésame', bindDevice: 'nosuch0', log })
    dials.on('down', event => lines.push(event))
    await soon(() => expect(dials.status().lastFailure).toBeDefined())
    const shown = [lines, dials, dials.status(), dials.config].map(it => inspect(it, { depth: 9 }) + JSON.stringify(it))
    expect(shown.join()).toContain('nosuch0')
    expect(shown.join()).not.toContain('sésame')
  })
})

// ---- helpers

function soon(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 5000, interval: 5 })
}
function waiting(address: string, options: Partial<SessionOptions> = {}): Session {
  const local = { as: 65002, id: '192.0.2.2' }
  return begin({ local, peer: { as: 65001, address }, passive: true, ...options })
}
function dialling(address: string, port: number, options: Partial<SessionOptions> = {}): Session {
  return begin({ local: from(address), peer: { as: 65002, address, port }, ...options })
}
function from(address: string): SessionOptions['local'] {
  return { as: 65001, id: '192.0.2.1', address }
}
function begin(options: SessionOptions): Session {
  const session = new Session(options).start()
  toEnd.push(() => session.stop())
  return session
}
function listener(options: ListenerOptions): Listener {
  const server = new Listener({ ...options, port: 0 })
  toEnd.push(() => server.stop())
  return server
}
