/** The message header (RFC 4271 §4.1), and the table of message types. */
import { copy, Reader, u16, viewOf, Writer } from './bytes.ts'
import { type Context, contextOf } from './context.ts'
import {
  assertObject,
  assertOctets,
  rethrow,
  stringOr,
  throwOptionError,
  throwUnknownName,
  WireError,
} from './error.ts'
import { HEADER_LENGTH } from './header.ts'
import { dataOf, type Notification, readNotification, writeNotification } from './notification.ts'
import { notificationCode, subcode } from './notification-codes.ts'
import { type Open, readOpen, writeOpen } from './open.ts'
import type { Result } from './result.ts'
import { type RouteRefresh, readRouteRefresh, writeRouteRefresh } from './route-refresh.ts'
import { readUpdate, type Update } from './update.ts'
import { writeUpdate } from './update-encode.ts'

/** KEEPALIVE: only a header (RFC 4271 §4.4). */
export interface Keepalive {
  readonly type: 'keepalive'
}
/** A BGP message; `type` is its kind (RFC 4271 §4.1, RFC 2918). */
export type Message = Open | Update | Notification | Keepalive | RouteRefresh

/** The greatest length of a message in octets, with its header (RFC 4271 §4). */
const MAX_MESSAGE_LENGTH = 4096
/** The same if both sides sent the capability extended-message (RFC 8654). */
const MAX_EXTENDED_LENGTH = 65535

const MARKER_LENGTH = 16

/** One row per type. */
interface MessageRow<message> {
  readonly code: number
  /** The shortest legal message, in octets. */
  readonly minLength: number
  /** The error code of a NOTIFICATION for an error in the body. */
  readonly errorCode: number
  /** The longest one, if extended messages are negotiated (RFC 8654 §4). */
  readonly maxLength: number
  read(bytes: Uint8Array, at: number, end: number, context: Context): message
  write(w: Writer, message: message, context: Context): void
}
const table: { readonly [type in Message['type']]: MessageRow<Extract<Message, { type: type }>> } = {
  open: {
    code: 1,
    minLength: 29,
    errorCode: notificationCode.open,
    maxLength: MAX_MESSAGE_LENGTH,
    read: withReader(readOpen),
    write: writeOpen,
  },
  update: {
    code: 2,
    minLength: 23,
    errorCode: notificationCode.update,
    maxLength: MAX_EXTENDED_LENGTH,
    read: readUpdate,
    write: writeUpdate,
  },
  notification: {
    code: 3,
    minLength: 21,
    errorCode: notificationCode.header,
    maxLength: MAX_EXTENDED_LENGTH,
    read: withReader(readNotification),
    write: writeNotification,
  },
  keepalive: {
    code: 4,
    minLength: HEADER_LENGTH,
    errorCode: notificationCode.header,
    maxLength: HEADER_LENGTH,
    read: () => keepalive,
    write: () => {},
  },
  'route-refresh': {
    code: 5,
    minLength: 23,
    errorCode: notificationCode.routeRefresh,
    maxLength: MAX_EXTENDED_LENGTH,
    read: withReader(readRouteRefresh),
    write: writeRouteRefresh,
  },
}
function withReader<message>(read: (r: Reader) => message): MessageRow<message>['read'] {
  return (bytes, at, end) => read(new Reader(bytes, at, end))
}
const keepalive: Keepalive = Object.freeze({ type: 'keepalive' })
const byCode = [undefined, ...(Object.values(table) as MessageRow<Message>[])] // codes 1 to 5, in this order

/**
 * Decodes one whole message. It does not throw whatever the octets are: the result is the message, or the NOTIFICATION to
 * answer with (RFC 4271 §6, RFC 7606) and a sentence for the log.
 *
 * An UPDATE keeps a reference to `bytes`: do not change them afterwards.
 * @throws OptionError if `bytes` is not a Uint8Array, or the context is wrong
 */
export function decode(bytes: Uint8Array, context?: Partial<Context>): Result<Message> {
  assertOctets('bytes', bytes)
  const checked = contextOf(context)
  try {
    const length = bytes.length < HEADER_LENGTH ? -1 : messageLength(bytes, viewOf(bytes), 0, checked)
    if (length !== bytes.length) throw badLength(bytes, 0, `${bytes.length} octets are not one whole message`)
  } catch (error) {
    return failure(error, 0)
  }
  return decodeAt(bytes, 0, bytes.length, checked)
}

/** The message length in the header at `at`; `view` is on `bytes`. @throws WireError if the header is malformed (RFC 4271 §6.1) */
export function messageLength(bytes: Uint8Array, view: DataView, at: number, context: Context): number {
  const length = u16(bytes, at + 16)
  const row = byCode[bytes[at + 18]!]
  if (!isMarker(view, at) || row === undefined || length < row.minLength || length > longest(row, context))
    throwHeader(bytes, at, length, context)
  return length
}

/** Finds out what is wrong with the header. */
function throwHeader(bytes: Uint8Array, at: number, length: number, context: Context): never {
  const wrong = bytes.subarray(at, at + MARKER_LENGTH).findIndex(octet => octet !== 0xff)
  if (wrong >= 0)
    throw new WireError(
      notificationCode.header,
      subcode.header.connectionNotSynchronized,
      'the marker is not all ones',
      at + wrong,
    )
  const type = bytes[at + 18]!
  if (length < HEADER_LENGTH || length > longestUpdate(context)) throw badLength(bytes, at, `message length ${length}`)
  if (byCode[type] === undefined)
    throw new WireError(
      notificationCode.header,
      subcode.header.badMessageType,
      `message type ${type}`,
      at + 18,
      Uint8Array.of(type),
    )
  throw badLength(bytes, at, `message length ${length} for type ${type}`)
}

/** Four octets at a time: sixteen single ones would take longer than the rest of a KEEPALIVE. */
function isMarker(view: DataView, at: number): boolean {
  const first = view.getInt32(at, true) & view.getInt32(at + 4, true)
  return (first & view.getInt32(at + 8, true) & view.getInt32(at + 12, true)) === -1
}

/** RFC 4271 §6.1: the data of the NOTIFICATION is the length field. */
function badLength(bytes: Uint8Array, at: number, detail: string): WireError {
  return new WireError(
    notificationCode.header,
    subcode.header.badMessageLength,
    detail,
    at + 16,
    copy(bytes, at + 16, at + 18),
  )
}

/** Decodes the message at `at`, whose header messageLength() has checked. */
export function decodeAt(bytes: Uint8Array, at: number, length: number, context: Context): Result<Message> {
  const row = byCode[bytes[at + 18]!]!
  try {
    return { ok: true, value: row.read(bytes, at + HEADER_LENGTH, at + length, context) }
  } catch (error) {
    return failure(error, at, row.errorCode)
  }
}

/**
 * Makes a value of a WireError in the message that begins at `start`; throws every other error again. `errorCode` is that of
 * an error without a code of its own.
 */
export function failure(error: unknown, start: number, errorCode: number = notificationCode.header): Result<never> {
  if (!(error instanceof WireError)) throw error
  const { code, subcode, detail, at, data } = error
  const notification: Notification = { type: 'notification', code: code || errorCode, subcode, data }
  return { ok: false, notification, detail, at: at - start }
}

/** The greatest length of an UPDATE in octets. */
export function longestUpdate(context: Partial<Context> | undefined): number {
  return longest(table.update, context)
}

/** The greatest length of a message of this row in octets (RFC 4271 §4, RFC 8654 §4). */
function longest({ maxLength }: { readonly maxLength: number }, context: Partial<Context> | undefined): number {
  return Math.min(maxLength, context?.extendedMessage ? MAX_EXTENDED_LENGTH : MAX_MESSAGE_LENGTH)
}

/**
 * The NOTIFICATION with its data cut to what one message can hold: 4075 octets, or 65514 with `extendedMessage`. The data
 * often comes from the peer's message, and encode() throws for a longer one (RFC 4271 §4.5, RFC 8654 §4).
 */
export function cutToFit(notification: Notification, context?: Partial<Context>): Notification {
  const max = longest(table.notification, context) - table.notification.minLength
  return { ...notification, data: dataOf(notification).subarray(0, max) }
}

/**
 * Encodes one message. A program that sends many keeps an Encoder.
 * @throws OptionError if a field has no encoding, or the message is longer than 4096 octets (65535 with `extendedMessage`).
 */
export function encode(message: Message, context?: Partial<Context>): Uint8Array {
  return encodeMessage(message, context === undefined ? defaults : contextOf(context))
}
const defaults = contextOf()

/** Encodes message after message with one context, which is checked once. */
export class Encoder {
  #context: Context

  constructor(context?: Partial<Context>) {
    this.#context = contextOf(context)
  }

  /** How to write the next message. */
  get context(): Context {
    return this.#context
  }
  set context(context: Context) {
    this.#context = contextOf(context)
  }

  /** @throws OptionError as encode() does */
  encode(message: Message): Uint8Array {
    return encodeMessage(message, this.#context)
  }
}

/** The buffer of the last message. Undefined during encodeMessage(), because a getter of the message may call it again. */
let idle: Writer | undefined

function encodeMessage(message: Message, context: Context): Uint8Array {
  assertObject('message', message)
  const row = table[stringOr(message.type) as Message['type']] as MessageRow<Message> | undefined
  if (!row?.code) throwUnknownName('type', message.type, Object.keys(table)) // also for 'constructor'
  const w = idle ?? new Writer()
  idle = undefined
  w.length = HEADER_LENGTH // the marker is already there; length and type are filled in below
  try {
    row.write(w, message, context)
  } catch (error) {
    rethrow(error, message.type, message)
  }
  const max = longest(row, context)
  if (w.length > max) throwOptionError(`${message.type} length`, w.length, `at most ${max} octets`)
  const bytes = w.done()
  bytes[16] = bytes.length >> 8
  bytes[17] = bytes.length
  bytes[18] = row.code
  idle = w
  return bytes
}
