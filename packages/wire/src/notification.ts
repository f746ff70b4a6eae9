/** NOTIFICATION (RFC 4271 §4.5): the names of IANA's registries, and the text an operator may attach (RFC 9003). */
import type { Reader, Writer } from './bytes.ts'

/** Why a session ends (RFC 4271 §4.5). */
export interface Notification {
  readonly type: 'notification'
  /** Error code, 0 to 255. */
  readonly code: number
  /** Error subcode, 0 to 255; 0 is Unspecific. */
  readonly subcode: number
  /** What the code and subcode say it is; often empty. */
  readonly data: Uint8Array
}

/** The error codes by the names this project uses for them. */
export const errorCode = {
  header: 1,
  open: 2,
  update: 3,
  holdTimer: 4,
  fsm: 5,
  cease: 6,
  routeRefresh: 7,
  sendHoldTimer: 8,
} as const

/** One row per code: its name, then its subcodes. Sources: RFC 4271 §4.5, 4486, 5492, 6608, 7313, 8538, 9234, 9384, 9687, 9815. */
const names: { readonly [code: number]: readonly [string, { readonly [subcode: number]: string }] } = {
  1: [
    'Message Header Error',
    { 0: 'Unspecific', 1: 'Connection Not Synchronized', 2: 'Bad Message Length', 3: 'Bad Message Type' },
  ],
  2: [
    'OPEN Message Error',
    {
      0: 'Unspecific',
      1: 'Unsupported Version Number',
      2: 'Bad Peer AS',
      3: 'Bad BGP Identifier',
      4: 'Unsupported Optional Parameter',
      5: 'Authentication Failure (deprecated)',
      6: 'Unacceptable Hold Time',
      7: 'Unsupported Capability',
      11: 'Role Mismatch',
    },
  ],
  3: [
    'UPDATE Message Error',
    {
      0: 'Unspecific',
      1: 'Malformed Attribute List',
      2: 'Unrecognized Well-known Attribute',
      3: 'Missing Well-known Attribute',
      4: 'Attribute Flags Error',
      5: 'Attribute Length Error',
      6: 'Invalid ORIGIN Attribute',
      7: 'AS Routing Loop (deprecated)',
      8: 'Invalid NEXT_HOP Attribute',
      9: 'Optional Attribute Error',
      10: 'Invalid Network Field',
      11: 'Malformed AS_PATH',
    },
  ],
  4: ['Hold Timer Expired', {}],
  5: [
    'Finite State Machine Error',
    {
      0: 'Unspecified Error',
      1: 'Receive Unexpected Message in OpenSent State',
      2: 'Receive Unexpected Message in OpenConfirm State',
      3: 'Receive Unexpected Message in Established State',
    },
  ],
  6: [
    'Cease',
    {
      1: 'Maximum Number of Prefixes Reached',
      2: 'Administrative Shutdown',
      3: 'Peer De-configured',
      4: 'Administrative Reset',
      5: 'Connection Rejected',
      6: 'Other Configuration Change',
      7: 'Connection Collision Resolution',
      8: 'Out of Resources',
      9: 'Hard Reset',
      10: 'BFD Down',
    },
  ],
  7: ['ROUTE-REFRESH Message Error', { 1: 'Invalid Message Length' }],
  8: ['Send Hold Timer Expired', {}],
  9: ['Loss of LSDB Synchronization', {}],
}

/**
 * A NOTIFICATION in words: `Cease/Administrative Shutdown (6/2): "maintenance"`. A Hard Reset says what it is for as well.
 * A peer's text is quoted, with control characters replaced, so that it is safe in a log or on a terminal.
 */
export function describe(notification: Notification): string {
  const inner = withoutHardReset(notification)
  return inner === notification ? inWords(inner) : `${inWords(notification)} for ${inWords(inner)}`
}
function inWords({ code, subcode, data }: Notification): string {
  const [name, subcodes] = names[code] ?? ['Unknown error', {}]
  const known = subcodes[subcode] ?? (subcode === 0 ? '' : 'unknown subcode')
  const detail = known && `/${known}`
  const text = subcode === HARD_RESET ? undefined : shutdownText({ type: 'notification', code, subcode, data })
  return `${name}${detail} (${code}/${subcode})${text ? `: "${text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')}"` : ''}`
}

/** Subcodes of Cease that may carry a text (RFC 9003 §2): Administrative Shutdown and Administrative Reset. */
const withText: readonly number[] = [2, 4]

/**
 * A Cease (RFC 4486), with the operator's text where the subcode takes one (RFC 9003): 2 and 4.
 * A text beyond 255 octets of UTF-8 is cut at a character.
 * @throws RangeError for a text with any other subcode.
 */
export function cease(subcode: number, text = ''): Notification {
  let data = new Uint8Array()
  if (text !== '') {
    if (!withText.includes(subcode))
      throw new RangeError(
        `text: not allowed with subcode ${subcode}, only with ${withText.join(' and ')} (RFC 9003 §2)`,
      )
    const octets = new Uint8Array(256)
    const { written } = new TextEncoder().encodeInto(text, octets.subarray(1))
    octets[0] = written
    data = octets.slice(0, 1 + written)
  }
  return { type: 'notification', code: errorCode.cease, subcode, data }
}

const HARD_RESET = 9

/** A NOTIFICATION that ends the session for good, between two speakers that else keep each other's routes (RFC 8538 §3). */
export function hardReset({ code, subcode, data }: Notification): Notification {
  return {
    type: 'notification',
    code: errorCode.cease,
    subcode: HARD_RESET,
    data: Uint8Array.of(code, subcode, ...data),
  }
}

/** What a Hard Reset is for (RFC 8538 §3); any other NOTIFICATION, and one that does not say, as it is. */
export function withoutHardReset(notification: Notification): Notification {
  const { data } = notification
  const [code, subcode] = data
  const wraps = notification.code === errorCode.cease && notification.subcode === HARD_RESET
  if (!wraps || code === undefined || subcode === undefined) return notification
  return { type: 'notification', code, subcode, data: data.subarray(2) }
}

/** The text in a Cease, as the peer sent it, or undefined where there is none or it is no UTF-8 (RFC 9003 §2). */
export function shutdownText(notification: Notification): string | undefined {
  const { code, subcode, data } = withoutHardReset(notification)
  if (code !== errorCode.cease || !withText.includes(subcode)) return undefined
  const length = data[0] ?? 0
  if (length === 0 || length > data.length - 1) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data.subarray(1, 1 + length))
  } catch {
    return undefined
  }
}

export function readNotification(r: Reader): Notification {
  return { type: 'notification', code: r.u8(), subcode: r.u8(), data: r.take(r.left) }
}
export function writeNotification(w: Writer, { code, subcode, data }: Notification): void {
  w.u8(code, 'error code').u8(subcode, 'error subcode').put(data)
}
