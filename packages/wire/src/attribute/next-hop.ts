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
  read(into, bytes, at, _end, { nextHops }) {
    const octets = u32(bytes, at)
    into.nextHop = nextHops?.text(octets) ?? format4(octets)
  },
  encode: (w, value) => writeIpv4(w, value, 'nextHop'),
})

/** Writes four octets that are given as an IPv4 address, whether they are one or only an identifier. */
export function writeIpv4(w: Writer, value: Address, field: string): void {
  w.u32(ipv4(value, field))
}

function ipv4(value: Address, field: string): number {
  const address = parse4(String(value), String(value).length)
  return address < 0 ? throwOptionError(field, value, 'an IPv4 address') : address
}
