/**
 * Programs for the kernel's socket filter (classic BPF, linux/filter.h) that pass only claims and probes of some addresses.
 * Ordinary questions about them do not pass, because every client asks.
 */
import { viewOf } from './netlink-message.ts'
import { littleEndian } from './sockaddr.ts'

/** struct sock_filter: the code, how many instructions are skipped if a comparison is true and if it is false, the operand. */
type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number]

/** Octets of struct sock_filter. */
export const INSTRUCTION = 8
const LOAD_WORD = 0x20
const LOAD_OCTET = 0x30
const JUMP_IF_EQUAL = 0x15
const RETURN = 0x06

/** Octets of a frame that pass; the rest is cut off. Messages of ARP and neighbor discovery are smaller. */
export const MAX_FRAME = 2048
const PASS: Instruction = [RETURN, 0, 0, MAX_FRAME]
const DROP: Instruction = [RETURN, 0, 0, 0]

/** Where the kernel has what it makes of a frame: SKF_AD_OFF + SKF_AD_PKTTYPE of linux/filter.h. */
const PACKET_TYPE = 0xfffff000 + 4
const PACKET_OTHERHOST = 3
/**
 * Frames to other hosts. A frame of a VLAN that has no interface here, and so is of another segment, is one of them: the kernel
 * removes its tag, and passes it to the interface of the trunk as a frame to another host.
 */
const dropOtherHost: readonly Instruction[] = [
  [LOAD_WORD, 0, 0, PACKET_TYPE],
  [JUMP_IF_EQUAL, 0, 1, PACKET_OTHERHOST],
  DROP,
]

/** ARP (RFC 826): the sender has one of the addresses, or it has none and asks for one of them. */
export function arpFilter(addresses: readonly Uint8Array[]): Uint8Array {
  const [sender, target] = [28, 38]
  return encode([
    ...dropOtherHost,
    ...addresses.flatMap(address => passIfEqual(sender, address)),
    ...dropUnless(LOAD_WORD, sender, [0]),
    ...addresses.flatMap(address => passIfEqual(target, address)),
    DROP,
  ])
}

/** A neighbor advertisement of one of the addresses, or a neighbor solicitation of it without a source address (RFC 4861). */
export function neighborFilter(addresses: readonly Uint8Array[]): Uint8Array {
  const [nextHeader, source, type, target] = [20, 22, 54, 62]
  const [icmpv6, solicitation, advertisement] = [58, 135, 136]
  const dropUnlessUnspecified = [0, 4, 8, 12].flatMap(at => dropUnless(LOAD_WORD, source + at, [0]))
  return encode([
    ...dropOtherHost,
    ...dropUnless(LOAD_OCTET, nextHeader, [icmpv6]),
    ...dropUnless(LOAD_OCTET, type, [solicitation, advertisement]),
    [JUMP_IF_EQUAL, dropUnlessUnspecified.length, 0, advertisement],
    ...dropUnlessUnspecified,
    ...addresses.flatMap(address => passIfEqual(target, address)),
    DROP,
  ])
}

function dropUnless(load: number, at: number, values: readonly number[]): readonly Instruction[] {
  return [
    [load, 0, 0, at],
    ...values.map((value, index): Instruction => [JUMP_IF_EQUAL, values.length - index, 0, value]),
    DROP,
  ]
}

function passIfEqual(at: number, address: Uint8Array): readonly Instruction[] {
  const words = address.length / 4
  const comparisons = Array.from({ length: words }, (_, word): readonly Instruction[] => [
    [LOAD_WORD, 0, 0, at + word * 4],
    [JUMP_IF_EQUAL, 0, 2 * (words - word) - 1, viewOf(address).getUint32(word * 4)],
  ])
  return [...comparisons.flat(), PASS]
}

function encode(program: readonly Instruction[]): Uint8Array {
  const struct = new Uint8Array(program.length * INSTRUCTION)
  const view = viewOf(struct)
  for (const [at, [code, ifTrue, ifFalse, operand]] of program.entries()) {
    view.setUint16(at * INSTRUCTION, code, littleEndian)
    struct.set([ifTrue, ifFalse], at * INSTRUCTION + 2)
    view.setUint32(at * INSTRUCTION + 4, operand, littleEndian)
  }
  return struct
}
