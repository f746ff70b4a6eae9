/** The options of an announcer, their defaults, and the options of each session that follow from them. */
import type { LocalOptions, PeerOptions, SessionOptions } from '@softspoken/session'
import {
  assertMethods,
  assertObject,
  assertString,
  checkEnvironment,
  environmentNames,
  isIpv6,
  numberOption,
  type OptionTable,
  omitUndefined,
  optionNames,
  rejectUnknown,
  rejectUnknownParts,
  sessionOptions,
  splitZone,
} from '@softspoken/session/internal'
import { type Address, OptionError, parseAddress } from '@softspoken/wire'
import { hiddenValue, shown } from '@softspoken/wire/internal'
import { canonical, isNoHost } from './address.ts'
import type { ProcessDeadline } from './kernel-deadline.ts'
import { addressesIn, forFamily, type PerFamily } from './per-family.ts'

/** Options of a session that each peer may have of its own. */
const ownOptions = [
  'families',
  'holdTime',
  'capabilities',
  'tcpMd5Key',
  'ttlSecurity',
  'multihop',
  'bindDevice',
] as const satisfies readonly (keyof SessionOptions)[]

/** A router. An option here replaces, for this peer, the option of the same name for all. */
export interface AnnouncerPeer extends PeerOptions, Pick<SessionOptions, (typeof ownOptions)[number]> {
  /** The address to dial this peer from. Default: `local.address`. */
  localAddress?: Address
  /** Where traffic for the announced addresses goes from this peer. Default: the announcer's `nextHop`. */
  nextHop?: Address | PerFamily
}

/** The options of an announcer. Those of a session apply to every peer. */
export interface AnnouncerOptions extends Omit<SessionOptions, 'local' | 'peer' | 'passive'> {
  /** Our own side of every session. */
  local: AnnouncerLocal
  /**
   * The routers: one session each, over IPv4 or IPv6. A route goes to every session that carries its family. Set `families`
   * to those of the prefixes to come; the default is the family of each peer's address.
   */
  peers: readonly AnnouncerPeer[]
  /**
   * Where traffic for the announced addresses goes: one address, or one for the prefixes of each family. Default: each
   * session's own local address; of a link-local session, an address of its interface (RFC 2545 §3; RFC 8950 for IPv4).
   */
  nextHop?: Address | PerFamily
  /** Prefixes that may be announced at once, 1 to 1000. Default 1: it limits the damage of a mistake. */
  maxPrefixes?: number
  /**
   * Seconds between two advertisements of one prefix to one peer, 5 to 600: the minimum route advertisement interval (MRAI,
   * MinRouteAdvertisementIntervalTimer). Default 30 to an external peer, 5 to an internal one (RFC 4271 §10).
   */
  advertisementInterval?: number
  /** Seconds between the last withdrawal and Cease, while the routers converge, 0 to 25. Default 3. */
  drainTime?: number
  /**
   * Seconds for which drain() announces each route with GRACEFUL_SHUTDOWN, and to internal peers with LOCAL_PREF 0, before it
   * withdraws it: routers change to another path while this one still works (RFC 8326). 0 to 25 together with drainTime.
   * Default 0: withdrawn at once, which is best if there is no other path.
   */
  gracefulShutdownTime?: number
  /**
   * A `new KernelDeadline()` of `@softspoken/linux`: the kernel ends this process (SIGKILL) if it hangs, or is stopped, until the
   * lease of a route ends; 5 s at least. Routes without `ttl` and `gate` do not count. Default: none. An object, because its
   * constructor throws if this host cannot do it, and the caller decides what then; the VIP agent goes on and logs it.
   */
  kernelDeadline?: ProcessDeadline
}

const LONGEST_DRAIN = 25 // seconds; with the end of the sessions it fits the 30 s that Kubernetes gives

/** The options that a session does not have. docs/defaults.md is tested against it. */
export const announcerOptions = {
  peers: { type: 'list' },
  nextHop: { type: 'string' },
  maxPrefixes: { type: 'integer', default: 1, min: 1, max: 1000 },
  advertisementInterval: { type: 'number', min: 5, max: 600, unit: ' seconds' },
  drainTime: { type: 'number', default: 3, min: 0, max: LONGEST_DRAIN, unit: ' seconds' },
  gracefulShutdownTime: { type: 'number', default: 0, min: 0, max: LONGEST_DRAIN, unit: ' seconds' },
} as const satisfies OptionTable<Omit<AnnouncerOptions, keyof SessionOptions | 'kernelDeadline'>>

/** The options of a peer that a session does not have. */
const peerOptions = {
  localAddress: { type: 'string' },
  nextHop: { type: 'string' },
} as const satisfies OptionTable<Omit<AnnouncerPeer, keyof PeerOptions | keyof SessionOptions>>

/** Our own side of every session. */
export interface AnnouncerLocal extends Omit<LocalOptions, 'address'> {
  /** The address to dial from: one, or one for the peers of each family. Default: chosen by the system. */
  address?: Address | PerFamily
}

/** The announcer's own options with their defaults, and those of each peer. */
interface Config extends Required<Pick<AnnouncerOptions, 'maxPrefixes' | 'drainTime' | 'gracefulShutdownTime'>> {
  /** In seconds; undefined for the default, which depends on the peer. */
  readonly advertisementInterval: number | undefined
  readonly peers: readonly PeerConfig[]
}
export interface PeerConfig {
  readonly sessionOptions: SessionOptions
  readonly nextHop: Address | PerFamily | undefined
  /** The name that the caller has for an option of the session: `peers[1].as` for `peer.as`. */
  readonly callersName: (option: string) => string
}

/** @throws OptionError; for an option of a session, Session does. */
export function configure(options: AnnouncerOptions): Config {
  assertObject(options, 'options', 'an object with local and peers at least')
  const { local, peers, nextHop, kernelDeadline, maxPrefixes, advertisementInterval, ...others } = options
  const { drainTime, gracefulShutdownTime, ...rest } = others
  if ('passive' in rest)
    throw new OptionError('passive', rest.passive, 'left out, because an announcer dials each of its peers')
  rejectUnknown(options, allNames, '')
  if (!Array.isArray(peers) || peers.length === 0)
    throw hiddenValue('peers', shown(peers), `a list of at least one peer, each ${PEER}`)
  for (const [at, peer] of peers.entries()) checkPeer(peer, at)
  checkEnvironment(rest)
  if (kernelDeadline !== undefined) assertMethods(kernelDeadline, ['arm', 'disarm'], 'kernelDeadline')
  const config = {
    maxPrefixes: numberOption(announcerOptions, 'maxPrefixes', maxPrefixes),
    drainTime: numberOption(announcerOptions, 'drainTime', drainTime),
    gracefulShutdownTime: numberOption(announcerOptions, 'gracefulShutdownTime', gracefulShutdownTime),
    advertisementInterval:
      advertisementInterval === undefined
        ? undefined
        : numberOption(announcerOptions, 'advertisementInterval', advertisementInterval),
  }
  if (config.gracefulShutdownTime + config.drainTime > LONGEST_DRAIN)
    throw new OptionError(
      'gracefulShutdownTime',
      gracefulShutdownTime,
      `at most ${LONGEST_DRAIN} seconds together with drainTime, ${config.drainTime}`,
    )
  const nextHopOfAll = canonicalNextHop(nextHop, 'nextHop')
  rejectUnknownParts(sessionOptions, 'local', local)
  if (local.address !== undefined)
    for (const [name, address] of addressesIn(local.address, 'local.address'))
      parseAddress(splitZone(address).address, name)
  return {
    peers: peers.map((peer, at) => peerConfig(peer, at, { rest, local, nextHop: nextHopOfAll })),
    ...config,
  }
}

/** Every option of an announcer, its own first. */
const allNames: readonly string[] = [
  ...['local', 'kernelDeadline'],
  ...optionNames(announcerOptions),
  ...optionNames(sessionOptions).filter(name => !['local', 'peer', 'passive'].includes(name)),
  ...environmentNames,
]

const PEER = 'an object with as and address'

function checkPeer(peer: AnnouncerPeer, at: number): void {
  const path = `peers[${at}]`
  if (typeof peer === 'string') throw hiddenValue(path, 'a string', PEER) // it may hold a key
  assertObject(peer, path, PEER)
  rejectUnknown(peer, [...optionNames(sessionOptions, 'peer'), ...optionNames(peerOptions), ...ownOptions], path)
  assertString(peer.address, `${path}.address`, '192.0.2.254')
}

function canonicalNextHop(given: Address | PerFamily | undefined, option: string): Address | PerFamily | undefined {
  if (given === undefined) return undefined
  const addresses = addressesIn(given, option).map(([name, address]) => {
    const host = canonical(address, name)
    if (isNoHost(host)) throw new OptionError(name, address, 'the address of one host')
    return [name.slice(option.length + 1), host] as const
  })
  return typeof given === 'string' ? addresses[0]?.[1] : Object.fromEntries(addresses)
}

/** `rest` has the options of every session. An option of the peer replaces the one of the same name. */
function peerConfig(
  { as, address, port, localAddress, nextHop, ...own }: AnnouncerPeer,
  at: number,
  all: Pick<AnnouncerOptions, 'local'> &
    Pick<PeerConfig, 'nextHop'> & { readonly rest: Omit<SessionOptions, 'local' | 'peer'> },
): PeerConfig {
  const { address: given, ...local } = all.local
  const from = localAddress ?? forFamily(given, isIpv6(address) ? 'ipv6-unicast' : 'ipv4-unicast')
  return {
    sessionOptions: {
      ...all.rest,
      ...omitUndefined(own),
      local: { ...local, ...omitUndefined({ address: from }) },
      peer: { as, address, ...omitUndefined({ port }) },
    },
    nextHop: canonicalNextHop(nextHop, `peers[${at}].nextHop`) ?? all.nextHop,
    callersName: option => {
      const [top = '', part] = option.split('.')
      if (top === 'peer') return `peers[${at}].${part}`
      if (option === 'local.address' && localAddress !== undefined) return `peers[${at}].localAddress`
      return Object.hasOwn(own, top) ? `peers[${at}].${option}` : option
    },
  }
}
