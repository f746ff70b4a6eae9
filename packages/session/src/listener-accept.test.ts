/** What a listener does with connections and sessions, without a socket of the system. */
import { Server } from 'node:net'
import { Duplex } from 'node:stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Listener, type ListenerOptions } from './listener.ts'
import type { SessionOptions } from './options.ts'
import { Session } from './session.ts'
import { VirtualClock } from './testing/virtual-clock.ts'

const platform = process.platform
afterEach(() => {
  vi.restoreAllMocks()
  Object.defineProperty(process, 'platform', { value: platform })
})

describe('a connection', () => {
  it('a connection reaches the session of its address only', () => {
    const { server, listener } = stage()
    const [one, two] = [waiting('192.0.2.2'), waiting('192.0.2.3')]
    listener.serve(one).serve(two)
    const connection = arrive(server, '192.0.2.3')
    expect([one.state, two.state, connection.destroyed]).toEqual(['Active', 'OpenSent', false])
    expect(listener.unconfiguredPeers).toBe(0)
  })
  it('an IPv4 address that is mapped into IPv6 is the same peer (RFC 4291 §2.5.5.2)', () => {
    const { server, listener } = stage()
    const one = waiting('192.0.2.2')
    listener.serve(one)
    arrive(server, '::ffff:192.0.2.2')
    expect(one.state).toBe('OpenSent')
  })
  it('an unconfigured peer is closed and counted, and logged once a minute', async () => {
    const { server, listener, clock, lines } = stage()
    const text = 'no session for this address: closed'
    const connection = arrive(server, '::ffff:192.0.2.9')
    expect([connection.destroyed, listener.unconfiguredPeers]).toEqual([true, 1])
    arrive(server, '192.0.2.8')
    expect(lines).toEqual([{ address: '192.0.2.9', connections: 1, text }])
    await clock.advance(60)
    arrive(server, '192.0.2.7')
    expect(lines.slice(1)).toEqual([{ address: '192.0.2.7', connections: 2, text }])
    expect(listener.unconfiguredPeers).toBe(3)
  })
  it('a connection that has no address any more is closed and counted', () => {
    const { server, listener } = stage()
    listener.serve(waiting('192.0.2.2'))
    expect([arrive(server, undefined).destroyed, listener.unconfiguredPeers]).toEqual([true, 1])
  })
  it('without Linux, a session with an option of Linux gets no connection', () => {
    const { server, listener } = stage()
    const one = { config: { ...waiting('192.0.2.2').config, ttlSecurity: 1 }, accept: vi.fn() }
    listener.serve(one)
    expect([arrive(server, '192.0.2.2').destroyed, one.accept.mock.calls]).toEqual([true, []])
  })
  it('an accept that fails while it listens is logged once a minute', async () => {
    const { server, clock, lines } = stage()
    server.emit('error', new Error('address in use')) // listen() rejects with it
    expect(lines).toEqual([])
    vi.spyOn(server, 'listening', 'get').mockReturnValue(true)
    for (let times = 0; times < 3; times++) server.emit('error', new Error('accept EMFILE'))
    await clock.advance(60)
    server.emit('error', new Error('accept ENFILE'))
    expect(lines).toEqual([
      { error: 'accept EMFILE', connections: 1, text: 'connection could not be accepted' },
      { error: 'accept ENFILE', connections: 3, text: 'connection could not be accepted' },
    ])
  })
})

describe('listen() without Linux', () => {
  it.each<[ListenerOptions, readonly unknown[]]>([
    [{}, [179, undefined]],
    [{ port: 0 }, [0, undefined]],
    [{ address: '::FFFF:192.0.2.1', port: 1179 }, [1179, '192.0.2.1']],
    [{ address: 'fe80:0::1%eth0' }, [179, 'fe80::1%eth0']],
  ])('a listener with %j listens on %j, and resolves with its port', async (options, expected) => {
    Object.defineProperty(process, 'platform', { value: 'darwin' })
    const { server, listener } = stage(options)
    const listen = vi.spyOn(server, 'listen').mockImplementation(() => server)
    vi.spyOn(server, 'address').mockReturnValue({ address: '::', family: 'IPv6', port: 1234 })
    const listening = listener.listen()
    server.emit('listening')
    expect(await listening).toBe(1234)
    expect(listen.mock.calls).toEqual([expected])
  })
  it('listen() rejects if a session has an option of Linux', async () => {
    const { server, listener } = stage()
    listener.serve(waiting('192.0.2.3')).serve({ config: { ...waiting('192.0.2.2').config, multihop: 2 }, accept() {} })
    Object.defineProperty(process, 'platform', { value: 'darwin' })
    const listen = vi.spyOn(server, 'listen').mockImplementation(() => server)
    await expect(listener.listen()).rejects.toThrow('multihop: needs Linux')
    expect(listen).not.toHaveBeenCalled()
  })
  it('serve() while it listens rejects such a session, and takes the next', () => {
    const { server, listener } = stage()
    vi.spyOn(server, 'listening', 'get').mockReturnValue(true)
    const { config } = waiting('192.0.2.2')
    expect(() => listener.serve({ config: { ...config, multihop: 2 }, accept() {} })).toThrow(
      'multihop: needs Linux and the package koffi, but this listener was started without them',
    )
    const accept = vi.fn()
    listener.serve({ config, accept })
    const connection = arrive(server, '192.0.2.2')
    expect(accept.mock.calls).toEqual([[connection]])
  })
})

describe('stop()', () => {
  it('stop() closes the server if it listens, and only then', async () => {
    const { server, listener } = stage()
    const close = vi.spyOn(server, 'close').mockImplementation(() => server)
    await listener.stop()
    expect(close).not.toHaveBeenCalled()
    vi.spyOn(server, 'listening', 'get').mockReturnValue(true)
    await listener[Symbol.asyncDispose]()
    expect(close).toHaveBeenCalledOnce()
  })
})

describe('serve()', () => {
  it.each([undefined, null, 7, {}, { config: {}, accept() {} }, { config: { peer: {} }, accept() {} }])(
    'serve() rejects %j, which is no session',
    given => {
      expect(() => new Listener().serve(given as never)).toThrow(/^session: .* it must be a Session$/) // as a caller without types may
    },
  )
  it('serve() rejects the configuration of a session alone', () => {
    const { config } = waiting('192.0.2.2')
    expect(() => new Listener().serve({ config } as never)).toThrow('it must be a Session')
  })
  it('serve() rejects a second session with one address, and names the option', () => {
    const listener = new Listener().serve(waiting('192.0.2.2'))
    expect(() => listener.serve(waiting('::ffff:192.0.2.2'))).toThrow(
      expect.objectContaining({
        option: 'peer.address',
        value: '192.0.2.2',
        allowed: 'the peer of one session',
        message: 'peer.address: 192.0.2.2 already has a session on this listener',
      }),
    )
  })
})

describe('the options of a listener', () => {
  it.each([
    [{ port: 65536 }, 'port: 65536 is not allowed, it must be from 0 to 65535'],
    [{ port: -1 }, 'port: -1 is not allowed, it must be from 0 to 65535'],
    [{ address: 7 }, 'address: 7 is not allowed, it must be a string'],
    [{ address: 'localhost' }, "address: 'localhost' is not allowed"],
    [{ log: {} }, 'log.debug: '],
    [{ clock: {} }, 'clock.now: '],
    [{ host: '::' }, 'host: no such option, it must be one of address, port, log, clock'],
  ])('a Listener rejects %j', (options, message) => {
    expect(() => new Listener(options as ListenerOptions)).toThrow(message) // as a caller without types may
  })
  it.each([0, 65535])('a Listener takes port %i', port => {
    expect(new Listener({ port }).unconfiguredPeers).toBe(0)
  })
})

// ---- the stage

/** A listener that is not started, its server, its clock and its warnings. */
function stage(options: ListenerOptions = {}) {
  const clock = new VirtualClock()
  const lines: object[] = []
  const quiet = () => {}
  const warn = (fields: object, text: string) => void lines.push({ ...fields, text })
  const on = vi.spyOn(Server.prototype, 'on')
  const listener = new Listener({ clock, log: { debug: quiet, info: quiet, error: quiet, warn }, ...options })
  const [server] = on.mock.contexts
  on.mockRestore()
  if (!(server instanceof Server)) throw new Error('the listener has no server')
  return { listener, server, clock, lines }
}
function waiting(address: string, options: Partial<SessionOptions> = {}): Session {
  const peer = { as: 65002, address }
  const clock = new VirtualClock()
  return new Session({ local: { as: 65001, id: '192.0.2.1' }, peer, passive: true, clock, ...options }).start()
}
/** A connection from this address. */
function arrive(server: Server, remoteAddress: string | undefined): Duplex {
  const connection = Object.assign(new Duplex({ read() {}, write: (_, __, done) => done() }), { remoteAddress })
  server.emit('connection', connection)
  return connection
}
