/**
 * UPDATE (RFC 4271 §4.3). Everything is validated when the message arrives; lists and values are made when they are
 * asked for.
 */

import { AS_TRANS } from './as-number.ts'
import { as4AggregatorFor } from './attribute/aggregator.ts'
import { as4PathFor, mergePaths } from './attribute/as-path.ts'
import type { MpUnreach } from './attribute/mp-reach.ts'
import { type Attributes, byCode, byKey, type RawAttribute, registry, rules } from './attribute/registry.ts'
import { categoryBits, flag } from './attribute/spec.ts'
import { copy, Reader, u16, type Writer } from './bytes.ts'
import { type Context, hasPathIds } from './context.ts'
import { throwOptionError, WireError } from './error.ts'
import { familyOf } from './family.ts'
import { HEADER_LENGTH } from './header.ts'
import { notificationCode, subcode } from './notification-codes.ts'
import { checkPrefixes, type Prefix, readPrefixes, type Visit, visitPrefixes, writePrefix } from './prefix.ts'
import {
  type AttributeFindings,
  bit,
  checkAttributes,
  endAt,
  type Issue,
  isIpv4,
  valueAt,
  wellFormedCodes,
} from './update-errors.ts'

/** Routes withdrawn and announced, and the attributes of the latter (RFC 4271 §4.3). */
export interface Update {
  readonly type: 'update'
  /** IPv4 unicast, from the Withdrawn Routes field; other families are in `attributes.mpUnreach`. */
  readonly withdrawn: readonly Prefix[]
  readonly attributes: Attributes
  /** IPv4 unicast, from the NLRI field; other families are in `attributes.mpReach`. `routes()` joins them. */
  readonly announced: readonly Prefix[]
  /**
   * What was wrong and did not cost the session (RFC 7606). Where treat-as-withdraw is among it, the announced
   * routes already stand among the withdrawn ones.
   */
  readonly issues?: readonly Issue[] | undefined
  /** The whole message as it came, where it has issues: they are diagnosed by it (RFC 7606 §6). */
  readonly octets?: Uint8Array | undefined
}

// ---- reading

export function readUpdate(bytes: Uint8Array, at: number, end: number, context: Context): Update {
  const attributesAt = at + 4 + u16(bytes, at)
  // RFC 7606 §4: a length beyond the message leaves nothing to trust.
  if (attributesAt > end)
    throw new WireError(
      notificationCode.update,
      subcode.update.malformedAttributeList,
      'Withdrawn Routes Length is beyond the message',
      at,
    )
  const nlriAt = attributesAt + u16(bytes, attributesAt - 2)
  if (nlriAt > end)
    throw new WireError(
      notificationCode.update,
      subcode.update.malformedAttributeList,
      'Total Path Attribute Length is beyond the message',
      attributesAt - 2,
    )
  const pathIds = hasPathIds(context, 'ipv4-unicast')
  assertNlri('Withdrawn Routes', bytes, at + 2, attributesAt - 2, pathIds)
  const announces = nlriAt < end
  const codes = wellFormedCodes(bytes, attributesAt, nlriAt, announces, context)
  const faults =
    codes < 0 ? checkAttributes(bytes, at - HEADER_LENGTH, attributesAt, nlriAt, announces, context) : undefined
  assertNlri('NLRI', bytes, nlriAt, end, pathIds)
  return new DecodedUpdate({ bytes, at, attributesAt, nlriAt, end, context, pathIds, codes, faults })
}

/** RFC 4271 §6.3, Invalid Network Field; a route that cannot be found cannot be withdrawn (RFC 7606 §3.j, §5.3). */
function assertNlri(field: string, bytes: Uint8Array, at: number, end: number, pathIds: boolean): void {
  const detail = checkPrefixes(bytes, at, end, 4, pathIds)
  if (detail !== undefined)
    throw new WireError(
      notificationCode.update,
      subcode.update.invalidNetworkField,
      `${field}: ${detail} (RFC 7606 §5.3)`,
      at,
    )
}

/** The octets of a received UPDATE, and where their parts begin. */
interface Received {
  readonly bytes: Uint8Array
  /** Behind the header. */
  readonly at: number
  readonly attributesAt: number
  readonly nlriAt: number
  readonly end: number
  readonly context: Context
  /** IPv4 unicast routes carry a path identifier. */
  readonly pathIds: boolean
  /** The attributes' codes as bits, or -1 where there are faults. */
  readonly codes: number
  readonly faults: AttributeFindings | undefined
}

/** A received UPDATE. It holds on to the buffer it came in; `{ ...update }` copies none of its lists. */
class DecodedUpdate implements Update {
  readonly type = 'update'
  readonly #received: Received // one field: each takes a tenth of the time that a small UPDATE takes
  #withdrawn: readonly Prefix[] | undefined
  #attributes: Attributes | undefined
  #announced: readonly Prefix[] | undefined

  constructor(received: Received) {
    this.#received = received
  }
  get withdrawn(): readonly Prefix[] {
    this.#withdrawn ??= readWithdrawn(this.#received)
    return this.#withdrawn
  }
  get announced(): readonly Prefix[] {
    this.#announced ??= this.#received.faults?.withdraw ? [] : readAnnounced(this.#received)
    return this.#announced
  }
  get attributes(): Attributes {
    const { faults } = this.#received
    this.#attributes ??= faults?.withdraw ? otherRoutes(faults) : readAttributes(this.#received)
    return this.#attributes
  }
  get issues(): readonly Issue[] | undefined {
    const { faults } = this.#received
    return faults?.issues.length ? faults.issues : undefined
  }
  get octets(): Uint8Array | undefined {
    const { bytes, at, end } = this.#received
    return this.issues && bytes.subarray(at - HEADER_LENGTH, end)
  }
  visit(withdrawn: Visit, announced: Visit): void {
    visitReceived(this.#received, withdrawn, announced)
  }
  /** A plain object with the same content. */
  toJSON(): Update {
    const { type, withdrawn, attributes, announced, issues } = this
    return { type, withdrawn, attributes, announced, ...(issues && { issues }) }
  }
  /** What console.log() shows in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): Update {
    return this.toJSON()
  }
}

function readWithdrawn(received: Received): Prefix[] {
  const { bytes, at, attributesAt, pathIds, faults } = received
  const own = readPrefixes(bytes, at + 2, attributesAt - 2, 4, pathIds)
  return faults?.withdraw ? [...own, ...readAnnounced(received), ...plainRoutes(faults)] : own
}
function readAnnounced({ bytes, nlriAt, end, pathIds }: Received): Prefix[] {
  return readPrefixes(bytes, nlriAt, end, 4, pathIds)
}
function readAttributes({ bytes, attributesAt, nlriAt, context, faults }: Received): Attributes {
  const skip = faults?.skip
  const attributes: Record<string, unknown> = {}
  let unknown: RawAttribute[] | undefined
  for (let start = attributesAt; start < nlriAt; ) {
    const from = valueAt(bytes, start)
    const next = endAt(bytes, start, from)
    if (!(next <= nlriAt)) break
    if (skip === undefined || !skip.includes(start)) {
      const code = bytes[start + 1]!
      const row = byCode[code]
      if (row) row.read(attributes, bytes, from, next, context)
      else {
        unknown ??= []
        unknown.push({ code, flags: bytes[start]! & ~flag.extendedLength, value: copy(bytes, from, next) })
      }
    }
    start = next
  }
  if (unknown) attributes.unknown = unknown
  return context.fourOctetAs ? attributes : mergeFourOctet(attributes)
}

function visitReceived(received: Received, withdrawn: Visit, announced: Visit): void {
  const { bytes, at, attributesAt, nlriAt, end, context, pathIds, codes, faults } = received
  const reached = faults?.withdraw ? withdrawn : announced
  visitPrefixes(bytes, at + 2, attributesAt - 2, pathIds, withdrawn)
  const mp = codes & (bit(registry.mpReach) | bit(registry.mpUnreach))
  for (let start = mp ? attributesAt : nlriAt; start < nlriAt; ) {
    const from = valueAt(bytes, start)
    const next = endAt(bytes, start, from)
    if (!(next <= nlriAt)) break
    const code = bytes[start + 1]
    start = next
    if (code !== registry.mpReach.code && code !== registry.mpUnreach.code) continue
    const value = new Reader(bytes, from, next)
    const family = familyOf(value.u16(), value.u8())
    if (family === undefined) continue
    if (code === registry.mpReach.code) value.sub(value.u8() + 1) // the next hop, and a reserved octet
    const routes = code === registry.mpReach.code ? reached : withdrawn
    visitPrefixes(bytes, value.at, value.end, hasPathIds(context, family), routes)
  }
  visitPrefixes(bytes, nlriAt, end, pathIds, reached)
}

/**
 * From a speaker of two-octet AS numbers: AS_PATH and AGGREGATOR as they were before it (RFC 6793 §4.2.3). AS4_PATH and
 * AS4_AGGREGATOR are left where they tell something else, so that all is written back as it came.
 */
function mergeFourOctet(attributes: Attributes): Attributes {
  const { asPath, as4Path, aggregator, as4Aggregator, ...rest } = attributes
  // Somebody who knows two octets only has aggregated since: what was told before that counts no more.
  if (aggregator && as4Aggregator && aggregator.as !== AS_TRANS) return attributes
  const path = asPath && as4Path && mergePaths(asPath, as4Path)
  const by = aggregator && as4Aggregator
  const pathIsTold = path && JSON.stringify(as4PathFor(path)) === JSON.stringify(as4Path)
  return {
    ...rest,
    ...(asPath && { asPath: path ?? asPath }),
    ...(aggregator && { aggregator: by ?? aggregator }),
    ...(as4Path && !pathIsTold && { as4Path }),
    ...(as4Aggregator && !(by && as4AggregatorFor(by)) && { as4Aggregator }),
  }
}

/**
 * Visits every route of a received UPDATE that is of a family read here, as octets: no text is made. The withdrawn ones
 * first; routes that treat-as-withdraw has turned are visited as withdrawn.
 * @throws OptionError where the UPDATE was not received but made.
 */
export function visitRoutes(update: Update, withdrawn: Visit, announced: Visit): void {
  if (!(update instanceof DecodedUpdate)) throwOptionError('update', update, 'an UPDATE that decode() returned')
  update.visit(withdrawn, announced)
}

/** IPv4 unicast routes in MP_REACH_NLRI and MP_UNREACH_NLRI; withdrawn, they join the message's own list. */
function plainRoutes({ reach, unreach }: AttributeFindings): readonly Prefix[] {
  return [
    ...(unreach?.family === 'ipv4-unicast' ? unreach.withdrawn : []),
    ...(reach?.family === 'ipv4-unicast' ? reach.announced : []),
  ]
}

/** What is left of the attributes when all routes are withdrawn: the routes of the other family. */
function otherRoutes({ reach, unreach }: AttributeFindings): Attributes {
  const kept = unreach && !isIpv4(unreach) ? unreach : undefined
  // An empty MP_UNREACH_NLRI would say End-of-RIB (RFC 4724 §2), so nothing becomes nothing.
  if (reach === undefined || isIpv4(reach) || reach.announced.length === 0) return kept ? { mpUnreach: kept } : {}
  // The families of both are the same: checkAttributes() has seen to it.
  const withdrawn = [...(kept?.withdrawn ?? []), ...reach.announced]
  const { announced: _announced, nextHop: _nextHop, ...family } = reach
  return {
    mpUnreach: {
      ...family,
      withdrawn: reach.family === 'other' ? Uint8Array.from(withdrawn as number[]) : withdrawn,
    } as MpUnreach,
  }
}

// ---- writing

export function writeUpdate(w: Writer, update: Update, context: Context): void {
  const { withdrawn, attributes, announced } = update
  if (!Array.isArray(withdrawn)) throwOptionError('withdrawn', withdrawn, 'a list of prefixes')
  if (!Array.isArray(announced)) throwOptionError('announced', announced, 'a list of prefixes')
  if (typeof attributes !== 'object' || attributes === null) throwOptionError('attributes', attributes, 'an object')
  requireMandatory(attributes, announced.length > 0)
  const withdrawnAt = w.length
  w.u16(0)
  const pathIds = hasPathIds(context, 'ipv4-unicast')
  for (const prefix of withdrawn) writePrefix(w, prefix, 4, pathIds, 'withdrawn')
  w.close(withdrawnAt, 2)
  const attributesAt = w.length
  w.u16(0)
  writeAttributes(w, attributes, context)
  w.close(attributesAt, 2)
  for (const prefix of announced) writePrefix(w, prefix, 4, pathIds, 'announced')
}

/** Every announced route has these (RFC 4271 §5). */
function requireMandatory(attributes: Attributes, announces: boolean): void {
  if (!announces && attributes.mpReach === undefined) return
  const missing =
    attributes.origin === undefined
      ? 'origin'
      : attributes.asPath === undefined
        ? 'asPath'
        : announces && attributes.nextHop === undefined && 'nextHop'
  if (missing) throwOptionError(`attributes.${missing}`, undefined, 'given with every announced route')
}

function writeAttributes(w: Writer, attributes: Attributes, context: Context): void {
  const all = context.fourOctetAs ? attributes : withFourOctet(attributes)
  const start = w.length
  if (wroteAsGiven(w, all, context)) return
  w.length = start
  const inOrder = Object.entries(all).sort(([a], [b]) => (byKey.get(a)?.place ?? 0) - (byKey.get(b)?.place ?? 0))
  wroteAsGiven(w, Object.fromEntries(inOrder), context)
}

/** False where they are not given in the order in which they are to be written. A name that nobody reads is the caller's mistake. */
function wroteAsGiven(w: Writer, attributes: Attributes, context: Context): boolean {
  const raws = attributes.unknown ? checkRaws(attributes.unknown) : []
  let next = 0
  let place = -1
  for (const key in attributes) {
    const value = attributes[key as keyof Attributes]
    if (key === 'unknown' || value === undefined) continue
    const row = byKey.get(key) ?? throwOptionError('attributes', key, `one of ${[...byKey.keys()].join(', ')}, unknown`)
    if (row.place < place) return false
    place = row.place
    while (row.onMalformed !== 'session-reset' && next < raws.length && raws[next]!.code < row.code)
      writeRaw(w, raws[next++]!)
    const start = begin(w, row.bits, row.code, 1)
    row.encode(w, value, context)
    if (end(w, start)) continue
    begin(w, row.bits | flag.extendedLength, row.code, 2)
    row.encode(w, value, context)
    w.close(start + 2, 2)
  }
  while (next < raws.length) writeRaw(w, raws[next++]!)
  return true
}

/** With what a speaker of two-octet AS numbers cannot be told otherwise (RFC 6793 §4.2.2). */
function withFourOctet(attributes: Attributes): Attributes {
  const as4Path = attributes.asPath && as4PathFor(attributes.asPath)
  const as4Aggregator = attributes.aggregator && as4AggregatorFor(attributes.aggregator)
  return { ...(as4Path && { as4Path }), ...(as4Aggregator && { as4Aggregator }), ...attributes }
}

/** In the order of their codes, each one once, and none that has a name. */
function checkRaws(unknown: readonly RawAttribute[]): readonly RawAttribute[] {
  const raws = [...unknown].sort((a, b) => a.code - b.code)
  for (const [i, { code, flags, value }] of raws.entries()) {
    if (byCode[code]) throwOptionError('attributes.unknown', code, `given by its name, ${byCode[code].key}`)
    if (code === raws[i + 1]?.code) throwOptionError('attributes.unknown', code, 'given once')
    const rule = rules[code]
    if (rule ? (flags & categoryBits) !== rule.bits || value.length === 0 : (flags & flag.optional) === 0)
      throwOptionError(
        'attributes.unknown',
        code,
        `flagged as ${rule ? `${rule.category}, and not empty` : 'optional'}`,
      )
  }
  return raws
}
function writeRaw(w: Writer, { code, flags, value }: RawAttribute): void {
  const start = begin(w, flags & ~flag.extendedLength, code, 1)
  w.put(value)
  if (end(w, start)) return
  begin(w, flags | flag.extendedLength, code, 2)
  w.put(value)
  w.close(start + 2, 2)
}

/** Flags, code, and room for a length of one octet or two (RFC 4271 §4.3, Extended Length). Returns where it begins. */
function begin(w: Writer, flags: number, code: number, octets: 1 | 2): number {
  const start = w.length
  w.u8(flags, 'flags').u8(code, 'attribute code')
  if (octets === 1) w.u8(0)
  else w.u16(0)
  return start
}
/** Fills in the length where one octet takes it. Where not, goes back to the beginning: all is to be written again. */
function end(w: Writer, start: number): boolean {
  const fits = w.length - start - 3 <= 255
  if (fits) w.close(start + 2, 1)
  else w.length = start
  return fits
}
