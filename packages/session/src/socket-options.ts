/** Which option of a session needs which socket option of Linux, as data, and what happens if it is not available. */
import {
  bindToDevice,
  type LinuxSupport,
  linuxSupport,
  setDscp,
  setMinTtl,
  setTcpMd5Key,
  setTtl,
  setUserTimeout,
  type TcpFamily,
  type TcpSocket,
} from '@softspoken/linux'
import { type Address, OptionError, parseAddress } from '@softspoken/wire'
import type { SessionConfig } from './config.ts'
import { sendHoldTimeFor } from './send-hold-time.ts'
import { splitZone } from './socket-address.ts'

/** Options that Node's `net` does not have. They are set through Linux, or refused. */
const linuxOptions = ['tcpMd5Key', 'ttlSecurity', 'multihop', 'bindDevice'] as const

/** One change to a socket, and the option of the session that asks for it. */
export interface SocketOption {
  readonly option: string
  set(socket: TcpSocket): void
}

const MAX_TTL = 255
const CS6 = 48 // RFC 4594 §3.1

/**
 * Never unauthenticated by accident: a session with an option that is not available here is refused.
 * @throws OptionError naming the option, and what it needs.
 */
export function requireLinux(config: SessionConfig, support: LinuxSupport = linuxSupport()): void {
  if (!support.supported) rejectLinuxOptions(config, support.detail, support.cause)
}

/**
 * `detail` is why Linux or koffi is missing.
 * @throws OptionError for the first option of the session that Node's `net` alone does not have.
 */
export function rejectLinuxOptions(config: SessionConfig, detail: string, cause?: unknown): void {
  const option = firstLinuxOption(config)
  if (option === undefined) return
  const value = option === 'tcpMd5Key' ? undefined : config[option]
  const needs = 'Linux and the package koffi'
  const error = new OptionError(option, value, `left out without ${needs}`, `needs ${needs}, but ${detail}`)
  throw Object.assign(error, { cause })
}

/** The first option of a session, if any, that Node's `net` alone does not have. */
export function firstLinuxOption(config: SessionConfig): (typeof linuxOptions)[number] | undefined {
  return linuxOptions.find(name => config[name] !== undefined)
}

/** The family of a socket for this address. */
export function familyOf(address: Address): TcpFamily {
  return octetsOf(address).length === 4 ? 'ipv4' : 'ipv6'
}

/** The octets of an address, without its zone. */
export function octetsOf(address: Address): Uint8Array {
  return parseAddress(splitZone(address).address, 'address')
}

/** What each connection of this session needs, outgoing or incoming. */
export function connectionOptions(config: SessionConfig): SocketOption[] {
  const { ttlSecurity, multihop, bindDevice } = config
  return [
    ...(ttlSecurity === undefined ? [] : ttlSecurityOptions(minTtl(config))),
    ...(multihop === undefined ? [] : [{ option: 'multihop', set: (to: TcpSocket) => setTtl(to, multihop) }]),
    ...(bindDevice === undefined ? [] : [deviceOption(bindDevice)]),
  ]
}

/** What a listening socket needs before the first SYN: all keys, and the TTL security of its most lenient session. */
export function listeningOptions(configs: readonly SessionConfig[], family: TcpFamily): SocketOption[] {
  requireOneKeyPerAddress(configs)
  const hasTtlSecurity = configs.some(({ ttlSecurity }) => ttlSecurity !== undefined)
  return [
    ...(hasTtlSecurity ? ttlSecurityOptions(Math.min(...configs.map(minTtl))) : []),
    ...configs.flatMap(config => keyOptions(config, family)),
  ]
}

/** Linux finds a key by the address and not by the interface, so two sessions with one address need one key. */
function requireOneKeyPerAddress(configs: readonly SessionConfig[]): void {
  const keys = new Map<Address, string | undefined>()
  for (const { peer, tcpMd5Key } of configs) {
    const { address, zone } = splitZone(peer.address)
    if (zone === undefined) continue
    const key = tcpMd5Key && Buffer.from(tcpMd5Key.octets()).toString('hex')
    if (keys.has(address) && keys.get(address) !== key) {
      const detail = `${address} is a peer on two interfaces, and a listener has one key per address`
      throw new OptionError('tcpMd5Key', undefined, 'the same for both sessions', detail)
    }
    keys.set(address, key)
  }
}

/** The key, for segments to and from the session's peer. */
export function keyOptions({ tcpMd5Key, peer }: SessionConfig, family: TcpFamily): SocketOption[] {
  if (tcpMd5Key === undefined) return []
  if (family === 'ipv4' && familyOf(peer.address) === 'ipv6') {
    const detail = `an IPv4 socket cannot have a key for ${peer.address}`
    throw new OptionError('tcpMd5Key', undefined, 'for an IPv4 peer', detail)
  }
  return [{ option: 'tcpMd5Key', set: to => setTcpMd5Key(to, octetsOf(peer.address), tcpMd5Key.octets()) }]
}

/** SO_BINDTODEVICE, for `bindDevice` or for the zone of a link-local address. */
export function deviceOption(device: string, option = 'bindDevice'): SocketOption {
  return { option, set: to => bindToDevice(to, device) }
}

/** @throws Error naming the option that the system refused. */
export function setOptions(socket: TcpSocket, options: readonly SocketOption[]): void {
  for (const { option, set } of options)
    try {
      set(socket)
    } catch (error) {
      if (error instanceof Error) error.message = `${option}: the system refused it, ${error.message}`
      throw error
    }
}

/** RFC 4271 Appendix E asks for precedence, RFC 4594 §3.1 calls it CS6. Nothing depends on it. */
export function setPrecedence(socket: TcpSocket): void {
  setIfPossible(() => setDscp(socket, CS6))
}

/**
 * RFC 9687 counts from what has left this host. We send so little that the system would buffer weeks of it. With this
 * option the system ends a connection whose peer has acknowledged nothing for that long (RFC 5482). Without it, the send
 * hold timer and the peer's own hold timer remain.
 */
export function limitUnacknowledged(socket: TcpSocket, config: SessionConfig): void {
  // The peer has not proposed a hold time yet. Ours is the longest possible, because the smaller one applies.
  const longest = sendHoldTimeFor(config, config.holdTime)
  setIfPossible(() => setUserTimeout(socket, longest * 1000))
}

/** Ignores an error, because some sandboxes do not allow the call. */
function setIfPossible(set: () => void): void {
  try {
    set()
  } catch {}
}

/** BIRD and FRR count hops like this: a peer on our own link is 1 hop away, and its packets arrive with a TTL of 255. */
function minTtl({ ttlSecurity }: SessionConfig): number {
  return ttlSecurity === undefined ? 0 : MAX_TTL + 1 - ttlSecurity
}

/** RFC 5082 §3: send with 255, and accept nothing from farther away. */
function ttlSecurityOptions(min: number): SocketOption[] {
  return [
    { option: 'ttlSecurity', set: to => setTtl(to, MAX_TTL) },
    { option: 'ttlSecurity', set: to => setMinTtl(to, min) },
  ]
}
