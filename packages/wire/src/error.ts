/** How this package says that something is wrong. The peer's mistakes are values, the caller's are exceptions. */
import type { Notification } from './notification.ts'

/**
 * The outcome of reading a peer's bytes: the message, or the NOTIFICATION that answers it, a sentence for the log, and
 * where in the message the fault is: octets before the field or the path attribute that holds it.
 */
export type Result<value> =
  | { readonly ok: true; readonly value: value }
  | { readonly ok: false; readonly error: Notification; readonly why: string; readonly at: number }

/**
 * The peer's bytes break a rule. Thrown inside this package only; `decode` turns it into a value. It is no Error, since
 * nobody reads its stack, and to note the stack would take longer than to read the message.
 */
export class WireError {
  readonly error: Notification
  readonly why: string
  /** In the buffer, which may hold other messages before this one. */
  readonly at: number

  constructor(code: number, subcode: number, why: string, at: number, data: Uint8Array = new Uint8Array()) {
    this.error = { type: 'notification', code, subcode, data }
    this.why = why
    this.at = at
  }
}

/** The caller's mistake, in one sentence: the field, what was given, and what is allowed. */
export function refuse(field: string, given: unknown, allowed: string): never {
  throw new RangeError(`${field}: ${shown(given)} is not allowed, it must be ${allowed}`)
}

/** Of any type: an object may have no text, a symbol has none in a template. */
function shown(given: unknown): string {
  if (typeof given === 'string') return `'${given}'`
  if (typeof given === 'function') return 'a function'
  try {
    return typeof given === 'object' ? JSON.stringify(given) : String(given)
  } catch {
    return 'an object'
  }
}
