/** A VIP that is the address of the node itself: every node would answer for it, and removing it would cut the node off. */
import { type HostAddress, linuxSupport, listAddresses, listInterfaces } from '@softspoken/linux'
import { OptionError, parseAddress } from '@softspoken/wire'
import type { HostState, Vip } from './choose-interface.ts'

/** The node has no other address of this family with which it can reach others. */
export function hasNoOtherAddress(vip: Vip, vips: readonly Vip[], { addresses, interfaces }: HostState): boolean {
  return !addresses.some(
    one =>
      one.address.length === vip.octets.length &&
      one.scope === 'global' &&
      !isOnLoopback(one, interfaces) &&
      !vips.some(other => isFormOf(other, one)),
  )
}

export function onlyAddressError(option: string, vip: Vip): OptionError {
  return new OptionError(option, vip.text, 'another address than the only one of this node')
}

/**
 * For VIPs that another program adds, in any form but that of a subnet. If addresses cannot be listed here, nothing is checked.
 * @throws OptionError
 */
export function refuseOnlyAddress(texts: readonly string[], host = hostState()): void {
  if (host === undefined) return
  const vips = texts.map(text => ({ text, octets: parseAddress(text, 'vips') }))
  for (const [at, vip] of vips.entries()) {
    const hasSubnet = host.addresses.some(one => isFormOf(vip, one) && isInSubnet(one, host))
    if (hasSubnet && hasNoOtherAddress(vip, vips, host)) throw onlyAddressError(`vips[${at}]`, vip)
  }
}

function hostState(): HostState | undefined {
  return linuxSupport().supported ? { interfaces: listInterfaces(), addresses: listAddresses() } : undefined
}
function isInSubnet(one: HostAddress, { interfaces }: HostState): boolean {
  return one.prefixLength < one.address.length * 8 && !isOnLoopback(one, interfaces)
}
function isOnLoopback({ interface: name }: HostAddress, interfaces: HostState['interfaces']): boolean {
  return interfaces.some(one => one.name === name && one.loopback)
}
export function isFormOf({ octets }: Vip, { address }: HostAddress): boolean {
  return Buffer.compare(octets, address) === 0
}
