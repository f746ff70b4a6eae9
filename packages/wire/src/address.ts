/** Addresses: text to octets and back. IPv4 is parsed by hand, because every prefix sent passes here; IPv6 by ip-address. */
import { Address6 } from 'ip-address'
import { u32 } from './bytes.ts'
import { afterDot, decimal } from './decimal.ts'
import { assertOctets, stringOr, throwOptionError } from './error.ts'

/** An IPv4 or IPv6 address as text: `198.51.100.10`, `2001:db8::10` (RFC 5952). */
export type Address = string

/**
 * The octets of an address: 4 for IPv4, 16 for IPv6.
 * @param field what an error calls it
 * @throws OptionError if the text is not one complete address: a zone or a prefix length is not allowed
 */
export function parseAddress(text: Address, field = 'address'): Uint8Array {
  const given = stringOr(text)
  const number = scanIpv4(given, given.length)
  if (number >= 0) return Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number)
  return parse6(given) ?? throwOptionError(field, text, 'an IPv4 or IPv6 address')
}

/** The IPv4 address as a number. @throws OptionError naming the field */
export function parseIpv4(text: Address, field: string): number {
  const given = stringOr(text)
  const address = scanIpv4(given, given.length)
  return address < 0 ? throwOptionError(field, text, 'an IPv4 address') : address
}

/**
 * The IPv4 address in the first `end` characters as a number, or -1. Leading zeros are not allowed, because programs disagree
 * whether they mean octal.
 */
export function scanIpv4(text: string, end: number): number {
  let address = 0
  let octets = 0
  let value = -1
  for (let i = 0; i <= end; i++) {
    const digit = i < end ? text.charCodeAt(i) - 48 : DOT
    if (digit === DOT) {
      if (value < 0 || octets > 3) return -1
      address = (address << 8) | value
      octets++
      value = -1
    } else {
      if (digit < 0 || digit > 9 || value === 0) return -1
      value = value < 0 ? digit : value * 10 + digit
      if (value > 255) return -1
    }
  }
  return octets === 4 ? address >>> 0 : -1
}
const DOT = -2 // its distance from '0'

function parse6(text: string): Uint8Array | undefined {
  if (!/^[0-9a-fA-F:.]+$/.test(text)) return undefined
  try {
    return Uint8Array.from(new Address6(text).toUnsignedByteArray())
  } catch {
    return undefined // the caller throws an error that names the field
  }
}

/** The text of an address of 4 or 16 octets, IPv6 as in RFC 5952. @throws OptionError for another length */
export function formatAddress(octets: Uint8Array): Address {
  assertOctets('octets', octets)
  if (octets.length === 4) return formatIpv4(u32(octets, 0))
  if (octets.length !== 16) throwOptionError('octets', octets, '4 or 16 octets')
  return Address6.fromUnsignedByteArray([...octets]).correctForm()
}

/** The text of an IPv4 address that is given as a number. */
export function formatIpv4(address: number): Address {
  return (
    decimal(address >>> 24) +
    afterDot((address >>> 16) & 0xff) +
    afterDot((address >>> 8) & 0xff) +
    afterDot(address & 0xff)
  )
}
