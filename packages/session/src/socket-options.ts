/** What Node's `net` cannot do to a socket: TCP MD5 (RFC 2385), GTSM (RFC 5082), TTL, interface and DSCP. */
import { endianness } from 'node:os'
import { type Address, parseAddress } from '@softspoken/wire'
import type { Config } from './config.ts'
import { type Found, findKernel, type Kernel, linux } from './kernel.ts'
import type { Md5Key } from './md5-key.ts'
import { sendHoldTimeFor } from './send-hold-time.ts'
import { split } from './socket-address.ts'

/** What is kept through these options, or refused. */
const settings = ['tcpMd5Key', 'ttlSecurity', 'multihop', 'bindDevice'] as const

/** One setsockopt(2), and the setting that wants it. */
export interface SocketOption {
  readonly setting: string
  readonly level: number
  readonly name: number
  readonly value: Uint8Array
}

const FARTHEST = 255 // the greatest TTL there is
const CS6 = 48 << 2 // the codepoint stands in the upper six bits of the octet (RFC 2474 §3)

/**
 * Never unauthenticated by accident: a setting that cannot be kept here is refused.
 * @throws Error naming the setting, and what it needs.
 */
export function requireKernel(config: Config, found: Found = findKernel()): void {
  const setting = linuxOnly(config)
  if (setting === undefined || found.kernel !== undefined) return
  const { why, cause } = found
  throw new Error(`${setting}: not possible here, it needs Linux and the package koffi, and ${why}`, { cause })
}

/** The first setting of a session, if any, that Node's `net` alone cannot keep. */
export function linuxOnly(config: Config): string | undefined {
  return settings.find(name => config[name] !== undefined)
}

/** AF_INET6 also carries IPv4, where a listener has one socket for both. */
export function domainOf(address: Address): number {
  return parseAddress(split(address).address, 'address').length === 4 ? linux.AF_INET : linux.AF_INET6
}

/** What a connection of this session needs, whoever dialled. */
export function connectionOptions(config: Config, domain: number): SocketOption[] {
  const { ttlSecurity, multihop, bindDevice } = config
  return [
    ...(ttlSecurity === undefined ? [] : ttlSecurityOptions(leastTtl(config), domain)),
    ...(multihop === undefined ? [] : sendTtl('multihop', multihop, domain)),
    ...(bindDevice === undefined ? [] : [deviceOption(bindDevice)]),
  ]
}

/** What a listening socket needs before the first SYN: every key, and no more TTL security than all its sessions want. */
export function listeningOptions(configs: readonly Config[], domain: number): SocketOption[] {
  oneKeyPerAddress(configs)
  const strict = configs.some(({ ttlSecurity }) => ttlSecurity !== undefined)
  return [
    ...(strict ? ttlSecurityOptions(Math.min(...configs.map(leastTtl)), domain) : []),
    ...configs.flatMap(config => keyOptions(config, domain)),
  ]
}

/** Linux finds a key by the address and not by the interface: another session with that address gets the same key, or none works. */
function oneKeyPerAddress(configs: readonly Config[]): void {
  const keys = new Map<Address, string | undefined>()
  for (const { peer, tcpMd5Key } of configs) {
    const { address, zone } = split(peer.address)
    if (zone === undefined) continue
    const key = tcpMd5Key && Buffer.from(tcpMd5Key.octets()).toString('hex')
    if (keys.has(address) && keys.get(address) !== key)
      throw new Error(`tcpMd5Key: ${address} is a peer on two interfaces, and a listener has one key for an address`)
    keys.set(address, key)
  }
}

/** The key, for segments to and from the session's peer. */
export function keyOptions({ tcpMd5Key, peer }: Config, domain: number): SocketOption[] {
  if (tcpMd5Key === undefined) return []
  if (domain === linux.AF_INET && domainOf(peer.address) !== domain)
    throw new Error(`tcpMd5Key: there is no key for ${peer.address} on a socket of IPv4`)
  const value = md5Signature(peer.address, tcpMd5Key, domain)
  return [{ setting: 'tcpMd5Key', level: linux.IPPROTO_TCP, name: linux.TCP_MD5SIG, value }]
}

/** @throws Error naming the setting that the system refused. */
export function setOptions(kernel: Kernel, fd: number, options: readonly SocketOption[]): void {
  for (const { setting, level, name, value } of options)
    try {
      kernel.setsockopt(fd, level, name, value)
    } catch (error) {
      if (error instanceof Error) error.message = `${setting}: the system refused it, ${error.message}`
      throw error
    }
}

/** RFC 4271 Appendix E asks for precedence, RFC 4594 §3.1 calls it CS6. A courtesy: nothing depends on it. */
export function setDscp(kernel: Kernel, fd: number, domain: number): void {
  setIfPossible(kernel, fd, either('DSCP', domain, linux.IP_TOS, linux.IPV6_TCLASS, CS6))
}

/**
 * RFC 9687 counts from what has left this host, and what we send is so little that the system would buffer weeks of it:
 * the system itself ends a connection whose peer has acknowledged nothing for so long (RFC 5482). Without it, the send
 * hold timer and the peer's own hold timer are left.
 */
export function setUserTimeout(kernel: Kernel, fd: number, config: Config): void {
  // The peer has not proposed its hold time yet, and the smaller of both counts: this is the longest that it can be.
  const longest = sendHoldTimeFor(config, config.holdTime)
  const value = new Uint8Array(Int32Array.of(Math.ceil(longest * 1000)).buffer)
  setIfPossible(kernel, fd, [
    { setting: 'sendHoldTime', level: linux.IPPROTO_TCP, name: linux.TCP_USER_TIMEOUT, value },
  ])
}

function setIfPossible(kernel: Kernel, fd: number, options: readonly SocketOption[]): void {
  try {
    setOptions(kernel, fd, options)
  } catch {
    // Some sandboxes do not let it through.
  }
}

/** As BIRD and FRR count: a peer on our own link is 1 hop away, and its 255 arrive as 255. */
function leastTtl({ ttlSecurity }: Config): number {
  return ttlSecurity === undefined ? 0 : FARTHEST + 1 - ttlSecurity
}

/** RFC 5082 §3: we send with 255, and take nothing that has come too far. */
function ttlSecurityOptions(least: number, domain: number): SocketOption[] {
  return [
    ...sendTtl('ttlSecurity', FARTHEST, domain),
    ...either('ttlSecurity', domain, linux.IP_MINTTL, linux.IPV6_MINHOPCOUNT, least),
  ]
}

function sendTtl(setting: string, ttl: number, domain: number): SocketOption[] {
  return either(setting, domain, linux.IP_TTL, linux.IPV6_UNICAST_HOPS, ttl)
}

/** The option of IPv4 and, where the socket carries both, that of IPv6 beside it. */
function either(setting: string, domain: number, name4: number, name6: number, number: number): SocketOption[] {
  const value = new Uint8Array(Int32Array.of(number).buffer)
  const option4 = { setting, level: linux.IPPROTO_IP, name: name4, value }
  const option6 = { setting, level: linux.IPPROTO_IPV6, name: name6, value }
  return domain === linux.AF_INET ? [option4] : [option4, option6]
}

export function deviceOption(device: string, setting = 'bindDevice'): SocketOption {
  const value = new TextEncoder().encode(device)
  return { setting, level: linux.SOL_SOCKET, name: linux.SO_BINDTODEVICE, value }
}

const littleEndian = endianness() === 'LE'

/** `struct tcp_md5sig` of linux/tcp.h: sockaddr_storage, flags, prefix length, key length, interface, key. */
export function md5Signature(peer: Address, key: Md5Key, domain: number): Uint8Array {
  const octets = key.octets()
  const struct = new Uint8Array(216)
  struct.set(sockaddr(peer, 0, domain))
  new DataView(struct.buffer).setUint16(130, octets.length, littleEndian)
  struct.set(octets, 136)
  return struct
}

/**
 * `struct sockaddr_in` or `sockaddr_in6`; an IPv4 address on a socket of both families is a mapped one. Without a zone: a
 * key needs none, and a socket that is bound has its device.
 */
export function sockaddr(address: Address, port: number, domain: number): Uint8Array {
  const octets = parseAddress(split(address).address, 'address')
  const struct = new Uint8Array(domain === linux.AF_INET ? 16 : 28)
  const view = new DataView(struct.buffer)
  view.setUint16(0, domain, littleEndian)
  view.setUint16(2, port)
  if (domain === linux.AF_INET) {
    struct.set(octets, 4)
  } else if (octets.length === 16) {
    struct.set(octets, 8)
  } else {
    view.setUint16(18, 0xffff)
    struct.set(octets, 20)
  }
  return struct
}
