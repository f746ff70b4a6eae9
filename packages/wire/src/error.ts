/** The two kinds of fault: the peer's mistakes end as values (WireError, Result), the caller's are exceptions (OptionError). */
import { OptionError } from './option-error.ts'

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
