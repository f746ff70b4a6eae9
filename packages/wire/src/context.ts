/** What the two OPENs settled, as far as the meaning of later bytes depends on it. One direction of a session each. */
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

const defaults: Context = { fourOctetAs: true, external: true, extendedMessage: false, addPath: [] }

/** Whether the family's routes carry a path identifier; almost nobody's do. */
export function hasPathIds({ addPath }: Context, family: Family): boolean {
  return addPath.length > 0 && addPath.includes(family)
}

export function contextOf(context: Partial<Context> | undefined): Context {
  return context === undefined ? defaults : { ...defaults, ...context }
}
