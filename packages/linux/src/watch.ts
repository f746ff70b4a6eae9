/** Changes of interfaces and addresses, as the kernel reports them to the groups of rtnetlink(7). */
import { addressIn, type HostAddress, RTM_DELADDR } from './address-message.ts'
import { assertFunction } from './arguments.ts'
import { interfaceIn, listInterfaces, type NetworkInterface, RTM_DELLINK } from './interfaces.ts'
import { notUnderstood } from './netlink-answer.ts'
import { messagesIn } from './netlink-message.ts'
import { NETLINK_ROUTE, NetlinkSocket } from './netlink-socket.ts'

/** One change. */
export type NetworkChange =
  /** An address was added, renewed, or changed its flags. */
  | { readonly type: 'address-set'; readonly address: HostAddress }
  | { readonly type: 'address-removed'; readonly address: HostAddress }
  /** An interface was added, or it changed: carrier, name, MAC address and the like. */
  | { readonly type: 'interface-set'; readonly interface: NetworkInterface }
  | { readonly type: 'interface-removed'; readonly interface: NetworkInterface }
  /** Changes were lost. List addresses and interfaces again. */
  | { readonly type: 'look-again' }

const RTMGRP_LINK = 0x1
const RTMGRP_IPV4_IFADDR = 0x10
const RTMGRP_IPV6_IFADDR = 0x100
const MAX_DATAGRAMS = 256 // of one read, so that the event loop goes on

/**
 * Reports each change of this host's interfaces and addresses from now on. List them after this call, so that no change is
 * missed. It needs no rights, and does not keep the process alive.
 *
 * The kernel reports a change with the signal SIGURG, so this costs nothing between two changes; while they keep coming, they are
 * read every 50 ms. In a worker thread, or if the kernel sends no signals for sockets, they are read every 50 ms.
 * @param onChange It must not throw: a signal or a timer runs it.
 * @returns A function that ends it.
 * @throws RangeError; Error with `code`, `errno` and `syscall`; Error if `linuxSupport()` reports no support.
 */
export function watchNetwork(onChange: (change: NetworkChange) => void): () => void {
  assertFunction('onChange', onChange)
  const socket = new NetlinkSocket(NETLINK_ROUTE, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR)
  const names = new Map<number, string>()
  let isOpen = true
  try {
    readNames()
  } catch (error) {
    socket.close()
    throw error
  }
  socket.whenReadable(read)
  return () => {
    if (!isOpen) return
    isOpen = false
    socket.close()
  }

  /** Whether there was a datagram. */
  function read(): boolean {
    let datagrams = 0
    for (; isOpen && datagrams < MAX_DATAGRAMS; datagrams++) {
      const changes = receive()
      if (changes === undefined) break
      for (const change of changes) if (isOpen) onChange(change)
    }
    return datagrams > 0
  }

  /** The changes of one datagram, or undefined if there is none. */
  function receive(): readonly NetworkChange[] | undefined {
    try {
      const datagram = socket.receive()
      return datagram && changesIn(datagram, names)
    } catch {
      // ENOBUFS: the socket was full, and the kernel dropped messages.
    }
    try {
      readNames()
    } catch {
      // The caller then lists again, and gets the same error.
    }
    return [{ type: 'look-again' }]
  }

  function readNames(): void {
    for (const { index, name } of listInterfaces()) names.set(index, name)
  }
}

/**
 * The changes in one datagram.
 * @param names The name of each index. An interface that is gone has no name any more when its last messages are read, so
 * names are kept here.
 * @throws Error with the code EPROTO if the datagram is cut off.
 */
export function changesIn(datagram: Uint8Array, names: Map<number, string>): readonly NetworkChange[] {
  return (messagesIn(datagram) ?? notUnderstood('rtnetlink')).flatMap((message): NetworkChange[] => {
    const address = addressIn(message, index => names.get(index))
    if (address) return [{ type: message.type === RTM_DELADDR ? 'address-removed' : 'address-set', address }]
    const changed = interfaceIn(message)
    if (!changed) return []
    const isRemoved = message.type === RTM_DELLINK
    if (isRemoved) names.delete(changed.index)
    else names.set(changed.index, changed.name)
    return [{ type: isRemoved ? 'interface-removed' : 'interface-set', interface: changed }]
  })
}
