/** Errors: the peer's mistakes become values (WireError, then Result), the caller's are exceptions (OptionError). */
import { nearest, OptionError, shown } from './option-error.ts'

/**
 * The peer's bytes break a rule. Thrown inside this package only; `decode` turns it into a value. It is not an Error,
 * because recording a stack that is never read takes longer than reading the message.
 */
export class WireError {
  readonly code: number
  readonly subcode: number
  readonly detail: string
  /** In the buffer, which may hold other messages before this one. */
  readonly at: number
  readonly data: Uint8Array

  constructor(code: number, subcode: number, detail: string, at: number, data: Uint8Array = new Uint8Array()) {
    this.code = code
    this.subcode = subcode
    this.detail = detail
    this.at = at
    this.data = data
  }
}

/** Throws the caller's mistake: the field, what was given, and what is allowed. */
export function throwOptionError(field: string, given: unknown, allowed: string): never {
  throw new OptionError(field, given, allowed)
}

/** Throws the same for a name that does not exist, with the name that was probably meant. */
export function throwUnknownName(field: string, given: unknown, names: readonly string[]): never {
  const similar = typeof given === 'string' ? nearest(given, names) : undefined
  const allowed = `one of ${names.join(', ')}`
  throw new OptionError(field, given, allowed, similar && `${shown(given)} is not allowed, did you mean '${similar}'?`)
}

/**
 * Rethrows an error that ended the writing of a value. A TypeError of the engine comes from a caller without types: it becomes
 * an OptionError.
 */
export function rethrow(error: unknown, field: string, given: unknown): never {
  if (error instanceof TypeError) throwOptionError(field, given, 'of the documented type')
  throw error
}

export function assertObject(field: string, given: unknown): asserts given is object {
  if (typeof given !== 'object' || given === null) throwOptionError(field, given, 'an object')
}

/** The text; '' for a value of another type, which is no address, prefix or name. String() would take a list of one text. */
export function stringOr(given: string): string {
  return typeof given === 'string' ? given : ''
}

/** `max` is below 2^32. */
export function assertWhole(value: number, max: number, field: string): number {
  if (typeof value !== 'number' || value >>> 0 !== value || value > max)
    throwOptionError(field, value, `a whole number from 0 to ${max}`)
  return value
}

export function assertList(field: string, given: unknown): asserts given is readonly unknown[] {
  if (!Array.isArray(given)) throwOptionError(field, given, 'a list')
}

/** An attribute that lists something, and may not be empty. */
export function assertNonEmptyList(field: string, given: unknown): asserts given is readonly unknown[] {
  assertList(field, given)
  if (given.length === 0) throwOptionError(field, given, 'left out, or list at least one')
}

/** Not by `instanceof`, which fails on a Buffer from another realm, as test runners make them. */
export function assertOctets(field: string, given: unknown): asserts given is Uint8Array {
  if (!ArrayBuffer.isView(given) || (given as Uint8Array).BYTES_PER_ELEMENT !== 1)
    throwOptionError(field, given, 'a Uint8Array')
}
