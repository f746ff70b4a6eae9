/**
 * What is wrong with the attributes of an UPDATE, and what that costs (RFC 7606). What a malformed attribute costs is
 * read from its row in the table, never decided here.
 */
import { type MpReach, type MpUnreach, readReach, readUnreach } from './attribute/mp-reach.ts'
import { type RuleRow, registry, rules } from './attribute/registry.ts'
import { categoryBits, flag } from './attribute/spec.ts'
import { copy, u16 } from './bytes.ts'
import type { Context } from './context.ts'
import { WireError } from './error.ts'
import { notificationCode, subcode as subcodes } from './notification-codes.ts'

/** A fault that did not cost the session. */
export interface Issue {
  /** As IANA spells it, or its code where it has no row. */
  readonly attribute: string
  readonly handling: 'attribute-discard' | 'treat-as-withdraw'
  /** A sentence for the log. */
  readonly detail: string
  /** Octets before the attribute, from the beginning of the message; where it is missing, before all of them. */
  readonly at: number
}

const { origin, asPath, nextHop, mpReach, mpUnreach } = registry
/** Where an attribute's code stands in a mask. */
export const bit = ({ code }: { readonly code: number }): number => 1 << code
const forEveryRoute = bit(origin) | bit(asPath)
const forPlainRoutes = forEveryRoute | bit(nextHop)

/**
 * The codes below 31 that stand in the attributes at..end, as bits; -1 where anything is wrong with them, and checkAttributes()
 * finds out what. The common case, told in one pass and without making an object. `announces` says that NLRI follow.
 */
export function wellFormedCodes(
  bytes: Uint8Array,
  at: number,
  end: number,
  announces: boolean,
  context: Context,
): number {
  let low = 0 // the codes seen, 0 to 31
  let high = 0 // and 32 to 63
  while (at < end) {
    const flags = bytes[at]!
    const code = bytes[at + 1]!
    const value = valueAt(bytes, at)
    at = endAt(bytes, at, value)
    if (!(at <= end) || code > 63) return -1
    const seen = 1 << (code & 31)
    if ((code < 32 ? low : high) & seen) return -1
    if (code < 32) low |= seen
    else high |= seen
    const row = rules[code]
    if (row === undefined) {
      if ((flags & flag.optional) === 0) return -1
    } else if (
      (flags & categoryBits) !== row.bits ||
      (row.internalOnly && context.external) ||
      row.check(bytes, value, at, context) !== undefined
    )
      return -1
  }
  const needed = announces ? forPlainRoutes : low & bit(mpReach) ? forEveryRoute : 0
  return (low & needed) === needed ? low & 0x7fffffff : -1
}

/** What a walk over the attributes has found. */
export interface AttributeFindings {
  /** Where in the buffer the message begins. */
  readonly messageAt: number
  readonly issues: Issue[]
  /** Offsets of attributes that are not to be read. */
  readonly skip: number[]
  /** The first finding that withdraws the routes, as the NOTIFICATION it becomes where there are none. */
  withdraw?: WireError
  reach?: MpReach
  unreach?: MpUnreach
}

/** @throws WireError where a fault costs the session. */
export function checkAttributes(
  bytes: Uint8Array,
  messageAt: number,
  at: number,
  end: number,
  announces: boolean,
  context: Context,
): AttributeFindings {
  const found: AttributeFindings = { messageAt, issues: [], skip: [] }
  const seen = new Set<number>()
  for (let start = at; start < end; ) {
    const value = valueAt(bytes, start)
    const next = endAt(bytes, start, value)
    if (!(next <= end)) {
      cutShort(found, start, copy(bytes, start, end))
      seen.add(-1) // an attribute of no known code
      break
    }
    const code = bytes[start + 1]!
    const row = rules[code]
    const whole = copy(bytes, start, next)
    if (seen.has(code)) {
      if (row?.onMalformed === 'session-reset')
        throw new WireError(
          notificationCode.update,
          subcodes.update.malformedAttributeList,
          `${row.name} stands twice (RFC 7606 §3.g)`,
          start,
        )
      found.skip.push(start)
      note(found, start, nameOf(code), 'attribute-discard', 'stands twice, the first one counts (RFC 7606 §3.g)')
    } else if (row !== undefined) examine(found, row, bytes, start, next, whole, context)
    else if ((bytes[start]! & flag.optional) === 0)
      throw new WireError(
        notificationCode.update,
        subcodes.update.unrecognizedWellKnownAttribute,
        `attribute ${code} is said to be well-known`,
        start,
        whole,
      )
    seen.add(code)
    start = next
  }
  // RFC 7606 §3.d, RFC 4271 §6.3: the data is the code of what is missing.
  if (announces || found.reach)
    for (const { code, name } of announces ? [origin, asPath, nextHop] : [origin, asPath])
      if (!seen.has(code))
        note(
          found,
          at,
          name,
          'treat-as-withdraw',
          'is missing (RFC 7606 §3.d)',
          subcodes.update.missingWellKnownAttribute,
          Uint8Array.of(code),
        )
  const { withdraw, reach, unreach } = found
  seen.delete(mpUnreach.code)
  if (withdraw) {
    // RFC 7606 §5.2: attributes for routes, but no route in sight: we cannot be sure that we found the routes.
    if (!announces && !reach?.announced.length && seen.size > 0) throw withdraw
    // One UPDATE of ours can withdraw IPv4 and one more family; nobody was seen to send a third.
    if (reach && unreach && !isIpv4(reach) && !isIpv4(unreach) && !sameFamily(reach, unreach))
      throw new WireError(
        notificationCode.update,
        subcodes.update.malformedAttributeList,
        `${withdraw.detail}, beside routes of two families`,
        withdraw.at,
      )
  }
  return found
}

/** Where the attribute at `start` has its value. */
export function valueAt(bytes: Uint8Array, start: number): number {
  return start + (bytes[start]! & flag.extendedLength ? 4 : 3)
}

/** Where it ends; beyond all attributes, or not a number, where its length is not there. */
export function endAt(bytes: Uint8Array, start: number, value: number): number {
  return value + (bytes[start]! & flag.extendedLength ? u16(bytes, value - 2) : bytes[value - 1]!)
}

/** RFC 7606 §4: the last attribute does not end in time. */
function cutShort(found: AttributeFindings, start: number, rest: Uint8Array): void {
  const code = rest[1] ?? 0
  const detail = 'runs beyond the attributes (RFC 7606 §4)'
  // It may hold routes, which we would then neither announce nor withdraw (RFC 7606 §3.j).
  if (rules[code]?.onMalformed === 'session-reset')
    throw new WireError(
      notificationCode.update,
      subcodes.update.attributeLengthError,
      `${nameOf(code)} ${detail}`,
      start,
      rest,
    )
  note(found, start, nameOf(code), 'treat-as-withdraw', detail, subcodes.update.attributeLengthError, rest)
}

function examine(
  found: AttributeFindings,
  row: RuleRow,
  bytes: Uint8Array,
  start: number,
  end: number,
  whole: Uint8Array,
  context: Context,
): void {
  const at = valueAt(bytes, start)
  const { name, onMalformed } = row
  if (row.internalOnly && context.external) {
    found.skip.push(start)
    note(found, start, name, 'attribute-discard', 'comes from an external peer (RFC 7606 §7.5, §7.9, §7.10)')
    return
  }
  const wrongFlags = (bytes[start]! ^ row.bits) & categoryBits
  if (wrongFlags === flag.transitive && row.onWrongTransitive) {
    found.skip.push(start)
    note(found, start, name, row.onWrongTransitive, `is not flagged as ${row.category}`)
    return
  }
  // RFC 7606 §3.c: whatever the attribute, flags that contradict its category cost the routes.
  if (wrongFlags)
    note(
      found,
      start,
      name,
      'treat-as-withdraw',
      `is not flagged as ${row.category} (RFC 7606 §3.c)`,
      subcodes.update.attributeFlagsError,
      whole,
    )
  const malformed = row.check(bytes, at, end, context)
  if (malformed !== undefined) {
    const [subcode, detail] = malformed
    if (onMalformed === 'session-reset')
      throw new WireError(notificationCode.update, subcode, `${name}: ${detail}`, start, whole)
    found.skip.push(start)
    note(found, start, name, onMalformed, detail, subcode, whole)
  } else if (row.key === 'mpReach') found.reach = readReach(bytes, at, end, context)
  else if (row.key === 'mpUnreach') found.unreach = readUnreach(bytes, at, end, context)
}

function nameOf(code: number): string {
  return rules[code]?.name ?? `attribute ${code}`
}

function note(
  found: AttributeFindings,
  at: number,
  attribute: string,
  handling: Issue['handling'],
  detail: string,
  subcode = 0,
  data?: Uint8Array,
): void {
  found.issues.push({ attribute, handling, detail, at: at - found.messageAt })
  if (handling === 'treat-as-withdraw')
    found.withdraw ??= new WireError(notificationCode.update, subcode, `${attribute}: ${detail}`, at, data)
}

export function isIpv4({ family }: MpReach | MpUnreach): boolean {
  return family === 'ipv4-unicast'
}
function sameFamily(reach: MpReach, unreach: MpUnreach): boolean {
  if (reach.family !== 'other' || unreach.family !== 'other') return reach.family === unreach.family
  return reach.afi === unreach.afi && reach.safi === unreach.safi
}
