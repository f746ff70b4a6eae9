import { u32 } from '../bytes.ts'
import { defineAttribute, exactly } from './spec.ts'

/** The AS that first advertised the route to a customer or a peer: RFC 9234 §5. What follows from it is policy. */
export const onlyToCustomer = defineAttribute<'onlyToCustomer', number>({
  code: 35,
  name: 'ONLY_TO_CUSTOMER',
  category: 'optional transitive',
  onMalformed: 'treat-as-withdraw',
  check: exactly(4),
  read(into, bytes, at) {
    into.onlyToCustomer = u32(bytes, at)
  },
  encode: (w, as) => w.u32(as, 'onlyToCustomer'),
})
