import { endianness } from 'node:os'
import { assertAddress, assertInteger, assertOneOf } from './arguments.ts'
import { AF_INET, AF_INET6 } from './constants.ts'
import type { TcpFamily } from './tcp-socket.ts'

export const littleEndian = endianness() === 'LE'

export const families = ['ipv4', 'ipv6'] as const satisfies readonly TcpFamily[]

/**
 * `struct sockaddr_in` (ip(7)) or `struct sockaddr_in6` (ipv6(7)), without a scope. An IPv4 address for an `ipv6` socket
 * becomes a mapped one (RFC 4291 §2.5.5.2).
 * @throws RangeError, also for an IPv6 address on an `ipv4` socket.
 */
export function sockaddr(family: TcpFamily, address: Uint8Array, port: number): Uint8Array {
  assertOneOf('family', family, families)
  assertAddress(address)
  assertInteger('port', port, 0, 65_535)
  if (family === 'ipv4' && address.length !== 4) throw new RangeError('an IPv4 socket has no IPv6 address')
  const struct = new Uint8Array(family === 'ipv4' ? 16 : 28)
  const view = new DataView(struct.buffer)
  view.setUint16(0, family === 'ipv4' ? AF_INET : AF_INET6, littleEndian)
  view.setUint16(2, port)
  if (family === 'ipv4') {
    struct.set(address, 4)
  } else if (address.length === 16) {
    struct.set(address, 8)
  } else {
    view.setUint16(18, 0xffff)
    struct.set(address, 20)
  }
  return struct
}
