/**
 * kube-vip's variables, with and without its election. A variable with the same meaning here is used. One with another meaning
 * causes a warning. One that changes where traffic goes is refused, so that a reachable address does not silently become
 * unreachable.
 */
import { isIP } from 'node:net'
import { type KubeVipReader, readElection } from './kube-vip-election.ts'
import {
  healthFiles,
  healthNumbers,
  isUnknown,
  refused,
  refusedUnlessOurs,
  servedByHttp,
  switches,
  unused,
} from './kube-vip-names.ts'
import { addressOf, isOn, isTrue, type KubeVipPeer, MULTIHOP, readPeers, wholeNumber } from './kube-vip-peers.ts'
import type { OptionName } from './options.ts'
import { notAllowed, UsageError } from './usage-error.ts'
import type { SourceValues } from './values.ts'

const OUR_HOLD_TIME = 90 // seconds

interface KubeVip {
  readonly values: SourceValues
  /** What kube-vip does without being asked; every other source wins. */
  readonly implied: SourceValues
  readonly warnings: readonly string[]
  /** kube-vip's names of the required options, if its names are used. */
  readonly missing: Partial<Record<OptionName, string>>
}
const missing = {
  prefix: 'address',
  localAs: 'bgp_as, for which kube-vip uses 65000 if it is missing',
  routerId: 'bgp_routerid',
  peer: 'bgp_peeraddress or bgp_peers',
  peerAs: 'bgp_peeras, for which kube-vip uses 65000 if it is missing',
}

/** The host that the program is to run on, and the user's names of kube-vip's variables. */
export interface KubeVipContext {
  exists(path: string): boolean
  /** Of a variable; the variable itself, unless it was a flag. */
  nameOf(variable: string): string
}

/**
 * The values of kube-vip's variables, if one of them shows that they are kube-vip's. `own` has the values from flags and our
 * variables, which win. `warnings` is complete when all values have been read.
 */
export function fromKubeVip(env: NodeJS.ProcessEnv, own: SourceValues, { exists, nameOf }: KubeVipContext): KubeVip {
  const value = (name: string): string | undefined => env[name]?.trim() || undefined
  const warnings: string[] = []
  const values: SourceValues = {}
  // Names such as `address` are common. They are kube-vip's only if one of these is set, too.
  if (
    !['bgp_as', 'bgp_routerid', 'bgp_peers', 'bgp_peeraddress'].some(value) &&
    !switches.some(name => isOn(value(name)))
  ) {
    const flag = Object.keys(env).find(name => nameOf(name) !== name)
    if (flag !== undefined)
      throw new UsageError(
        `${nameOf(flag)}: a flag of kube-vip, not allowed without --arp, --bgp with --localAS, --controlplane or --leaderElection`,
      )
    return { values, implied: {}, warnings, missing: {} }
  }

  const set: KubeVipReader['set'] = (option, name, read) => {
    const [text, from] = [value(name), nameOf(name)]
    if (text !== undefined) values[option] = { from, read: () => read(text, from) }
  }
  const setNumber = (option: OptionName, name: string): void =>
    set(option, name, (text, from) => wholeNumber(from, text))

  const usesArp = isOn(value('vip_arp')) && isTrue(nameOf('vip_arp'), value('vip_arp'))
  const isBgp = value('bgp_enable') === undefined ? !usesArp : isTrue(nameOf('bgp_enable'), value('bgp_enable'))
  if (!isBgp && !usesArp)
    throw new UsageError(
      `${nameOf('bgp_enable')}: it is false, and ${nameOf('vip_arp')} is not true: one of them must be`,
    )
  if (usesArp) set('arp', 'vip_arp', () => true)
  for (const [name, instead] of refused) if (isOn(value(name))) throw new UsageError(`${nameOf(name)}: ${instead}`)

  const vip = value('address') ? 'address' : 'vip_address'
  set('prefix', vip, (text, from) => {
    if (value('vip_address') !== undefined && value('vip_address') !== text)
      warnings.push(`${nameOf('vip_address')}: not used, because its new name, ${from}, is also set`)
    const subnet = value('vip_subnet') === undefined ? 'vip_cidr' : 'vip_subnet'
    return text.split(/\s*,\s*/).map(one => hostRouteOf(from, one, nameOf(subnet), value(subnet), warnings))
  })
  if (isBgp) readBgp()
  set('health', 'control_plane_health_check_address', (text, from) => {
    warnings.push(
      `${from}: the route is announced after three passed checks; kube-vip needs one, as with healthRise: 1`,
    )
    return text
  })
  for (const [name, option] of healthFiles) set(option, name, text => text)
  for (const [name, option] of healthNumbers) setNumber(option, name)
  const implied = readElection({ value, nameOf, set, setNumber }, own, warnings, exists)
  for (const [name, reason] of unused) {
    const isReplaced = own.http !== undefined && servedByHttp.includes(name)
    if (isOn(value(name)) && !isReplaced) warnings.push(`${nameOf(name)}: not used, ${reason}`)
  }
  const unknown = Object.keys(env).filter(name => isUnknown(name) && isOn(value(name)))
  if (unknown.length > 0)
    warnings.push(`${unknown.map(nameOf).join(', ')}: not used, because there is no such option here`)
  return { values, implied, warnings, missing }

  function readBgp(): void {
    setNumber('localAs', 'bgp_as')
    set('routerId', 'bgp_routerid', text => text)
    for (const [name, option, instead] of refusedUnlessOurs)
      set(option, name, () => {
        throw new UsageError(`${nameOf(name)}: ${instead}`)
      })
    set('localAddress', 'bgp_sourceip', (text, from) => addressOf(from, text))
    set('bindDevice', 'bgp_sourceif', text => text)
    if (own.peer === undefined && value('bgp_peers') !== undefined) {
      set('peers', 'bgp_peers', (text, from) => [
        ...readPeers(from, text, warnings),
        ...additionalPeer(value, nameOf, env.bgp_peerpass, warnings),
      ])
    } else {
      set('peer', 'bgp_peeraddress', (text, from) => [addressOf(from, text)])
      setNumber('peerAs', 'bgp_peeras')
      if (env.bgp_peerpass) values.tcpMd5Key = { from: nameOf('bgp_peerpass'), read: () => env.bgp_peerpass } // not trimmed, because every octet counts
      if (isOn(value('bgp_multihop')))
        set('multihop', 'bgp_multihop', (text, from) => (isTrue(from, text) ? MULTIHOP : undefined))
    }
    set('holdTime', 'bgp_hold_time', (text, from) => {
      const seconds = wholeNumber(from, text)
      if (seconds < OUR_HOLD_TIME)
        warnings.push(
          `${from}: ${seconds} s is used; our default is ${OUR_HOLD_TIME} s, because the router drops the route if this process or the path stops for the hold time`,
        )
      return seconds
    })
  }
}

/** The router of `bgp_peeraddress`, which kube-vip uses together with the routers of `bgp_peers`. */
function additionalPeer(
  value: (name: string) => string | undefined,
  nameOf: (variable: string) => string,
  key: string | undefined,
  warnings: string[],
): readonly KubeVipPeer[] {
  const address = value('bgp_peeraddress')
  if (address === undefined) {
    for (const name of ['bgp_peeras', 'bgp_peerpass', 'bgp_multihop'])
      if (isOn(value(name)))
        warnings.push(`${nameOf(name)}: not used, because each router of ${nameOf('bgp_peers')} has its own`)
    return []
  }
  const hops = value('bgp_multihop')
  return [
    {
      address: addressOf(nameOf('bgp_peeraddress'), address),
      as: wholeNumber(nameOf('bgp_peeras'), value('bgp_peeras') ?? ''),
      ...(key && { tcpMd5Key: key }),
      ...(isOn(hops) && isTrue(nameOf('bgp_multihop'), hops) && { multihop: MULTIHOP }),
    },
  ]
}

function hostRouteOf(
  name: string,
  text: string,
  subnetName: string,
  subnet: string | undefined,
  warnings: string[],
): string {
  const [, address = '', length] = /^([^/]*)(?:\/(.*))?$/s.exec(text) ?? []
  const family = isIP(address)
  if (family === 0) throw notAllowed(name, text, 'an address, because names are not looked up')
  const host = family === 4 ? '32' : '128'
  if (length !== undefined && length !== host) throw notAllowed(name, text, `a host route, which is /${host}`)
  const lengths = subnet?.split(',').map(one => one.trim().replace('/', '')) ?? []
  if (lengths.some(one => !['32', '128', 'auto'].includes(one)))
    throw notAllowed(subnetName, subnet, '/32 or /128, because only a host route is announced')
  if (lengths.includes('auto')) warnings.push(`${subnetName}: auto is for ARP, so a /${host} is announced`)
  return `${address}/${host}`
}
