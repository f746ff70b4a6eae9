import { defineAttribute, exactly } from './spec.ts'

/** True where present; there is nothing else to say. */
export const atomicAggregate = defineAttribute<true>({
  code: 6,
  name: 'ATOMIC_AGGREGATE',
  category: 'well-known',
  onMalformed: 'attribute-discard',
  rfc: 'RFC 4271 §5.1.6, RFC 7606 §7.6',
  check: exactly(0),
  decode: () => true,
  encode: () => {},
})
