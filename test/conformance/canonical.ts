/**
 * Whether a message is canonical: encode() would write exactly these octets. The functions here read the octets themselves
 * and share no code with the codec.
 *
 * The canonical form:
 * - MP_REACH_NLRI and MP_UNREACH_NLRI come first (RFC 7606 §5.1), then the other attributes by code (RFC 4271 §5);
 * - a length has one octet if it fits;
 * - the flags are Optional and Transitive, and Partial only in an attribute that the codec does not model;
 * - bits beyond a prefix and reserved octets are zero;
 * - a large community occurs once (RFC 8092 §3);
 * - an OPEN has one parameter with all capabilities, in the form of RFC 4271 if it fits (RFC 9072 §2).
 */

import { toHex } from '@softspoken/test-support/hex'
import { decode } from '@softspoken/wire'

export interface RawAttribute {
  readonly code: number
  readonly flags: number
  readonly value: string
}

function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 256 + bytes[at + 1]! // `at` is within the message: its lengths have been checked
}

/** The attributes of an UPDATE in the order of the message. The last one may be cut short. */
export function rawAttributes(bytes: Uint8Array): RawAttribute[] {
  const { attributes } = runs(bytes)
  const found: RawAttribute[] = []
  for (let at = 0; at + 2 < attributes.length; ) {
    const [flags, code] = [attributes[at]!, attributes[at + 1]!]
    const extended = (flags & 0x10) !== 0
    const start = at + (extended ? 4 : 3)
    at = start + (extended ? u16(attributes, at + 2) : attributes[at + 2]!)
    found.push({ code, flags, value: toHex(attributes.subarray(start, at)) })
  }
  return found
}

/** The three variable fields of an UPDATE (RFC 4271 §4.3); all are empty if it is not an UPDATE, or its lengths are wrong. */
export function runs(bytes: Uint8Array): Record<'withdrawn' | 'attributes' | 'nlri', Uint8Array> {
  const none = new Uint8Array()
  const attributesAt = bytes[18] === 2 && bytes.length >= 23 ? 21 + u16(bytes, 19) + 2 : Number.NaN
  const nlriAt = attributesAt <= bytes.length ? attributesAt + u16(bytes, attributesAt - 2) : Number.NaN
  if (!(nlriAt <= bytes.length)) return { withdrawn: none, attributes: none, nlri: none }
  return {
    withdrawn: bytes.subarray(21, attributesAt - 2),
    attributes: bytes.subarray(attributesAt, nlriAt),
    nlri: bytes.subarray(nlriAt),
  }
}

export function isCanonicalUpdate(bytes: Uint8Array): boolean {
  const { withdrawn, nlri } = runs(bytes)
  const attributes = rawAttributes(bytes)
  const rank = (code: number) => (code === 14 || code === 15 ? code - 256 : code)
  return (
    attributes.every(({ code }, i) => i === 0 || rank(attributes[i - 1]!.code) < rank(code)) &&
    attributes.every(isCanonicalAttribute) &&
    noStrayBits(withdrawn) &&
    noStrayBits(nlri)
  )
}

export function isCanonicalAttribute({ code, flags, value }: RawAttribute): boolean {
  const octets = Buffer.from(value, 'hex')
  if ((flags & 0x0f) !== 0 || ((flags & 0x10) !== 0) !== octets.length > 255) return false
  if ((flags & 0x20) !== 0 && isRead(code)) return false
  if (code === 14 || code === 15) {
    const unicast = octets[2] === 1 && (u16(octets, 0) === 1 || u16(octets, 0) === 2)
    const start = code === 14 ? 5 + octets[3]! : 3
    if (code === 14 && octets[start - 1] !== 0) return false
    return !unicast || noStrayBits(octets.subarray(start))
  }
  if (code === 32) return new Set(value.match(/.{24}/g)).size === octets.length / 12
  return true
}

/** Whether the codec models this code. It decodes an UPDATE to find out: an attribute without a row is in `unknown`. */
function isRead(code: number): boolean {
  if (read.has(code)) return read.get(code)!
  const bytes = Uint8Array.of(...new Uint8Array(16).fill(0xff), 0, 26, 2, 0, 0, 0, 3, 0xc0, code, 0)
  const result = decode(bytes)
  const raw = result.ok && result.value.type === 'update' && result.value.attributes.unknown?.[0]?.code === code
  read.set(code, !raw)
  return !raw
}
const read = new Map<number, boolean>()

function noStrayBits(run: Uint8Array): boolean {
  for (let at = 0; at < run.length; ) {
    const length = run[at]!
    at += 1 + Math.ceil(length / 8)
    if (length % 8 !== 0 && (run[at - 1]! & (0xff >> (length % 8))) !== 0) return false
  }
  return true
}

/** Whether `bytes` is the OPEN that encode() would write for these fields. */
export function isCanonicalOpen(bytes: Uint8Array, decoded: Readonly<Record<string, unknown>> | null): boolean {
  if (decoded === null) return false
  const capabilities = decoded.capabilities as readonly { code: number; hex: string }[]
  const four = capabilities.find(({ code }) => code === 65)
  const as = four ? Number.parseInt(four.hex, 16) : Number(decoded.my_as)
  if (u16(bytes, 20) !== (as > 0xffff ? 23456 : as)) return false
  if (capabilities.some(({ code, hex }) => withoutReserved(code, hex) !== hex)) return false
  const octet = (value: number) => value.toString(16).padStart(2, '0')
  const all = capabilities.map(({ code, hex }) => octet(code) + octet(hex.length / 2) + hex).join('')
  const parameters = all === '' ? '' : `02${octet(all.length / 2)}${all}`
  return toHex(bytes.subarray(28)) === octet(parameters.length / 2) + parameters
}

/** A capability's value with its reserved bits zero, because decode() drops them (RFC 4760 §8, RFC 4724 §3, RFC 9494 §3.1). */
export function withoutReserved(code: number, hex: string): string {
  const octets = Buffer.from(hex, 'hex')
  const keep = (mask: number, at: number, each = octets.length) => {
    for (let i = at; i < octets.length; i += each) octets[i]! &= mask // i is below the length
  }
  if (code === 1) keep(0, 2)
  if (code === 64 && octets.length % 4 === 2) {
    keep(0xcf, 0)
    keep(0x80, 5, 4)
  }
  if (code === 71 && octets.length % 7 === 0) keep(0x80, 3, 7)
  return octets.toString('hex')
}
