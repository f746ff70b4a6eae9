/** Real sockets, on Linux with koffi. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, connect, createServer, Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  IP_MINTTL,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_BINDTODEVICE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  TCP_USER_TIMEOUT,
} from './constants.ts'
import { libc, linuxSupport } from './libc.ts'
import { bindToDevice, setDscp, setMinTtl, setTtl, setUserTimeout } from './socket-options.ts'
import { bindSocket, closeSocket, int32, openSocket, socketOf } from './tcp-socket.ts'

afterEach(() => vi.restoreAllMocks())

describe.runIf(linuxSupport().supported)('on Linux, with koffi', () => {
  it.each(['ipv4', 'ipv6'] as const)(
    'openSocket() opens an %s socket that does not block and is not inherited',
    family => {
      const socket = openSocket(family)
      const [, flags = ''] = /^flags:\t(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${socket.fd}`, 'utf8')) ?? []
      closeSocket(socket)
      expect(() => closeSocket(socket)).toThrow('close EBADF')
      const wanted = SOCK_CLOEXEC | SOCK_NONBLOCK // the same numbers as O_CLOEXEC and O_NONBLOCK
      expect(Number.parseInt(flags, 8) & wanted).toBe(wanted)
    },
  )
  it('getsockopt returns each option as it was set', () => {
    const socket = openSocket('ipv4')
    try {
      setTtl(socket, 255)
      setMinTtl(socket, 254)
      setDscp(socket, 48)
      setUserTimeout(socket, 90_500)
      bindToDevice(socket, 'lo')
      const value = (level: number, name: number) => new Int32Array(read(socket.fd, level, name).buffer)[0]
      expect(value(IPPROTO_IP, IP_TTL)).toBe(255)
      expect(value(IPPROTO_IP, IP_MINTTL)).toBe(254)
      expect(value(IPPROTO_IP, IP_TOS)).toBe(192)
      expect(value(IPPROTO_TCP, TCP_USER_TIMEOUT)).toBe(90_500)
      expect(new TextDecoder().decode(read(socket.fd, SOL_SOCKET, SO_BINDTODEVICE).subarray(0, 2))).toBe('lo')
    } finally {
      closeSocket(socket)
    }
  })
  it('net listens on a bound socket, and connects one that was opened here', async () => {
    const listening = openSocket('ipv6')
    bindSocket(listening, new Uint8Array(16), 0)
    await using server = createServer()
    server.listen({ fd: listening.fd })
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo // a TCP server's address has one
    const { fd } = openSocket('ipv4')
    const options = { fd, readable: true, writable: true, manualStart: true } // Node's types lack the last one
    const client = new Socket(options).connect(port, '127.0.0.1')
    const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connect')])
    const sockets = [socketOf(client, 'ipv4'), socketOf(accepted, 'ipv6')]
    accepted.destroy()
    client.destroy()
    expect(sockets).toEqual([
      { fd, family: 'ipv4' },
      { fd: expect.any(Number), family: 'ipv6' },
    ])
    expect(sockets[1]?.fd).toBeGreaterThan(0)
  })
  it('a refused option throws with the code of the system', () => {
    const refused = () => setTtl({ fd: -1, family: 'ipv4' }, 1)
    expect(refused).toThrow('setsockopt EBADF: bad file descriptor')
    expect(refused).toThrow(expect.objectContaining({ code: 'EBADF', syscall: 'setsockopt' }))
  })
  it.each([
    ['ipv4', 4, []],
    ['ipv6', 16, [[IPPROTO_IPV6, IPV6_V6ONLY, int32(0)]]],
  ] as const)('bindSocket lets an ipv6 socket alone take both families: %s', (family, octets, expected) => {
    const socket = openSocket(family)
    const setsockopt = vi.spyOn(libc(), 'setsockopt')
    bindSocket(socket, new Uint8Array(octets), 0)
    closeSocket(socket)
    const ofIpv6 = setsockopt.mock.calls.filter(([, level]) => level === IPPROTO_IPV6)
    expect(ofIpv6).toEqual(expected.map(option => [socket.fd, ...option]))
  })
  it('bindSocket throws for an address that is not on this host', () => {
    const socket = openSocket('ipv4')
    const bind = () => bindSocket(socket, Uint8Array.of(203, 0, 113, 77), 0)
    expect(bind).toThrow(expect.objectContaining({ code: 'EADDRNOTAVAIL', syscall: 'bind' }))
    closeSocket(socket)
  })
})

it('a connection without a descriptor has fd -1', () => {
  expect(
    socketOf(
      connect({ port: 1, host: '127.0.0.1' })
        .on('error', () => {})
        .destroy(),
      'ipv4',
    ).fd,
  ).toBe(-1)
})

/** A socket's option: its first four octets. */
function read(fd: number, level: number, name: number): Uint8Array {
  const koffi = createRequire(import.meta.url)('koffi')
  const getsockopt = koffi.load(null).func('int getsockopt(int fd, int level, int name, void *value, void *length)')
  const value = new Uint8Array(16)
  expect(getsockopt(fd, level, name, value, new Uint8Array(Uint32Array.of(16).buffer))).toBe(0)
  return value
}
