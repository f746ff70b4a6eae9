import { defineAttribute } from './spec.ts'

const origins = ['igp', 'egp', 'incomplete'] as const

/** RFC 4271 §5.1.1. */
export type Origin = (typeof origins)[number]

export const origin = defineAttribute<Origin>({
  code: 1,
  name: 'ORIGIN',
  category: 'well-known',
  onMalformed: 'treat-as-withdraw',
  rfc: 'RFC 4271 §5.1.1, RFC 7606 §7.1',
  check(r) {
    if (r.left !== 1) return [5, `${r.left} octets long, it must be 1`]
    const value = r.u8()
    return value < origins.length ? undefined : [6, `undefined value ${value}`]
  },
  decode: r => origins[r.u8()] ?? 'incomplete', // check() has seen that it is one of the three
  encode(w, value) {
    const octet = origins.indexOf(value)
    if (octet < 0) throw new RangeError(`origin: '${value}' is not allowed, it must be one of ${origins.join(', ')}`)
    w.u8(octet, 'origin')
  },
})
