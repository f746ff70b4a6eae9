import { type Address, formatAddress, parseAddress } from '../address.ts'
import { defineAttribute, exactly } from './spec.ts'

export const nextHop = defineAttribute<Address>({
  code: 3,
  name: 'NEXT_HOP',
  category: 'well-known',
  onMalformed: 'treat-as-withdraw',
  rfc: 'RFC 4271 §5.1.3, RFC 7606 §7.3',
  check: exactly(4),
  decode: r => formatAddress(r.take(4)),
  encode(w, value) {
    const octets = parseAddress(value, 'nextHop')
    if (octets.length !== 4) throw new RangeError(`nextHop: '${value}' is not allowed, it must be an IPv4 address`)
    w.put(octets)
  },
})
