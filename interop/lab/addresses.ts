/** The addresses of a router, and those of this host on its network. */
export interface Addresses {
  /** The router's own. */
  own: string
  own6: string
  /** Ours. */
  host: string
  host6: string
  otherHost: string
  otherHost6: string
}
