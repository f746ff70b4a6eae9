/** NLRI: runs of <length, prefix> (RFC 4271 §4.3, RFC 4760 §5). */
import { formatAddress, parseAddress } from './address.ts'
import type { Writer } from './bytes.ts'
import { refuse } from './error.ts'

/** A prefix as text: `198.51.100.10/32`, `2001:db8::/32` (RFC 5952). Bits beyond its length are zero. */
export type Prefix = string

/** Why octets at..end are no run of prefixes, or undefined where they are one. */
export function checkPrefixes(bytes: Uint8Array, at: number, end: number, octets: number): string | undefined {
  const longest = octets * 8
  while (at < end) {
    const length = bytes[at]!
    if (length > longest) return `prefix length ${length}, at most ${longest} is allowed`
    at += 1 + ((length + 7) >> 3)
  }
  return at === end ? undefined : 'the last prefix is cut short'
}

/** Reads what checkPrefixes() has found to be sound. */
export function readPrefixes(bytes: Uint8Array, at: number, end: number, octets: number): Prefix[] {
  const prefixes: Prefix[] = []
  while (at < end) {
    const length = bytes[at]!
    const next = at + 1 + ((length + 7) >> 3)
    const address = new Uint8Array(octets)
    for (let i = at + 1; i < next; i++) address[i - at - 1] = bytes[i]!
    // Trailing bits are irrelevant (RFC 4271 §4.3); cleared, equal prefixes are equal strings.
    if (length % 8 !== 0) address[length >> 3]! &= 0xff00 >> (length % 8)
    prefixes.push(`${formatAddress(address)}/${length}`)
    at = next
  }
  return prefixes
}

/**
 * Octets and length of a prefix's text.
 * @throws RangeError where the text is no prefix, or has bits set beyond its length: that is a slip more often than a wish.
 */
export function parsePrefix(text: Prefix, field: string): { address: Uint8Array; length: number } {
  const [before = '', digits = '', ...rest] = String(text).split('/')
  const length = /^(0|[1-9]\d{0,2})$/.test(digits) ? Number(digits) : Number.NaN
  const address = digits === '' ? undefined : parseAddress(before, field)
  if (address === undefined || rest.length > 0 || !(length <= address.length * 8))
    refuse(field, text, 'a prefix such as 198.51.100.10/32 or 2001:db8::10/128')
  for (let bit = length; bit < address.length * 8; bit++)
    if (address[bit >> 3]! & (0x80 >> (bit & 7))) refuse(field, text, 'a prefix without bits set beyond its length')
  return { address, length }
}

/** Writes one prefix, whose address must be of `octets` octets. */
export function writePrefix(w: Writer, text: Prefix, octets: number, field: string): void {
  const { address, length } = parsePrefix(text, field)
  if (address.length !== octets) refuse(field, text, octets === 4 ? 'an IPv4 prefix' : 'an IPv6 prefix')
  w.u8(length).put(address, 0, (length + 7) >> 3)
}
