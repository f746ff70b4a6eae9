/** The IPv4 addresses of this host as rtnetlink(7) lists them: RTM_GETADDR. An interface without carrier is included. */
import { AF_INET, AF_NETLINK, NETLINK_ROUTE, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW } from './constants.ts'
import { libc } from './libc.ts'
import { littleEndian } from './sockaddr.ts'

const RTM_NEWADDR = 20
const RTM_GETADDR = 22
const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NLM_F_REQUEST = 0x1
const NLM_F_DUMP = 0x300
const IFA_ADDRESS = 1
const IFA_LOCAL = 2 // our own end, if a link has two

const HEADER = 16 // octets of struct nlmsghdr
const ADDRESS = 8 // octets of struct ifaddrmsg
const MAX_PART = 32768 // octets of one part of an answer
const MAX_PARTS = 32

/**
 * Each address as text, such as `192.0.2.1`.
 * @throws Error with `code` and `syscall`, or Error if the answer is not complete.
 */
export function ipv4Addresses(): ReadonlySet<string> {
  return addressesIn(ask(addressRequest()))
}

/** The answer to one request, or its beginning if it is very long. It does not wait. */
function ask(request: Uint8Array): Uint8Array {
  const { socket, send, recv, close } = libc()
  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE)
  try {
    send(fd, request)
    const parts: Uint8Array[] = []
    // The answer is complete when send() returns. EAGAIN after an answer without NLMSG_DONE is thrown.
    while (parts.length < MAX_PARTS) {
      const part = new Uint8Array(MAX_PART)
      parts.push(part.subarray(0, recv(fd, part)))
      if (new DataView(part.buffer).getUint16(4, littleEndian) === NLMSG_DONE) break // it has a part of its own
    }
    return Buffer.concat(parts)
  } finally {
    close(fd)
  }
}

function addressRequest(): Uint8Array {
  const message = new Uint8Array(HEADER + ADDRESS)
  const view = new DataView(message.buffer)
  view.setUint32(0, message.length, littleEndian)
  view.setUint16(4, RTM_GETADDR, littleEndian)
  view.setUint16(6, NLM_F_REQUEST | NLM_F_DUMP, littleEndian)
  message[HEADER] = AF_INET
  return message
}

/** @throws Error if the answer is an error or not complete: then nothing is known. */
export function addressesIn(answer: Uint8Array): ReadonlySet<string> {
  const addresses = new Set<string>()
  for (let at = 0; at + HEADER <= answer.length; ) {
    const view = new DataView(answer.buffer, answer.byteOffset + at)
    const length = view.getUint32(0, littleEndian)
    const type = view.getUint16(4, littleEndian)
    if (type === NLMSG_DONE) return addresses
    if (type === NLMSG_ERROR || length < HEADER || at + length > answer.length) break
    const address = type === RTM_NEWADDR ? addressIn(answer.subarray(at + HEADER, at + length)) : undefined
    if (address !== undefined) addresses.add(address)
    at += aligned(length)
  }
  throw new Error('rtnetlink: the list of addresses is not complete')
}

/** The address in a struct ifaddrmsg and the attributes that follow it. */
function addressIn(message: Uint8Array): string | undefined {
  const view = new DataView(message.buffer, message.byteOffset, message.length)
  const attributes = new Map<number, Uint8Array>()
  for (let at = ADDRESS; at + 4 <= message.length; ) {
    const length = view.getUint16(at, littleEndian)
    if (length < 4) break
    attributes.set(view.getUint16(at + 2, littleEndian), message.subarray(at + 4, at + length))
    at += aligned(length)
  }
  const octets = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS)
  return octets?.length === 4 ? octets.join('.') : undefined
}

function aligned(length: number): number {
  return (length + 3) & ~3
}
