/** Which interface gets the VIPs. */
import type { HostAddress, NetworkInterface } from '@softspoken/linux'
import { subnetContains } from '@softspoken/linux'
import { OptionError } from '@softspoken/wire'
import { isFormOf } from './only-address.ts'

export interface Vip {
  /** As text, without a length. */
  readonly text: string
  readonly octets: Uint8Array
}

/** The interfaces of this host that are up, and its addresses. */
export interface HostState {
  readonly interfaces: readonly NetworkInterface[]
  readonly addresses: readonly HostAddress[]
}

/**
 * The name of the interface. `auto`: the one that is up and whose own subnet contains every VIP. Otherwise a list of names, in
 * which `*` stands for any characters: the first that exists.
 * @throws OptionError that names the candidates
 */
export function chooseInterface(given: string, vips: readonly Vip[], host: HostState): string {
  return given === 'auto' ? automatic(vips, host) : firstOf(given, host)
}

function automatic(vips: readonly Vip[], { interfaces, addresses }: HostState): string {
  const up = interfaces.filter(({ up, loopback }) => up && !loopback).map(({ name }) => name)
  const reaches = (name: string, vip: Vip): boolean =>
    addresses.some(one => one.interface === name && (subnetContains(one, vip.octets) || isInSubnet(vip, one)))
  const found = up.filter(name => vips.every(vip => reaches(name, vip)))
  if (found.length === 1) return found[0]!
  const names = vips.map(({ text }) => text).join(' and ')
  const allowed =
    found.length === 0
      ? `the name of an interface, because no interface that is up has a subnet with ${names} (up: ${up.join(', ') || 'none'})`
      : `the name of one of ${found.join(', ')}, because each of them has a subnet with ${names}`
  throw new OptionError('address.interface', 'auto', allowed)
}

/** Another program has added the VIP in its subnet: VipAddresses says what follows. */
function isInSubnet(vip: Vip, one: HostAddress): boolean {
  return isFormOf(vip, one) && one.prefixLength < one.address.length * 8
}

function firstOf(given: string, { interfaces }: HostState): string {
  const names = interfaces.map(({ name }) => name)
  for (const pattern of given.split(',').map(text => text.trim())) {
    const found = names.find(name => matches(name, pattern))
    if (found !== undefined) return found
  }
  throw new OptionError('address.interface', given, `the name of an interface of this host: ${names.join(', ')}`)
}
function matches(name: string, pattern: string): boolean {
  const parts = pattern.split('*').map(text => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(name)
}
