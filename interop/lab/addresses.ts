/** The addresses in a lab, as a router's configuration needs them. */
export interface Addresses {
  /** The router's own addresses. */
  own: string
  own6: string
  /** The addresses of this host. */
  host: string
  host6: string
  otherHost: string
  otherHost6: string
}
