/** Encodes an UPDATE of any size as messages that fit: kinds of routes apart, prefixes packed. */
import type { MpReach, MpUnreach } from './attribute/mp-reach.ts'
import type { Attributes } from './attribute/registry.ts'
import type { Context } from './context.ts'
import { encode, longestUpdate } from './message.ts'
import type { Prefix } from './prefix.ts'
import type { Update } from './update.ts'

/**
 * Encodes an UPDATE whose routes may not fit one message. Each message has one kind of routes (RFC 7606 §5.1), in this
 * order: withdrawn, MP_UNREACH_NLRI, announced, MP_REACH_NLRI. The routes of a family that is kept as octets are not split.
 * @throws OptionError as encode() does
 */
export function encodeAll(update: Update, context?: Partial<Context>): Uint8Array[] {
  const { withdrawn, announced, attributes } = update
  const { mpReach, mpUnreach, ...withNextHop } = attributes
  const { nextHop: _, ...withoutNextHop } = withNextHop
  const messages = [
    ...fill(withdrawn, some => make({}, some, []), context),
    ...(mpUnreach ? fill(listed(mpUnreach), some => make({ mpUnreach: withRoutes(mpUnreach, some) }), context) : []),
    ...fill(announced, some => make(withNextHop, [], some), context),
    ...(mpReach
      ? fill(listed(mpReach), some => make({ mpReach: withRoutes(mpReach, some), ...withoutNextHop }), context)
      : []),
  ]
  return messages.length > 0 ? messages : [encode(update, context)]
}

function make(attributes: Attributes, withdrawn: readonly Prefix[] = [], announced: readonly Prefix[] = []): Update {
  return { type: 'update', withdrawn, attributes, announced }
}

/** The prefixes that may be spread over several messages; undefined if they stay together. */
function listed(mp: MpReach | MpUnreach): readonly Prefix[] | undefined {
  if (mp.family === 'other') return undefined
  const prefixes = 'announced' in mp ? mp.announced : mp.withdrawn
  return prefixes.length === 0 ? undefined : prefixes
}
function withRoutes<mp extends MpReach | MpUnreach>(mp: mp, some: readonly Prefix[] | undefined): mp {
  if (some === undefined) return mp
  return 'announced' in mp ? { ...mp, announced: some } : { ...mp, withdrawn: some }
}

/** Puts as many prefixes into each message as fit. */
function fill(
  prefixes: readonly Prefix[] | undefined,
  message: (some?: readonly Prefix[]) => Update,
  context: Partial<Context> | undefined,
): Uint8Array[] {
  if (prefixes === undefined) return [encode(message(), context)]
  const messages: Uint8Array[] = []
  const max = longestUpdate(context) - 1 // because the length of a growing attribute may need a second octet
  for (let at = 0; at < prefixes.length; ) {
    let end = at + 1
    let length = encode(message(prefixes.slice(at, end)), context).length
    while (end < prefixes.length && (length += octetsOf(prefixes[end]!)) <= max) end++
    messages.push(encode(message(prefixes.slice(at, end)), context))
    at = end
  }
  return messages
}

/** The octets of a prefix, as its text has them; encode() checks the text. */
function octetsOf(prefix: Prefix): number {
  const [, length = '0', pathId] = prefix.split(/[/#]/)
  return 1 + Math.ceil(Number(length) / 8) + (pathId === undefined ? 0 : 4)
}
