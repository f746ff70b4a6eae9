/** The message header (RFC 4271 §4.1) and what follows it. */
import { copy, Reader, u16, Writer } from './bytes.ts'
import { type Context, contextOf } from './context.ts'
import { type Result, refuse, WireError } from './error.ts'
import { errorCode, type Notification, readNotification, writeNotification } from './notification.ts'
import { type Open, readOpen, writeOpen } from './open.ts'
import { type RouteRefresh, readRouteRefresh, writeRouteRefresh } from './route-refresh.ts'
import { readUpdate, type Update, writeUpdate } from './update.ts'

export interface Keepalive {
  readonly type: 'keepalive'
}
export type Message = Open | Update | Notification | Keepalive | RouteRefresh

export const HEADER_LENGTH = 19
/** Octets in a message at most, header included (RFC 4271 §4). */
const MAX_MESSAGE_LENGTH = 4096

/** One row per type: the shortest legal message, and the error code of a fault in its body. */
interface MessageRow<message> {
  readonly code: number
  readonly least: number
  readonly faults: number
  read(r: Reader, context: Context): message
  write(w: Writer, message: message, context: Context): void
}
const table: { readonly [type in Message['type']]: MessageRow<Extract<Message, { type: type }>> } = {
  open: { code: 1, least: 29, faults: errorCode.open, read: readOpen, write: writeOpen },
  update: { code: 2, least: 23, faults: errorCode.update, read: readUpdate, write: writeUpdate },
  notification: { code: 3, least: 21, faults: errorCode.header, read: readNotification, write: writeNotification },
  keepalive: { code: 4, least: 19, faults: errorCode.header, read: () => ({ type: 'keepalive' }), write: () => {} },
  'route-refresh': {
    code: 5,
    least: 23,
    faults: errorCode.routeRefresh,
    read: readRouteRefresh,
    write: writeRouteRefresh,
  },
}
const byCode = [undefined, ...(Object.values(table) as MessageRow<Message>[])] // codes 1 to 5, in this order

/**
 * Decodes one whole message. Never throws on what the bytes say: the outcome is the message, or the NOTIFICATION that
 * answers it (RFC 4271 §6, RFC 7606) with a sentence for the log.
 *
 * An UPDATE keeps a reference to `bytes`; do not change them afterwards.
 */
export function decode(bytes: Uint8Array, context?: Partial<Context>): Result<Message> {
  return attempt(() => {
    const length = bytes.length < HEADER_LENGTH ? bytes.length : messageLength(bytes, 0)
    if (length !== bytes.length || length < HEADER_LENGTH)
      throw new WireError(errorCode.header, 2, `${bytes.length} octets are not one whole message`, copy(bytes, 16, 18))
    return decodeAt(bytes, 0, length, contextOf(context))
  })
}

/** The length that a header announces, once it has been found sound (RFC 4271 §6.1). */
export function messageLength(bytes: Uint8Array, at: number): number {
  for (let i = at; i < at + 16; i++)
    if (bytes[i] !== 0xff) throw new WireError(errorCode.header, 1, 'the marker is not all ones')
  const length = u16(bytes, at + 16)
  const type = bytes[at + 18]!
  if (length < HEADER_LENGTH || length > MAX_MESSAGE_LENGTH)
    throw new WireError(errorCode.header, 2, `message length ${length}`, copy(bytes, at + 16, at + 18))
  const row = byCode[type]
  if (row === undefined) throw new WireError(errorCode.header, 3, `message type ${type}`, Uint8Array.of(type))
  if (length < row.least || (row === table.keepalive && length > row.least))
    throw new WireError(errorCode.header, 2, `message length ${length} for type ${type}`, copy(bytes, at + 16, at + 18))
  return length
}

/** Decodes the message whose header messageLength() has found sound. */
export function decodeAt(bytes: Uint8Array, at: number, length: number, context: Context): Message {
  const row = byCode[bytes[at + 18]!]!
  try {
    return row.read(new Reader(bytes, at + HEADER_LENGTH, at + length), context)
  } catch (error) {
    if (!(error instanceof WireError) || error.error.code !== 0) throw error
    throw new WireError(row.faults, 0, error.why)
  }
}

/** Turns the peer's mistakes into values, and lets ours through. */
export function attempt<value>(read: () => value): Result<value> {
  try {
    return { ok: true, value: read() }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return { ok: false, error: error.error, why: error.why }
  }
}

const scratch = new Writer()
const marker = new Uint8Array(16).fill(0xff)

/**
 * Encodes one message.
 * @throws RangeError or TypeError naming the field, the value and what is allowed, where the message cannot be sent;
 * RangeError where it is longer than 4096 octets.
 */
export function encode(message: Message, context?: Partial<Context>): Uint8Array {
  const row = table[message.type] as MessageRow<Message> | undefined
  if (row === undefined) refuse('type', message.type, `one of ${Object.keys(table).join(', ')}`)
  scratch.length = 0
  scratch.put(marker).u16(0).u8(row.code)
  row.write(scratch, message, contextOf(context))
  if (scratch.length > MAX_MESSAGE_LENGTH)
    refuse(`${message.type} length`, scratch.length, `at most ${MAX_MESSAGE_LENGTH} octets`)
  const bytes = scratch.done()
  bytes[16] = bytes.length >> 8
  bytes[17] = bytes.length
  return bytes
}
