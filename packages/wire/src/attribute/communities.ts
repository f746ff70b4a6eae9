/** Communities, plain and large: lists of equal parts, written as numbers with colons between. */
import type { Reader, Writer } from '../bytes.ts'
import { type AttributeSpec, defineAttribute, listOf } from './spec.ts'

/** `'65000:100'` each: two numbers up to 65535. */
export const communities = defineAttribute<readonly string[]>({
  code: 8,
  name: 'COMMUNITIES',
  category: 'optional transitive',
  onMalformed: 'treat-as-withdraw',
  rfc: 'RFC 1997, RFC 7606 §7.8',
  ...numbers('communities', 2, 'u16'),
})

/** `'4200000000:1:2'` each: three numbers up to 4294967295. */
export const largeCommunities = defineAttribute<readonly string[]>({
  code: 32,
  name: 'LARGE_COMMUNITY',
  category: 'optional transitive',
  onMalformed: 'treat-as-withdraw',
  rfc: 'RFC 8092 §3, §6',
  ...numbers('largeCommunities', 3, 'u32'),
})

function numbers(
  field: string,
  count: 2 | 3,
  width: 'u16' | 'u32',
): Pick<AttributeSpec<readonly string[]>, 'check' | 'decode' | 'encode'> {
  const example = count === 2 ? '65000:100' : '65000:1:2'
  return {
    check: listOf(count * (width === 'u16' ? 2 : 4)),
    decode(r: Reader) {
      const all: string[] = []
      while (r.left > 0) {
        let text = `${r[width]()}`
        for (let i = 1; i < count; i++) text += `:${r[width]()}`
        all.push(text)
      }
      return all
    },
    encode(w: Writer, all) {
      if (all.length === 0) throw new RangeError(`${field}: an empty list is not allowed, leave the attribute out`)
      for (const text of all) {
        const parts = String(text).split(':')
        if (parts.length !== count || !parts.every(part => /^\d+$/.test(part)))
          throw new RangeError(`${field}: '${text}' is not allowed, it must be ${count} numbers such as ${example}`)
        for (const part of parts) w[width](Number(part), field)
      }
    },
  }
}
