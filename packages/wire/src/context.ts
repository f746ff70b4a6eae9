/** What the two OPENs have negotiated, as far as later messages depend on it; for one direction of a session. */
import { assertList, assertObject, throwOptionError, throwUnknownName } from './error.ts'
import { type Family, familyRow } from './family.ts'

/** How to read or write the messages after the OPENs. */
export interface Context {
  /** AS numbers in AS_PATH and AGGREGATOR have four octets: both sides sent the capability (RFC 6793). Default true. */
  readonly fourOctetAs: boolean
  /**
   * The peer is in another AS: LOCAL_PREF from it is discarded (RFC 7606 §7.5), and confederation segments make its AS_PATH
   * malformed (RFC 5065 §5). False also for a peer in another member AS of the own confederation. Default true.
   */
  readonly external: boolean
  /** Messages may be 65535 octets long, except OPEN and KEEPALIVE (RFC 8654). Default false: 4096 octets. */
  readonly extendedMessage: boolean
  /** The families whose routes carry a path identifier in this direction (RFC 7911). Default none. */
  readonly addPath: readonly Family[]
}

/** The context with its defaults. Field by field, because V8 takes a fifth longer to decode with an object made by a spread. */
export function contextOf(context: Partial<Context> = {}): Context {
  assertObject('context', context)
  const { fourOctetAs = true, external = true, extendedMessage = false, addPath = [] } = context
  for (const name in context) {
    if (!names.includes(name)) throwUnknownName('context', name, names)
    const value = context[name as keyof Context]
    if (name !== 'addPath' && value !== undefined && typeof value !== 'boolean')
      throwOptionError(`context.${name}`, value, 'true or false')
  }
  assertList('context.addPath', addPath)
  for (const family of addPath) familyRow(family, 'context.addPath')
  return { fourOctetAs, external, extendedMessage, addPath }
}

const names: readonly string[] = ['fourOctetAs', 'external', 'extendedMessage', 'addPath']

/** Whether the family's routes carry a path identifier. The list is nearly always empty. */
export function hasPathIds({ addPath }: Context, family: Family): boolean {
  return addPath.length > 0 && addPath.includes(family)
}
