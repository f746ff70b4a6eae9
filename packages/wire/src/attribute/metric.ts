/** The two 32-bit metrics: MULTI_EXIT_DISC and LOCAL_PREF. */
import { u32 } from '../bytes.ts'
import { type AttributeSpec, defineAttribute, exactly } from './spec.ts'

/** RFC 4271 §5.1.4, RFC 7606 §7.4. */
export const med = defineAttribute<'med', number>({
  code: 4,
  name: 'MULTI_EXIT_DISC',
  category: 'optional non-transitive',
  onMalformed: 'treat-as-withdraw',
  ...metric('med'),
  read(into, bytes, at) {
    into.med = u32(bytes, at)
  },
})

/** RFC 4271 §5.1.5, RFC 7606 §7.5. */
export const localPref = defineAttribute<'localPref', number>({
  code: 5,
  name: 'LOCAL_PREF',
  category: 'well-known',
  onMalformed: 'treat-as-withdraw',
  internalOnly: true,
  ...metric('localPref'),
  read(into, bytes, at) {
    into.localPref = u32(bytes, at)
  },
})

function metric(field: string): Pick<AttributeSpec<string, number>, 'check' | 'encode'> {
  return { check: exactly(4), encode: (w, value) => w.u32(value, field) }
}
