/** The malformed messages that are sent to daemons: a few of each kind, from the conformance vectors and from bgpgg's tests. */
import { vectorsIn } from '@softspoken/test-support/vectors'
import { type Context, decode, describeNotification, type Message, type Result } from '@softspoken/wire'
import { rawAttributes, runs } from '../canonical.ts'
import { sentIn } from '../scoreboard/bgpgg.ts'
import type { Reaction } from './reactions.ts'

export interface FaultyMessage {
  readonly id: string
  /** What the codec finds wrong. */
  readonly kind: string
  readonly bytes: Uint8Array
  /** The routes that it has in its NLRI field, if that can be read. */
  readonly prefixes: readonly string[]
  readonly ours: Reaction
}

/** All sessions are internal ones of this AS, which is in no AS_PATH of the messages. */
export const TEST_AS = 64900
export const context: Partial<Context> = { fourOctetAs: true, external: false }

const PER_KIND = 2

export function faultyMessages(vectors: string, bgpgg: string): FaultyMessage[] {
  const sources = [
    ...vectorsIn(vectors).flatMap(({ id, bytes, expect: { ok }, as4, kind }) =>
      ok === false && as4 !== false && kind !== 'notification' ? [{ id, bytes }] : [],
    ),
    ...sentIn(bgpgg).flatMap(({ id, bytes, expected }) =>
      bytes && expected ? [{ id, bytes: Uint8Array.from(bytes) }] : [],
    ),
  ]
  const all = sources.flatMap(({ id, bytes }) => judge(id, withLocalPref(withTestAs(bytes))))
  // The shortest ones have the fewest other faults.
  all.sort((a, b) => a.bytes.length - b.bytes.length)
  const kinds = [...new Set(all.map(({ kind }) => kind))].sort()
  return kinds.flatMap(one => all.filter(({ kind }) => kind === one).slice(0, PER_KIND))
}

/** An OPEN gets the AS number that the daemons expect, so that they check the rest. */
function withTestAs(bytes: Uint8Array): Uint8Array {
  if (bytes[18] !== 1 || bytes.length < 22) return bytes
  const patched = bytes.slice()
  new DataView(patched.buffer).setUint16(20, TEST_AS)
  return patched
}

/** An UPDATE of an external peer gets a LOCAL_PREF, because internal ones must have it (RFC 4271 §5.1.5). */
function withLocalPref(bytes: Uint8Array): Uint8Array {
  const { withdrawn, attributes, nlri } = runs(bytes)
  if (nlri.length === 0 || rawAttributes(bytes).some(({ code }) => code === 5)) return bytes
  const at = 23 + withdrawn.length
  const localPref = [0x40, 5, 4, 0, 0, 0, 100]
  const patched = Uint8Array.of(...bytes.subarray(0, at), ...localPref, ...bytes.subarray(at))
  const view = new DataView(patched.buffer)
  view.setUint16(16, patched.length)
  view.setUint16(at - 2, attributes.length + localPref.length)
  return patched
}

/** A message with several faulty attributes is left out, because a speaker may handle any of them first. */
function judge(id: string, bytes: Uint8Array): FaultyMessage[] {
  const result = decode(bytes, context)
  const found = kindOf(result)
  if (found === undefined) return []
  const [kind, ours] = found
  const prefixes = prefixesIn(runs(bytes).nlri)
  if (ours !== 'kept' && ours !== 'withdrawn') return [{ id, kind, bytes, prefixes, ours }]
  return prefixes.length > 0 ? [{ id, kind, bytes, prefixes, ours }] : []
}

function kindOf(result: Result<Message>): [kind: string, ours: Reaction] | undefined {
  if (!result.ok) {
    const { code, subcode } = result.notification
    return [describeNotification(result.notification), `${code}/${subcode}`]
  }
  if (result.value.type !== 'update') return undefined
  const issues = result.value.issues ?? []
  const names = new Set(issues.map(({ attribute }) => attribute))
  if (names.size !== 1) return undefined
  const withdrawn = issues.some(({ handling }) => handling === 'treat-as-withdraw')
  const [name] = names
  return [`${name}: ${withdrawn ? 'treat-as-withdraw' : 'attribute discard'}`, withdrawn ? 'withdrawn' : 'kept']
}

/** IPv4 prefixes as daemons print them. None if they cannot be read. */
function prefixesIn(nlri: Uint8Array): string[] {
  const found: string[] = []
  for (let at = 0; at < nlri.length; ) {
    const length = nlri[at]!
    const end = at + 1 + Math.ceil(length / 8)
    if (length > 32 || end > nlri.length) return []
    const octets = [...nlri.subarray(at + 1, end), 0, 0, 0, 0].slice(0, 4)
    const address = octets.map((octet, i) => octet & (0xff00 >> Math.min(8, Math.max(0, length - 8 * i))))
    found.push(`${address.map(octet => octet & 0xff).join('.')}/${length}`)
    at = end
  }
  return found
}
