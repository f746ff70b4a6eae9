/** Frames of ARP and neighbor discovery about some addresses, sent and received on one interface: packet(7). */
import { assertAddress, assertArgument, assertFunction, assertInteger } from './arguments.ts'
import { AF_PACKET, SO_ATTACH_FILTER, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW, SOL_SOCKET } from './constants.ts'
import { interfaceName } from './interface-name.ts'
import { libc, pointerTo, systemError } from './libc.ts'
import { viewOf } from './netlink-message.ts'
import { whenReadable } from './readable.ts'
import { arpFilter, INSTRUCTION, MAX_FRAME, neighborFilter } from './segment-filter.ts'
import { ETHERTYPE_ARP, ETHERTYPE_IPV6, ethertypeOf, readClaim, type SegmentClaim } from './segment-frames.ts'
import { littleEndian } from './sockaddr.ts'

const MAX_FRAMES = 256 // of one call, so that the event loop goes on
const ENODEV = 19

/**
 * Sends frames on one interface, and receives what other hosts say about some addresses. It does not receive its own frames.
 * It needs CAP_NET_RAW.
 *
 * It outlasts an interface that is down or without carrier. An interface that is removed and added again has another index,
 * and needs another SegmentSocket.
 */
export class SegmentSocket {
  readonly #index: number
  /** Of a family with an address, by EtherType: a socket of all EtherTypes would filter every packet of the host. */
  readonly #sockets = new Map<number, number>()
  readonly #buffer = new Uint8Array(MAX_FRAME)
  #received = 0
  #endWait: (() => void) | undefined
  #isGone = false

  /**
   * @param interfaceIndex The index of an Ethernet interface, as `listInterfaces()` has it.
   * @param addresses 4 or 16 octets each. Frames about other addresses are not received.
   * @throws Error with `code` and `syscall`: EPERM, or ENODEV if there is no such interface; RangeError for an argument that
   * is not allowed; Error if `linuxSupport()` reports no support.
   */
  constructor(interfaceIndex: number, addresses: readonly Uint8Array[]) {
    assertInteger('interfaceIndex', interfaceIndex, 1, 0x7fffffff) // 0 would be all interfaces
    assertArgument(Array.isArray(addresses), 'addresses', addresses, 'a list')
    for (const address of addresses) assertAddress(address)
    this.#index = interfaceIndex
    try {
      this.#open(
        ETHERTYPE_ARP,
        arpFilter,
        addresses.filter(({ length }) => length === 4),
      )
      this.#open(
        ETHERTYPE_IPV6,
        neighborFilter,
        addresses.filter(({ length }) => length === 16),
      )
    } catch (error) {
      this.close()
      throw error
    }
  }

  /**
   * Sends one frame at once. In the first moments of a link, and after the loss of its carrier, the kernel may drop it without
   * an error.
   * @param frame Of a family that has one of the addresses.
   * @throws Error with `code` and `syscall`: ENOBUFS without carrier, ENETDOWN if the interface is down, ENXIO if it is gone;
   * RangeError for a frame of another family, or if it is closed.
   */
  send(frame: Uint8Array): void {
    const socket = this.#sockets.get(ethertypeOf(frame) ?? 0)
    if (socket === undefined) throw new RangeError('the socket is closed, or has no address of this family')
    libc().send(socket, frame)
  }

  /**
   * What was received since the last call. It reads at most 256 frames of each family; the next call reads the others.
   * @throws Error with `code` and `syscall`: ENODEV if the interface is gone.
   */
  receive(): readonly SegmentClaim[] {
    if (this.#isGone) throw systemError('recv', ENODEV)
    const claims: SegmentClaim[] = []
    for (const socket of this.#sockets.values()) {
      for (let frames = 0; frames < MAX_FRAMES; frames++) {
        const frame = this.#receive(socket)
        if (frame === undefined) break
        this.#received++
        const claim = readClaim(frame)
        if (claim) claims.push(claim)
      }
    }
    return claims
  }

  /**
   * Calls `read` when there is something to receive, until the socket is closed; at most every 50 ms while frames keep coming.
   * In a worker thread, or if the kernel sends no signals for sockets, it calls `read` every 50 ms.
   * @param read It calls `receive()`, and must not throw. A second call of this method replaces the first.
   */
  whenReadable(read: () => void): void {
    assertFunction('read', read)
    this.#endWait?.()
    this.#endWait = whenReadable([...this.#sockets.values()], () => {
      const before = this.#received
      read()
      return this.#received > before
    })
  }

  /** Ends it; a second call does nothing. `send()` then throws, and `receive()` returns nothing. */
  close(): void {
    this.#endWait?.()
    for (const socket of this.#sockets.values()) libc().close(socket)
    this.#sockets.clear()
  }

  #open(ethertype: number, filter: (addresses: readonly Uint8Array[]) => Uint8Array, addresses: readonly Uint8Array[]) {
    if (addresses.length === 0) return
    const { socket, setsockopt, bind } = libc()
    // It receives nothing before bind() gives it an EtherType, so that no frame passes before the filter is there.
    const fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
    this.#sockets.set(ethertype, fd)
    const program = filter(addresses)
    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, sockFprog(program))
    bind(fd, sockaddrLl(ethertype, this.#index))
  }

  /** One frame, or undefined if there is none. The next call overwrites it. */
  #receive(socket: number): Uint8Array | undefined {
    try {
      const length = libc().recv(socket, this.#buffer)
      return length === undefined ? undefined : this.#buffer.subarray(0, length)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENETDOWN') throw error
    }
    // The kernel says once that the interface is down, and in the same way that it is gone.
    if (interfaceName(this.#index) !== undefined) return undefined
    this.#isGone = true
    throw systemError('recv', ENODEV)
  }
}

/** `struct sock_fprog` of linux/filter.h: the number of instructions, and a pointer to them. */
function sockFprog(program: Uint8Array): Uint8Array {
  const pointer = pointerTo(program)
  const count = new Uint8Array(pointer.length)
  viewOf(count).setUint16(0, program.length / INSTRUCTION, littleEndian)
  return Uint8Array.of(...count, ...pointer)
}

/** `struct sockaddr_ll` of packet(7); for bind(2), only family, EtherType and index count. */
function sockaddrLl(ethertype: number, index: number): Uint8Array {
  const address = new Uint8Array(20)
  const view = viewOf(address)
  view.setUint16(0, AF_PACKET, littleEndian)
  view.setUint16(2, ethertype)
  view.setInt32(4, index, littleEndian)
  return address
}
