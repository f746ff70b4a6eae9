import { defineAttribute, exactly } from './spec.ts'

/** True where present; there is nothing else to say. */
/** RFC 4271 §5.1.6, RFC 7606 §7.6. */
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
