import type { Notification } from './notification.ts'

/**
 * The outcome of reading a peer's bytes: the message, or the NOTIFICATION that answers it, a sentence for the log, and
 * the place of the error: the number of octets in the message before the field or path attribute.
 */
export type Result<value> =
  | { readonly ok: true; readonly value: value }
  | { readonly ok: false; readonly notification: Notification; readonly detail: string; readonly at: number }
