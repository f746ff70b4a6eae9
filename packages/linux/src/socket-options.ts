/**
 * Socket options that Node's `net` does not have, one function per option. Set them before the socket connects or
 * listens: the first SYN already needs them. On an `ipv6` socket each is set for both families, because it may carry IPv4.
 *
 * Each function throws an Error with `code` and `syscall` if the system refuses the option, a RangeError for an argument that is
 * not allowed, and an Error if `linuxSupport()` reports no support.
 */
import { assertInteger, assertInterfaceName, assertOctets } from './arguments.ts'
import {
  IP_MINTTL,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_MINHOPCOUNT,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  SO_BINDTODEVICE,
  SOL_SOCKET,
  TCP_MD5SIG,
  TCP_USER_TIMEOUT,
} from './constants.ts'
import { libc } from './libc.ts'
import { littleEndian, sockaddr } from './sockaddr.ts'
import { fdOf, int32, type TcpFamily, type TcpSocket } from './tcp-socket.ts'

/**
 * The TTL or hop limit of packets sent: IP_TTL in ip(7), IPV6_UNICAST_HOPS in ipv6(7).
 * @param hops 1 to 255.
 * @throws Error with `code` and `syscall`.
 */
export function setTtl(socket: TcpSocket, hops: number): void {
  assertInteger('hops', hops, 1, 255)
  setForBothFamilies(socket, IP_TTL, IPV6_UNICAST_HOPS, hops)
}

/**
 * The lowest TTL or hop limit of packets that are accepted; the system drops the others (GTSM, RFC 5082):
 * IP_MINTTL and IPV6_MINHOPCOUNT of linux/in.h and linux/in6.h.
 * @param hops 0 to 255; 0 accepts all.
 * @throws Error with `code` and `syscall`.
 */
export function setMinTtl(socket: TcpSocket, hops: number): void {
  assertInteger('hops', hops, 0, 255)
  setForBothFamilies(socket, IP_MINTTL, IPV6_MINHOPCOUNT, hops)
}

/**
 * The key of TCP MD5 signatures (RFC 2385) for segments to and from one peer: TCP_MD5SIG of linux/tcp.h. A listening
 * socket takes one key per peer, and an accepted connection inherits it.
 * @param peer 4 or 16 octets.
 * @param key 1 to 80 octets.
 * @throws Error with `code` and `syscall`; RangeError, also for an IPv6 peer on an `ipv4` socket.
 */
export function setTcpMd5Key(socket: TcpSocket, peer: Uint8Array, key: Uint8Array): void {
  assertOctets('key', key)
  assertInteger('the length of key', key.length, 1, 80)
  libc().setsockopt(fdOf(socket), IPPROTO_TCP, TCP_MD5SIG, tcpMd5Sig(socket.family, peer, key))
}

/**
 * Sends and receives through one interface only: SO_BINDTODEVICE in socket(7).
 * @param device The name of the interface, such as `eth0`.
 * @throws Error with `code` and `syscall`; ENODEV if there is no such interface.
 */
export function bindToDevice(socket: TcpSocket, device: string): void {
  assertInterfaceName(device)
  libc().setsockopt(fdOf(socket), SOL_SOCKET, SO_BINDTODEVICE, new TextEncoder().encode(device))
}

/**
 * The differentiated services codepoint of packets sent: IP_TOS in ip(7), IPV6_TCLASS in ipv6(7).
 * @param codepoint 0 to 63. It is the upper six bits of the octet (RFC 2474 §3).
 * @throws Error with `code` and `syscall`.
 */
export function setDscp(socket: TcpSocket, codepoint: number): void {
  assertInteger('codepoint', codepoint, 0, 63)
  setForBothFamilies(socket, IP_TOS, IPV6_TCLASS, codepoint << 2)
}

/**
 * How long data sent may stay unacknowledged before the system ends the connection with ETIMEDOUT (RFC 5482):
 * TCP_USER_TIMEOUT in tcp(7).
 * @param milliseconds A fraction is rounded up.
 * @throws Error with `code` and `syscall`.
 */
export function setUserTimeout(socket: TcpSocket, milliseconds: number): void {
  const whole = typeof milliseconds === 'number' ? Math.ceil(milliseconds) : milliseconds
  assertInteger('milliseconds', whole, 0, 0x7fffffff)
  libc().setsockopt(fdOf(socket), IPPROTO_TCP, TCP_USER_TIMEOUT, int32(whole))
}

function setForBothFamilies(socket: TcpSocket, ipv4: number, ipv6: number, value: number): void {
  const fd = fdOf(socket)
  libc().setsockopt(fd, IPPROTO_IP, ipv4, int32(value))
  if (socket.family === 'ipv6') libc().setsockopt(fd, IPPROTO_IPV6, ipv6, int32(value))
}

/** `struct tcp_md5sig` of linux/tcp.h: sockaddr_storage, flags, prefix length, key length, interface, key. */
export function tcpMd5Sig(family: TcpFamily, peer: Uint8Array, key: Uint8Array): Uint8Array {
  const struct = new Uint8Array(216)
  struct.set(sockaddr(family, peer, 0))
  new DataView(struct.buffer).setUint16(130, key.length, littleEndian)
  struct.set(key, 136)
  return struct
}
