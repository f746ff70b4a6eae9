/** A socket of netlink(7), for requests and their answers, or for messages that the kernel sends to a group. */
import { AF_NETLINK, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW } from './constants.ts'
import { EAGAIN, libc, systemError, withDetail } from './libc.ts'
import { EPROTO, readAnswer } from './netlink-answer.ts'
import { encodeMessage, type NetlinkAttribute, type NetlinkMessage } from './netlink-message.ts'
import { whenReadable } from './readable.ts'
import { littleEndian } from './sockaddr.ts'
import { int32 } from './tcp-socket.ts'

export const NETLINK_ROUTE = 0
export const NETLINK_SOCK_DIAG = 4
export const NLM_F_ACK = 0x4
export const NLM_F_DUMP = 0x300
const NLM_F_REQUEST = 0x1
const SOL_NETLINK = 270
const NETLINK_CAP_ACK = 10 // an error comes without a copy of the request
const NETLINK_EXT_ACK = 11 // an error comes with the kernel's own words

const MAX_DATAGRAM = 32768 // octets: the kernel makes the parts of a list no larger (NLMSG_GOODSIZE, netlink_dump)
const MAX_PARTS = 8192
const MAX_TRIES = 10

export interface NetlinkRequest {
  /** The name of the type, for errors. */
  readonly name: string
  readonly type: number
  /** NLM_F_DUMP for a list, or NLM_F_ACK with others. */
  readonly flags: number
  readonly body: Uint8Array
  readonly attributes?: readonly NetlinkAttribute[]
}

export class NetlinkSocket {
  readonly #fd: number
  readonly #buffer = new Uint8Array(MAX_DATAGRAM)
  #sequence = 0
  #endWait: (() => void) | undefined

  /**
   * @param groups The groups of multicast messages as a mask: `nl_groups` of netlink(7).
   * @throws Error with `code` and `syscall`; Error if `linuxSupport()` reports no support.
   */
  constructor(protocol: number, groups = 0) {
    const { socket, setsockopt, bind } = libc()
    this.#fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol)
    try {
      for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK]) setsockopt(this.#fd, SOL_NETLINK, option, int32(1))
      if (groups !== 0) bind(this.#fd, sockaddrOf(groups))
    } catch (error) {
      this.close()
      throw error
    }
  }

  /**
   * Sends a request and returns the messages of its answer; an acknowledgement has none. It does not wait: the kernel has
   * made the answer, or its first part, when send(2) returns.
   * @throws Error with `code`, `errno` and `syscall`, where `syscall` is the name of the request if the kernel refused it.
   */
  request(request: NetlinkRequest): readonly NetlinkMessage[] {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const messages = this.#ask(request)
      if (messages) return messages
    }
    throw withDetail(systemError(request.name, EAGAIN), 'the table changes faster than it can be listed')
  }

  /** @returns undefined if the table changed while the kernel listed it: the list may lack an entry. */
  #ask({ name, type, flags, body, attributes }: NetlinkRequest): readonly NetlinkMessage[] | undefined {
    const sequence = ++this.#sequence
    libc().send(this.#fd, encodeMessage({ type, flags: flags | NLM_F_REQUEST, sequence, body }, attributes))
    const messages: NetlinkMessage[] = []
    let isInconsistent = false
    for (let parts = 0; parts < MAX_PARTS; parts++) {
      const datagram = this.receive()
      if (datagram === undefined) throw systemError('recv', EAGAIN)
      const part = readAnswer(datagram, sequence, name)
      messages.push(...part.messages)
      isInconsistent ||= part.isInconsistent
      if (part.isLast) return isInconsistent ? undefined : messages
    }
    throw withDetail(systemError(name, EPROTO), `the answer has more than ${MAX_PARTS} parts`)
  }

  /**
   * One datagram, or undefined if there is none.
   * @throws Error with `code` and `syscall`: ENOBUFS if the kernel dropped some.
   */
  receive(): Uint8Array | undefined {
    const length = libc().recv(this.#fd, this.#buffer)
    return length === undefined ? undefined : this.#buffer.slice(0, length)
  }

  /** Calls `read` when there is something to receive, until the socket is closed. As {@link whenReadable}; once. */
  whenReadable(read: () => boolean): void {
    this.#endWait = whenReadable([this.#fd], read)
  }

  close(): void {
    this.#endWait?.()
    libc().close(this.#fd)
  }
}

/** The messages of the answer to one request. As {@link NetlinkSocket.request}. */
export function netlinkRequest(protocol: number, request: NetlinkRequest): readonly NetlinkMessage[] {
  const socket = new NetlinkSocket(protocol)
  try {
    return socket.request(request)
  } finally {
    socket.close()
  }
}

/** `struct sockaddr_nl`: family, padding, port (0: the kernel chooses it), groups. */
function sockaddrOf(groups: number): Uint8Array {
  const address = new Uint8Array(12)
  const view = new DataView(address.buffer)
  view.setUint16(0, AF_NETLINK, littleEndian)
  view.setUint32(8, groups, littleEndian)
  return address
}
