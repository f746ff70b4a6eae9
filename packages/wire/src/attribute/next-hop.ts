import { type Address, formatAddress, parseAddress } from '../address.ts'
import { refuse } from '../error.ts'
import { defineAttribute, exactly } from './spec.ts'

/** RFC 4271 §5.1.3, RFC 7606 §7.3. */
export const nextHop = defineAttribute<Address>({
  code: 3,
  name: 'NEXT_HOP',
  category: 'well-known',
  onMalformed: 'treat-as-withdraw',
  check: exactly(4),
  decode: r => formatAddress(r.take(4)),
  encode(w, value) {
    const octets = parseAddress(value, 'nextHop')
    if (octets.length !== 4) refuse('nextHop', value, 'an IPv4 address')
    w.put(octets)
  },
})
