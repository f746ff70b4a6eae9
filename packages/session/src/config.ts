/** Defaults and argument checks, nothing else. docs/defaults.md is tested against the table. */
import { type Address, type Family, familyByName, parseAddress } from '@softspoken/wire'
import type { BackOff } from './backoff.ts'
import { between, kind, path, shown, text, trueOrFalse, whole } from './check-options.ts'
import { Md5Key } from './md5-key.ts'
import type { SessionEnvironment } from './runtime.ts'
import { formatZoned, isInterface, isZoneOfNet, parseZoned } from './socket-address.ts'

/** One row per number that may be set, in seconds. `ours` is what no RFC says; docs/defaults.md says why. */
export const settings = {
  holdTime: { default: 90, min: 9, max: 65535, reference: 'RFC 4271 §4.2, §10' },
  connectTimeout: { default: 10, min: 5, max: 120, reference: 'ours' },
  firstDialDelay: { default: 0, min: 0, max: 60, reference: 'ours' },
  'backOff.minInterval': { default: 5, min: 1, max: 3600, reference: 'ours' },
  'backOff.transportCap': { default: 120, min: 30, max: 3600, reference: 'RFC 4271 §10' },
  'backOff.protocolInitial': { default: 60, min: 30, max: 3600, reference: 'ours' },
  'backOff.administrative': { default: 300, min: 60, max: 3600, reference: 'RFC 4486' },
  'backOff.resetAfter': { default: 300, min: 60, max: 3600, reference: 'ours' },
} as const

const LONGEST_SEND_HOLD_TIME = 131070 // twice the longest hold time

/** Who we are to this peer. */
export interface LocalOptions {
  /** AS number, 1 to 4294967294, but 23456 (AS_TRANS, RFC 6793) and 65535 (RFC 7300). The peer's has the same bounds. */
  as: number
  /** BGP Identifier, written as an IPv4 address; unique within the AS (RFC 6286). */
  id: Address
  /** The address to dial from, of the family of the peer's. Default: the system's choice. */
  address?: Address
}

/** The router. */
export interface PeerOptions {
  as: number
  /** IPv4 or IPv6. A link-local address needs its interface (RFC 4007 §11): `fe80::1%eth0`, or `bindDevice` beside it. */
  address: Address
  /** Default 179. */
  port?: number
}

/** Of us as the speaker that restarts; we keep no routes of the peer's. */
export interface GracefulRestartOptions {
  /** Seconds that the peer keeps our routes, 1 to 4095. */
  restartTime: number
  /** F, for every family: this host went on forwarding while we were away. Only the truth helps. Default false: the peer forgets our routes when we are back, until we announce them. */
  forwarding?: boolean
  /** R, until the session has stood once: this process has just been started anew, and the peer need not wait for our routes. Default false. */
  restarting?: boolean
  /** N: a NOTIFICATION, too, keeps the routes (RFC 8538); stop() then says Hard Reset, which does not. Default false. */
  notification?: boolean
}

/** Which capabilities our OPEN offers besides those that other settings ask for; true is the default of each. */
export interface CapabilityOptions {
  /** The families (RFC 4760). Needed unless they are IPv4 unicast alone, which a peer assumes without it. */
  multiprotocol?: boolean
  /** Our routes again when the peer asks for them (RFC 2918). */
  routeRefresh?: boolean
  /** The marks around them (RFC 7313). Default: as routeRefresh, which it needs. */
  enhancedRouteRefresh?: boolean
  /** AS numbers of four octets (RFC 6793). Needed if either AS number is above 65535. */
  fourOctetAs?: boolean
}

/** The options of a session. An unknown name or a value out of bounds throws. */
export interface SessionOptions extends SessionEnvironment {
  local: LocalOptions
  peer: PeerOptions
  /** Wait for the peer to connect, through a Listener, and never dial (RFC 4271 §8.1.1, PassiveTcpEstablishment). Default false. */
  passive?: boolean
  /** Families to offer (RFC 4760 §8). Default: unicast of the family of the peer's address. */
  families?: readonly Family[]
  /**
   * Let IPv4 routes have IPv6 next hops (RFC 8950). Default: where `families` has ipv4-unicast and the peer's address is
   * IPv6, for there they have no other.
   */
  extendedNextHop?: boolean
  /**
   * Capabilities to leave out, `{ routeRefresh: false }`, for a router that does not take them. One that is needed cannot
   * be left out. Without this option, a router that refuses our OPEN with 2/4 (RFC 5492 §3) gets the next one without any
   * capability, if none is needed; it goes on so until such a session fails to be Established, or until stop().
   */
  capabilities?: CapabilityOptions
  /** Offer messages of up to 65535 octets (RFC 8654). Default false: a host's few routes fit into 4096. */
  extendedMessage?: boolean
  /** Refuse a peer without four-octet AS numbers, 2/7 (RFC 6793, RFC 5492). Default false: it is taken, with AS_TRANS and AS4_PATH. */
  requireFourOctetAs?: boolean
  /**
   * Ask the peer to keep our routes while the connection is lost, and until we are back (RFC 4724). Default: not asked. The
   * risk: after a crash, traffic for a dead address goes on coming to this host for all of `restartTime`.
   */
  gracefulRestart?: GracefulRestartOptions
  /** Seconds we propose; the smaller of both sides' counts. Default 90; 9 to 65535 (RFC 4271 §4.2). */
  holdTime?: number
  /**
   * Seconds without anything of ours leaving, for a peer that does not read, until the connection is dropped (RFC 9687).
   * Default: the greater of 480 and twice the negotiated hold time; holdTime to 131070.
   */
  sendHoldTime?: number
  /** Lets holdTime go down to 3. A busy process then loses its session over a short stall. Default false. */
  allowAggressiveTimers?: boolean
  /** Accept a peer that proposes 0. A dead peer is then never noticed. Default false. */
  allowZeroHoldTime?: boolean
  /** Seconds until a dial without an answer is given up. Default 10; 5 to 120. */
  connectTimeout?: number
  /** Seconds from start() to the first dial. Default 0; 0 to 60. */
  firstDialDelay?: number
  /** How rarely to dial; see BackOff. Each may be made slower, none can be switched off. */
  backOff?: Partial<BackOff>
  /**
   * The key of TCP MD5 (RFC 2385), 1 to 80 octets in UTF-8, for connections in either direction. Default: none. Once
   * given, nothing but it gets through, so a wrong one is silence. It is shown nowhere.
   *
   * This and the next three need Linux and the optional dependency koffi; a Session without either throws.
   */
  tcpMd5Key?: string
  /**
   * TTL security, GTSM (RFC 5082): how many hops away the peer may be at most, 1 to 254. Counted as BIRD and FRR do, where
   * a peer on our own link is 1 hop away: we send with TTL 255 and take 256 less this, or more. Default: off. The peer
   * must have it, too. On a `Listener` that also serves a session which allows more hops, the first octets of a connection
   * are read before the system applies this: give such sessions a listener of their own.
   */
  ttlSecurity?: number
  /** The TTL we send with, 1 to 255, as many hops as the peer may be away. Default: the system's. Not with ttlSecurity, which says it. */
  multihop?: number
  /** The network interface that the session runs through and no other, by its name (SO_BINDTODEVICE). Default: as routed. */
  bindDevice?: string
  /**
   * A directory in which the time of the last dial and the record of failures survive a process that ends without
   * stop(): one small file for each peer. Default: none, and a new process dials at once.
   */
  stateDirectory?: string
}

/** The same with every default filled in. */
export interface SessionConfig {
  /** An address is in its canonical text (RFC 5952), a link-local one with its interface: `fe80::1%eth0`. */
  readonly local: { readonly as: number; readonly id: Address; readonly address: Address | undefined }
  readonly peer: { readonly as: number; readonly address: Address; readonly port: number }
  readonly passive: boolean
  readonly families: readonly Family[]
  readonly extendedNextHop: boolean
  readonly capabilities: Readonly<Required<CapabilityOptions>>
  readonly extendedMessage: boolean
  readonly requireFourOctetAs: boolean
  readonly gracefulRestart: Readonly<Required<GracefulRestartOptions>> | undefined
  readonly holdTime: number
  /** Undefined: the greater of 480 s and twice the negotiated hold time. */
  readonly sendHoldTime: number | undefined
  readonly allowZeroHoldTime: boolean
  readonly connectTimeout: number
  readonly firstDialDelay: number
  readonly backOff: BackOff
  readonly tcpMd5Key: Md5Key | undefined
  readonly ttlSecurity: number | undefined
  readonly multihop: number | undefined
  readonly bindDevice: string | undefined
  readonly stateDirectory: string | undefined
}

/** @throws RangeError or TypeError naming the setting, the value and what is allowed. */
export function configure(given: SessionOptions): SessionConfig {
  only(given, [...settingNames, ...environmentNames], '')
  const { local, peer, passive = false, allowAggressiveTimers = false, allowZeroHoldTime = false } = given
  only(local, ['as', 'id', 'address'], 'local.')
  only(peer, ['as', 'address', 'port'], 'peer.')
  const { extendedMessage = false, requireFourOctetAs = false } = given
  const { bindDevice } = given
  for (const [name, value] of Object.entries({ 'peer.address': peer.address, 'local.id': local.id })) text(value, name)
  if (local.address !== undefined) text(local.address, 'local.address')
  if (bindDevice !== undefined && !isInterface(bindDevice))
    throw new RangeError(
      `bindDevice: '${shown(bindDevice)}' is not allowed, it must be the name of a network interface, 1 to 15 characters`,
    )
  const device = bindDevice === undefined ? undefined : { name: bindDevice, option: 'bindDevice' }
  const router = parseZoned(peer.address, 'peer.address', device)
  const link = device ?? (router.zone === undefined ? undefined : { name: router.zone, option: 'peer.address' })
  const source = local.address === undefined ? undefined : parseZoned(local.address, 'local.address', link)
  if (!isOfOneHost(router.octets)) throw notOfOneHost('peer.address', peer.address)
  if (source !== undefined && !isOfOneHost(source.octets)) throw notOfOneHost('local.address', local.address)
  if (source !== undefined && source.octets.length !== router.octets.length)
    throw new RangeError(
      `local.address: '${local.address}' is not allowed, it must be of the family of ${peer.address}`,
    )
  const zone = router.zone ?? source?.zone
  const isIpv6 = router.octets.length === 16
  const { families: listed = [isIpv6 ? 'ipv6-unicast' : 'ipv4-unicast'] } = given
  const families = familyList(listed)
  const { extendedNextHop = isIpv6 && families.includes('ipv4-unicast') } = given
  const choices = {
    passive,
    extendedNextHop,
    extendedMessage,
    requireFourOctetAs,
    allowAggressiveTimers,
    allowZeroHoldTime,
  }
  for (const [name, value] of Object.entries(choices)) trueOrFalse(value, name)
  if (extendedNextHop && !families.includes('ipv4-unicast'))
    throw new RangeError(`extendedNextHop: true is not allowed without ipv4-unicast among families, '${families}'`)
  const id = parseAddress(local.id, 'local.id')
  if (id.length !== 4 || local.id === '0.0.0.0')
    throw new RangeError(
      `local.id: '${local.id}' is not allowed, it must be written as an IPv4 address and not be 0.0.0.0`,
    )
  const as = { local: asNumber(local.as, 'local.as'), peer: asNumber(peer.as, 'peer.as') }
  const capabilities = capabilitiesOf(given.capabilities, { families, as, extendedNextHop, requireFourOctetAs })
  const { backOff = {}, sendHoldTime, tcpMd5Key, ttlSecurity, multihop } = given
  const holdTime = setting('holdTime', given.holdTime, allowAggressiveTimers ? 3 : undefined)
  if (ttlSecurity !== undefined && multihop !== undefined)
    throw new RangeError('multihop: not allowed together with ttlSecurity, which sends with TTL 255')
  const { stateDirectory } = given
  if (stateDirectory !== undefined) path(stateDirectory, 'stateDirectory')
  only(backOff, ['minInterval', 'transportCap', 'protocolInitial', 'administrative', 'resetAfter'], 'backOff.')
  return {
    local: { as: as.local, id: local.id, address: source && formatZoned(source) },
    peer: {
      as: as.peer,
      address: formatZoned(router),
      port: between(whole(peer.port === undefined ? 179 : peer.port, 'peer.port'), 1, 65535, 'peer.port'),
    },
    passive,
    families,
    extendedNextHop,
    capabilities,
    extendedMessage,
    requireFourOctetAs,
    gracefulRestart: given.gracefulRestart === undefined ? undefined : gracefulRestart(given.gracefulRestart),
    holdTime,
    sendHoldTime:
      sendHoldTime === undefined
        ? undefined
        : between(sendHoldTime, holdTime, LONGEST_SEND_HOLD_TIME, 'sendHoldTime', ' seconds'),
    allowZeroHoldTime,
    connectTimeout: setting('connectTimeout', given.connectTimeout),
    firstDialDelay: setting('firstDialDelay', given.firstDialDelay),
    backOff: {
      minInterval: setting('backOff.minInterval', backOff.minInterval),
      transportCap: setting('backOff.transportCap', backOff.transportCap),
      protocolInitial: setting('backOff.protocolInitial', backOff.protocolInitial),
      administrative: setting('backOff.administrative', backOff.administrative),
      resetAfter: setting('backOff.resetAfter', backOff.resetAfter),
    },
    tcpMd5Key: tcpMd5Key === undefined ? undefined : new Md5Key(tcpMd5Key),
    ttlSecurity: hops(ttlSecurity, 254, 'ttlSecurity'),
    multihop: hops(multihop, 255, 'multihop'),
    bindDevice: bindDevice ?? (zone !== undefined && !isZoneOfNet(zone) ? zone : undefined),
    stateDirectory,
  }
}

/** Every setting there is. */
export const settingNames: readonly (keyof Omit<SessionOptions, keyof SessionEnvironment>)[] = [
  'local',
  'peer',
  'passive',
  'families',
  'extendedNextHop',
  'capabilities',
  'extendedMessage',
  'requireFourOctetAs',
  'gracefulRestart',
  'holdTime',
  'sendHoldTime',
  'allowAggressiveTimers',
  'allowZeroHoldTime',
  'connectTimeout',
  'firstDialDelay',
  'backOff',
  'tcpMd5Key',
  'ttlSecurity',
  'multihop',
  'bindDevice',
  'stateDirectory',
]
const environmentNames: readonly (keyof SessionEnvironment)[] = ['log', 'clock', 'random', 'dial']

/** A name that nobody reads is a setting that silently does nothing: refused. */
export function only(given: object, names: readonly string[], where: string): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError(
      `${where.slice(0, -1) || 'options'}: ${kind(given)} is not allowed, it must be an object with ${names.join(', ')}`,
    )
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw new TypeError(`${where}${name}: no such setting, there are ${names.join(', ')}`)
}

function gracefulRestart(given: GracefulRestartOptions): Required<GracefulRestartOptions> {
  only(given, ['restartTime', 'forwarding', 'restarting', 'notification'], 'gracefulRestart.')
  const { restartTime, forwarding = false, restarting = false, notification = false } = given
  const flags = { forwarding, restarting, notification }
  for (const [name, value] of Object.entries(flags)) trueOrFalse(value, `gracefulRestart.${name}`)
  const name = 'gracefulRestart.restartTime'
  return { restartTime: between(whole(restartTime, name), 1, 4095, name, ' seconds'), ...flags }
}
function capabilitiesOf(
  given: CapabilityOptions = {},
  asked: Pick<SessionConfig, 'families' | 'extendedNextHop' | 'requireFourOctetAs'> & {
    readonly as: { readonly local: number; readonly peer: number }
  },
): SessionConfig['capabilities'] {
  only(given, ['multiprotocol', 'routeRefresh', 'enhancedRouteRefresh', 'fourOctetAs'], 'capabilities.')
  const { multiprotocol = true, routeRefresh = true, enhancedRouteRefresh = routeRefresh, fourOctetAs = true } = given
  const capabilities = { multiprotocol, routeRefresh, enhancedRouteRefresh, fourOctetAs }
  for (const [name, value] of Object.entries(capabilities)) trueOrFalse(value, `capabilities.${name}`)
  const { families, as, extendedNextHop, requireFourOctetAs } = asked
  const large = [as.local, as.peer].find(number => number > 0xffff)
  /** What needs each, if anything does. */
  const needs = {
    multiprotocol: families.some(family => family !== 'ipv4-unicast')
      ? `families, '${families}',`
      : extendedNextHop && 'extendedNextHop',
    fourOctetAs: large === undefined ? requireFourOctetAs && 'requireFourOctetAs' : `AS ${large}`,
    routeRefresh: enhancedRouteRefresh && 'enhancedRouteRefresh',
  }
  for (const [name, need] of Object.entries(needs) as [keyof typeof needs, string | false][])
    if (need && !capabilities[name])
      throw new RangeError(`capabilities.${name}: false is not allowed, ${need} needs it`)
  return capabilities
}
function setting(name: keyof typeof settings, value: number | undefined, min: number = settings[name].min): number {
  const row = settings[name]
  const number = value === undefined ? row.default : value
  if (name === 'holdTime' && !Number.isInteger(number))
    throw new RangeError(`holdTime: ${shown(number)} is not allowed, it must be whole seconds`)
  return between(number, min, row.max, name, ' seconds')
}
function asNumber(value: number, name: string): number {
  const number = between(whole(value, name), 1, 0xffffffff, name)
  const reserved = reservedAs[number]
  if (reserved !== undefined) throw new RangeError(`${name}: ${number} is not allowed, ${reserved}`)
  return number
}
/** Numbers that no AS has. */
const reservedAs: Readonly<Record<number, string>> = {
  23456: 'it is AS_TRANS, which stands for any AS number above 65535 (RFC 6793)',
  65535: 'it is reserved, the last of two octets (RFC 7300)',
  4294967295: 'it is reserved, the last of four octets (RFC 7300)',
}
function hops(value: number | undefined, most: number, name: string): number | undefined {
  return value === undefined ? undefined : between(whole(value, name), 1, most, name)
}
function familyList(list: readonly Family[]): readonly Family[] {
  const names = Array.isArray(list) && list.every(family => typeof family === 'string') ? list : undefined
  if (!names || names.length === 0 || names.some(family => !Object.hasOwn(familyByName, family)))
    throw new RangeError(
      `families: '${names ?? shown(list)}' is not allowed, it must be a list of ${Object.keys(familyByName).join(', ')}`,
    )
  return [...new Set(list)]
}

/** A system takes a dial to 0.0.0.0 for one to itself, and one to a multicast or broadcast address reaches no router. */
function isOfOneHost(octets: Uint8Array): boolean {
  const [first = 0] = octets
  return octets.length === 4 ? first > 0 && first < 224 : first !== 0xff && octets.some(octet => octet !== 0)
}
function notOfOneHost(field: string, given: unknown): RangeError {
  return new RangeError(`${field}: '${shown(given)}' is not allowed, it must be the address of one host`)
}
