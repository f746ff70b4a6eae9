/** How this host reaches an address: by itself, on its own link, by a router, or not at all. */
import { networkInterfaces } from 'node:os'
import { addressRange } from '../findings/address-range.ts'
import { sourceAddress } from '../findings/source-address.ts'

/** `here`: this host has the address. `link`: in the subnet of an interface, without a router between. */
export type Way = 'here' | 'link' | 'router' | 'none'

export async function wayTo(address: string): Promise<Way> {
  const source = await sourceAddress(address)
  if (source === undefined) return 'none'
  if (source === address) return 'here' // on any interface: the kernel talks to itself from the address itself
  return isOnLink(address) ? 'link' : 'router'
}

function isOnLink(address: string): boolean {
  try {
    const all = Object.values(networkInterfaces()).flatMap(found => found ?? [])
    return all.some(({ cidr }) => cidr !== null && addressRange(cidr)?.(address) === true)
  } catch {
    return false // a sandbox without netlink
  }
}
