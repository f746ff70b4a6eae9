/** An UPDATE of any size as messages that fit: kinds of routes apart, prefixes packed. */
import type { MpReach, MpUnreach } from './attribute/mp-reach.ts'
import type { Attributes } from './attribute/registry.ts'
import type { Context } from './context.ts'
import { encode, longestUpdate } from './message.ts'
import type { Prefix } from './prefix.ts'
import type { Update } from './update.ts'

/**
 * Encodes an UPDATE whose routes may be more than fit one message. Each message carries one kind of routes: withdrawn,
 * those of MP_UNREACH_NLRI, announced, or those of MP_REACH_NLRI (RFC 7606 §5.1), in this order. A family that this
 * package keeps as bytes is not split.
 * @throws OptionError as encode() does, before any message is handed out.
 */
export function encodeAll(update: Update, context?: Partial<Context>): Uint8Array[] {
  const { withdrawn, announced, attributes } = update
  const { mpReach, mpUnreach, ...plain } = attributes
  const { nextHop: _, ...ofMp } = plain
  const messages = [
    ...fill(withdrawn, some => make({}, some, []), context),
    ...(mpUnreach ? fill(listed(mpUnreach), some => make({ mpUnreach: withRoutes(mpUnreach, some) }), context) : []),
    ...fill(announced, some => make(plain, [], some), context),
    ...(mpReach ? fill(listed(mpReach), some => make({ mpReach: withRoutes(mpReach, some), ...ofMp }), context) : []),
  ]
  return messages.length > 0 ? messages : [encode(update, context)]
}

function make(attributes: Attributes, withdrawn: readonly Prefix[] = [], announced: readonly Prefix[] = []): Update {
  return { type: 'update', withdrawn, attributes, announced }
}

/** The prefixes that may be spread over messages; undefined where they stay together. */
function listed(mp: MpReach | MpUnreach): readonly Prefix[] | undefined {
  if (mp.family === 'other') return undefined
  const prefixes = 'announced' in mp ? mp.announced : mp.withdrawn
  return prefixes.length === 0 ? undefined : prefixes
}
function withRoutes<mp extends MpReach | MpUnreach>(mp: mp, some: readonly Prefix[] | undefined): mp {
  if (some === undefined) return mp
  return 'announced' in mp ? { ...mp, announced: some } : { ...mp, withdrawn: some }
}

/** As many prefixes to a message as it takes; one message without a choice where there is no list. */
function fill(
  prefixes: readonly Prefix[] | undefined,
  message: (some?: readonly Prefix[]) => Update,
  context: Partial<Context> | undefined,
): Uint8Array[] {
  if (prefixes === undefined) return [encode(message(), context)]
  const messages: Uint8Array[] = []
  const max = longestUpdate(context) - 1 // an attribute's length may take a second octet as it grows
  for (let at = 0; at < prefixes.length; ) {
    let end = at + 1
    let length = encode(message(prefixes.slice(at, end)), context).length
    while (end < prefixes.length && (length += octetsOf(prefixes[end]!)) <= max) end++
    messages.push(encode(message(prefixes.slice(at, end)), context))
    at = end
  }
  return messages
}

/** What a prefix takes on the wire, as its text tells it; encode() judges the text. */
function octetsOf(prefix: Prefix): number {
  const [, length = '0', pathId] = prefix.split(/[/#]/)
  return 1 + Math.ceil(Number(length) / 8) + (pathId === undefined ? 0 : 4)
}
