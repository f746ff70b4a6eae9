/** A network of its own for a test of the real kernel, with interfaces and without the program `ip`. It needs root. */
import { closeSync, openSync } from 'node:fs'
import { interfaceIndex } from '../src/interface-name.ts'
import { cFunction, linuxSupport } from '../src/libc.ts'
import { encodeAttribute, type NetlinkAttribute, uint32, viewOf } from '../src/netlink-message.ts'
import { NETLINK_ROUTE, NLM_F_ACK, netlinkRequest } from '../src/netlink-socket.ts'
import { littleEndian } from '../src/sockaddr.ts'

const CLONE_NEWNET = 0x40000000
const RTM_NEWLINK = 16
const RTM_DELLINK = 17
const NLM_F_CREATE = 0x400
const IFLA_IFNAME = 3
const IFLA_LINKINFO = 18
const IFLA_NET_NS_FD = 28
const IFLA_INFO_KIND = 1
const IFLA_INFO_DATA = 2
const VETH_INFO_PEER = 1
const IFF_UP = 1
const RTM_NEWADDR = 20
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFA_FLAGS = 8
const IFA_F_NODAD = 2

/** Runs the test in a new network namespace (unshare(2)), which has nothing but `lo`, and goes back (setns(2)). */
export async function inNetworkNamespace(test: () => void | Promise<void>): Promise<void> {
  const home = openSync('/proc/thread-self/ns/net', 'r')
  try {
    cFunction('int', 'unshare', 'int flags')(CLONE_NEWNET)
    await test()
  } finally {
    cFunction('int', 'setns', 'int fd, int type')(home, CLONE_NEWNET)
    closeSync(home)
  }
}

/** Another network, of another host. */
export interface OtherNamespace {
  readonly fd: number
  /** Runs in it what does not wait, and goes back. */
  run<T>(test: () => T): T
}

/** As {@link inNetworkNamespace}, with a second namespace beside it. */
export function inTwoNamespaces(test: (other: OtherNamespace) => void | Promise<void>): Promise<void> {
  return inNetworkNamespace(async () => {
    const fd = openSync('/proc/thread-self/ns/net', 'r')
    const other: OtherNamespace = {
      fd,
      run: inOther => {
        const home = openSync('/proc/thread-self/ns/net', 'r')
        cFunction('int', 'setns', 'int fd, int type')(fd, CLONE_NEWNET)
        try {
          return inOther()
        } finally {
          cFunction('int', 'setns', 'int fd, int type')(home, CLONE_NEWNET)
          closeSync(home)
        }
      },
    }
    try {
      await inNetworkNamespace(() => test(other))
    } finally {
      closeSync(fd)
    }
  })
}

/** Whether this process may make one. Tests that need it are skipped otherwise. */
export const hasNamespaces = linuxSupport().supported && (await allowed())

function allowed(): Promise<boolean> {
  return inNetworkNamespace(() => {}).then(
    () => true,
    () => false,
  )
}

/** A cable: two interfaces. Each has carrier if both are up. `other` has the far end, if it is given. */
export function addCable(near: string, far: string, other?: OtherNamespace): void {
  const namespace = other ? [encodeAttribute([IFLA_NET_NS_FD, uint32(other.fd)])] : []
  const peer = Buffer.concat([ifinfo(0, 0), encodeAttribute([IFLA_IFNAME, text(far)]), ...namespace])
  const info = nested([IFLA_INFO_KIND, text('veth')], [IFLA_INFO_DATA, nested([VETH_INFO_PEER, peer])])
  change(RTM_NEWLINK, ifinfo(0, 0), [
    [IFLA_IFNAME, text(near)],
    [IFLA_LINKINFO, info],
  ])
}

export function setUp(name: string, isUp = true): void {
  change(RTM_NEWLINK, ifinfo(interfaceIndex(name), isUp ? IFF_UP : 0))
}

export function removeInterface(name: string): void {
  change(RTM_DELLINK, ifinfo(interfaceIndex(name), 0))
}

/** An address as an administrator adds it: global, for ever. */
export function addAddress(name: string, address: Uint8Array, prefixLength: number, peer = address): void {
  const body = Buffer.concat([
    Uint8Array.of(address.length === 4 ? 2 : 10, prefixLength, 0, 0),
    uint32(interfaceIndex(name)),
  ])
  change(RTM_NEWADDR, body, [
    [IFA_LOCAL, address],
    [IFA_ADDRESS, peer],
    [IFA_FLAGS, uint32(address.length === 4 ? 0 : IFA_F_NODAD)],
  ])
}

function change(type: number, body: Uint8Array, attributes: readonly NetlinkAttribute[] = []): void {
  const flags = NLM_F_ACK | (attributes.length > 0 ? NLM_F_CREATE : 0)
  netlinkRequest(NETLINK_ROUTE, { name: `type ${type}`, type, flags, body, attributes })
}

/** struct ifinfomsg; the only flag that changes is IFF_UP. */
function ifinfo(index: number, flags: number): Uint8Array {
  const body = new Uint8Array(16)
  viewOf(body).setInt32(4, index, littleEndian)
  viewOf(body).setUint32(8, flags, littleEndian)
  viewOf(body).setUint32(12, IFF_UP, littleEndian)
  return body
}

function nested(...attributes: readonly NetlinkAttribute[]): Uint8Array {
  return Buffer.concat(attributes.map(encodeAttribute))
}

function text(value: string): Uint8Array {
  return Buffer.from(`${value}\0`)
}
