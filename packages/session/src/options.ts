/** The options of a session: their types, and the table from which names, defaults and checks come. */
import type { Address, Family } from '@softspoken/wire'
import type { BackOff } from './backoff.ts'
import type { OptionTable } from './option-table.ts'
import type { SessionEnvironment } from './runtime.ts'

/** Our side of the session. */
export interface LocalOptions {
  /** Our AS number, 1 to 4294967295, but not 23456 (AS_TRANS, RFC 6793), 65535 or 4294967295 (RFC 7300). */
  as: number
  /** Our BGP Identifier, written as an IPv4 address; unique within the AS (RFC 6286). */
  id: Address
  /** The address to dial from, of the family of the peer's address. Default: the system chooses. */
  address?: Address
}

/** The peer. */
export interface PeerOptions {
  /** The AS number of the peer, 1 to 4294967295, with the same exceptions as `local.as`. */
  as: number
  /** IPv4 or IPv6. A link-local address needs its interface (RFC 4007 §11): `fe80::1%eth0`, or the option `bindDevice`. */
  address: Address
  /** The TCP port of the peer, 1 to 65535. Default 179. */
  port?: number
}

/** For the speaker that restarts (RFC 4724). We keep no routes of the peer. */
export interface GracefulRestartOptions {
  /** Seconds for which the peer keeps our routes, 1 to 4095. */
  restartTime: number
  /** The F bit of each family: this host kept forwarding during the restart. Default false: the peer drops our routes when the session is back. */
  forwarding?: boolean
  /** The R bit, until the session was established once: this process has restarted, and the peer need not wait for our routes. Default false. */
  restarting?: boolean
  /** The N bit: the peer keeps our routes after a NOTIFICATION too (RFC 8538). stop() then sends a Hard Reset. Default false. */
  notification?: boolean
}

/** Which capabilities our OPEN offers besides those that other options need. The default of each is true. */
export interface CapabilityOptions {
  /** The address families (RFC 4760). Required unless they are IPv4 unicast alone. */
  multiprotocol?: boolean
  /** Route refresh: the peer may ask for our routes again (RFC 2918). */
  routeRefresh?: boolean
  /** Enhanced route refresh: marks around those routes (RFC 7313). Default: as routeRefresh, which it requires. */
  enhancedRouteRefresh?: boolean
  /** AS numbers of four octets (RFC 6793). Required if either AS number is above 65535. */
  fourOctetAs?: boolean
}

/** The options of a session. An unknown name, or a value out of bounds, throws an OptionError. */
export interface SessionOptions extends SessionEnvironment {
  local: LocalOptions
  peer: PeerOptions
  /** Never dial; wait until the peer connects through a Listener (RFC 4271 §8.1.1, PassiveTcpEstablishment). Default false. */
  passive?: boolean
  /** The families to offer (RFC 4760 §8). Default: unicast of the family of the peer's address. */
  families?: readonly Family[]
  /**
   * Allow IPv6 next hops for IPv4 routes (RFC 8950). Default: true if `families` has ipv4-unicast and the peer's address
   * is IPv6, because those routes have no other next hop.
   */
  extendedNextHop?: boolean
  /**
   * Capabilities to leave out, such as `{ routeRefresh: false }`, for a router that does not support them. A required
   * one cannot be left out. Without this option: if a router refuses our OPEN with 2/4 (RFC 5492 §3) and none is
   * required, the next OPEN has no capabilities. That lasts until such a session is not established, or until stop().
   */
  capabilities?: CapabilityOptions
  /** Offer messages of up to 65535 octets (RFC 8654). Default false: the few routes of a host fit into 4096. */
  extendedMessage?: boolean
  /** Reject a peer without four-octet AS numbers, with 2/7 (RFC 6793, RFC 5492). Default false: AS_TRANS and AS4_PATH are used. */
  requireFourOctetAs?: boolean
  /**
   * Ask the peer to keep our routes while the connection is down (RFC 4724). Default: not asked. The risk: after a crash,
   * the peer sends traffic to this host for `restartTime`, although nothing serves it.
   */
  gracefulRestart?: GracefulRestartOptions
  /** The hold time that we propose, in seconds. Both sides use the smaller proposal. Default 90; 9 to 65535 (RFC 4271 §4.2). */
  holdTime?: number
  /**
   * Seconds in which none of our octets left, because the peer does not read, before the connection is dropped
   * (RFC 9687). Default: the greater of 480 and twice the negotiated hold time; `holdTime` to 131070.
   */
  sendHoldTime?: number
  /** Allow a `holdTime` from 3 seconds. A busy process then loses its session in a short stall. Default false. */
  allowAggressiveTimers?: boolean
  /** Accept a peer that proposes a hold time of 0. A dead peer is then never detected. Default false. */
  allowZeroHoldTime?: boolean
  /** Seconds after which a dial without an answer fails. Default 10; 5 to 120. */
  connectTimeout?: number
  /** Seconds from start() to the first dial. Default 0; 0 to 60. */
  firstDialDelay?: number
  /** The exponential back-off between dials; see BackOff. Each delay can be made longer, none can be switched off. */
  backOff?: Partial<BackOff>
  /**
   * The key of TCP MD5 (RFC 2385), 1 to 80 octets in UTF-8, for connections in both directions. Default: none. The system
   * silently drops all segments without a valid signature. The key is never shown.
   *
   * This and the next three options need Linux and the optional dependency koffi. Without them, a Session throws.
   */
  tcpMd5Key?: string
  /**
   * TTL security, GTSM (RFC 5082): the maximum number of hops to the peer, 1 to 254. 1 hop is a peer on our own link, as
   * in BIRD and FRR: we send with TTL 255, and accept 256 minus this value or more. Default: off. The peer must use it
   * too. If a `Listener` also serves a session that allows more hops, the first octets of a connection are read before
   * the system applies this; give such sessions a listener of their own.
   */
  ttlSecurity?: number
  /** The TTL of what we send, 1 to 255, at least the number of hops to the peer. Default: that of the system. Not with ttlSecurity. */
  multihop?: number
  /** The name of the only network interface that the session uses (SO_BINDTODEVICE). Default: as routed. */
  bindDevice?: string
  /**
   * A directory in which the time of the last dial and the record of failures survive a process that ends without
   * stop(), in one small file per peer. Default: none, and a new process dials at once.
   */
  stateDirectory?: string
}

/** References and reasons for the defaults are in ../tools/defaults-page.ts, which makes the table in docs/defaults.md. */
export const sessionOptions = {
  'local.as': { type: 'integer', min: 1, max: 0xffffffff },
  'local.id': { type: 'string' },
  'local.address': { type: 'string' },
  'peer.as': { type: 'integer', min: 1, max: 0xffffffff },
  'peer.address': { type: 'string' },
  'peer.port': { type: 'integer', default: 179, min: 1, max: 65535 },
  passive: { type: 'boolean', default: false },
  families: { type: 'list' },
  extendedNextHop: { type: 'boolean' },
  'capabilities.multiprotocol': { type: 'boolean', default: true },
  'capabilities.routeRefresh': { type: 'boolean', default: true },
  'capabilities.enhancedRouteRefresh': { type: 'boolean' },
  'capabilities.fourOctetAs': { type: 'boolean', default: true },
  extendedMessage: { type: 'boolean', default: false },
  requireFourOctetAs: { type: 'boolean', default: false },
  'gracefulRestart.restartTime': { type: 'integer', min: 1, max: 4095, unit: ' seconds' },
  'gracefulRestart.forwarding': { type: 'boolean', default: false },
  'gracefulRestart.restarting': { type: 'boolean', default: false },
  'gracefulRestart.notification': { type: 'boolean', default: false },
  holdTime: { type: 'integer', default: 90, min: 9, max: 65535, unit: ' seconds' },
  sendHoldTime: { type: 'number', max: 131070, unit: ' seconds' },
  allowAggressiveTimers: { type: 'boolean', default: false },
  allowZeroHoldTime: { type: 'boolean', default: false },
  connectTimeout: { type: 'number', default: 10, min: 5, max: 120, unit: ' seconds' },
  firstDialDelay: { type: 'number', default: 0, min: 0, max: 60, unit: ' seconds' },
  'backOff.minInterval': { type: 'number', default: 5, min: 1, max: 3600, unit: ' seconds' },
  'backOff.transportCap': {
    type: 'number',
    default: 120,
    min: 30,
    max: 3600,
    unit: ' seconds',
  },
  'backOff.protocolInitial': { type: 'number', default: 60, min: 30, max: 3600, unit: ' seconds' },
  'backOff.administrative': {
    type: 'number',
    default: 300,
    min: 60,
    max: 3600,
    unit: ' seconds',
  },
  'backOff.resetAfter': { type: 'number', default: 300, min: 60, max: 3600, unit: ' seconds' },
  tcpMd5Key: { type: 'string' },
  ttlSecurity: { type: 'integer', min: 1, max: 254 },
  multihop: { type: 'integer', min: 1, max: 255 },
  bindDevice: { type: 'string' },
  stateDirectory: { type: 'string' },
} as const satisfies OptionTable<Omit<SessionOptions, keyof SessionEnvironment>>
