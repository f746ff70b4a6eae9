/** What this host lacks for the VIP: a capability, carrier, settings of the kernel. It is read, and nothing is changed. */
import { readFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { hostRoute } from '@softspoken/announcer'
import { errorText } from '@softspoken/session/internal'
import { listInterfaces } from '@softspoken/vip-agent/internal'
import { usesBgp } from '../config/bgp.ts'
import { hasCapability } from '../config/capabilities.ts'
import { modeOf } from '../config/election-options.ts'
import type { ProgramOptions } from '../config/options.ts'
import type { GivenValues } from '../config/values.ts'
import { addressRange } from './address-range.ts'
import type { Findings } from './finding.ts'
import { sourceAddress } from './source-address.ts'
import { defaultRoutesIn, sysctlWarnings } from './sysctl.ts'

/** What is read of the host, which a test replaces. */
export type HostCalls = typeof hostCalls
const hostCalls = { hasCapability, listInterfaces, networkInterfaces, read, sourceAddress }

/** `interfaceName`: the VIPs are added to it. */
export async function hostFindings(
  options: ProgramOptions,
  given: GivenValues,
  interfaceName: string | undefined,
  calls: HostCalls = hostCalls,
): Promise<Findings> {
  const vips = options.prefix.map(prefix => hostRoute(prefix).address).filter(isIPv4)
  const arp = options.arp ? interfaceName : undefined
  const inbound = await Promise.all(dialledFrom(options, calls).map(async from => interfaceOf(await from, calls)))
  const network = {
    ...{ vips, arp, shared: arp === undefined ? sharedVips(options, vips, interfaceName, calls) : [] },
    inbound: [...new Set([arp, ...inbound])].filter(name => name !== undefined && name !== 'lo') as string[],
    defaultRoutes: defaultRoutesIn(calls.read('/proc/net/route') ?? ''),
  }
  const carrier = interfaceName === undefined ? [] : carrierWarnings(interfaceName, calls)
  return {
    lines: arp !== undefined && vips.length > 0 ? forwardingLines(calls) : [],
    warnings: [...rawWarnings(options, given, calls), ...carrier, ...sysctlWarnings(network, setting(calls))],
  }
}

function rawWarnings({ arp }: ProgramOptions, given: GivenValues, { hasCapability }: HostCalls): readonly string[] {
  if (!arp || hasCapability('NET_RAW')) return []
  const place = given.arp?.from ?? 'arp'
  return [
    `${place}: this process lacks the capability NET_RAW, without which it sends no frame (in a Pod: runAsUser: 0, and capabilities with add: [NET_ADMIN, NET_RAW])`,
  ]
}

function carrierWarnings(name: string, { listInterfaces }: HostCalls): readonly string[] {
  try {
    const found = listInterfaces().find(one => one.name === name)
    return found?.carrier === false ? [`${name} has no carrier now; the program does not serve until it has`] : []
  } catch (error) {
    return [`whether ${name} has carrier is not known: ${errorText(error)}`]
  }
}

function dialledFrom(options: ProgramOptions, { sourceAddress }: HostCalls): (string | Promise<string | undefined>)[] {
  if (!usesBgp(options)) return []
  const peers = options.peers ?? (options.peer ?? []).map(address => ({ address, localAddress: undefined }))
  return peers.map(({ address, localAddress }) => localAddress ?? options.localAddress ?? sourceAddress(address))
}

function interfaceOf(address: string | undefined, calls: HostCalls): string | undefined {
  const [plain, zone] = address?.split('%') ?? []
  return zone ?? addressesOf(calls).find(([, all]) => all.some(one => one.address === plain))?.[0]
}

/** By interface. None if the system does not list them, as in a sandbox without netlink. */
function addressesOf({
  networkInterfaces,
}: HostCalls): readonly (readonly [string, readonly NetworkInterfaceInfo[]])[] {
  try {
    return Object.entries(networkInterfaces()).map(([name, all = []]) => [name, all])
  } catch {
    return []
  }
}

/** On the loopback of several nodes at once, or wherever another program adds it. */
function sharedVips(
  options: ProgramOptions,
  vips: readonly string[],
  interfaceName: string | undefined,
  calls: HostCalls,
): readonly { readonly vip: string; readonly interface: string }[] {
  if (modeOf(options) === 'leader' || (interfaceName !== undefined && interfaceName !== 'lo')) return []
  return addressesOf(calls).flatMap(([name, all]) =>
    vips
      .filter(vip => all.some(({ internal, cidr }) => !internal && cidr !== null && isIn(cidr, vip)))
      .map(vip => ({ vip, interface: name })),
  )
}
/** The VIP itself may be there as well, as a /32. */
function isIn(cidr: string, vip: string): boolean {
  return !cidr.endsWith('/32') && addressRange(cidr)?.(vip) === true
}

function forwardingLines({ read }: HostCalls): readonly string[] {
  const text = read('/proc/sys/net/ipv4/ip_forward')?.trim()
  if (text === undefined) return []
  const [state, does] = text === '0' ? ['off', 'drops'] : ['on', 'passes on']
  return [`Forwarding: ${state} (net.ipv4.ip_forward); a node that had the VIP ${does} what clients still send to it`]
}

function setting({ read }: HostCalls) {
  return (name: string, interfaceName: string): number | undefined => {
    const text = read(`/proc/sys/net/ipv4/conf/${interfaceName}/${name}`)
    return text === undefined ? undefined : Number(text)
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined // not Linux, or a container that hides it
  }
}
