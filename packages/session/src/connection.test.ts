/** How a connection is read and closed, on sockets that are not connected. */
import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { encode } from '@softspoken/wire'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { configure } from './config.ts'
import { Connection, type ConnectionOwner, contextOf } from './connection.ts'
import { MemorySocket } from './testing/memory-socket.ts'
import { VirtualClock } from './testing/virtual-clock.ts'

afterEach(() => void vi.restoreAllMocks())

const given = { local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65002, address: '192.0.2.2' } }
const config = configure(given)
const keepalive = encode({ type: 'keepalive' })

/** What a session does with a connection, recorded. */
function owner(isCurrent: () => boolean = () => true) {
  const schedule = vi.fn((task: () => void) => task())
  return {
    ...{ schedule, isCurrent, writable: vi.fn<ConnectionOwner['writable']>() },
    feed: vi.fn<ConnectionOwner['feed']>(),
    received: vi.fn<ConnectionOwner['received']>(),
    failed: vi.fn<ConnectionOwner['failed']>(),
  }
}

describe('abort()', () => {
  it('octets that wait are dropped with an RST', () => {
    const socket = new Socket()
    vi.spyOn(socket, 'writableLength', 'get').mockReturnValue(1)
    const reset = vi.spyOn(socket, 'resetAndDestroy').mockReturnValue(socket)
    new Connection(socket, config).abort()
    expect(reset).toHaveBeenCalledOnce()
  })
  it('without octets that wait, the socket is destroyed', () => {
    const socket = new Socket()
    const reset = vi.spyOn(socket, 'resetAndDestroy')
    new Connection(socket, config).abort()
    expect([socket.destroyed, reset.mock.calls.length]).toEqual([true, 0])
  })
  it('a stream that has no RST is destroyed', () => {
    const [near] = MemorySocket.pair()
    near.stall()
    near.write(keepalive)
    new Connection(near, config).abort()
    expect(near.destroyed).toBe(true)
  })
})

describe('close()', () => {
  it('a socket that still connects is destroyed at once', async () => {
    const socket = Object.assign(new Socket(), { connecting: true })
    const end = vi.spyOn(socket, 'end')
    const clock = new VirtualClock()
    await new Connection(socket, config).close(clock)
    expect([socket.destroyed, end.mock.calls.length, clock.pendingTimers]).toEqual([true, 0, 0])
  })
  it('a closed stream needs no second', async () => {
    const [near] = MemorySocket.pair()
    near.destroy()
    await setImmediate()
    const clock = new VirtualClock()
    const set = vi.spyOn(clock, 'setTimeout')
    await new Connection(near, config).close(clock)
    expect(set).not.toHaveBeenCalled()
  })
  it('unread octets are read, so that our last octets arrive', async () => {
    const [near, far] = MemorySocket.pair()
    near.pause()
    far.write(keepalive)
    await setImmediate()
    void new Connection(near, config).close(new VirtualClock())
    expect([near.writableEnded, near.isPaused()]).toEqual([true, false])
  })
  it('a stream that cannot be ended is destroyed', () => {
    const [near] = MemorySocket.pair()
    vi.spyOn(near, 'end').mockImplementation(() => {
      throw new Error('no end')
    })
    void new Connection(near, config).close(new VirtualClock())
    expect(near.destroyed).toBe(true)
  })
})

describe('reading', () => {
  it.each([
    [65536, 1],
    [65535, 0],
  ])('a socket with %i octets is paused %i times, for one turn of the event loop', async (length, pauses) => {
    const socket = new Socket()
    const pause = vi.spyOn(socket, 'pause')
    const resume = vi.spyOn(socket, 'resume')
    new Connection(socket, config).open(owner(() => false))
    resume.mockClear()
    pause.mockClear()
    socket.emit('data', new Uint8Array(length))
    expect([pause.mock.calls.length, resume.mock.calls.length]).toEqual([pauses, 0])
    await setImmediate()
    expect(resume.mock.calls.length).toBe(pauses)
  })
  it('the first octet of the peer is reported once, and each message', () => {
    const [near] = MemorySocket.pair()
    const session = owner()
    new Connection(near, config).open(session)
    near.emit('data', keepalive.subarray(0, 7))
    near.emit('data', keepalive.subarray(7))
    near.emit('data', keepalive)
    expect(session.feed.mock.calls).toEqual([[{ type: 'octets' }]])
    expect(session.received.mock.calls).toEqual([
      [{ ok: true, value: { type: 'keepalive' } }],
      [{ ok: true, value: { type: 'keepalive' } }],
    ])
  })
  it('messages behind the one that ended the connection are dropped', () => {
    const [near] = MemorySocket.pair()
    let isCurrent = true
    const session = owner(() => isCurrent)
    session.received.mockImplementation(() => {
      isCurrent = false
    })
    new Connection(near, config).open(session)
    near.emit('data', Buffer.concat([keepalive, keepalive]))
    expect(session.received).toHaveBeenCalledOnce()
  })
  it.each([true, false])('an error during reading is reported if the connection is current: %s', isCurrent => {
    const [near] = MemorySocket.pair()
    const error = new Error('a fault')
    const session = owner(() => isCurrent)
    session.feed.mockImplementation(() => {
      throw error
    })
    new Connection(near, config).open(session)
    near.emit('data', keepalive)
    expect(session.failed.mock.calls).toEqual(isCurrent ? [[error]] : [])
  })
  it('another protocol is recognized from octets that arrive one by one', () => {
    const [near] = MemorySocket.pair()
    const session = owner()
    const connection = new Connection(near, config)
    connection.open(session)
    for (const octet of Buffer.from('SSH-2.0-x')) near.emit('data', Uint8Array.of(octet))
    near.emit('end')
    expect(session.feed.mock.lastCall).toEqual([
      { type: 'disconnected', reason: 'speaks-ssh', detail: 'the peer speaks SSH, not BGP' },
    ])
    expect(connection.explainMalformed('a fault').reason).toBe('speaks-ssh')
  })
})

describe('the end of a connection', () => {
  it.each<[string, (stream: Duplex) => unknown, string, string]>([
    ['end', stream => stream.emit('end'), 'closed', 'the peer closed the connection'],
    ['close', stream => stream.emit('close'), 'closed', 'the connection was closed'],
    [
      'error, then close',
      stream => stream.emit('error', Object.assign(new Error(), { code: 'ECONNRESET' })) && stream.emit('close'),
      'reset',
      'the peer reset the connection',
    ],
  ])('after %s, the session gets the reason', (_, end, reason, detail) => {
    const [near] = MemorySocket.pair()
    const session = owner()
    new Connection(near, config).open(session)
    end(near)
    expect(session.feed.mock.lastCall).toEqual([{ type: 'disconnected', reason, detail }])
  })
  it('a stream that was closed before is reported in the next turn', async () => {
    const closed = new Duplex({ read() {} }).destroy()
    await setImmediate()
    const session = owner()
    new Connection(closed, config).open(session)
    expect(session.feed).not.toHaveBeenCalled()
    await setImmediate()
    expect(session.feed.mock.calls).toEqual([
      [{ type: 'disconnected', reason: 'closed', detail: 'the connection was closed' }],
    ])
  })
})

describe('writing', () => {
  it('`sent` is reported when the octets have left, and not if they could not', async () => {
    const [near] = MemorySocket.pair()
    const session = owner()
    const connection = new Connection(near, config)
    connection.open(session)
    const write = vi.spyOn(near, 'write').mockReturnValue(true)
    connection.write(keepalive)
    const [, done] = write.mock.lastCall as unknown as [Uint8Array, (error?: Error | null) => void]
    expect(session.feed).not.toHaveBeenCalled()
    done(new Error('EPIPE'))
    expect(session.feed).not.toHaveBeenCalled()
    done(null)
    expect(session.feed.mock.calls).toEqual([[{ type: 'sent' }]])
  })
})

describe('the endpoints', () => {
  it('a socket has its address as IPv4, and both ports', () => {
    const socket = Object.assign(new Duplex(), { localAddress: '::ffff:192.0.2.1', localPort: 40000, remotePort: 179 })
    expect(new Connection(socket, config).endpoints).toEqual({
      localAddress: '192.0.2.1',
      localPort: 40000,
      remotePort: 179,
    })
  })
  it('another stream has none', () => {
    expect(new Connection(new Duplex(), config).endpoints).toEqual({})
    expect(new Connection(Object.assign(new Duplex(), { localAddress: 7 }), config).endpoints).toEqual({})
  })
  it('a connection knows its own stream', () => {
    const [one, other] = MemorySocket.pair()
    const connection = new Connection(one, config)
    expect([connection.uses(one), connection.uses(other)]).toEqual([true, false])
  })
})

describe('how messages are encoded', () => {
  const internal = configure({ ...given, peer: { ...given.peer, as: 65001 } })
  it('before both OPENs, AS numbers have four octets and messages at most 4096', () => {
    expect(contextOf(undefined, config)).toEqual({
      fourOctetAs: true,
      external: true,
      extendedMessage: false,
      addPath: [],
    })
    expect(contextOf(undefined, internal).external).toBe(false)
  })
  it.each([true, false])('after them, as negotiated: %s', negotiated => {
    const agreed = { fourOctetAs: negotiated, extendedMessage: negotiated } as never // the two that are read
    expect(contextOf(agreed, config)).toMatchObject({ fourOctetAs: negotiated, extendedMessage: negotiated })
  })
})
