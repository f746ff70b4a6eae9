/** OPEN (RFC 4271 §4.2), its capabilities (RFC 5492), and optional parameters of more than 255 octets (RFC 9072). */
import { type Address, formatAddress, parseAddress } from './address.ts'
import { AS_TRANS } from './as-number.ts'
import { type Reader, Writer } from './bytes.ts'
import { type Capability, readCapability, writeCapability } from './capability/registry.ts'
import { assertList, assertWhole, throwOptionError, WireError } from './error.ts'
import { notificationCode, subcode } from './notification-codes.ts'

/** The first message that each side sends (RFC 4271 §4.2). */
export interface Open {
  readonly type: 'open'
  /** Always 4: decode() answers another version with NOTIFICATION 2/1. */
  readonly version: number
  /** The sender's AS number, 1 to 4294967295: that of the four-octet AS capability, if there is one (RFC 6793 §4.1). */
  readonly as: number
  /** In seconds: 0, or 3 to 65535. */
  readonly holdTime: number
  /** BGP Identifier, as an IPv4 address (RFC 6286). */
  readonly id: Address
  readonly capabilities: readonly Capability[]
}

const CAPABILITIES = 2 // the only optional parameter in use; 1, authentication, is deprecated
const EXTENDED = 255 // RFC 9072 §2: as a parameter's type it means that lengths of two octets follow

export function readOpen(r: Reader): Open {
  const { at } = r
  const version = r.u8()
  if (version !== 4)
    throw openError(subcode.open.unsupportedVersionNumber, `version ${version}, it must be 4`, at, Uint8Array.of(0, 4))
  const as2 = r.u16()
  const holdTime = r.u16()
  const id = formatAddress(r.take(4))
  const capabilities: Capability[] = []
  let length = r.u8()
  const extended = length > 0 && r.left > 0 && r.bytes[r.at] === EXTENDED
  if (extended) {
    r.u8()
    length = r.u16()
  }
  if (length !== r.left)
    throw openError(
      subcode.open.unspecific,
      `${length} octets of optional parameters announced, ${r.left} present`,
      at + 9,
    )
  while (r.left > 0) {
    const parameterAt = r.at
    const type = r.u8()
    const value = r.sub(extended ? r.u16() : r.u8())
    if (type !== CAPABILITIES)
      throw openError(
        subcode.open.unsupportedOptionalParameter,
        `optional parameter ${type} is not supported`,
        parameterAt,
      )
    while (value.left > 0) capabilities.push(readCapability(value))
  }
  const as = fourOctetAs(capabilities)?.as ?? as2
  const invalid = invalidField({ as, holdTime, id })
  if (invalid) {
    const { subcode, field, value, allowed } = invalid
    throw openError(subcode, `${field}: ${value}, it must be ${allowed}`, at + fieldAt[field])
  }
  return { type: 'open', version, as, holdTime, id, capabilities }
}

function openError(subcode: number, detail: string, at: number, data?: Uint8Array): WireError {
  return new WireError(notificationCode.open, subcode, detail, at, data)
}

interface InvalidField {
  readonly subcode: number
  readonly field: keyof typeof fieldAt
  readonly value: unknown
  readonly allowed: string
}

/** The first field whose value is invalid in every OPEN, sent or received (RFC 4271 §6.2, RFC 6286). */
function invalidField({ as, holdTime, id }: Pick<Open, 'as' | 'holdTime' | 'id'>): InvalidField | undefined {
  const { badPeerAs, unacceptableHoldTime, badBgpIdentifier } = subcode.open
  if (as === 0) return { subcode: badPeerAs, field: 'as', value: as, allowed: 'other than zero (RFC 7607 §2)' }
  if (holdTime === 1 || holdTime === 2)
    return {
      subcode: unacceptableHoldTime,
      field: 'holdTime',
      value: holdTime,
      allowed: '0 or at least 3 s (RFC 4271 §6.2)',
    }
  if (id === '0.0.0.0')
    return { subcode: badBgpIdentifier, field: 'id', value: id, allowed: 'other than zero (RFC 6286 §2.1)' }
  return undefined
}
/** The offset of each field in the body (RFC 4271 §4.2). */
const fieldAt = { as: 1, holdTime: 3, id: 5 } as const
function fourOctetAs(capabilities: readonly Capability[]): { readonly as: number } | undefined {
  return capabilities.find(capability => capability.name === 'four-octet-as')
}

export function writeOpen(w: Writer, { version, as, holdTime, id, capabilities }: Open): void {
  if (version !== 4) throwOptionError('version', version, '4')
  assertWhole(as, 0xffffffff, 'as')
  const invalid = invalidField({ as, holdTime, id })
  if (invalid) throwOptionError(invalid.field, invalid.value, invalid.allowed)
  const octets = parseAddress(id, 'id')
  if (octets.length !== 4) throwOptionError('id', id, 'an IPv4 address')
  assertList('capabilities', capabilities)
  const four = fourOctetAs(capabilities)
  if (four ? four.as !== as : as > 0xffff)
    throwOptionError('as', as, 'that of the capability four-octet-as, or below 65536 without it')
  w.u8(version)
    .u16(as > 0xffff ? AS_TRANS : as, 'as')
    .u16(holdTime, 'holdTime')
    .put(octets)
  writeParameters(w, capabilities)
}

/** All capabilities in one optional parameter; with lengths of two octets if one is too few (RFC 9072 §2). */
function writeParameters(w: Writer, capabilities: readonly Capability[]): void {
  const value = new Writer()
  for (const capability of capabilities) writeCapability(value, capability)
  const { length } = value
  if (length === 0) w.u8(0)
  else if (length + 2 <= 255)
    w.u8(length + 2)
      .u8(CAPABILITIES)
      .u8(length)
  else
    w.u8(EXTENDED)
      .u8(EXTENDED)
      .u16(length + 3)
      .u8(CAPABILITIES)
      .u16(length)
  w.put(value.done())
}
