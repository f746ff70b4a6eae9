/**
 * UPDATE (RFC 4271 §4.3), received. The whole message is validated when it arrives; lists and values are read when they
 * are first asked for.
 */
import { type MpUnreach, mpReach, mpUnreach, visitMp } from './attribute/mp-reach.ts'
import { type Attributes, byCode, type RawAttribute } from './attribute/registry.ts'
import { flag } from './attribute/spec.ts'
import { nextAttribute, valueAt } from './attribute/walk.ts'
import { copy, u16 } from './bytes.ts'
import { type Context, hasPathIds } from './context.ts'
import { throwOptionError } from './error.ts'
import { mergeFourOctet } from './four-octet-as.ts'
import { HEADER_LENGTH } from './header.ts'
import { subcode } from './notification-codes.ts'
import { checkPrefixes, type Prefix, readPrefixes, type Visit, visitPrefixes } from './prefix.ts'
import {
  type AttributeFindings,
  checkAttributes,
  codeBit,
  type Issue,
  isIpv4Unicast,
  updateError,
  wellFormedCodes,
} from './update-errors.ts'

/** Withdrawn and announced routes, and the path attributes of the announced ones (RFC 4271 §4.3). */
export interface Update {
  readonly type: 'update'
  /** IPv4 unicast, from the Withdrawn Routes field. Other families are in `attributes.mpUnreach`. */
  readonly withdrawn: readonly Prefix[]
  readonly attributes: Attributes
  /** IPv4 unicast, from the NLRI field. Other families are in `attributes.mpReach`; `routes()` joins both. */
  readonly announced: readonly Prefix[]
  /**
   * Errors that did not reset the session (RFC 7606); undefined without any. After treat-as-withdraw the announced routes
   * are already among the withdrawn ones.
   */
  readonly issues?: readonly Issue[] | undefined
  /** The whole message as received, if it has issues: for the log (RFC 7606 §6). */
  readonly octets?: Uint8Array | undefined
}

/**
 * Reads octets at..end, the body of an UPDATE. V8 inlines at most 920 octets of bytecode into one function. What a correct
 * UPDATE needs must fit, or it takes a twentieth longer: so throwNlri() is a function of its own.
 * @throws WireError if an error resets the session.
 */
export function readUpdate(bytes: Uint8Array, at: number, end: number, context: Context): Update {
  const attributesAt = at + 4 + u16(bytes, at)
  // RFC 7606 §4: after a length beyond the message, no boundary in it is certain.
  if (attributesAt > end)
    throw updateError(subcode.update.malformedAttributeList, 'Withdrawn Routes Length is beyond the message', at)
  const nlriAt = attributesAt + u16(bytes, attributesAt - 2)
  if (nlriAt > end)
    throw updateError(
      subcode.update.malformedAttributeList,
      'Total Path Attribute Length is beyond the message',
      attributesAt - 2,
    )
  const pathIds = hasPathIds(context, 'ipv4-unicast')
  assertNlri('Withdrawn Routes', bytes, at + 2, attributesAt - 2, pathIds)
  const announces = nlriAt < end
  // A withdrawal ends before the attributes, and saves the call.
  const codes = attributesAt < end ? wellFormedCodes(bytes, attributesAt, nlriAt, announces, context) : 0
  const findings =
    codes === -1 ? checkAttributes(bytes, at - HEADER_LENGTH, attributesAt, nlriAt, announces, context) : undefined
  assertNlri('NLRI', bytes, nlriAt, end, pathIds)
  return new DecodedUpdate(bytes, at, attributesAt, nlriAt, end, context, codes, findings)
}

/** RFC 4271 §6.3, Invalid Network Field; a route that cannot be read cannot be withdrawn (RFC 7606 §3.j, §5.3). */
function assertNlri(field: string, bytes: Uint8Array, at: number, end: number, pathIds: boolean): void {
  const detail = checkPrefixes(bytes, at, end, 4, pathIds)
  if (detail !== undefined) throwNlri(field, detail, at)
}
function throwNlri(field: string, detail: string, at: number): never {
  throw updateError(subcode.update.invalidNetworkField, `${field}: ${detail} (RFC 7606 §5.3)`, at)
}

const mpBits = codeBit(mpReach) | codeBit(mpUnreach)

/**
 * A received UPDATE. It keeps a reference to the buffer that it came in; `{ ...update }` copies none of its lists. It is one
 * object without private methods, each of which V8 would note in every object: so a small UPDATE takes a tenth less time.
 * Its numbers begin as 0, because V8 checks a number that has once been undefined in each step of a loop.
 */
class DecodedUpdate implements Update {
  readonly type = 'update'
  readonly #bytes: Uint8Array
  /** The first octet after the header. */
  readonly #at: number = 0
  readonly #attributesAt: number = 0
  readonly #nlriAt: number = 0
  readonly #end: number = 0
  readonly #context: Context
  /** The attributes' codes as wellFormedCodes() returns them; with findings, all of them. */
  readonly #codes: number = 0
  readonly #findings: AttributeFindings | undefined
  #withdrawn: readonly Prefix[] | undefined
  #attributes: Attributes | undefined
  #announced: readonly Prefix[] | undefined

  constructor(
    bytes: Uint8Array,
    at: number,
    attributesAt: number,
    nlriAt: number,
    end: number,
    context: Context,
    codes: number,
    findings: AttributeFindings | undefined,
  ) {
    this.#bytes = bytes
    this.#at = at
    this.#attributesAt = attributesAt
    this.#nlriAt = nlriAt
    this.#end = end
    this.#context = context
    this.#codes = codes
    this.#findings = findings
  }
  get withdrawn(): readonly Prefix[] {
    const findings = this.#findings
    this.#withdrawn ??= findings?.treatAsWithdraw
      ? [...this.readWithdrawn(), ...this.readAnnounced(), ...mpIpv4UnicastRoutes(findings)]
      : this.readWithdrawn()
    return this.#withdrawn
  }
  get announced(): readonly Prefix[] {
    this.#announced ??= this.#findings?.treatAsWithdraw ? [] : this.readAnnounced()
    return this.#announced
  }
  get attributes(): Attributes {
    const findings = this.#findings
    this.#attributes ??= findings?.treatAsWithdraw
      ? withdrawnMp(findings)
      : readAttributes(this.#bytes, this.#attributesAt, this.#nlriAt, this.#context, findings?.skip)
    return this.#attributes
  }
  get issues(): readonly Issue[] | undefined {
    const issues = this.#findings?.issues
    return issues?.length ? issues : undefined
  }
  get octets(): Uint8Array | undefined {
    return this.issues && this.#bytes.subarray(this.#at - HEADER_LENGTH, this.#end)
  }
  readWithdrawn(): Prefix[] {
    return readPrefixes(this.#bytes, this.#at + 2, this.#attributesAt - 2, 4, hasPathIds(this.#context, 'ipv4-unicast'))
  }
  readAnnounced(): Prefix[] {
    return readPrefixes(this.#bytes, this.#nlriAt, this.#end, 4, hasPathIds(this.#context, 'ipv4-unicast'))
  }
  visit(withdrawn: Visit, announced: Visit): void {
    const bytes = this.#bytes
    const pathIds = hasPathIds(this.#context, 'ipv4-unicast')
    const reached = this.#findings?.treatAsWithdraw ? withdrawn : announced
    visitPrefixes(bytes, this.#at + 2, this.#attributesAt - 2, pathIds, withdrawn)
    if (this.#codes & mpBits) visitMp(bytes, this.#attributesAt, this.#nlriAt, this.#context, withdrawn, reached)
    visitPrefixes(bytes, this.#nlriAt, this.#end, pathIds, reached)
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

function readAttributes(
  bytes: Uint8Array,
  attributesAt: number,
  nlriAt: number,
  context: Context,
  skip: readonly number[] | undefined,
): Attributes {
  const attributes: Record<string, unknown> = {}
  let unknown: RawAttribute[] | undefined
  for (let start = attributesAt, next = 0; start < nlriAt; start = next) {
    const flags = bytes[start]!
    const at = valueAt(start, flags)
    next = nextAttribute(bytes, flags, at, nlriAt)
    if (skip?.includes(start)) continue
    const code = bytes[start + 1]!
    const row = byCode[code]
    if (row) row.read(attributes, bytes, at, next, context)
    else {
      unknown ??= []
      unknown.push({ code, flags: flags & ~flag.extendedLength, value: copy(bytes, at, next) })
    }
  }
  if (unknown) attributes.unknown = unknown
  return context.fourOctetAs ? attributes : mergeFourOctet(attributes)
}

/** treat-as-withdraw: the IPv4 unicast routes of MP_REACH_NLRI and MP_UNREACH_NLRI join the message's own list. */
function mpIpv4UnicastRoutes({ reach, unreach }: AttributeFindings): readonly Prefix[] {
  return [
    ...(unreach?.family === 'ipv4-unicast' ? unreach.withdrawn : []),
    ...(reach?.family === 'ipv4-unicast' ? reach.announced : []),
  ]
}

/** treat-as-withdraw: all that is left of the attributes is an MP_UNREACH_NLRI with the routes of the other family. */
function withdrawnMp({ reach, unreach }: AttributeFindings): Attributes {
  const other = unreach && !isIpv4Unicast(unreach) ? unreach : undefined
  // An empty MP_UNREACH_NLRI would mean End-of-RIB (RFC 4724 §2), so none is made for an empty MP_REACH_NLRI.
  if (reach === undefined || isIpv4Unicast(reach) || reach.announced.length === 0)
    return other ? { mpUnreach: other } : {}
  // Both are of one family: checkAttributes() has made sure of it.
  const withdrawn = [...(other?.withdrawn ?? []), ...reach.announced]
  const { announced: _announced, nextHop: _nextHop, ...family } = reach
  return {
    mpUnreach: {
      ...family,
      withdrawn: reach.family === 'other' ? Uint8Array.from(withdrawn as number[]) : withdrawn,
    } as MpUnreach,
  }
}

/**
 * Visits every route of a received UPDATE that is of a modelled family, as octets, without making text: first the
 * withdrawn routes, to which those of treat-as-withdraw belong.
 * @throws OptionError if the UPDATE was not received but made.
 */
export function visitRoutes(update: Update, withdrawn: Visit, announced: Visit): void {
  if (!(update instanceof DecodedUpdate)) throwOptionError('update', update, 'an UPDATE that decode() returned')
  update.visit(withdrawn, announced)
}
