/** Settings of the kernel that keep clients from an IPv4 VIP (ip-sysctl of Linux's documentation). */

import { defaultRowsIn } from './route-table.ts'

/** What the settings are compared with. */
export interface VipNetwork {
  /** IPv4. */
  readonly vips: readonly string[]
  /** With ARP: the interface of the VIPs. */
  readonly arp?: string | undefined
  /** The interfaces through which clients' packets arrive. */
  readonly inbound: readonly string[]
  /** Those of the default routes. */
  readonly defaultRoutes: readonly string[]
  /** VIPs that several nodes have at once, each with the interface in whose own subnet it lies. */
  readonly shared: readonly { readonly vip: string; readonly interface: string }[]
}

/** The value of `net.ipv4.conf.<interface>.<name>`. Undefined if it cannot be read. */
export type ReadSetting = (name: string, interfaceName: string) => number | undefined

export function sysctlWarnings(network: VipNetwork, read: ReadSetting): readonly string[] {
  const value = (name: string, of: string): number => Math.max(read(name, 'all') ?? 0, read(name, of) ?? 0) // as the kernel has it
  return [...arpIgnore(network, value), ...reversePath(network, value), ...sharedVips(network, value)]
}
type Value = (name: string, interfaceName: string) => number

/** The agent adds an IPv4 VIP with scope host. */
const answerless: Readonly<Record<number, string>> = {
  3: 'no ARP request for an address of scope host, as the VIP is',
  8: 'no ARP request',
}

function arpIgnore({ vips, arp }: VipNetwork, value: Value): readonly string[] {
  if (arp === undefined || vips.length === 0) return []
  const ignore = value('arp_ignore', arp)
  const what = answerless[ignore]
  if (what === undefined) return []
  return [
    `arp_ignore of ${arp} is ${ignore} (the larger of ${places('arp_ignore', arp)}), so the kernel answers ${what}: hosts cannot find ${vips.join(', ')}; set both to at most 2`,
  ]
}

function reversePath({ vips, inbound, defaultRoutes }: VipNetwork, value: Value): readonly string[] {
  if (vips.length === 0 || defaultRoutes.length === 0) return []
  return inbound
    .filter(name => !defaultRoutes.includes(name) && value('rp_filter', name) === 1)
    .map(
      name =>
        `rp_filter of ${name} is 1 (strict), and the default route leaves by ${defaultRoutes.join(', ')}, so the kernel drops what clients behind it send to ${vips.join(', ')} through ${name}; set net.ipv4.conf.${name}.rp_filter to 2`,
    )
}

function sharedVips({ shared }: VipNetwork, value: Value): readonly string[] {
  return shared.flatMap(({ vip, interface: name }) => {
    const [ignore, announce] = [value('arp_ignore', name), value('arp_announce', name)]
    if (ignore > 0 && announce > 1) return []
    return [
      `${vip} lies in the subnet of ${name}, so hosts there look for it by ARP, and find any node that has it (arp_ignore ${ignore}, arp_announce ${announce}); choose a VIP outside of that subnet, or set net.ipv4.conf.all.arp_ignore to 1 and net.ipv4.conf.all.arp_announce to 2, so that only the router leads to it`,
    ]
  })
}

function places(name: string, interfaceName: string): string {
  return `net.ipv4.conf.all.${name} and net.ipv4.conf.${interfaceName}.${name}`
}

/** The interfaces of the default routes. `table`: the text of /proc/net/route. */
export function defaultRoutesIn(table: string): readonly string[] {
  return [...new Set(defaultRowsIn(table).map(([name = '']) => name))]
}
