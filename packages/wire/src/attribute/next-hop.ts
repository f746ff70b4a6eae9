import { type Address, formatAddress4, parseAddress } from '../address.ts'
import type { Writer } from '../bytes.ts'
import { refuse } from '../error.ts'
import { defineAttribute, exactly } from './spec.ts'

/** RFC 4271 §5.1.3, RFC 7606 §7.3. */
export const nextHop = defineAttribute<Address>({
  code: 3,
  name: 'NEXT_HOP',
  category: 'well-known',
  onMalformed: 'treat-as-withdraw',
  check: exactly(4),
  decode: ({ bytes, at }) => formatAddress4(bytes, at),
  encode: (w, value) => writeIpv4(w, value, 'nextHop'),
})

/** Four octets that must be said as an IPv4 address, whatever they name. */
export function writeIpv4(w: Writer, value: Address, field: string): void {
  const octets = parseAddress(value, field)
  if (octets.length !== 4) refuse(field, value, 'an IPv4 address')
  w.put(octets)
}
