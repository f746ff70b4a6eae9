/** The neighbour table of this host: rtnetlink(7), struct ndmsg. */
import { interfaceIndex } from '../src/interface-name.ts'
import { attributesIn, uint32, viewOf } from '../src/netlink-message.ts'
import { NETLINK_ROUTE, NLM_F_ACK, NLM_F_DUMP, netlinkRequest } from '../src/netlink-socket.ts'
import { littleEndian } from '../src/sockaddr.ts'

const RTM_NEWNEIGH = 28
const RTM_GETNEIGH = 30
const NLM_F_REPLACE_OR_CREATE = 0x500
const NDA_DST = 1
const NDA_LLADDR = 2
const NDMSG = 12 // octets
const states = { REACHABLE: 0x02, STALE: 0x04, PERMANENT: 0x80 } as const
export type NeighborState = keyof typeof states

/** Adds an entry, or changes it now. */
export function setNeighbor(device: string, address: Uint8Array, mac: string, state: NeighborState): void {
  netlinkRequest(NETLINK_ROUTE, {
    name: 'RTM_NEWNEIGH',
    type: RTM_NEWNEIGH,
    flags: NLM_F_ACK | NLM_F_REPLACE_OR_CREATE,
    body: Buffer.concat([
      Uint8Array.of(familyOf(address), 0, 0, 0),
      uint32(interfaceIndex(device)),
      new Uint8Array(Uint16Array.of(states[state], 0).buffer),
    ]),
    attributes: [
      [NDA_DST, address],
      [NDA_LLADDR, Uint8Array.from(mac.split(':'), digits => Number.parseInt(digits, 16))],
    ],
  })
}

/** The MAC address and the state of an entry, such as `02:00:5e:00:00:02 STALE`. */
export function neighbor(address: Uint8Array): string | undefined {
  const messages = netlinkRequest(NETLINK_ROUTE, {
    name: 'RTM_GETNEIGH',
    type: RTM_GETNEIGH,
    flags: NLM_F_DUMP,
    body: Uint8Array.of(familyOf(address), ...new Uint8Array(NDMSG - 1)),
  })
  for (const { body } of messages) {
    const attributes = attributesIn(body.subarray(NDMSG))
    if (Buffer.compare(attributes?.get(NDA_DST) ?? new Uint8Array(), address) !== 0) continue
    const mac = Array.from(attributes?.get(NDA_LLADDR) ?? [], octet => octet.toString(16).padStart(2, '0')).join(':')
    const bits = viewOf(body).getUint16(8, littleEndian)
    return `${mac} ${Object.entries(states).find(([, bit]) => bit === bits)?.[0] ?? bits}`
  }
  return undefined
}

function familyOf(address: Uint8Array): number {
  return address.length === 4 ? 2 : 10
}
