/**
 * The secondary IPv4 addresses of a subnet. The first address of a subnet on an interface is its primary; if it is removed,
 * the kernel removes the others with it, unless promote_secondaries is 1 (ip-sysctl of Linux's documentation).
 */
import { readFileSync } from 'node:fs'
import type { HostAddress } from './address-message.ts'
import { subnetContains } from './prefixes.ts'

/** The addresses that go with a primary: same interface, same prefix length, same subnet. A secondary takes none with it. */
export function secondariesOf(
  form: Pick<HostAddress, 'interface' | 'address' | 'prefixLength'>,
  addresses: readonly HostAddress[],
): readonly HostAddress[] {
  const subnet = addresses.filter(
    entry => entry.interface === form.interface && entry.prefixLength === form.prefixLength,
  )
  const own = subnet.find(entry => Buffer.compare(entry.address, form.address) === 0)
  if (own === undefined || own.flags.includes('secondary')) return []
  return subnet.filter(entry => entry.flags.includes('secondary') && subnetContains(form, entry.address))
}

export function promotesSecondaries(name: string): boolean {
  return ['all', name].some(each => {
    try {
      return readFileSync(`/proc/sys/net/ipv4/conf/${each}/promote_secondaries`, 'latin1').trim() !== '0'
    } catch {
      return false // no such interface
    }
  })
}
