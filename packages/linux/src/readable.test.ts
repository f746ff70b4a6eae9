/** The kernel's part is replaced; watch.process.test.ts has real sockets. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Libc, linuxSupport } from './libc.ts'

describe.runIf(linuxSupport().supported)('on Linux, with koffi', () => {
  /** A socket that sends the signal as the kernel does. */
  class Socket {
    static whenReadable: typeof import('./readable.ts')['whenReadable']
    readonly fd: number
    readonly readAt: number[] = []
    messages = 0
    signals = 0
    end: () => void
    isAsync = false

    constructor(fd = 7) {
      this.fd = fd
      sockets.set(fd, this)
      this.end = Socket.whenReadable([fd], () => {
        this.readAt.push(Date.now())
        const had = this.messages > 0
        this.messages = 0
        this.#arrived()
        return had
      })
    }
    receive(): void {
      this.messages++
      if (!this.isAsync) return
      this.signals++
      process.emit('SIGURG', 'SIGURG')
    }
    /** Runs after the next read, before it returns. */
    afterRead = (): void => {}
    #arrived(): void {
      const run = this.afterRead
      this.afterRead = () => {}
      run()
    }
  }
  let sockets: Map<number, Socket>
  let system: Libc
  const listeners = () => process.listenerCount('SIGURG')
  const pass = (milliseconds: number) => vi.advanceTimersByTime(milliseconds)

  /** readable.ts in the main thread or in a worker thread, whatever thread runs the tests. */
  async function load(isMainThread: boolean): Promise<void> {
    vi.resetModules()
    vi.doMock('node:worker_threads', () => ({ isMainThread }))
    system = (await import('./libc.ts')).libc()
    Socket.whenReadable = (await import('./readable.ts')).whenReadable
  }

  beforeEach(async () => {
    vi.useFakeTimers({ now: 0 })
    sockets = new Map()
    await load(true)
    vi.spyOn(system, 'fcntl').mockImplementation((fd, command, value) => {
      const socket = sockets.get(fd)
      if (command === 4 && socket) socket.isAsync = (value & 0o20000) !== 0
    })
  })
  afterEach(() => {
    for (const socket of sockets.values()) socket.end()
    vi.restoreAllMocks()
    vi.useRealTimers()
    vi.doUnmock('node:worker_threads')
    vi.resetModules()
  })

  it('each socket sends SIGURG to this process, and stays non-blocking', () => {
    new Socket(7)
    expect(vi.mocked(system.fcntl).mock.calls).toEqual([
      [7, 8, process.pid],
      [7, 10, 23],
      [7, 4, 0o24000],
    ])
  })
  it('a message is read at once', () => {
    const socket = new Socket()
    pass(330)
    socket.receive()
    expect(socket.readAt.at(-1)).toBe(330)
  })
  it('a message that came before the signals were on is read within 50 ms', () => {
    const socket = new Socket()
    socket.messages = 1
    pass(50)
    expect([socket.readAt, socket.messages]).toEqual([[50], 0])
  })
  it('a quiet socket is read every 2 s', () => {
    const socket = new Socket()
    pass(10_000)
    expect(socket.readAt).toHaveLength(5)
  })
  it('a flood causes 20 reads a second and one signal', () => {
    const socket = new Socket()
    pass(100)
    socket.readAt.length = 0
    for (let i = 0; i < 10_000; i++) {
      socket.receive()
      pass(1)
    }
    expect([socket.readAt.length, socket.signals]).toEqual([201, 1])
    pass(100)
    expect([socket.messages, socket.isAsync]).toEqual([0, true])
  })
  it('a message that comes while the signals are switched on again is read', () => {
    const socket = new Socket()
    pass(100)
    socket.receive()
    socket.afterRead = () => void socket.messages++ // after the read that finds nothing, before the signals are on
    pass(50)
    expect(socket.messages).toBe(0)
  })
  it('a signal wakes all sockets, and each one that found something rests', () => {
    const [one, other] = [new Socket(7), new Socket(8)]
    pass(100)
    one.messages = 1
    other.receive()
    expect([one.messages, other.messages]).toEqual([0, 0])
    expect([one.isAsync, other.isAsync]).toEqual([false, false])
  })
  it("a socket that rests is not read because of another one's signal", () => {
    const [one, other] = [new Socket(7), new Socket(8)]
    pass(100)
    one.receive()
    one.readAt.length = 0
    other.receive()
    expect(one.readAt).toEqual([])
  })
  it('after the end nothing is read, and the last one ends listening', () => {
    const [one, other] = [new Socket(7), new Socket(8)]
    expect(listeners()).toBe(1)
    one.end()
    one.end()
    expect(listeners()).toBe(1)
    other.receive()
    pass(5000)
    expect(one.readAt).toEqual([])
    other.end()
    expect([listeners(), vi.getTimerCount()]).toEqual([0, 0])
  })
  it('an end within a read touches the descriptor no more', () => {
    const socket = new Socket()
    pass(100)
    vi.mocked(system.fcntl).mockClear()
    socket.afterRead = () => socket.end()
    socket.receive()
    pass(5000)
    expect(system.fcntl).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })
  it('in a worker thread, which gets no signals, sockets are read every 50 ms', async () => {
    await load(false)
    const socket = new Socket()
    pass(1000)
    expect(socket.readAt).toHaveLength(20)
    expect(listeners()).toBe(1)
  })
  it.each([
    ['has no owner', 8],
    ['has no such signal', 10],
    ['cannot send signals', 4],
  ])('a socket that %s is read every 50 ms', (_, refused) => {
    vi.mocked(system.fcntl).mockImplementation((_, command) => {
      if (command === refused) throw Object.assign(new Error('fcntl EINVAL'), { code: 'EINVAL' })
    })
    const socket = new Socket()
    pass(1000)
    expect(socket.readAt).toHaveLength(20)
  })
})
