/** The IPv4 addresses of this host, as rtnetlink(7) lists them: RTM_GETADDR. Carrier and routes make no difference to it. */
import { endianness } from 'node:os'
import { type Address, formatAddress } from '@softspoken/wire'
import type { Kernel } from './kernel.ts'

const RTM_NEWADDR = 20
const RTM_GETADDR = 22
const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NLM_F_REQUEST = 0x1
const NLM_F_DUMP = 0x300
const AF_INET = 2
const IFA_ADDRESS = 1
const IFA_LOCAL = 2 // our own end, where a link has two

const HEADER = 16 // octets of struct nlmsghdr
const ADDRESS = 8 // of struct ifaddrmsg
const littleEndian = endianness() === 'LE'

/** @throws Error as the system has it, or for an answer that is not whole: then nothing is known. */
export function ipv4Addresses(kernel: Kernel): ReadonlySet<Address> {
  const answer = kernel.rtnetlink(request())
  const addresses = new Set<Address>()
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
  throw new Error('rtnetlink: the list of addresses is not whole')
}

function request(): Uint8Array {
  const message = new Uint8Array(HEADER + ADDRESS)
  const view = new DataView(message.buffer)
  view.setUint32(0, message.length, littleEndian)
  view.setUint16(4, RTM_GETADDR, littleEndian)
  view.setUint16(6, NLM_F_REQUEST | NLM_F_DUMP, littleEndian)
  message[HEADER] = AF_INET
  return message
}

/** Of a struct ifaddrmsg and the attributes that follow it. */
function addressIn(message: Uint8Array): Address | undefined {
  const view = new DataView(message.buffer, message.byteOffset, message.length)
  const found = new Map<number, Uint8Array>()
  for (let at = ADDRESS; at + 4 <= message.length; ) {
    const length = view.getUint16(at, littleEndian)
    if (length < 4) break
    found.set(view.getUint16(at + 2, littleEndian), message.subarray(at + 4, at + length))
    at += aligned(length)
  }
  const octets = found.get(IFA_LOCAL) ?? found.get(IFA_ADDRESS)
  return octets?.length === 4 ? formatAddress(octets) : undefined
}

function aligned(length: number): number {
  return (length + 3) & ~3
}
