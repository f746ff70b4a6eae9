/** Ends the TCP connections of one local address, of any process: sock_diag(7), SOCK_DESTROY. */

import { assertAddress } from './arguments.ts'
import { AF_INET, AF_INET6, IPPROTO_TCP } from './constants.ts'
import { notUnderstood } from './netlink-answer.ts'
import { type NetlinkMessage, viewOf } from './netlink-message.ts'
import { NETLINK_SOCK_DIAG, type NetlinkRequest, NetlinkSocket, NLM_F_ACK, NLM_F_DUMP } from './netlink-socket.ts'
import { littleEndian } from './sockaddr.ts'

const SOCK_DIAG_BY_FAMILY = 20
const SOCK_DESTROY = 21
const INET_DIAG_REQ_BYTECODE = 1
const INET_DIAG_BC_S_COND = 7

const ENDED_STATES = [6, 7, 10] // TIME_WAIT, CLOSE and LISTEN of net/tcp_states.h
const STATES = ENDED_STATES.reduce((mask, state) => mask & ~(1 << state), 0x1ffe)

const REQUEST = 56 // octets of struct inet_diag_req_v2
const SOCKET_ID = 48 // octets of struct inet_diag_sockid
const ID_IN_REQUEST = 8
const ID_IN_ANSWER = 4 // in struct inet_diag_msg

const gone: readonly (number | undefined)[] = [-2, -116] // ENOENT, ESTALE

/**
 * Resets every TCP connection whose local address this is, so that its peer does not wait for a keep-alive. The process that
 * has the connection gets ECONNABORTED. Listening sockets stay. Call this before `removeAddress()`: no reset leaves this
 * host afterwards. It needs CAP_NET_ADMIN.
 * @param address 4 or 16 octets. For 4, connections of a socket of both families count, too.
 * @returns How many connections were reset.
 * @throws Error with `code`, `errno` and `syscall`: EPERM; ENOTSUP if the kernel cannot do this (CONFIG_INET_DIAG_DESTROY);
 * ENOENT if it cannot list connections (CONFIG_INET_TCP_DIAG); RangeError for octets that are no address.
 */
export function destroyConnections(address: Uint8Array): number {
  assertAddress(address)
  const socket = new NetlinkSocket(NETLINK_SOCK_DIAG)
  try {
    // The kernel lists a connection of a socket of both families with those of IPv6, with a mapped address.
    const families = address.length === 4 ? [AF_INET, AF_INET6] : [AF_INET6]
    return destroyAll(
      socket,
      families.flatMap(family => socket.request(encodeList(family, address))),
    )
  } finally {
    socket.close()
  }
}

/** An error of one connection leaves no other connection open; it is thrown last. */
function destroyAll(socket: NetlinkSocket, connections: readonly NetlinkMessage[]): number {
  const errors: unknown[] = []
  let destroyed = 0
  for (const { body } of connections) {
    try {
      socket.request(encodeDestroy(body))
      destroyed++
    } catch (error) {
      if (!gone.includes((error as NodeJS.ErrnoException).errno)) errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
  return destroyed
}

/** The request for all connections of a local address. */
export function encodeList(family: number, address: Uint8Array): NetlinkRequest {
  const body = new Uint8Array(REQUEST)
  body.set([family, IPPROTO_TCP])
  viewOf(body).setUint32(4, STATES, littleEndian)
  return {
    name: 'SOCK_DIAG_BY_FAMILY',
    type: SOCK_DIAG_BY_FAMILY,
    flags: NLM_F_DUMP,
    body,
    attributes: [[INET_DIAG_REQ_BYTECODE, localAddressIs(address)]],
  }
}

/** struct inet_diag_bc_op with the offset of the next operation for true and for false; struct inet_diag_hostcond; the address. */
function localAddressIs(address: Uint8Array): Uint8Array {
  const code = new Uint8Array(12 + address.length)
  const view = viewOf(code)
  code.set([INET_DIAG_BC_S_COND, code.length])
  view.setUint16(2, code.length + 4, littleEndian) // beyond the end: the connection is left out
  code.set([address.length === 4 ? AF_INET : AF_INET6, address.length * 8], 4)
  view.setInt32(8, -1, littleEndian) // any port
  code.set(address, 12)
  return code
}

/** The request that ends one connection of the list: the identity has a cookie, so that it is this connection or none. */
export function encodeDestroy(connection: Uint8Array): NetlinkRequest {
  if (connection.length < ID_IN_ANSWER + SOCKET_ID) notUnderstood('SOCK_DIAG_BY_FAMILY')
  const body = new Uint8Array(REQUEST)
  body.set([connection[0] ?? 0, IPPROTO_TCP])
  body.set(connection.subarray(ID_IN_ANSWER, ID_IN_ANSWER + SOCKET_ID), ID_IN_REQUEST)
  return { name: 'SOCK_DESTROY', type: SOCK_DESTROY, flags: NLM_F_ACK, body }
}
