/** How this host reaches an address: by itself, on its own link, by a router, or not at all. */
import { networkInterfaces } from 'node:os'
import { addressRange } from '../findings/address-range.ts'
import { sourceAddress } from '../findings/source-address.ts'

/** `here`: this host has the address. `link`: in the subnet of an interface, without a router between. */
export type Way = 'here' | 'link' | 'router' | 'none'

export async function wayTo(address: string): Promise<Way> {
  return wayFrom(await sourceAddress(address), address, subnets())
}

/** `source`: the address that this host would dial from. `subnets`: of its interfaces. */
export function wayFrom(source: string | undefined, address: string, subnets: readonly string[]): Way {
  if (source === undefined) return 'none'
  if (source === address) return 'here' // on any interface: the kernel talks to itself from the address itself
  return subnets.some(subnet => addressRange(subnet)?.(address)) ? 'link' : 'router'
}

function subnets(): readonly string[] {
  try {
    return Object.values(networkInterfaces()).flatMap(found => found?.flatMap(({ cidr }) => cidr ?? []) ?? [])
  } catch {
    return [] // a sandbox without netlink
  }
}
