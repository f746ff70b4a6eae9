/** What the two OPENs settled, as far as the meaning of later bytes depends on it. */
export interface Context {
  /** AS numbers are four octets in AS_PATH: both sides sent the capability (RFC 6793). Default true. */
  readonly fourOctetAs: boolean
  /** The peer is in another AS: LOCAL_PREF from it means nothing (RFC 7606 §7.5). Default true. */
  readonly external: boolean
}

const defaults: Context = { fourOctetAs: true, external: true }

export function contextOf(context: Partial<Context> | undefined): Context {
  return context === undefined ? defaults : { ...defaults, ...context }
}
