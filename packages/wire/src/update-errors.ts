/**
 * Validates the path attributes of an UPDATE and decides what an error costs (RFC 4271 §6.3, RFC 7606): attribute discard,
 * treat-as-withdraw or session reset. The cost of a malformed value is a column of the attribute's row.
 */
import { type MpReach, type MpUnreach, readReach, readUnreach } from './attribute/mp-reach.ts'
import { type RuleRow, registry, rules } from './attribute/registry.ts'
import { categoryBits, flag } from './attribute/spec.ts'
import { nextAttribute, valueAt } from './attribute/walk.ts'
import { copy } from './bytes.ts'
import type { Context } from './context.ts'
import { WireError } from './error.ts'
import { notificationCode, subcode as subcodes } from './notification-codes.ts'

/** An error in a received UPDATE that did not reset the session (RFC 7606 §2). */
export interface Issue {
  /** The attribute's name in IANA's registry, or `attribute 99` if this package has none for it. */
  readonly attribute: string
  readonly handling: 'attribute-discard' | 'treat-as-withdraw'
  /** A sentence for the log. */
  readonly detail: string
  /** Octets from the beginning of the message to the attribute; to the first attribute, if this one is missing. */
  readonly at: number
}

const { origin, asPath, nextHop, mpReach, mpUnreach } = registry
const { update } = subcodes
// V8 knows a constant of the same file, and looks up one of another file each time. With both, a small UPDATE takes a tenth less time.
const ruleByCode = rules
const comparedBits = categoryBits

/** The bit of an attribute's code in the set that wellFormedCodes() returns. */
export function codeBit({ code }: { readonly code: number }): number {
  return 1 << code
}
const mandatory = codeBit(origin) | codeBit(asPath)
const mandatoryWithNlri = mandatory | codeBit(nextHop)

/**
 * The set of attribute codes below 32 in octets at..end, one bit each; -1 if an attribute is wrong, missing or
 * repeated: checkAttributes() then finds out which. This is the common case, so it runs in one pass and makes no list.
 * `announces`: the UPDATE has NLRI.
 */
export function wellFormedCodes(
  bytes: Uint8Array,
  at: number,
  end: number,
  announces: boolean,
  context: Context,
): number {
  let low = 0 // codes 0 to 31
  let high = 0 // codes from 32 on; for two that share a bit, checkAttributes() finds out whether one is repeated
  for (let start = at, next = 0; start < end; start = next) {
    const flags = bytes[start]!
    const code = bytes[start + 1]!
    const value = valueAt(start, flags)
    next = nextAttribute(bytes, flags, value, end)
    if (next === 0) return -1
    const bit = 1 << (code & 31)
    if ((code < 32 ? low : high) & bit) return -1
    if (code < 32) low |= bit
    else high |= bit
    const row = ruleByCode[code]
    if (row === undefined) {
      if ((flags & flag.optional) === 0) return -1
    } else if (
      (flags & comparedBits) !== row.bits ||
      (row.internalOnly && context.external) ||
      // V8 inlines a call if it knows the function, and nearly every UPDATE has these two.
      (code === asPath.code
        ? asPath.check(bytes, value, next, context)
        : code === origin.code
          ? origin.check(bytes, value, next, context)
          : row.check(bytes, value, next, context)) !== undefined
    )
      return -1
  }
  const needed = announces ? mandatoryWithNlri : low & codeBit(mpReach) ? mandatory : 0
  return (low & needed) === needed ? low : -1
}

/** What checkAttributes() has found. */
export interface AttributeFindings {
  readonly issues: readonly Issue[]
  /** The places of the attributes that are not read, because they are discarded or malformed. */
  readonly skip: readonly number[]
  /** Treat-as-withdraw: all routes of the UPDATE are withdrawn (RFC 7606 §2). */
  readonly treatAsWithdraw: boolean
  readonly reach: MpReach | undefined
  readonly unreach: MpUnreach | undefined
}

/**
 * Finds every error in the attributes at..end. `messageAt` is the beginning of the message in the buffer.
 * @throws WireError if an error resets the session.
 */
export function checkAttributes(
  bytes: Uint8Array,
  messageAt: number,
  at: number,
  end: number,
  announces: boolean,
  context: Context,
): AttributeFindings {
  const found = new Findings(messageAt)
  const seen = new Set<number>()
  let isCutShort = false
  for (let start = at, next = 0; start < end; start = next) {
    next = nextAttribute(bytes, bytes[start]!, valueAt(start, bytes[start]!), end)
    if (next === 0) {
      addCutShort(found, start, copy(bytes, start, end))
      isCutShort = true
      break
    }
    const code = bytes[start + 1]!
    const row = ruleByCode[code]
    if (seen.has(code)) {
      if (row?.onMalformed === 'session-reset')
        throw updateError(update.malformedAttributeList, `${row.name} occurs twice (RFC 7606 §3.g)`, start)
      found.skip.push(start)
      found.add(start, nameOf(code), 'attribute-discard', 'occurs twice, the first one counts (RFC 7606 §3.g)')
    } else if (row !== undefined) checkAttribute(found, row, bytes, start, next, context)
    else if ((bytes[start]! & flag.optional) === 0)
      throw updateError(
        update.unrecognizedWellKnownAttribute,
        `attribute ${code} is flagged as well-known, and is not`,
        start,
        copy(bytes, start, next),
      )
    seen.add(code)
  }
  checkMandatory(found, seen, at, announces)
  const { withdraw, reach, unreach } = found
  if (withdraw) {
    seen.delete(mpUnreach.code)
    // RFC 7606 §5.2: there are attributes of routes and no routes, so perhaps the routes were not found.
    if (!announces && !reach?.announced.length && (seen.size > 0 || isCutShort)) throw withdraw
    // An UPDATE as this package models it withdraws IPv4 unicast and one more family. No speaker is known to send a third.
    if (reach && unreach && !isIpv4Unicast(reach) && !isIpv4Unicast(unreach) && !isSameFamily(reach, unreach))
      throw updateError(update.malformedAttributeList, `${withdraw.detail}, beside routes of two families`, withdraw.at)
  }
  return { issues: found.issues, skip: found.skip, treatAsWithdraw: withdraw !== undefined, reach, unreach }
}

export function updateError(subcode: number, detail: string, at: number, data?: Uint8Array): WireError {
  return new WireError(notificationCode.update, subcode, detail, at, data)
}

class Findings {
  readonly issues: Issue[] = []
  readonly skip: number[] = []
  /** The first treat-as-withdraw error, as the NOTIFICATION that is sent if the UPDATE has no routes to withdraw. */
  withdraw: WireError | undefined
  reach: MpReach | undefined
  unreach: MpUnreach | undefined
  readonly #messageAt: number

  constructor(messageAt: number) {
    this.#messageAt = messageAt
  }

  add(
    at: number,
    attribute: string,
    handling: Issue['handling'],
    detail: string,
    subcode = 0,
    data?: Uint8Array,
  ): void {
    this.issues.push({ attribute, handling, detail, at: at - this.#messageAt })
    if (handling === 'treat-as-withdraw') this.withdraw ??= updateError(subcode, `${attribute}: ${detail}`, at, data)
  }
}

/** RFC 7606 §4: the last attribute runs beyond the attributes. */
function addCutShort(found: Findings, start: number, rest: Uint8Array): void {
  const code = rest[1] ?? 0
  const detail = 'runs beyond the attributes (RFC 7606 §4)'
  // It may hold routes, which could then neither be announced nor withdrawn (RFC 7606 §3.j).
  if (ruleByCode[code]?.onMalformed === 'session-reset')
    throw updateError(update.attributeLengthError, `${nameOf(code)} ${detail}`, start, rest)
  found.add(start, nameOf(code), 'treat-as-withdraw', detail, update.attributeLengthError, rest)
}

function checkAttribute(
  found: Findings,
  row: RuleRow,
  bytes: Uint8Array,
  start: number,
  end: number,
  context: Context,
): void {
  const { name, onMalformed } = row
  if (row.internalOnly && context.external) {
    found.skip.push(start)
    found.add(start, name, 'attribute-discard', 'comes from an external peer (RFC 7606 §7.5, §7.9, §7.10)')
    return
  }
  const wrongFlags = (bytes[start]! ^ row.bits) & comparedBits
  if (wrongFlags === flag.transitive && row.onWrongTransitive) {
    found.skip.push(start)
    found.add(start, name, row.onWrongTransitive, `is not flagged as ${row.category}`)
    return
  }
  const whole = copy(bytes, start, end)
  // RFC 7606 §3.c: flags that contradict the category cost the routes, whatever the attribute.
  if (wrongFlags) {
    const detail = `is not flagged as ${row.category} (RFC 7606 §3.c)`
    found.add(start, name, 'treat-as-withdraw', detail, update.attributeFlagsError, whole)
  }
  const at = valueAt(start, bytes[start]!)
  const malformed = row.check(bytes, at, end, context)
  if (malformed !== undefined) {
    const [subcode, detail] = malformed
    if (onMalformed === 'session-reset') throw updateError(subcode, `${name}: ${detail}`, start, whole)
    found.skip.push(start)
    found.add(start, name, onMalformed, detail, subcode, whole)
  } else if (row.key === 'mpReach') found.reach = readReach(bytes, at, end, context)
  else if (row.key === 'mpUnreach') found.unreach = readUnreach(bytes, at, end, context)
}

/** RFC 7606 §3.d, RFC 4271 §6.3: the data of the NOTIFICATION is the code of the missing attribute. */
function checkMandatory(found: Findings, seen: ReadonlySet<number>, at: number, announces: boolean): void {
  if (!announces && !found.reach) return
  for (const { code, name } of announces ? [origin, asPath, nextHop] : [origin, asPath])
    if (!seen.has(code)) {
      const data = Uint8Array.of(code)
      const detail = 'is missing (RFC 7606 §3.d)'
      found.add(at, name, 'treat-as-withdraw', detail, update.missingWellKnownAttribute, data)
    }
}

function nameOf(code: number): string {
  return ruleByCode[code]?.name ?? `attribute ${code}`
}

export function isIpv4Unicast({ family }: MpReach | MpUnreach): boolean {
  return family === 'ipv4-unicast'
}
function isSameFamily(reach: MpReach, unreach: MpUnreach): boolean {
  if (reach.family !== 'other' || unreach.family !== 'other') return reach.family === unreach.family
  return reach.afi === unreach.afi && reach.safi === unreach.safi
}
