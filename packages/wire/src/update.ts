/**
 * UPDATE (RFC 4271 §4.3) and the revised error handling (RFC 7606).
 *
 * Everything is validated when the message arrives; lists and values are made when they are asked for. What a
 * malformed attribute costs is read from the attribute table, never decided here.
 */
import { as4PathFor } from './attribute/as-path.ts'
import type { MpReach, MpUnreach } from './attribute/mp-reach.ts'
import { type AttributeRow, type Attributes, byCode, type RawAttribute, registry, rows } from './attribute/registry.ts'
import { category, flag } from './attribute/spec.ts'
import { copy, Reader, u16, type Writer } from './bytes.ts'
import type { Context } from './context.ts'
import { WireError } from './error.ts'
import { checkPrefixes, type Prefix, readPrefixes, writePrefix } from './prefix.ts'

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
}

export interface Issue {
  /** As IANA spells it, or its code where it has no row. */
  readonly attribute: string
  readonly handling: 'attribute-discard' | 'treat-as-withdraw'
  readonly why: string
}

const MALFORMED_ATTRIBUTE_LIST = 1
const UNRECOGNIZED_WELL_KNOWN = 2
const MISSING_WELL_KNOWN = 3
const FLAGS_ERROR = 4
const LENGTH_ERROR = 5
const INVALID_NETWORK_FIELD = 10

// ---- reading

/** Where the parts of a message lie in its buffer. */
interface Layout {
  readonly bytes: Uint8Array
  readonly withdrawnAt: number
  readonly attributesAt: number
  readonly nlriAt: number
  readonly end: number
}

export function readUpdate(r: Reader, context: Context): Update {
  const layout = layOut(r)
  const survey = surveyAttributes(layout, context)
  const { bytes, nlriAt, end } = layout
  const why = checkPrefixes(bytes, nlriAt, end, 4)
  if (why !== undefined) throw new WireError(3, INVALID_NETWORK_FIELD, `NLRI: ${why} (RFC 7606 §5.3)`)
  if (nlriAt < end || survey.reach !== undefined) missing(survey, nlriAt < end)
  const { withdraw, reach, unreach, others } = survey
  if (withdraw !== undefined) {
    // RFC 7606 §5.2: attributes for routes, but no route in sight: we cannot be sure that we found the routes.
    if (nlriAt === end && !(reach && reach.announced.length > 0) && others) throw withdraw
    // One UPDATE of ours can withdraw IPv4 and one more family; nobody was seen to send a third.
    if (reach && unreach && !isIpv4(reach) && !isIpv4(unreach) && !sameFamily(reach, unreach))
      throw new WireError(3, MALFORMED_ATTRIBUTE_LIST, `${withdraw.message}, beside routes of two families`)
  }
  return new DecodedUpdate(layout, context, survey)
}

function layOut({ bytes, at, end }: Reader): Layout {
  const withdrawnAt = at + 2
  const attributesAt = withdrawnAt + u16(bytes, at) + 2
  // RFC 7606 §4: a length beyond the message leaves nothing to trust.
  if (attributesAt > end)
    throw new WireError(3, MALFORMED_ATTRIBUTE_LIST, 'Withdrawn Routes Length is beyond the message')
  const nlriAt = attributesAt + u16(bytes, attributesAt - 2)
  if (nlriAt > end)
    throw new WireError(3, MALFORMED_ATTRIBUTE_LIST, 'Total Path Attribute Length is beyond the message')
  const why = checkPrefixes(bytes, withdrawnAt, attributesAt - 2, 4)
  if (why !== undefined) throw new WireError(3, INVALID_NETWORK_FIELD, `Withdrawn Routes: ${why} (RFC 7606 §5.3)`)
  return { bytes, withdrawnAt, attributesAt, nlriAt, end }
}

/** What a walk over the attributes has found. */
interface Survey {
  /** Bit n is set where an attribute of code n < 32 stands, malformed or not. */
  present: number
  /** An attribute stands that is not MP_UNREACH_NLRI: the message is about routes to announce (RFC 7606 §5.2). */
  others: boolean
  /** Offsets of attributes that are not to be read. */
  readonly skip: number[]
  readonly issues: Issue[]
  /** The first finding that withdraws the routes, as the NOTIFICATION it becomes where there are none. */
  withdraw?: WireError
  reach?: MpReach
  unreach?: MpUnreach
}

function surveyAttributes({ bytes, attributesAt, nlriAt }: Layout, context: Context): Survey {
  const survey: Survey = { present: 0, others: false, skip: [], issues: [] }
  const seen = new Set<number>()
  for (let at = attributesAt; at < nlriAt; ) {
    const start = at
    const value = attributeAt(bytes, start, nlriAt)
    if (value === undefined) {
      cutShort(survey, copy(bytes, start, nlriAt))
      break
    }
    at = value.end
    const code = bytes[start + 1]!
    const row = byCode[code]
    if (code !== registry.mpUnreach.code) survey.others = true
    if (seen.has(code)) {
      if (row?.onMalformed === 'session-reset')
        throw new WireError(3, MALFORMED_ATTRIBUTE_LIST, `${row.name} stands twice (RFC 7606 §3.g)`)
      survey.skip.push(start)
      note(
        survey,
        row?.name ?? `attribute ${code}`,
        'attribute-discard',
        'stands twice, the first one counts (RFC 7606 §3.g)',
      )
      continue
    }
    seen.add(code)
    if (code < 32) survey.present |= 1 << code
    if (row !== undefined) examine(survey, row, value, start, context)
    else if ((bytes[start]! & flag.optional) === 0)
      throw new WireError(
        3,
        UNRECOGNIZED_WELL_KNOWN,
        `attribute ${code} is said to be well-known`,
        copy(bytes, start, at),
      )
  }
  return survey
}

/** RFC 7606 §4: the last attribute does not end in time. */
function cutShort(survey: Survey, rest: Uint8Array): void {
  const code = rest[1] ?? 0
  const row = byCode[code]
  const why = 'runs beyond the attributes (RFC 7606 §4)'
  // It may hold routes, which we would then neither announce nor withdraw (RFC 7606 §3.j).
  if (row?.onMalformed === 'session-reset') throw new WireError(3, LENGTH_ERROR, `${row.name} ${why}`, rest)
  note(survey, row?.name ?? `attribute ${code}`, 'treat-as-withdraw', why, LENGTH_ERROR, rest)
  survey.others = true
}

/** A cursor over the value of the attribute that begins at `start`, or undefined where it does not end in time. */
function attributeAt(bytes: Uint8Array, start: number, end: number): Reader | undefined {
  const header = bytes[start]! & flag.extendedLength ? 4 : 3
  if (start + header > end) return undefined
  const length = header === 4 ? u16(bytes, start + 2) : bytes[start + 2]!
  const at = start + header
  return at + length > end ? undefined : new Reader(bytes, at, at + length)
}

function examine(survey: Survey, row: AttributeRow, value: Reader, start: number, context: Context): void {
  const { bytes, at, end } = value
  if (row.internalOnly && context.external) {
    survey.skip.push(start)
    note(survey, row.name, 'attribute-discard', 'comes from an external peer (RFC 7606 §7.5)')
    return
  }
  // RFC 7606 §3.c: whatever the attribute, flags that contradict its category cost the routes.
  if ((bytes[start]! & (flag.optional | flag.transitive)) !== category[row.category])
    note(
      survey,
      row.name,
      'treat-as-withdraw',
      `is not flagged as ${row.category} (RFC 7606 §3.c)`,
      FLAGS_ERROR,
      copy(bytes, start, end),
    )
  const malformed = row.check(value, context)
  if (malformed !== undefined) {
    const [subcode, why] = malformed
    const data = copy(bytes, start, end)
    if (row.onMalformed === 'session-reset') throw new WireError(3, subcode, `${row.name}: ${why}`, data)
    survey.skip.push(start)
    note(survey, row.name, row.onMalformed, why, subcode, data)
  } else if (row.onMalformed === 'session-reset') {
    const found = row.decode(new Reader(bytes, at, end), context)
    if (row.code === registry.mpReach.code) survey.reach = found as MpReach
    else survey.unreach = found as MpUnreach
  }
}

/** RFC 7606 §3.d, RFC 4271 §6.3: the data is the code of what is missing. */
function missing(survey: Survey, nlri: boolean): void {
  for (const row of nlri ? mandatory : mandatory.slice(0, 2))
    if ((survey.present & (1 << row.code)) === 0)
      note(
        survey,
        row.name,
        'treat-as-withdraw',
        'is missing (RFC 7606 §3.d)',
        MISSING_WELL_KNOWN,
        Uint8Array.of(row.code),
      )
}
const mandatory = [registry.origin, registry.asPath, registry.nextHop]

function note(
  survey: Survey,
  attribute: string,
  handling: Issue['handling'],
  why: string,
  subcode = 0,
  data?: Uint8Array,
): void {
  survey.issues.push({ attribute, handling, why })
  if (handling === 'treat-as-withdraw') survey.withdraw ??= new WireError(3, subcode, `${attribute}: ${why}`, data)
}

function isIpv4({ family }: MpReach | MpUnreach): boolean {
  return family === 'ipv4-unicast'
}
function sameFamily(reach: MpReach, unreach: MpUnreach): boolean {
  if (reach.family !== 'other' || unreach.family !== 'other') return reach.family === unreach.family
  return reach.afi === unreach.afi && reach.safi === unreach.safi
}

/** A received UPDATE. It holds on to the buffer it came in; `{ ...update }` copies none of its lists. */
class DecodedUpdate implements Update {
  readonly type = 'update'
  readonly issues: readonly Issue[] | undefined
  readonly #layout: Layout
  readonly #context: Context
  readonly #survey: Survey
  #withdrawn: readonly Prefix[] | undefined
  #attributes: Attributes | undefined
  #announced: readonly Prefix[] | undefined

  constructor(layout: Layout, context: Context, survey: Survey) {
    this.#layout = layout
    this.#context = context
    this.#survey = survey
    this.issues = survey.issues.length > 0 ? survey.issues : undefined
  }
  get withdrawn(): readonly Prefix[] {
    const { bytes, withdrawnAt, attributesAt } = this.#layout
    const { withdraw, reach, unreach } = this.#survey
    this.#withdrawn ??= [
      ...readPrefixes(bytes, withdrawnAt, attributesAt - 2, 4),
      ...(withdraw ? this.#nlri() : []),
      ...(withdraw && unreach?.family === 'ipv4-unicast' ? unreach.withdrawn : []),
      ...(withdraw && reach?.family === 'ipv4-unicast' ? reach.announced : []),
    ]
    return this.#withdrawn
  }
  get announced(): readonly Prefix[] {
    this.#announced ??= this.#survey.withdraw ? [] : this.#nlri()
    return this.#announced
  }
  get attributes(): Attributes {
    const { reach, unreach, withdraw } = this.#survey
    this.#attributes ??= withdraw
      ? withdrawReach(reach, unreach)
      : readAttributes(this.#layout, this.#context, this.#survey)
    return this.#attributes
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
  #nlri(): Prefix[] {
    const { bytes, nlriAt, end } = this.#layout
    return readPrefixes(bytes, nlriAt, end, 4)
  }
}

/** What is left of the attributes when all routes are withdrawn; IPv4 unicast stands in the message's own list. */
function withdrawReach(reach: MpReach | undefined, unreach: MpUnreach | undefined): Attributes {
  const kept = unreach && !isIpv4(unreach) ? unreach : undefined
  // An empty MP_UNREACH_NLRI would say End-of-RIB (RFC 4724 §2), so nothing becomes nothing.
  if (reach === undefined || isIpv4(reach) || reach.announced.length === 0) return kept ? { mpUnreach: kept } : {}
  if (reach.family === 'other') {
    const before = kept?.family === 'other' ? kept.withdrawn : new Uint8Array()
    const withdrawn = new Uint8Array(before.length + reach.announced.length)
    withdrawn.set(before)
    withdrawn.set(reach.announced, before.length)
    return { mpUnreach: { family: 'other', afi: reach.afi, safi: reach.safi, withdrawn } }
  }
  const before = kept && kept.family !== 'other' ? kept.withdrawn : []
  return { mpUnreach: { family: reach.family, withdrawn: [...before, ...reach.announced] } }
}

function readAttributes({ bytes, attributesAt, nlriAt }: Layout, context: Context, { skip }: Survey): Attributes {
  const attributes: Record<string, unknown> = {}
  const unknown: RawAttribute[] = []
  for (let start = attributesAt; start < nlriAt; ) {
    const value = attributeAt(bytes, start, nlriAt)
    if (value === undefined) break
    const { end } = value
    if (!skip.includes(start)) {
      const code = bytes[start + 1]!
      const row = byCode[code]
      if (row) attributes[row.key] = row.decode(value, context)
      else unknown.push({ code, flags: bytes[start]! & ~flag.extendedLength, value: value.take(value.left) })
    }
    start = end
  }
  if (unknown.length > 0) attributes.unknown = unknown
  return attributes
}

// ---- writing

export function writeUpdate(w: Writer, update: Update, context: Context): void {
  const { withdrawn, attributes, announced } = update
  if (!Array.isArray(withdrawn) || !Array.isArray(announced) || typeof attributes !== 'object')
    throw new TypeError('update: withdrawn and announced must be lists of prefixes, attributes an object')
  demand(attributes, announced.length > 0)
  const withdrawnAt = w.length
  w.u16(0, 'Withdrawn Routes Length')
  for (const prefix of withdrawn) writePrefix(w, prefix, 4, 'withdrawn')
  w.set16(withdrawnAt, w.length - withdrawnAt - 2, 'Withdrawn Routes Length')
  const attributesAt = w.length
  w.u16(0, 'Total Path Attribute Length')
  writeAttributes(w, attributes, context)
  w.set16(attributesAt, w.length - attributesAt - 2, 'Total Path Attribute Length')
  for (const prefix of announced) writePrefix(w, prefix, 4, 'announced')
}

/** A name that nobody reads, or a route without what every route must have, is the caller's mistake. */
function demand(attributes: Attributes, announces: boolean): void {
  for (const key of Object.keys(attributes))
    if (!(key in registry) && key !== 'unknown')
      throw new TypeError(
        `attributes: '${key}' is not allowed, it must be one of ${[...Object.keys(registry), 'unknown'].join(', ')}`,
      )
  if (!announces && attributes.mpReach === undefined) return
  for (const key of ['origin', 'asPath', ...(announces ? (['nextHop'] as const) : [])] as const)
    if (attributes[key] === undefined)
      throw new RangeError(`attributes: ${key} is missing, every announced route has it`)
}

function writeAttributes(w: Writer, attributes: Attributes, context: Context): void {
  const as4Path = attributes.asPath && !context.fourOctetAs ? as4PathFor(attributes.asPath) : undefined
  const all = as4Path ? { as4Path, ...attributes } : attributes
  const raws = [...(attributes.unknown ?? [])].sort((a, b) => a.code - b.code)
  for (let i = 1; i < raws.length; i++)
    if (raws[i]!.code === raws[i - 1]!.code)
      throw new RangeError(`attributes.unknown: code ${raws[i]!.code} is not allowed twice`)
  let next = 0
  for (const row of rows) {
    const value = all[row.key]
    if (value === undefined) continue
    while (row.onMalformed !== 'session-reset' && next < raws.length && raws[next]!.code < row.code)
      writeRaw(w, raws[next++]!)
    writeAttribute(w, category[row.category], row.code, row.name, () => row.encode(w, value, context))
  }
  while (next < raws.length) writeRaw(w, raws[next++]!)
}

function writeRaw(w: Writer, { code, flags, value }: RawAttribute): void {
  const row = byCode[code]
  if (row !== undefined)
    throw new RangeError(`attributes.unknown: code ${code} is not allowed, it has a name: ${row.key}`)
  if ((flags & flag.optional) === 0)
    throw new RangeError(
      `attributes.unknown: flags ${flags} are not allowed for code ${code}, it must be optional (128)`,
    )
  writeAttribute(w, flags & ~flag.extendedLength, code, `attribute ${code}`, () => w.put(value))
}

/** Flags, code, length, value; the length takes one octet where it can. */
function writeAttribute(w: Writer, flags: number, code: number, name: string, writeValue: () => void): void {
  const start = w.length
  w.u8(flags, 'flags').u8(code, 'attribute code').u8(0, name)
  writeValue()
  const length = w.length - start - 3
  if (length <= 255) {
    w.set8(start + 2, length, name)
    return
  }
  w.length = start
  w.u8(flags | flag.extendedLength, 'flags')
    .u8(code, 'attribute code')
    .u16(length, name)
  writeValue()
}
