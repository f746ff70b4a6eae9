import { type Address, format4, parse4 } from '../address.ts'
import { u32, type Writer } from '../bytes.ts'
import { throwOptionError } from '../error.ts'
import { defineAttribute, exactly } from './spec.ts'

/** RFC 4271 §5.1.3, RFC 7606 §7.3. */
export const nextHop = defineAttribute<'nextHop', Address>({
  code: 3,
  name: 'NEXT_HOP',
  category: 'well-known',
  onMalformed: 'treat-as-withdraw',
  check: exactly(4),
  read(into, bytes, at) {
    into.nextHop = known(u32(bytes, at))
  },
  encode(w, value) {
    if (value !== written.text) written = { text: value, octets: ipv4(value, 'nextHop') }
    w.u32(written.octets)
  },
})

/** The one that was written last: messages in a row have the same. */
let written: { readonly octets: number; readonly text: Address } = { octets: 0, text: '0.0.0.0' }

/** Next hops are few, and each comes with every message: the last one seen with each final octet is kept as text. */
function known(octets: number): Address {
  const last = octets & 0xff
  if (kept[last]?.octets !== octets) kept[last] = { octets, text: format4(octets) }
  return kept[last].text
}
const kept: { readonly octets: number; readonly text: Address }[] = []

/** Four octets that must be said as an IPv4 address, whatever they name. */
export function writeIpv4(w: Writer, value: Address, field: string): void {
  w.u32(ipv4(value, field))
}

function ipv4(value: Address, field: string): number {
  const address = parse4(String(value), String(value).length)
  return address < 0 ? throwOptionError(field, value, 'an IPv4 address') : address
}
