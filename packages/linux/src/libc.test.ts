import { afterEach, describe, expect, it, vi } from 'vitest'
import { O_ASYNC, SOCK_NONBLOCK } from './constants.ts'
import { cFunction, libc, linuxSupport, pointerTo, supportWith, systemError } from './libc.ts'
import { closeSocket, openSocket } from './tcp-socket.ts'

const { platform } = process
afterEach(() => {
  on(platform)
  vi.doUnmock('node:module')
  vi.resetModules()
})

it('Linux alone is supported', () => {
  on('darwin')
  expect(linuxSupport()).toEqual({ supported: false, reason: 'platform', detail: 'this is darwin' })
  expect(() => openSocket('ipv4')).toThrow('no system calls here: this is darwin')
})
it('Deno and Bun are not supported, because they make sockets of their own', () => {
  on('linux')
  const load = vi.fn()
  expect(supportWith(load, { v8: '13', deno: '2.9.6' })).toEqual({
    supported: false,
    reason: 'runtime',
    detail: 'this is deno, which does not use a socket made elsewhere',
  })
  expect(supportWith(load, { bun: '1.4.5' })).toMatchObject({ reason: 'runtime' })
  expect(supportWith(load, { node: '24.21.0', v8: '13' })).toEqual({ supported: true })
  expect(load).toHaveBeenCalledTimes(1)
})
it('without koffi, the detail has the command that adds it', () => {
  on('linux')
  const missing = new Error("Cannot find module 'koffi'")
  const load = () => {
    throw missing
  }
  expect(supportWith(load, {})).toEqual({
    supported: false,
    reason: 'koffi-missing',
    detail: 'koffi cannot be loaded (npm install koffi)',
    cause: missing,
  })
})

it('an error that the system has no name for is UNKNOWN', () => {
  expect(systemError('recv', 9999)).toMatchObject({
    message: 'recv UNKNOWN: error 9999',
    code: 'UNKNOWN',
    errno: -9999,
  })
})

describe.runIf(linuxSupport().supported)('on Linux, with koffi', () => {
  it('a pointer is that of the octets themselves', () => {
    const octets = Buffer.from('198.51.100.7\0')
    const pointer = pointerTo(octets)
    expect(pointer).toHaveLength(/64|s390x/.test(process.arch) ? 8 : 4)
    const [address = 0] = pointer.length === 8 ? new BigUint64Array(pointer.buffer) : new Uint32Array(pointer.buffer)
    expect(cFunction('size_t', 'strlen', 'uintptr_t text')(address)).toBe(12)
  })
  it('fcntl() sets the flags of a descriptor', () => {
    const socket = openSocket('ipv4')
    libc().fcntl(socket.fd, 4, SOCK_NONBLOCK | O_ASYNC)
    const flags = cFunction('int', 'fcntl', 'int fd, int command')(socket.fd, 3)
    closeSocket(socket)
    expect(flags & (SOCK_NONBLOCK | O_ASYNC)).toBe(SOCK_NONBLOCK | O_ASYNC)
  })
})

describe('with another koffi', () => {
  /** libc.ts as a program loads it that finds this in place of koffi. */
  const withKoffi = (load: () => object) => {
    vi.resetModules()
    vi.doMock('node:module', () => ({ createRequire: () => load }))
    on('linux')
    return import('./libc.ts')
  }
  /** Its functions return one number, and set errno. */
  const koffi = { errno: () => 0, address: () => 0x1020304n, sizeof: () => 4 }
  const returning = (number: number, errno = 0) =>
    withKoffi(() => ({ ...koffi, errno: () => errno, load: () => ({ func: () => () => number }) }))

  it('an error of a system call has the cause if koffi cannot be loaded', async () => {
    const cause = new Error("Cannot find module 'koffi'")
    const fresh = await withKoffi(() => {
      throw cause
    })
    expect(fresh.linuxSupport()).toMatchObject({ reason: 'koffi-missing', cause })
    expect(() => fresh.libc()).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^no system calls here: koffi cannot be/), cause }),
    )
  })
  it('an empty datagram is not the same as none', async () => {
    expect((await returning(0)).libc().recv(1, new Uint8Array(9))).toBe(0)
    expect((await returning(-1, 11)).libc().recv(1, new Uint8Array(9)), 'EAGAIN').toBeUndefined()
  })
  it('a system call that fails throws the first time, too', async () => {
    const { libc: fresh } = await returning(-1, 9)
    expect(() => fresh().close(1)).toThrow(expect.objectContaining({ code: 'EBADF', errno: -9, syscall: 'close' }))
  })
  it('a pointer has 4 octets on a machine of 32 bits', async () => {
    const { pointerTo: fresh } = await returning(0)
    expect(new Uint32Array(fresh(new Uint8Array()).buffer)).toEqual(Uint32Array.of(0x1020304))
  })
  it('a function is found in the library that older versions of glibc have it in', async () => {
    const { cFunction: fresh } = await withKoffi(() => ({
      ...koffi,
      load: (library: string | null) => ({
        func: (prototype: string) => {
          if (prototype.includes('timer_create') && library !== 'librt.so.1') throw new Error('not found')
          return () => 7
        },
      }),
    }))
    expect(fresh('int', 'timer_create', 'int clock', 'librt.so.1')(0)).toBe(7)
    expect(() => fresh('int', 'timer_create', 'int clock')).toThrow('not found')
  })
})

function on(platform: NodeJS.Platform): void {
  Object.defineProperty(process, 'platform', { value: platform })
}
