import type { Notification } from './notification.ts'

/**
 * The outcome of reading a peer's bytes: the message, or the NOTIFICATION that answers it, a sentence for the log, and
 * the place of the fault in the message: the number of octets before the field or path attribute that holds it.
 */
export type Result<value> =
  | { readonly ok: true; readonly value: value }
  | { readonly ok: false; readonly notification: Notification; readonly detail: string; readonly at: number }
