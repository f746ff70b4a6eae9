import { throwUnknownName } from '../error.ts'
import { subcode } from '../notification-codes.ts'
import { defineAttribute, wrongLength } from './spec.ts'

const origins = ['igp', 'egp', 'incomplete'] as const

/** RFC 4271 §5.1.1. */
export type Origin = (typeof origins)[number]

/** RFC 4271 §5.1.1, RFC 7606 §7.1. */
export const origin = defineAttribute<'origin', Origin>({
  code: 1,
  name: 'ORIGIN',
  category: 'well-known',
  onMalformed: 'treat-as-withdraw',
  check(bytes, at, end) {
    if (end - at !== 1) return wrongLength(end - at, '1')
    return bytes[at]! < origins.length ? undefined : [subcode.update.invalidOrigin, `undefined value ${bytes[at]}`]
  },
  read(into, bytes, at) {
    into.origin = origins[bytes[at]!] ?? 'incomplete' // check() allows these three
  },
  encode(w, value) {
    const octet = origins.indexOf(value)
    if (octet < 0) throwUnknownName('origin', value, origins)
    w.u8(octet, 'origin')
  },
})
