/** What this host lacks for the VIP: carrier, settings of the kernel. It is read, and nothing is changed. */
import { readFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { hostRoute } from '@softspoken/announcer'
import { errorText } from '@softspoken/session/internal'
import { listInterfaces } from '@softspoken/vip-agent/internal'
import { modeOf } from '../config/election-options.ts'
import type { ProgramOptions } from '../config/options.ts'
import { addressRange } from './address-range.ts'
import type { Findings } from './finding.ts'
import { sourceAddress } from './source-address.ts'
import { defaultRoutesIn, sysctlWarnings, type VipNetwork } from './sysctl.ts'

/** What is read of the host, which a test replaces. */
export type HostCalls = typeof hostCalls
const hostCalls = { listInterfaces, networkInterfaces, read, sourceAddress }

/** `interfaceName`: the VIPs are added to it. */
export async function hostFindings(
  options: ProgramOptions,
  interfaceName: string | undefined,
  calls: HostCalls = hostCalls,
): Promise<Findings> {
  const network = await vipNetwork(options, interfaceName, calls)
  const { vips, arp } = network
  const shared = sharedVips(options, vips, interfaceName, calls)
  const carrier = interfaceName === undefined ? [] : carrierWarnings(interfaceName, calls)
  return {
    lines: arp !== undefined && vips.length > 0 ? forwardingLines(calls) : [],
    warnings: [
      ...subnetWarnings(options.prefix, arp, calls),
      ...carrier,
      ...sysctlWarnings({ ...network, shared }, setting(calls)),
    ],
  }
}

/** Those of `hostFindings` that the VIP agent itself does not log. */
export async function startWarnings(
  options: ProgramOptions,
  interfaceName: string | undefined,
  calls: HostCalls = hostCalls,
): Promise<readonly string[]> {
  return sysctlWarnings({ ...(await vipNetwork(options, interfaceName, calls)), shared: [] }, setting(calls))
}

async function vipNetwork(
  options: ProgramOptions,
  interfaceName: string | undefined,
  calls: HostCalls,
): Promise<Omit<VipNetwork, 'shared'>> {
  const arp = options.arp ? interfaceName : undefined
  const inbound = await Promise.all(dialledFrom(options, calls).map(async from => interfaceOf(await from, calls)))
  return {
    vips: options.prefix.map(prefix => hostRoute(prefix).address).filter(isIPv4),
    arp,
    inbound: [...new Set([arp, ...inbound])].filter(name => name !== undefined && name !== 'lo') as string[],
    defaultRoutes: defaultRoutesIn(calls.read('/proc/net/route') ?? ''),
  }
}

/** `name`: with ARP. */
function subnetWarnings(prefixes: readonly string[], name: string | undefined, calls: HostCalls): readonly string[] {
  const own = addressesOf(calls).find(([one]) => one === name)?.[1]
  if (own === undefined) return [] // not known
  return prefixes
    .map(prefix => hostRoute(prefix).address)
    .filter(vip => !own.some(({ cidr }) => isIn(cidr, vip)))
    .map(
      vip =>
        `${vip} lies in no subnet of ${name}: a host looks for it on that segment only if it has a route to it there`,
    )
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
      .filter(vip => all.some(({ internal, cidr }) => !internal && isIn(cidr, vip)))
      .map(vip => ({ vip, interface: name })),
  )
}
/** The VIP itself may be there as well, as a /32. */
function isIn(cidr: string | null, vip: string): boolean {
  return cidr !== null && !/\/(32|128)$/.test(cidr) && addressRange(cidr)?.(vip) === true
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
