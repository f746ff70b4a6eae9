/** Which addresses an interface reaches without a router. */
import type { HostAddress } from './address-message.ts'
import { assertAddress, assertObject } from './arguments.ts'

/**
 * True if another address is in the subnet of an interface's address: both begin with the same `prefixLength` bits. False
 * for the address itself, and for a host prefix (/32, /128).
 * @param address 4 or 16 octets.
 * @throws RangeError
 */
export function subnetContains(form: Pick<HostAddress, 'address' | 'prefixLength'>, address: Uint8Array): boolean {
  assertObject('the first argument', form)
  const { address: own, prefixLength } = form
  for (const one of [own, address]) assertAddress(one)
  if (own.length !== address.length || prefixLength === own.length * 8) return false
  if (Buffer.compare(own, address) === 0) return false
  return own.every((octet, at) => {
    const bits = Math.min(Math.max(prefixLength - at * 8, 0), 8)
    return ((octet ^ (address[at] ?? 0)) & (0xff00 >> bits) & 0xff) === 0
  })
}
