/** The network interfaces of this host, as RTM_GETLINK of rtnetlink(7) lists them: also those without carrier or address. */
import { AF_UNSPEC } from './constants.ts'
import { notUnderstood } from './netlink-answer.ts'
import { attributesIn, type NetlinkMessage, readText, readUint32, uint32, viewOf } from './netlink-message.ts'
import { NETLINK_ROUTE, NLM_F_DUMP, netlinkRequest } from './netlink-socket.ts'
import { littleEndian } from './sockaddr.ts'

/** A network interface. */
export interface NetworkInterface {
  readonly index: number
  readonly name: string
  /** The Ethernet address, as `os.networkInterfaces()` writes it: `02:00:5e:00:00:02`. A tunnel has none. */
  readonly mac?: string
  /** The administrator has it up (IFF_UP). */
  readonly up: boolean
  /** It is up and has carrier (IFF_LOWER_UP). */
  readonly carrier: boolean
  /** IFF_LOOPBACK, as `lo` has it. */
  readonly loopback: boolean
  /** It does not resolve addresses, like a tunnel (IFF_NOARP). */
  readonly noArp: boolean
  /** The index of the bridge, bond or VRF that it is a port of. */
  readonly master?: number
  /** The driver of a virtual interface, such as `bond`, `vlan`, `bridge` or `veth`. */
  readonly kind?: string
}

const RTM_NEWLINK = 16
export const RTM_DELLINK = 17
const RTM_GETLINK = 18
const IFLA_ADDRESS = 1
const IFLA_IFNAME = 3
const IFLA_MASTER = 10
const IFLA_LINKINFO = 18
const IFLA_INFO_KIND = 1
const IFLA_EXT_MASK = 29
const RTEXT_FILTER_SKIP_STATS = 8 // counters would be the larger part of the answer
const IFF_UP = 0x1
const IFF_LOOPBACK = 0x8
const IFF_NOARP = 0x80
const IFF_LOWER_UP = 0x10000
const IFINFO = 16 // octets of struct ifinfomsg

/**
 * Lists the interfaces in the order of their indexes. It needs no rights. The kernel makes it wait while another process
 * changes interfaces; after a first list, `watchNetwork()` costs less.
 * @throws Error with `code`, `errno` and `syscall`; Error if `linuxSupport()` reports no support.
 */
export function listInterfaces(): readonly NetworkInterface[] {
  const messages = netlinkRequest(NETLINK_ROUTE, {
    name: 'RTM_GETLINK',
    type: RTM_GETLINK,
    flags: NLM_F_DUMP,
    body: new Uint8Array(IFINFO),
    attributes: [[IFLA_EXT_MASK, uint32(RTEXT_FILTER_SKIP_STATS)]],
  })
  return messages.flatMap(message => interfaceIn(message) ?? [])
}

/**
 * The interface that a message of the kernel is about. undefined for other messages, and for those of another family: with
 * AF_BRIDGE, RTM_DELLINK means that the interface is no longer a port of a bridge, and not that it is gone.
 * @throws Error with the code EPROTO if the message is cut off.
 */
export function interfaceIn({ type, body }: NetlinkMessage): NetworkInterface | undefined {
  if (type !== RTM_NEWLINK && type !== RTM_DELLINK) return undefined
  if (body.length < IFINFO) notUnderstood('RTM_NEWLINK')
  if (body[0] !== AF_UNSPEC) return undefined
  const attributes = attributesIn(body.subarray(IFINFO)) ?? notUnderstood('RTM_NEWLINK')
  const flags = viewOf(body).getUint32(8, littleEndian)
  const address = attributes.get(IFLA_ADDRESS)
  const master = readUint32(attributes.get(IFLA_MASTER))
  const kind = readText(attributesIn(attributes.get(IFLA_LINKINFO) ?? new Uint8Array())?.get(IFLA_INFO_KIND))
  return {
    index: viewOf(body).getInt32(4, littleEndian),
    name: readText(attributes.get(IFLA_IFNAME)) ?? notUnderstood('RTM_NEWLINK'),
    ...(address?.length === 6 && { mac: Array.from(address, octet => octet.toString(16).padStart(2, '0')).join(':') }),
    up: (flags & IFF_UP) !== 0,
    carrier: (flags & IFF_LOWER_UP) !== 0,
    loopback: (flags & IFF_LOOPBACK) !== 0,
    noArp: (flags & IFF_NOARP) !== 0,
    ...(master !== undefined && { master }),
    ...(kind !== undefined && { kind }),
  }
}
