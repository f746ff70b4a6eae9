import { defineAttribute, exactly } from './spec.ts'

/** True if present; it has no value of its own. RFC 4271 §5.1.6, RFC 7606 §7.6. */
export const atomicAggregate = defineAttribute<'atomicAggregate', true>({
  code: 6,
  name: 'ATOMIC_AGGREGATE',
  category: 'well-known',
  onMalformed: 'attribute-discard',
  check: exactly(0),
  read(into) {
    into.atomicAggregate = true
  },
  encode: () => {},
})
