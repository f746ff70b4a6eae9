/** Real sockets on loopback, from several addresses of 127.0.0.0/8. */
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { type AddressInfo, connect, createServer, Server, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { linuxSupport } from '@softspoken/linux'
import { encode, type Open } from '@softspoken/wire'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Listener, type ListenerOptions } from './listener.ts'
import type { SessionOptions } from './options.ts'
import { realTime } from './runtime.ts'
import { Session } from './session.ts'

const local = { as: 65001, id: '192.0.2.1' }
const open: Open = { type: 'open', version: 4, as: 65002, holdTime: 90, id: '192.0.2.2', capabilities: [] }

const toEnd: (() => unknown)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const end of toEnd.splice(0).reverse()) await end()
})

describe('a listener', () => {
  it('a listener hands a connection to the session of its address (RFC 4271 §8.2.1)', async () => {
    const one = session('127.0.0.1')
    const two = session('127.0.0.2')
    const port = await listen(one, two)
    await dial(port, '127.0.0.2')
    await soon(() => expect(two.state).toBe('OpenSent'))
    expect(one.state).toBe('Active')
  })
  it('a session is established on the connection that the peer made', async () => {
    const one = session('127.0.0.1')
    const port = await listen(one)
    const socket = await dial(port, '127.0.0.1')
    socket.write(encode(open))
    socket.write(encode({ type: 'keepalive' }))
    await soon(() => expect(one.state).toBe('Established'))
    expect(one.status()).toMatchObject({
      local: { address: '127.0.0.1' },
      peer: { address: '127.0.0.1', port: 179 },
      connection: { direction: 'incoming', localPort: port, remotePort: socket.localPort },
      counters: { dials: 0, fsmEstablishedTransitions: 1 },
    })
  })
  it('a listener closes and counts a connection from an unconfigured peer', async () => {
    const one = session('127.0.0.2')
    const server = listener(one)
    const port = await server.listen()
    const unconfigured = await dial(port, '127.0.0.1')
    await closed(unconfigured)
    expect([server.unconfiguredPeers, one.state, unconfigured.bytesRead]).toEqual([1, 'Active', 0])
  })
  it('unconfigured peers are logged once a minute, with their number since the last', async () => {
    const lines: object[] = []
    const log = {
      debug: ignore,
      info: ignore,
      error: ignore,
      warn: (fields: object, text: string) => void lines.push({ ...fields, text }),
    }
    let now = 1000
    const clock = { ...realTime, now: () => now }
    const server = new Listener({ address: '127.0.0.1', port: 0, log, clock })
    toEnd.push(() => server.stop())
    const port = await server.listen()
    const connectFrom = async (from: string) => closed(await dial(port, from))
    const text = 'no session for this address: closed'

    await connectFrom('127.0.0.1')
    expect(lines).toEqual([{ address: '127.0.0.1', connections: 1, text }])
    now += 59_999
    for (let i = 0; i < 5; i++) await connectFrom('127.0.0.1')
    expect([lines.length, server.unconfiguredPeers]).toEqual([1, 6])
    now += 1
    await connectFrom('127.0.0.3')
    expect(lines[1]).toEqual({ address: '127.0.0.3', connections: 6, text })
    await connectFrom('127.0.0.1')
    expect([lines.length, server.unconfiguredPeers]).toEqual([2, 8])
  })
  it.each(['fe80::1%eth0', 'fe80::2%eth1'])(
    'a listener closes a connection from %s without an exception',
    async from => {
      const one = session('fe80::1%eth1')
      const server = listener(one)
      const connection = arrive(await serverOf(server), from)
      expect([server.unconfiguredPeers, one.state, connection.destroyed]).toEqual([1, 'Active', true])
    },
  )
  it('a listener tells link-local peers apart by their interface (RFC 4007 §11)', async () => {
    const [one, two] = [session('FE80:0::1%eth1'), session('fe80::1%eth2')]
    const server = await serverOf(listener(one, two))
    const connection = arrive(server, 'fe80::1%eth1')
    expect([one.state, two.state, connection.destroyed]).toEqual(['OpenSent', 'Active', false])
    arrive(server, 'fe80::1%eth2')
    expect(two.state).toBe('OpenSent')
  })
  it('a newer connection replaces one without an OPEN (RFC 4271 §6.8)', async () => {
    const one = session('127.0.0.1')
    const server = listener(one)
    const port = await server.listen()
    const first = await dial(port, '127.0.0.1')
    await soon(() => expect(one.state).toBe('OpenSent'))
    const second = await dial(port, '127.0.0.1')
    await closed(first)
    expect([one.state, second.closed, server.unconfiguredPeers]).toEqual(['OpenSent', false, 0])
  })
  it('two sessions that both dial and listen share one connection (RFC 4271 §6.8)', async () => {
    const [one, two] = ['127.0.0.1', '127.0.0.2']
    const listeners = [new Listener({ address: one, port: 0 }), new Listener({ address: two, port: 0 })] as const
    toEnd.push(...listeners.map(listener => () => listener.stop()))
    const ports = [await listeners[0].listen(), await listeners[1].listen()]
    const both = [
      new Session({ local: { ...local, address: one }, peer: { as: 65002, address: two, port: ports[1]! } }),
      new Session({
        local: { as: 65002, id: '192.0.2.2', address: two },
        peer: { as: 65001, address: one, port: ports[0]! },
      }),
    ] as const
    const downs: unknown[] = []
    both.forEach((session, i) => {
      listeners[i]!.serve(session) // as many as there are sessions
      session.on('down', down => downs.push(down)).start()
      toEnd.push(() => session.stop())
    })
    await soon(() => expect(both.map(({ state }) => state)).toEqual(['Established', 'Established']))
    const [near, far] = both.map(session => session.status())
    expect(near?.connection?.localPort).toBe(far?.connection?.remotePort)
    expect(near?.connection?.remotePort).toBe(far?.connection?.localPort)
    expect([near, far].map(status => status?.connection?.direction).sort()).toEqual(['incoming', 'outgoing'])
    expect(near?.peer.port).toBe(ports[1])
    expect(downs).toEqual([])
  })
  it('a listener closes the connection of a peer whose session is stopped', async () => {
    const one = session('127.0.0.1')
    const port = await listen(one)
    await one.stop()
    await closed(await dial(port, '127.0.0.1'))
    expect(one.state).toBe('Idle')
  })
  it('a listener accepts an IPv4 peer on a socket of both families', async () => {
    const one = session('127.0.0.1')
    const port = await listen(one, { address: '::' }).catch(() => undefined)
    if (port === undefined) return // a host without IPv6
    await dial(port, '127.0.0.1')
    await soon(() => expect(one.state).toBe('OpenSent'))
    expect(one.status().local.address).toBe('127.0.0.1')
  })
  it('a session that dials and one that listens establish over TCP', async () => {
    const waits = session('127.0.0.1', {
      local: { as: 65002, id: '192.0.2.2' },
      peer: { as: 65001, address: '127.0.0.1' },
    })
    const port = await listen(waits)
    const dials = new Session({ local, peer: { as: 65002, address: '127.0.0.1', port } }).start()
    toEnd.push(() => dials.stop())
    await soon(() => expect([dials.state, waits.state]).toEqual(['Established', 'Established']))
    expect(dials.status().local.address).toBe('127.0.0.1')
    const down = once(waits, 'down')
    await dials.stop('that was all')
    expect((await down)[0]).toMatchObject({
      detail: 'the peer sent Cease/Administrative Shutdown (6/2): "that was all"',
    })
  })
  it('timers run after each full chunk of a peer that floods', async () => {
    const one = session('127.0.0.1')
    const order: ('full' | 'pause')[] = []
    const accept = vi.spyOn(one, 'accept')
    const port = await listen(one)
    const socket = await dial(port, '127.0.0.1')
    await soon(() => expect(one.state).toBe('OpenSent'))
    const [connection] = accept.mock.calls[0] ?? []
    connection?.on('data', (chunk: Uint8Array) => void (chunk.length >= 65536 && order.push('full')))
    connection?.on('pause', () => order.push('pause'))
    const keepalives = 30_000 // several times what one piece holds
    socket.write(encode(open))
    socket.write(Buffer.concat(Array(keepalives).fill(encode({ type: 'keepalive' }))))
    // Bounded by turns of the event loop, of which a busy machine takes as many as another.
    const read = () => one.status().counters.inTotalMessages
    for (let turns = 0; read() < 1 + keepalives && turns < 1_000_000; turns++) await setImmediate()
    expect(read()).toBe(1 + keepalives)
    expect(order).toContain('full')
    expect(order.filter((what, i) => what === 'full' && order[i - 1] !== 'pause')).toEqual([]) // the session sees it first
  })
  it('a dial to a port without a listener is refused, with a hint', async () => {
    const port = await unusedPort()
    const dials = new Session({ local, peer: { as: 65002, address: '127.0.0.1', port } })
    toEnd.push(() => dials.stop())
    const down = once(dials, 'down')
    dials.start()
    expect((await down)[0]).toMatchObject({
      detail: `connection refused by 127.0.0.1 port ${port}`,
      hint: `nothing listens on 127.0.0.1 port ${port}, or an access list rejects us`,
      from: 'Connect',
    })
  })
})

describe('a connection that the system cannot accept', () => {
  it('a failed accept is logged once a minute, and the next connection is served', async () => {
    const lines: object[] = []
    const log = {
      debug: ignore,
      info: ignore,
      error: ignore,
      warn: (fields: object, text: string) => void lines.push({ ...fields, text }),
    }
    const one = session('127.0.0.1')
    const failing = new Listener({ address: '127.0.0.1', port: 0, log }).serve(one)
    toEnd.push(() => failing.stop())
    const server = await serverOf(failing)
    const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' })
    for (let times = 0; times < 5; times++) server.emit('error', error)
    expect(lines).toEqual([{ error: 'accept EMFILE', connections: 1, text: 'connection could not be accepted' }])
    const { port } = server.address() as AddressInfo // a TCP server's address has one
    await dial(port, '127.0.0.1')
    await soon(() => expect(one.state).toBe('OpenSent'))
  })
})

describe('listen()', () => {
  it('listen() rejects with the address and port if the port is taken', async () => {
    const port = await listen(session('127.0.0.1'))
    const second = new Listener({ address: '127.0.0.1', port })
    await expect(second.listen()).rejects.toThrow(`address already in use 127.0.0.1:${port}`)
  })
  it('listen() rejects if the address is not on this host', async () => {
    await expect(new Listener({ address: '192.0.2.1', port: 0 }).listen()).rejects.toThrow('192.0.2.1')
  })
  it.runIf(linuxSupport().supported)(
    'listen() leaves no descriptor open if a session cannot have its key',
    async () => {
      const keyed = session('::1', { tcpMd5Key: 'secret' })
      const before = lowestDescriptor()
      for (let times = 0; times < 10; times++)
        await expect(new Listener({ address: '127.0.0.1', port: 0 }).serve(keyed).listen()).rejects.toThrow(
          'tcpMd5Key: ',
        )
      expect(lowestDescriptor()).toBe(before)
    },
  )
  it('listen() may be called again after it was rejected', async () => {
    const blocker = createServer()
    const port = await new Promise<number>(
      done => blocker.listen(0, '127.0.0.1', () => done((blocker.address() as { port: number }).port)), // a TCP server has one
    )
    const server = new Listener({ address: '127.0.0.1', port })
    toEnd.push(() => server.stop())
    await expect(server.listen()).rejects.toThrow('in use')
    await new Promise(done => blocker.close(done))
    expect(await server.listen()).toBe(port)
  })
})

describe('stop()', () => {
  it('stop() accepts no more connections and keeps those of the sessions', async () => {
    const one = session('127.0.0.1')
    const server = listener(one)
    const port = await server.listen()
    await dial(port, '127.0.0.1')
    await soon(() => expect(one.state).toBe('OpenSent'))
    await server.stop()
    await expect(dial(port, '127.0.0.1')).rejects.toThrow('ECONNREFUSED')
    expect(one.state).toBe('OpenSent')
  })
  it('stop() may be called twice, or before listen()', async () => {
    const server = new Listener({ address: '127.0.0.1', port: 0 })
    await server.stop()
    await server.listen()
    await server.stop()
    await server[Symbol.asyncDispose]()
  })
})

describe('options', () => {
  it('serve() takes one session per address, in any spelling', () => {
    const server = new Listener().serve(session('2001:db8::1'))
    expect(() => server.serve(session('2001:DB8:0::1'))).toThrow('peer.address: 2001:db8::1 already has a session')
  })
  it.each([
    [{ port: 65536 }, 'port: 65536 is not allowed, it must be from 0 to 65535'],
    [{ port: 1.5 }, 'port: 1.5 is not allowed'],
    [{ address: 'localhost' }, "address: 'localhost' is not allowed, it must be an IPv4 or IPv6 address"],
    [{ host: '127.0.0.1' }, 'host: no such option, it must be one of address, port, log, clock'],
  ])('a Listener rejects %j', (options, message) => {
    expect(() => new Listener(options as ListenerOptions)).toThrow(message) // as a caller without types may
  })
})

// ---- helpers

function ignore(): void {}
/** Polls with a bound. */
function soon(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 5000, interval: 5 })
}

/** Waits for a peer at this address. */
function session(address: string, options: Partial<SessionOptions> = {}): Session {
  const session = new Session({ local, peer: { as: 65002, address }, passive: true, ...options }).start()
  toEnd.push(() => session.stop())
  return session
}
function listener(...given: (Session | { address: string })[]): Listener {
  const options = given.find(item => !(item instanceof Session)) ?? { address: '127.0.0.1' }
  const server = new Listener({ ...options, port: 0 })
  for (const item of given) if (item instanceof Session) server.serve(item)
  toEnd.push(() => server.stop())
  return server
}
function listen(...given: (Session | { address: string })[]): Promise<number> {
  return listener(...given).listen()
}
/** The lowest free descriptor, which the next file gets. */
function lowestDescriptor(): number {
  const fd = openSync('/dev/null', 'r')
  closeSync(fd)
  return fd
}
/** The server inside it. */
async function serverOf(listener: Listener): Promise<Server> {
  const listen = vi.spyOn(Server.prototype, 'listen')
  await listener.listen()
  const [server] = listen.mock.contexts
  if (!(server instanceof Server)) throw new Error('no server listens')
  return server
}
/** A connection from an address that this host need not have. */
function arrive(server: Server, remoteAddress: string): Duplex {
  const connection = Object.assign(new Duplex({ read() {}, write: (_, __, done) => done() }), { remoteAddress })
  server.emit('connection', connection)
  return connection
}
/** Connects to loopback from one of its addresses. */
async function dial(port: number, from: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from })
  toEnd.push(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}
/** The other side has closed it, with a FIN or an RST. */
async function closed(socket: Socket): Promise<void> {
  socket.on('error', () => {}).resume()
  if (!socket.closed) await new Promise<void>(done => socket.once('close', () => done()))
}
/** A port that was free a moment ago. */
async function unusedPort(): Promise<number> {
  const server = new Listener({ address: '127.0.0.1', port: 0 })
  const port = await server.listen()
  await server.stop()
  return port
}
