import { type Address, formatIpv4, parseIpv4 } from '../address.ts'
import { u32, type Writer } from '../bytes.ts'
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
    into.nextHop = nextHops?.text(octets) ?? formatIpv4(octets)
  },
  encode: (w, text, { nextHops }) => w.u32(nextHops?.octets(text) ?? parseIpv4(text, 'nextHop')),
})

/** Writes an IPv4 address, or an identifier that is written as one. */
export function writeIpv4(w: Writer, text: Address, field: string): void {
  w.u32(parseIpv4(text, field))
}
