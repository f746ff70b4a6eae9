/** NLRI: a run of lengths and prefixes (RFC 4271 §4.3, RFC 4760 §5); with ADD-PATH, a path identifier before each (RFC 7911 §3). */
import { type Address, formatAddress, formatIpv4, parseAddress, scanIpv4 } from './address.ts'
import { u32, type Writer } from './bytes.ts'
import { stringOr, throwOptionError } from './error.ts'

/**
 * A prefix as text: `198.51.100.10/32`, `2001:db8::/32` (RFC 5952). Bits beyond its length are zero. If the routes of its
 * family carry path identifiers (RFC 7911), `#` and the identifier follow: `198.51.100.10/32#7`.
 */
export type Prefix = string

const PATH_ID = 4 // octets

/** What is wrong with the prefixes in octets at..end, or undefined. `octets` is the length of an address of the family. */
export function checkPrefixes(
  bytes: Uint8Array,
  at: number,
  end: number,
  octets: number,
  pathIds: boolean,
): string | undefined {
  const longest = octets * 8
  while (at < end) {
    if (pathIds) at += PATH_ID
    const length = at < end ? bytes[at]! : 0
    if (length > longest) return `prefix length ${length}, it must be at most ${longest}`
    at += 1 + ((length + 7) >> 3)
  }
  return at === end ? undefined : 'the last prefix is cut short'
}

/** Is called with a prefix's length in bits, and with the place of its address in `bytes`, which has ceil(length / 8) octets there. */
export type Visit = (length: number, bytes: Uint8Array, at: number, pathId: number | undefined) => void

/** Visits the prefixes that checkPrefixes() has checked, without making text. */
export function visitPrefixes(bytes: Uint8Array, at: number, end: number, pathIds: boolean, visit: Visit): void {
  while (at < end) {
    const pathId = pathIds ? u32(bytes, at) : undefined
    if (pathIds) at += PATH_ID
    const length = bytes[at]!
    visit(length, bytes, at + 1, pathId)
    at += 1 + ((length + 7) >> 3)
  }
}

/** Reads the prefixes that checkPrefixes() has checked. */
export function readPrefixes(bytes: Uint8Array, at: number, end: number, octets: number, pathIds: boolean): Prefix[] {
  const prefixes: Prefix[] = []
  const read = octets === 4 ? read4 : read6
  visitPrefixes(bytes, at, end, pathIds, (length, _, from, pathId) => {
    const prefix = read(length, bytes, from) + lengthTexts[length]
    prefixes.push(pathId === undefined ? prefix : `${prefix}#${pathId}`)
  })
  return prefixes
}

/** Made at import: with a list that is made later, V8 takes a twentieth longer to read prefixes. */
const lengthTexts = Array.from({ length: 129 }, (_, length) => `/${length}`)

// Bits beyond the length have no meaning (RFC 4271 §4.3). They are cleared, so that equal prefixes are equal strings.
function read4(length: number, bytes: Uint8Array, at: number): Address {
  let address = 0
  for (let bit = 0; bit < length; bit += 8) address |= bytes[at++]! << (24 - bit)
  return formatIpv4(address & (-1 << (32 - length)))
}
function read6(length: number, bytes: Uint8Array, at: number): Address {
  const address = new Uint8Array(16)
  address.set(bytes.subarray(at, at + ((length + 7) >> 3)))
  if (length % 8 !== 0) address[length >> 3]! &= 0xff00 >> (length % 8)
  return formatAddress(address)
}

/**
 * The address and the length of a prefix.
 * @throws OptionError if the text is not a prefix, or has bits set beyond its length, which is usually a typing mistake.
 */
export function parsePrefix(text: Prefix, field: string): { address: Uint8Array; length: number } {
  const given = stringOr(text)
  const slash = given.indexOf('/')
  const length = parseLength(given, slash + 1)
  const address = slash < 0 ? undefined : parseAddress(given.slice(0, slash), field)
  if (address === undefined || length < 0 || length > address.length * 8)
    throwOptionError(field, text, 'a prefix such as 198.51.100.10/32 or 2001:db8::10/128')
  for (let octet = length >> 3; octet < address.length; octet++)
    if (address[octet]! & (octet === length >> 3 ? 0xff >> (length % 8) : 0xff))
      throwOptionError(field, text, 'a prefix without bits set beyond its length')
  return { address, length }
}

/** The number in `text` from `at` to its end; -1 if that is no number, or has a leading zero. */
function parseLength(text: string, at: number): number {
  const digits = text.length - at
  let length = 0
  for (let i = at; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9 || (digit === 0 && i === at && digits > 1)) return -1
    length = length * 10 + digit
  }
  return digits < 1 ? -1 : length
}

/** Writes one prefix. `octets` is the length of an address of its family. */
export function writePrefix(w: Writer, text: Prefix, octets: number, pathIds: boolean, field: string): void {
  let prefix = stringOr(text)
  if (pathIds) {
    const [before = '', pathId = '', ...rest] = prefix.split('#')
    if (!/^(0|[1-9]\d*)$/.test(pathId) || Number(pathId) > 0xffffffff || rest.length > 0)
      throwOptionError(field, text, 'a prefix with a path identifier, such as 198.51.100.10/32#7')
    w.u32(Number(pathId))
    prefix = before
  }
  if (octets === 4 && tryWriteIpv4Prefix(w, prefix)) return
  const { address, length } = parsePrefix(pathIds ? prefix : text, field)
  if (address.length !== octets) throwOptionError(field, text, octets === 4 ? 'an IPv4 prefix' : 'an IPv6 prefix')
  w.u8(length).put(address, 0, (length + 7) >> 3)
}

/** Writes a correct IPv4 prefix without making an object; otherwise returns false and writes nothing. */
function tryWriteIpv4Prefix(w: Writer, prefix: Prefix): boolean {
  const slash = prefix.indexOf('/')
  const address = slash < 0 ? -1 : scanIpv4(prefix, slash)
  const length = parseLength(prefix, slash + 1)
  if (address < 0 || length < 0 || length > 32 || (length < 32 && address << length !== 0)) return false
  w.u8(length).u32(address)
  w.length -= (32 - length) >> 3 // the octets beyond its length
  return true
}
