/** How this package says that something is wrong. The peer's mistakes are values, the caller's are exceptions. */
import type { Notification } from './notification.ts'

/** The outcome of reading a peer's bytes: the message, or the NOTIFICATION that answers it and a sentence for the log. */
export type Result<value> =
  | { readonly ok: true; readonly value: value }
  | { readonly ok: false; readonly error: Notification; readonly why: string }

/**
 * The peer's bytes break a rule. Thrown inside this package only; `decode` turns it into a value. It is no Error, since
 * nobody reads its stack, and to note the stack would take longer than to read the message.
 */
export class WireError {
  readonly message: string
  readonly code: number
  readonly subcode: number
  readonly data: Uint8Array

  constructor(code: number, subcode: number, why: string, data: Uint8Array = new Uint8Array()) {
    this.message = why
    this.code = code
    this.subcode = subcode
    this.data = data
  }

  toNotification(): Notification {
    return { type: 'notification', code: this.code, subcode: this.subcode, data: this.data }
  }
}
