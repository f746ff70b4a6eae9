/** Communities, plain and large: lists of equal parts, written as numbers with colons between. */
import type { Reader, Writer } from '../bytes.ts'
import { refuse } from '../error.ts'
import { type AttributeSpec, defineAttribute, listOf } from './spec.ts'

/** `'65000:100'` each: two numbers up to 65535. */
/** RFC 1997, RFC 7606 §7.8. */
export const communities = defineAttribute<readonly string[]>({
  code: 8,
  name: 'COMMUNITIES',
  category: 'optional transitive',
  onMalformed: 'treat-as-withdraw',
  ...numbers('communities', 2, 'u16'),
})

/** `'4200000000:1:2'` each: three numbers up to 4294967295. */
/** RFC 8092 §3, §6. */
export const largeCommunities = defineAttribute<readonly string[]>({
  code: 32,
  name: 'LARGE_COMMUNITY',
  category: 'optional transitive',
  onMalformed: 'treat-as-withdraw',
  ...numbers('largeCommunities', 3, 'u32', true),
})

function numbers(
  field: string,
  count: 2 | 3,
  width: 'u16' | 'u32',
  /** A repeated one is not sent, and passed over where a peer sends it (RFC 8092 §3). */
  unique = false,
): Pick<AttributeSpec<readonly string[]>, 'check' | 'decode' | 'encode'> {
  const most = width === 'u16' ? 0xffff : 0xffffffff
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
      return unique ? [...new Set(all)] : all
    },
    encode(w: Writer, all) {
      if (all.length === 0) refuse(field, all, 'left out where there are none')
      if (unique && new Set(all).size < all.length) refuse(field, all, 'a list without repetition')
      for (const text of all) {
        const parts = String(text).split(':')
        if (parts.length !== count || !parts.every(part => /^(0|[1-9]\d*)$/.test(part) && Number(part) <= most))
          refuse(field, text, `${count} numbers up to ${most}, such as ${example}`)
        for (const part of parts) w[width](Number(part))
      }
    },
  }
}
