/**
 * Extended communities of 8 octets (RFC 4360) and of 20 octets (RFC 5701), as text.
 *
 * - `rt:65000:100`, `rt:4200000000:100`, `rt:192.0.2.1:100`: a route target. An AS number below 65536 in a four-octet field
 *   has an L: `rt:65000L:100` (RFC 5668).
 * - `ro:65000:100`: a route origin, in the same forms.
 * - `rt:[2001:db8::1]:100`, `ro:[2001:db8::1]:100`: the same in 20 octets.
 * - `lb:65000:125000000`: link bandwidth in octets per second, as a 32-bit float holds it.
 * - `color:100` and `encap:8` (RFC 9012 §4.1, §4.3).
 * - `0x0102030405060708`: every other one, also one of the above with reserved octets that are not zero.
 *
 * Each community has exactly one text, and encode() takes no other: equal communities are equal strings.
 */
import { formatAddress, parseAddress } from '../address.ts'
import { copy, type Writer } from '../bytes.ts'
import { assertNonEmptyList, stringOr, throwOptionError } from '../error.ts'
import { type AttributeSpec, defineAttribute, listOf } from './spec.ts'

/** How the octets after type and subtype are written as text. write() need not check: parse() reads the octets back and compares. */
interface Layout {
  /** Undefined if the text would not hold all of them. */
  read(octets: DataView): string | undefined
  write(octets: DataView, text: string): void
}

const twoOctetAs: Layout = {
  read: v => `${v.getUint16(2)}:${v.getUint32(4)}`,
  write(v, text) {
    v.setUint16(2, part(text, 0))
    v.setUint32(4, part(text, 1))
  },
}
const ipv4: Layout = {
  read: v => `${[2, 3, 4, 5].map(at => v.getUint8(at)).join('.')}:${v.getUint16(6)}`,
  write(v, text) {
    for (const [i, octet] of text.split(/[.:]/, 4).entries()) v.setUint8(2 + i, Number(octet))
    v.setUint16(6, part(text, 1))
  },
}
const fourOctetAs: Layout = {
  read: v => `${v.getUint32(2)}${v.getUint16(2) === 0 ? 'L' : ''}:${v.getUint16(6)}`,
  write(v, text) {
    v.setUint32(2, part(text, 0))
    v.setUint16(6, part(text, 1))
  },
}
const bandwidth: Layout = {
  // A negative or infinite number is not a bandwidth.
  read: v => (v.getUint32(4) < 0x7f800000 ? `${v.getUint16(2)}:${v.getFloat32(4)}` : undefined),
  write(v, text) {
    v.setUint16(2, part(text, 0))
    v.setFloat32(4, part(text, 1))
  },
}
/** A number at the end, after flags or reserved octets that are zero. */
const color: Layout = {
  read: v => (v.getUint16(2) === 0 ? `${v.getUint32(4)}` : undefined),
  write: (v, text) => v.setUint32(4, part(text, 0)),
}
const tunnel: Layout = {
  read: v => (v.getUint32(2) === 0 ? `${v.getUint16(6)}` : undefined),
  write: (v, text) => v.setUint16(6, part(text, 0)),
}
const ipv6: Layout = {
  read: v => `[${formatAddress(new Uint8Array(v.buffer, 2, 16))}]:${v.getUint16(18)}`,
  write(v, text) {
    const [address = '', number = ''] = text.slice(1).split(']:')
    new Uint8Array(v.buffer, 2, 16).set(parseAddress(address, 'ipv6ExtendedCommunities'))
    v.setUint16(18, Number(number))
  },
}

/** Name, type and subtype as one number, layout (IANA, "BGP Extended Communities"). */
type Kind = readonly [name: string, code: number, layout: Layout]

const kinds: readonly Kind[] = [
  ['rt', 0x0002, twoOctetAs],
  ['rt', 0x0102, ipv4],
  ['rt', 0x0202, fourOctetAs],
  ['ro', 0x0003, twoOctetAs],
  ['ro', 0x0103, ipv4],
  ['ro', 0x0203, fourOctetAs],
  ['lb', 0x4004, bandwidth], // draft-ietf-idr-link-bandwidth
  ['color', 0x030b, color],
  ['encap', 0x030c, tunnel],
]
const ipv6Kinds: readonly Kind[] = [
  ['rt', 0x0002, ipv6],
  ['ro', 0x0003, ipv6],
]

/** RFC 4360 §2, RFC 7606 §7.14. Two-octet AS §3.1, IPv4 §3.2, opaque §3.3; four-octet AS is RFC 5668. */
export const extendedCommunities = defineAttribute<'extendedCommunities', readonly string[]>({
  code: 16,
  name: 'EXTENDED COMMUNITIES',
  category: 'optional transitive',
  onMalformed: 'treat-as-withdraw',
  ...texts('extendedCommunities', 8, kinds, 'rt:65000:100, ro:192.0.2.1:100'),
  read(into, bytes, at, end) {
    into.extendedCommunities = readTexts(kinds, 8, bytes, at, end)
  },
})

/** RFC 5701 §2, RFC 7606 §7.15. */
export const ipv6ExtendedCommunities = defineAttribute<'ipv6ExtendedCommunities', readonly string[]>({
  code: 25,
  name: 'IPv6 EXTENDED COMMUNITIES',
  category: 'optional transitive',
  onMalformed: 'treat-as-withdraw',
  ...texts('ipv6ExtendedCommunities', 20, ipv6Kinds, 'rt:[2001:db8::1]:100'),
  read(into, bytes, at, end) {
    into.ipv6ExtendedCommunities = readTexts(ipv6Kinds, 20, bytes, at, end)
  },
})

function texts(
  field: string,
  length: number,
  kinds: readonly Kind[],
  example: string,
): Pick<AttributeSpec<string, readonly string[]>, 'check' | 'encode'> {
  return {
    check: listOf(length),
    encode(w: Writer, all) {
      assertNonEmptyList(field, all)
      for (const text of all)
        w.put(
          parse(kinds, stringOr(text), length) ??
            throwOptionError(field, text, `such as ${example}, or 0x and ${length * 2} digits`),
        )
    },
  }
}

function readTexts(kinds: readonly Kind[], length: number, bytes: Uint8Array, at: number, end: number): string[] {
  const all: string[] = []
  for (; at < end; at += length) all.push(format(kinds, copy(bytes, at, at + length)))
  return all
}

function format(kinds: readonly Kind[], octets: Uint8Array): string {
  const view = new DataView(octets.buffer)
  const kind = kinds.find(([, code]) => code === view.getUint16(0))
  const text = kind?.[2].read(view)
  if (kind && text !== undefined) return `${kind[0]}:${text}`
  return `0x${Array.from(octets, octet => octet.toString(16).padStart(2, '0')).join('')}`
}

/** The octets of the community whose text this is. */
function parse(kinds: readonly Kind[], text: string, length: number): Uint8Array | undefined {
  const colon = text.indexOf(':')
  const raw = Uint8Array.from(text.slice(2).match(/../g)?.slice(0, length) ?? [], pair => Number(`0x${pair}`))
  const candidates = kinds
    .filter(([name]) => name === text.slice(0, colon))
    .map(([, code, layout]) => {
      const octets = new Uint8Array(length)
      const view = new DataView(octets.buffer)
      view.setUint16(0, code)
      layout.write(view, text.slice(colon + 1))
      return octets
    })
  return [...candidates, raw].find(octets => octets.length === length && format(kinds, octets) === text)
}

function part(text: string, index: number): number {
  return Number.parseFloat(text.split(':')[index] ?? '')
}
