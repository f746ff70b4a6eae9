import { endianness } from 'node:os'
import { AF_INET, AF_INET6 } from './constants.ts'
import type { TcpFamily } from './tcp-socket.ts'

export const littleEndian = endianness() === 'LE'

/**
 * `struct sockaddr_in` (ip(7)) or `struct sockaddr_in6` (ipv6(7)), without a scope. An IPv4 address for an `ipv6` socket
 * becomes a mapped one (RFC 4291 §2.5.5.2).
 * @throws RangeError for an IPv6 address on an `ipv4` socket.
 */
export function sockaddr(family: TcpFamily, address: Uint8Array, port: number): Uint8Array {
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
