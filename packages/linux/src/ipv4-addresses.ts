/**
 * The IPv4 addresses of this host, for hasAddress(). Every session loads this file, so it is smaller than `listAddresses()`
 * with netlink-socket.ts and netlink-answer.ts: it has one request, and gives no reason if there is no answer.
 */
import { AF_INET, AF_NETLINK, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW } from './constants.ts'
import { libc } from './libc.ts'
import { attributesIn, messagesIn, viewOf } from './netlink-message.ts'
import { littleEndian } from './sockaddr.ts'

const NETLINK_ROUTE = 0
const RTM_GETADDR = 22
const NLMSG_DONE = 3
const NLM_F_REQUEST_DUMP = 0x301
const IFA_LOCAL = 2 // our own end, if a link has two; each IPv4 address has it

const HEADER = 16 // octets of struct nlmsghdr
const IFADDR = 8 // octets of struct ifaddrmsg
const MAX_PART = 32768 // octets of one part of an answer

/**
 * Each address as text, such as `192.0.2.1`, from RTM_GETADDR of rtnetlink(7). It does not wait.
 * @throws Error if the answer is not complete: then nothing is known.
 */
export function ipv4Addresses(): ReadonlySet<string> {
  const { socket, send, recv, close } = libc()
  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE)
  try {
    const request = new Uint8Array(HEADER + IFADDR)
    const view = viewOf(request)
    view.setUint32(0, request.length, littleEndian)
    view.setUint16(4, RTM_GETADDR, littleEndian)
    view.setUint16(6, NLM_F_REQUEST_DUMP, littleEndian)
    request[HEADER] = AF_INET
    send(fd, request)
    const addresses = new Set<string>()
    const part = new Uint8Array(MAX_PART)
    for (;;) {
      // The answer is complete when send() returns. After an error or an answer without NLMSG_DONE, recv() throws EAGAIN.
      for (const { type, body } of messagesIn(part.subarray(0, recv(fd, part))) ?? []) {
        if (type === NLMSG_DONE) return addresses
        addresses.add(attributesIn(body.subarray(IFADDR))?.get(IFA_LOCAL)?.join('.') ?? '')
      }
    }
  } finally {
    close(fd)
  }
}
