/** TCP sockets made by system calls, for `net` to connect or to listen on. */
import type { Socket } from 'node:net'
import { assertInteger, assertObject, assertOneOf } from './arguments.ts'
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from './constants.ts'
import { libc } from './libc.ts'
import { families, sockaddr } from './sockaddr.ts'

/** An `ipv6` socket that listens also carries IPv4, with mapped addresses (RFC 4291 §2.5.5.2). */
export type TcpFamily = 'ipv4' | 'ipv6'

/** A descriptor and its family. Plain data: the code that opened the descriptor closes it. */
export interface TcpSocket {
  readonly fd: number
  readonly family: TcpFamily
}

/**
 * Opens a TCP socket that does not block and that no child process inherits: socket(2), tcp(7).
 * Give its `fd` to `new net.Socket({ fd })` or `server.listen({ fd })`, which then closes it.
 * @throws Error with `code` and `syscall`; RangeError for another family; Error if {@link linuxSupport} reports no support.
 */
export function openSocket(family: TcpFamily): TcpSocket {
  assertOneOf('family', family, families)
  const domain = family === 'ipv4' ? AF_INET : AF_INET6
  return { fd: libc().socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP), family }
}

/**
 * Binds a socket that will listen, with SO_REUSEADDR; an `ipv6` socket takes IPv4 too: bind(2), socket(7), ipv6(7).
 * @param address 4 or 16 octets.
 * @throws Error with `code` and `syscall`, such as EADDRINUSE or EADDRNOTAVAIL; RangeError for an argument that is
 * not allowed.
 */
export function bindSocket(socket: TcpSocket, address: Uint8Array, port: number): void {
  const fd = fdOf(socket)
  const local = sockaddr(socket.family, address, port)
  libc().setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, int32(1))
  if (socket.family === 'ipv6') libc().setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, int32(0))
  libc().bind(fd, local)
}

/**
 * Closes a socket that `net` has not taken: close(2).
 * @throws Error with `code` and `syscall`.
 */
export function closeSocket(socket: TcpSocket): void {
  libc().close(fdOf(socket))
}

/** The socket below a connection of `net`. `fd` is -1 if `net` hides it; options of such a socket fail with EBADF. */
export function socketOf(connection: Socket, family: TcpFamily): TcpSocket {
  assertObject('connection', connection)
  assertOneOf('family', family, families)
  // net has no public name for the descriptor of a connection that it accepted.
  const { _handle } = connection as unknown as { readonly _handle?: { readonly fd?: number } }
  return { fd: _handle?.fd ?? -1, family }
}

/** @throws RangeError */
export function fdOf(socket: TcpSocket): number {
  assertObject('socket', socket)
  assertInteger('socket.fd', socket.fd, -1, 0x7fffffff)
  return socket.fd
}

/** An `int` as setsockopt(2) takes it. */
export function int32(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer)
}
