/** NOTIFICATION (RFC 4271 §4.5), and the text that an operator may attach (RFC 9003). */
import type { Reader, Writer } from './bytes.ts'
import { assertOctets, throwOptionError } from './error.ts'
import { notificationCode, subcode as subcodes, textsOf } from './notification-codes.ts'
import { withoutControls } from './option-error.ts'

/** The error message that ends a session (RFC 4271 §4.5). */
export interface Notification {
  readonly type: 'notification'
  /** Error code, 0 to 255: see `notificationCode`. */
  readonly code: number
  /** Error subcode, 0 to 255, 0 if unspecific: see `subcode`. */
  readonly subcode: number
  /** Its meaning depends on code and subcode; often empty. */
  readonly data: Uint8Array
}

/**
 * A NOTIFICATION as text: `Cease/Administrative Shutdown (6/2): "maintenance"`. For a Hard Reset, its own reason follows. The
 * peer's text is quoted and its control characters are replaced, so that it is safe in a log or on a terminal.
 */
export function describeNotification(notification: Notification): string {
  const inner = withoutHardReset(notification)
  return inner === notification ? textOf(inner) : `${textOf(notification)} for ${textOf(inner)}`
}
function textOf({ code, subcode, data }: Notification): string {
  const [name = 'Unknown error', known = subcode === 0 ? '' : 'unknown subcode'] = textsOf(code, subcode)
  const detail = known && `/${known}`
  const text = subcode === HARD_RESET ? undefined : shutdownText({ type: 'notification', code, subcode, data })
  return `${name}${detail} (${code}/${subcode})${text ? `: "${withoutControls(text)}"` : ''}`
}

/** The subcodes of Cease that may carry a text (RFC 9003 §2). */
const withText: readonly number[] = [subcodes.cease.administrativeShutdown, subcodes.cease.administrativeReset]

/**
 * A Cease (RFC 4486). `text` is the operator's, for Administrative Shutdown and Administrative Reset (RFC 9003); it is cut at a
 * character after at most 255 octets of UTF-8.
 * @throws OptionError for a text with another subcode
 */
export function cease(subcode: number, text = ''): Notification {
  let data = new Uint8Array()
  if (typeof text !== 'string') throwOptionError('text', text, 'a string')
  if (text !== '') {
    if (!withText.includes(subcode))
      throwOptionError('text', text, `empty with subcode ${subcode}: only 2 and 4 take a text (RFC 9003 §2)`)
    const octets = new Uint8Array(256)
    const { written } = new TextEncoder().encodeInto(text, octets.subarray(1))
    octets[0] = written
    data = octets.slice(0, 1 + written)
  }
  return { type: 'notification', code: notificationCode.cease, subcode, data }
}

const HARD_RESET = subcodes.cease.hardReset

/**
 * The NOTIFICATION wrapped in a Cease/Hard Reset: between two speakers that keep each other's routes after a NOTIFICATION, it
 * ends the session without that (RFC 8538 §3).
 */
export function hardReset(notification: Notification): Notification {
  const octets = dataOf(notification)
  const data = Uint8Array.of(notification.code, notification.subcode, ...octets)
  return { type: 'notification', code: notificationCode.cease, subcode: HARD_RESET, data }
}

/** The NOTIFICATION in a Hard Reset (RFC 8538 §3). Any other, and a Hard Reset without one, is returned as it is. */
export function withoutHardReset(notification: Notification): Notification {
  const data = dataOf(notification)
  const [code, subcode] = data
  const wraps = notification.code === notificationCode.cease && notification.subcode === HARD_RESET
  if (!wraps || code === undefined || subcode === undefined) return notification
  return { type: 'notification', code, subcode, data: data.subarray(2) }
}

/** The text in a Cease as the peer sent it; undefined if there is none, or if it is not UTF-8 (RFC 9003 §2). */
export function shutdownText(notification: Notification): string | undefined {
  const { code, subcode, data } = withoutHardReset(notification)
  if (code !== notificationCode.cease || !withText.includes(subcode)) return undefined
  const length = data[0] ?? 0
  if (length === 0 || length > data.length - 1) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data.subarray(1, 1 + length))
  } catch {
    return undefined
  }
}

/** @throws OptionError if the caller has no types, and no data either */
export function dataOf(notification: Notification): Uint8Array {
  const data = notification?.data
  assertOctets('notification.data', data)
  return data
}

export function readNotification(r: Reader): Notification {
  return { type: 'notification', code: r.u8(), subcode: r.u8(), data: r.take(r.left) }
}
export function writeNotification(w: Writer, { code, subcode, data }: Notification): void {
  assertOctets('data', data)
  w.u8(code, 'code').u8(subcode, 'subcode').put(data)
}
