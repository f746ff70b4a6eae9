/** What an announcer may be told, its defaults, and what each session is told of it. */
import { checkEnvironment, type LocalOptions, type PeerOptions, type SessionOptions } from '@softspoken/session'
import { type Address, OptionError } from '@softspoken/wire'
import { assertInteger, assertObject, assertRange, assertString, rejectUnknown } from './checks.ts'
import { canonical, isNoHost } from './next-hop.ts'
import { addressesIn, forFamily, type PerFamily } from './per-family.ts'

/** A router, and what may differ from one to the next: where given, it stands in place of what all are told. */
export interface AnnouncerPeer
  extends PeerOptions,
    Pick<SessionOptions, 'capabilities' | 'tcpMd5Key' | 'ttlSecurity' | 'multihop' | 'bindDevice'> {}

/** Everything a session may be told holds for each peer. */
export interface AnnouncerOptions extends Omit<SessionOptions, 'local' | 'peer' | 'passive'> {
  /** Who we are to every peer. */
  local: AnnouncerLocal
  /**
   * The routers; one session each, over IPv4 or IPv6. A route goes to each whose session carries its family: `families`,
   * best given as those of the prefixes to come. Default: the family of each peer's address.
   */
  peers: readonly AnnouncerPeer[]
  /**
   * Where traffic for the announced addresses goes: one address, or one for the prefixes of each family. Default: each
   * session's own local address; of a link-local session, an address of its interface (RFC 2545 §3; RFC 8950 for IPv4).
   */
  nextHop?: Address | PerFamily
  /** How many prefixes may be announced at once. Default 1: it bounds what a mistake can do. */
  maxPrefixes?: number
  /** Seconds between two advertisements of one prefix to one peer; at least 5. Default 30 to an external peer, 5 to an internal one (RFC 4271 §10). */
  advertisementInterval?: number
  /** Seconds to go on serving after a withdrawal, for the routers to converge, before Cease; 0 to 25. Default 3. */
  drainTime?: number
  /**
   * Seconds that drain() leaves each route announced with GRACEFUL_SHUTDOWN, and LOCAL_PREF 0 to internal peers, before
   * it withdraws, so that routers may move to another path while this one still works (RFC 8326). 0 to 25, drainTime
   * included. Default 0: withdrawn at once, as is best where traffic has nowhere else to go.
   */
  gracefulShutdownTime?: number
}

/** Our own side of every session. */
export interface AnnouncerLocal extends Omit<LocalOptions, 'address'> {
  /** The address to dial from: one, or one for the peers of each family. Default: the system's choice. */
  address?: Address | PerFamily
}

/** The announcer's own options as they hold, and those of each session. */
interface Config extends Required<Pick<AnnouncerOptions, 'maxPrefixes' | 'drainTime' | 'gracefulShutdownTime'>> {
  readonly nextHop: Address | PerFamily | undefined
  /** Undefined where it follows the peer. */
  readonly advertisementInterval: number | undefined
  /** Of each peer, in their order. */
  readonly sessionOptions: readonly SessionOptions[]
}

const LONGEST_DRAIN = 25 // seconds; with the goodbye it fits the 30 s that Kubernetes gives

/** @throws OptionError; for an option of a session, Session does. */
export function configure(options: AnnouncerOptions): Config {
  assertObject(options, 'options', 'an object with local and peers at least')
  const {
    local,
    peers,
    nextHop,
    maxPrefixes = 1,
    advertisementInterval,
    drainTime = 3,
    gracefulShutdownTime = 0,
    ...rest
  } = options
  if ('peer' in rest) throw unusable('peer', 'did you mean peers? An announcer has a list of them')
  if ('passive' in rest) throw unusable('passive', 'an announcer dials each of its peers')
  if (!Array.isArray(peers) || peers.length === 0)
    throw new OptionError('peers', peers, 'a list of at least one peer, each with as and address')
  for (const [at, peer] of peers.entries()) checkPeer(peer, at)
  checkEnvironment(rest)
  assertInteger(maxPrefixes, 1, 1000, 'maxPrefixes')
  assertRange(drainTime, 0, LONGEST_DRAIN, 'drainTime', ' seconds')
  assertRange(gracefulShutdownTime, 0, LONGEST_DRAIN, 'gracefulShutdownTime', ' seconds')
  if (gracefulShutdownTime + drainTime > LONGEST_DRAIN)
    throw new OptionError(
      'gracefulShutdownTime',
      gracefulShutdownTime,
      `at most ${LONGEST_DRAIN} seconds together with drainTime, ${drainTime}`,
    )
  if (advertisementInterval !== undefined)
    assertRange(advertisementInterval, 5, 600, 'advertisementInterval', ' seconds')
  for (const [name, address] of nextHop === undefined ? [] : addressesIn(nextHop, 'nextHop')) {
    if (isNoHost(canonical(address, name))) throw new OptionError(name, address, 'the address of one host')
  }
  rejectUnknown(local, ['as', 'id', 'address'], 'local')
  if (local.address !== undefined) addressesIn(local.address, 'local.address')
  const sessionOptions = peers.map(peer => ({ ...rest, ...sessionOf(peer), local: localTo(peer, local) }))
  return { sessionOptions, maxPrefixes, drainTime, gracefulShutdownTime, nextHop, advertisementInterval }
}

function unusable(option: string, because: string): OptionError {
  return new OptionError(option, undefined, 'left out', `${option}: no such option, ${because}`)
}

/** @throws OptionError for what is no peer, or has no address. */
function checkPeer(peer: AnnouncerPeer, at: number): void {
  assertObject(peer, `peers[${at}]`, 'an object with as and address')
  rejectUnknown(peer, peerOptions, `peers[${at}]`)
  assertString(peer.address, `peers[${at}].address`, '192.0.2.254')
}
const peerOptions = ['as', 'address', 'port', 'capabilities', 'tcpMd5Key', 'ttlSecurity', 'multihop', 'bindDevice']

function sessionOf(given: AnnouncerPeer): Omit<SessionOptions, 'local'> {
  const { capabilities, tcpMd5Key, ttlSecurity, multihop, bindDevice, ...peer } = given
  return {
    peer,
    ...(capabilities !== undefined && { capabilities }),
    ...(tcpMd5Key !== undefined && { tcpMd5Key }),
    ...(ttlSecurity !== undefined && { ttlSecurity }),
    ...(multihop !== undefined && { multihop }),
    ...(bindDevice !== undefined && { bindDevice }),
  }
}

/** As the session with this peer needs it: with the address of its family. */
function localTo(peer: PeerOptions, { address: given, ...local }: AnnouncerLocal): LocalOptions {
  const address = forFamily(given, peer.address.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast')
  return { ...local, ...(address !== undefined && { address }) }
}
