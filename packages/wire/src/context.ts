/** What the two OPENs settled, as far as the meaning of later bytes depends on it. One direction of a session each. */
import { type Address, format4 } from './address.ts'
import { assertList, throwOptionError } from './error.ts'
import type { Family } from './family.ts'

/** How to read and write what follows the OPENs; see the fields for their defaults. */
export interface Context {
  /** AS numbers are four octets in AS_PATH: both sides sent the capability (RFC 6793). Default true. */
  readonly fourOctetAs: boolean
  /**
   * The peer is in another AS: LOCAL_PREF from it means nothing (RFC 7606 §7.5), and segments of a confederation make a
   * path malformed (RFC 5065 §5). False for a peer in another member of one's own confederation. Default true.
   */
  readonly external: boolean
  /** Messages may be 65535 octets long, OPEN and KEEPALIVE apart (RFC 8654). Default false. */
  readonly extendedMessage: boolean
  /** Families whose routes carry a path identifier in this direction (RFC 7911). Default none. */
  readonly addPath: readonly Family[]
}

/** Whether the family's routes carry a path identifier. Few sessions have any, so the list is mostly empty. */
export function hasPathIds({ addPath }: Context, family: Family): boolean {
  return addPath.length > 0 && addPath.includes(family)
}

/** The context with its defaults. Field by field, because V8 reads the fields of a spread a fifth slower. */
export function contextOf(context: Partial<Context> = {}, nextHops?: NextHopTexts): DecoderContext {
  if (typeof context !== 'object' || context === null) throwOptionError('context', context, 'an object')
  const { fourOctetAs = true, external = true, extendedMessage = false, addPath = [] } = context
  assertList('context.addPath', addPath)
  return { fourOctetAs, external, extendedMessage, addPath, nextHops }
}

/** A context with the memory of next hops that its Decoder owns. */
export interface DecoderContext extends Context {
  readonly nextHops: NextHopTexts | undefined
}

/**
 * The texts of next hops, the last one for each final octet: next hops are few, and every UPDATE has one. It saves a fifth of
 * the time that a small UPDATE takes.
 */
export class NextHopTexts {
  readonly #last: { readonly octets: number; readonly text: Address }[] = []

  text(octets: number): Address {
    const index = octets & 0xff
    const last = this.#last[index]
    if (last?.octets === octets) return last.text
    const text = format4(octets)
    this.#last[index] = { octets, text }
    return text
  }
}
