/** Makes the configuration of a session from its options: checks each, and fills in the defaults. */
import { type Address, AS_TRANS, type Family, familyByName, OptionError, parseAddress } from '@softspoken/wire'
import type { BackOff } from './backoff.ts'
import { assertPath, assertString, environmentNames, rejectUnknown } from './checks.ts'
import { Md5Key } from './md5-key.ts'
import {
  type BooleanName,
  booleanOption,
  type NumberName,
  numberOption,
  optionNames,
  partsOption,
  rejectUnknownParts,
} from './option-table.ts'
import {
  type CapabilityOptions,
  type GracefulRestartOptions,
  type LocalOptions,
  type PeerOptions,
  type SessionOptions,
  sessionOptions,
} from './options.ts'
import type { SessionEnvironment } from './runtime.ts'
import {
  type Device,
  formatZoned,
  isInterface,
  isIpv6,
  isOneHost,
  isZoneOfNet,
  parseZoned,
  type Zoned,
} from './socket-address.ts'

/** All options with a value, except that `unset` may be undefined. */
type Filled<options, unset extends keyof options> = {
  readonly [name in keyof options]-?: name extends unset ? options[name] | undefined : options[name]
}
/** Options that are another type in the configuration, or not in it. */
type Changed = 'local' | 'peer' | 'capabilities' | 'gracefulRestart' | 'backOff' | 'tcpMd5Key' | 'allowAggressiveTimers'

/** The options of a session with all defaults filled in. */
export interface SessionConfig
  extends Filled<
    Omit<SessionOptions, Changed | keyof SessionEnvironment>,
    'sendHoldTime' | 'ttlSecurity' | 'multihop' | 'bindDevice' | 'stateDirectory'
  > {
  /** An address is in its canonical text (RFC 5952), a link-local one with its interface: `fe80::1%eth0`. */
  readonly local: Readonly<Omit<LocalOptions, 'address'>> & { readonly address: Address | undefined }
  readonly peer: Readonly<Required<PeerOptions>>
  readonly capabilities: Readonly<Required<CapabilityOptions>>
  readonly gracefulRestart: Readonly<Required<GracefulRestartOptions>> | undefined
  readonly backOff: BackOff
  readonly tcpMd5Key: Md5Key | undefined
}

const AGGRESSIVE_HOLD_TIME = 3 // seconds; RFC 4271 §4.2

/** @throws OptionError */
export function configure(options: SessionOptions): SessionConfig {
  rejectUnknown(options, [...optionNames(sessionOptions), ...environmentNames], '')
  const { gracefulRestart, tcpMd5Key, stateDirectory } = options
  const addresses = configureAddresses(options)
  const families = configureFamilies(options.families, addresses.peer.address)
  const needsIpv6NextHop = isIpv6(addresses.peer.address) && families.includes('ipv4-unicast')
  const extendedNextHop = flag('extendedNextHop', options.extendedNextHop, needsIpv6NextHop)
  if (extendedNextHop && !families.includes('ipv4-unicast'))
    throw new OptionError('extendedNextHop', true, 'false, because families does not include ipv4-unicast')
  const requireFourOctetAs = flag('requireFourOctetAs', options.requireFourOctetAs)
  const needs = { families, extendedNextHop, requireFourOctetAs, as: [addresses.local.as, addresses.peer.as] }
  const capabilities = configureCapabilities(options.capabilities, needs)
  const isAggressive = flag('allowAggressiveTimers', options.allowAggressiveTimers)
  const holdTime = number('holdTime', options.holdTime, isAggressive ? AGGRESSIVE_HOLD_TIME : undefined)
  if (options.ttlSecurity !== undefined && options.multihop !== undefined)
    throw new OptionError('multihop', options.multihop, 'left out, because ttlSecurity sends with TTL 255')
  return {
    ...addresses,
    passive: flag('passive', options.passive),
    families,
    extendedNextHop,
    capabilities,
    extendedMessage: flag('extendedMessage', options.extendedMessage),
    requireFourOctetAs,
    gracefulRestart:
      gracefulRestart === undefined ? undefined : partsOption(sessionOptions, 'gracefulRestart', gracefulRestart),
    holdTime,
    sendHoldTime: optionalNumber('sendHoldTime', options.sendHoldTime, holdTime),
    allowZeroHoldTime: flag('allowZeroHoldTime', options.allowZeroHoldTime),
    connectTimeout: number('connectTimeout', options.connectTimeout),
    firstDialDelay: number('firstDialDelay', options.firstDialDelay),
    backOff: configureBackOff(options.backOff),
    tcpMd5Key: tcpMd5Key === undefined ? undefined : new Md5Key(tcpMd5Key),
    ttlSecurity: optionalNumber('ttlSecurity', options.ttlSecurity),
    multihop: optionalNumber('multihop', options.multihop),
    stateDirectory: stateDirectory === undefined ? undefined : assertPath(stateDirectory, 'stateDirectory'),
  }
}

// ---- by the table of options

/** A number within its bounds, or its default. `min` replaces the lower bound of the table. */
function number(name: NumberName<typeof sessionOptions>, given: number | undefined, min?: number): number {
  return numberOption(sessionOptions, name, given, min)
}
/** A number within its bounds, if it is given. */
function optionalNumber(
  name: NumberName<typeof sessionOptions>,
  given: number | undefined,
  min?: number,
): number | undefined {
  return given === undefined ? undefined : number(name, given, min)
}
/** True or false, or its default. `usual` replaces the default of the table. */
function flag(name: BooleanName<typeof sessionOptions>, given: boolean | undefined, usual?: boolean): boolean {
  return booleanOption(sessionOptions, name, given === undefined ? usual : given)
}

// ---- addresses and AS numbers

function configureAddresses(options: SessionOptions): Pick<SessionConfig, 'local' | 'peer' | 'bindDevice'> {
  const { local, peer, bindDevice } = options
  rejectUnknownParts(sessionOptions, 'local', local)
  rejectUnknownParts(sessionOptions, 'peer', peer)
  assertString(peer.address, 'peer.address', '192.0.2.254')
  assertString(local.id, 'local.id', '192.0.2.1')
  if (local.address !== undefined) assertString(local.address, 'local.address', '192.0.2.1')
  if (bindDevice !== undefined && !isInterface(bindDevice))
    throw new OptionError('bindDevice', bindDevice, 'the name of a network interface, 1 to 15 characters')
  const device = bindDevice === undefined ? undefined : { name: bindDevice, option: 'bindDevice' }
  const router = parseHost(peer.address, 'peer.address', device)
  const link = device ?? (router.zone === undefined ? undefined : { name: router.zone, option: 'peer.address' })
  const source = local.address === undefined ? undefined : parseHost(local.address, 'local.address', link)
  if (source !== undefined && source.octets.length !== router.octets.length)
    throw new OptionError('local.address', local.address, `of the family of ${peer.address}`)
  if (!isIpv4(local.id) || local.id === '0.0.0.0')
    throw new OptionError('local.id', local.id, 'written as an IPv4 address, and not 0.0.0.0')
  const zone = router.zone ?? source?.zone
  return {
    local: { as: asNumber('local.as', local.as), id: local.id, address: source && formatZoned(source) },
    peer: {
      as: asNumber('peer.as', peer.as),
      address: formatZoned(router),
      port: number('peer.port', peer.port),
    },
    bindDevice: bindDevice ?? (zone !== undefined && !isZoneOfNet(zone) ? zone : undefined),
  }
}

function parseHost(text: Address, option: string, device: Device | undefined): Zoned {
  const host = parseZoned(text, option, device)
  if (!isOneHost(host.octets)) throw new OptionError(option, text, 'the address of one host')
  return host
}

function isIpv4(text: string): boolean {
  try {
    return parseAddress(text).length === 4
  } catch {
    return false
  }
}

function asNumber(name: 'local.as' | 'peer.as', given: number): number {
  const as = number(name, given)
  if (reservedAs.includes(as)) throw new OptionError(name, as, 'an AS number that is not reserved (RFC 6793, RFC 7300)')
  return as
}
const reservedAs: readonly number[] = [AS_TRANS, 0xffff, 0xffffffff]

// ---- families and capabilities

function configureFamilies(given: readonly Family[] | undefined, peer: Address): readonly Family[] {
  if (given === undefined) return [isIpv6(peer) ? 'ipv6-unicast' : 'ipv4-unicast']
  const isList = Array.isArray(given) && given.length > 0
  if (!isList || given.some(family => typeof family !== 'string' || !Object.hasOwn(familyByName, family)))
    throw new OptionError('families', given, `a list of ${Object.keys(familyByName).join(', ')}`)
  return [...new Set(given)]
}

interface CapabilityNeeds extends Pick<SessionConfig, 'families' | 'extendedNextHop' | 'requireFourOctetAs'> {
  readonly as: readonly number[]
}
function configureCapabilities(given: CapabilityOptions = {}, needs: CapabilityNeeds): SessionConfig['capabilities'] {
  const parts = partsOption(sessionOptions, 'capabilities', given)
  const capabilities = {
    ...parts,
    ...(given.enhancedRouteRefresh === undefined && { enhancedRouteRefresh: parts.routeRefresh }),
  }
  const largeAs = needs.as.find(as => as > 0xffff)
  /** The option that needs each capability, if any does. */
  const neededBy = {
    multiprotocol: needs.families.some(family => family !== 'ipv4-unicast')
      ? `families (${needs.families.join(', ')})`
      : needs.extendedNextHop && 'extendedNextHop',
    fourOctetAs: largeAs === undefined ? needs.requireFourOctetAs && 'requireFourOctetAs' : `AS ${largeAs}`,
    routeRefresh: capabilities.enhancedRouteRefresh && 'enhancedRouteRefresh',
  }
  for (const [name, option] of Object.entries(neededBy) as [keyof typeof neededBy, string | false][])
    if (option && !capabilities[name])
      throw new OptionError(`capabilities.${name}`, false, `true, because ${option} needs it`)
  return capabilities
}

/** @throws OptionError */
export function configureBackOff(given: Partial<BackOff> = {}): BackOff {
  return partsOption(sessionOptions, 'backOff', given)
}
