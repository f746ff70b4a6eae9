/**
 * Runs the codec on one input of the fuzzer and throws if an invariant does not hold. An input is one octet of switches, one
 * octet for the length of chunks, and the octets that a peer sends.
 */

import { mend } from '@softspoken/test-support/damage'
import { toHex } from '@softspoken/test-support/hex'
import {
  type Context,
  Decoder,
  decode,
  describeNotification,
  encode,
  endOfRib,
  type Message,
  type Result,
  routes,
  shutdownText,
  type Update,
} from '@softspoken/wire'
import { encodeAll, visitRoutes } from '@softspoken/wire/internal'

const switches = { fourOctetAs: 1, external: 2, extendedMessage: 4, addPath: 8, mend: 16 } as const
const HEAD = 2

export function fuzz(input: Uint8Array): void {
  const [flags = 0, chunk = 0] = input
  const on = (name: keyof typeof switches): boolean => (flags & switches[name]) !== 0
  const context: Context = {
    fourOctetAs: on('fourOctetAs'),
    external: on('external'),
    extendedMessage: on('extendedMessage'),
    addPath: on('addPath') ? ['ipv4-unicast', 'ipv6-unicast'] : [],
  }
  const sent = Uint8Array.from(input.subarray(HEAD))
  if (on('mend')) mend(sent) // so that the fuzzer need not find a marker and a length
  one(sent, context)
  stream(sent, context, chunk + 1)
}

/** The input for these octets and this context. `bytes` may be several messages. */
export function inputOf(bytes: Uint8Array, context: Partial<Context>, chunk = 0): Uint8Array {
  const { fourOctetAs = true, external = true, extendedMessage = false, addPath = [] } = context
  const flags = Object.entries({ fourOctetAs, external, extendedMessage, addPath: addPath.length > 0 })
    .filter(([, on]) => on)
    .reduce((sum, [name]) => sum | switches[name as keyof typeof switches], 0) // its keys are these names
  return Uint8Array.of(flags, chunk, ...bytes)
}

function one(bytes: Uint8Array, context: Context): void {
  const result = decode(bytes, context)
  if (!result.ok) {
    const { notification, detail } = result
    hold(
      [1, 2, 3, 7].includes(notification.code),
      `the error code fits the message, not ${notification.code}/${notification.subcode}`,
    )
    hold(detail !== '' && describeNotification(notification) !== '', 'the error has a detail')
    same(decode(encode(notification)), { ok: true, value: notification }, 'the NOTIFICATION can be sent')
    return
  }
  const message = result.value
  if (message.type === 'notification')
    hold(describeNotification(message) !== '' && shutdownText(message) !== '', 'the NOTIFICATION has a name')
  if (message.type === 'update') oneUpdate(message, context)
  const ours = encode(message, context)
  // Merging an AS4_PATH into a shorter AS_PATH makes the message longer (RFC 6793 §4.2.3).
  hold(
    ours.length <= bytes.length || context.fourOctetAs === false,
    'encode() returns no more octets than were decoded',
  )
  const again = decode(ours, context)
  hold(again.ok, 'what encode() returned can be decoded')
  hold(again.value.type !== 'update' || again.value.issues === undefined, 'what encode() returned has no issues')
  hold(
    toHex(encode(again.value, context)) === toHex(ours),
    'a message that is encoded, decoded and encoded again has the same octets',
  )
}

/** The number of routes is the same from its lists, from visitRoutes(), and from the messages of encodeAll(). */
function oneUpdate(update: Update, context: Context): void {
  const { mpUnreach, mpReach } = update.attributes
  const withdrawn = mpUnreach && mpUnreach.family !== 'other' ? mpUnreach.withdrawn.length : 0
  const announced = mpReach && mpReach.family !== 'other' ? mpReach.announced.length : 0
  const should = [update.withdrawn.length + withdrawn, update.announced.length + announced]
  same(visited(update), should, 'as many routes are visited as are listed')
  const unicast = routes(update)
  hold(
    unicast.withdrawn.length <= should[0]! && unicast.announced.length <= should[1]!,
    'routes() returns no more routes than the lists',
  )
  const end = endOfRib(update)
  hold(end === undefined || (should[0] === 0 && should[1] === 0), 'an End-of-RIB has no routes')
  const sum = [0, 0]
  for (const bytes of encodeAll(update, context)) {
    const part = decode(bytes, context)
    hold(
      part.ok && part.value.type === 'update' && part.value.issues === undefined,
      'each part can be decoded and has no issues',
    )
    visited(part.value).forEach((routes, i) => {
      sum[i]! += routes
    })
  }
  same(sum, should, 'the parts have as many routes as the whole')
}
function visited(update: Update): [withdrawn: number, announced: number] {
  const count: [number, number] = [0, 0]
  visitRoutes(
    update,
    () => count[0]++,
    () => count[1]++,
  )
  return count
}

/** A Decoder returns the same from chunks as from one piece, and the same as decode() for each message. */
function stream(bytes: Uint8Array, context: Context, chunk: number): void {
  const whole = [...new Decoder(context).push(bytes)]
  const decoder = new Decoder(context)
  const inChunks: Result<Message>[] = []
  for (let at = 0; at < bytes.length; at += chunk) inChunks.push(...decoder.push(bytes.slice(at, at + chunk)))
  same(inChunks, whole, 'the same in chunks as in one piece')
  let at = 0
  for (const result of whole) {
    const next = at + (((bytes[at + 16] ?? 0) << 8) | (bytes[at + 17] ?? 0))
    // After an error in the header there is no next message, and this one may be incomplete.
    if (result.ok || result.notification.code !== 1)
      same(decode(bytes.slice(at, next), context), result, 'the same in a stream as by itself')
    at = next
  }
}

function same(is: unknown, should: unknown, what: string): void {
  hold(text(is) === text(should), what)
}
/** JSON, which reads every lazy field. */
function text(value: unknown): string {
  return JSON.stringify(value, (_, item) => (item instanceof Uint8Array ? toHex(item) : item))
}
function hold(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`does not hold: ${what}`)
}
