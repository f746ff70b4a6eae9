/** Recognizes another protocol than BGP on the peer's port, by the first octets of the connection. */

/** A protocol other than BGP that answers on the peer's port. */
export type OtherProtocol = 'TLS' | 'HTTP' | 'SSH'

/** Octets that are enough to recognize it. */
export const FIRST_OCTETS = 5

/** A BGP message begins with an octet of 255; none of these does (RFC 8446 §5.1, RFC 9112 §2.3, RFC 4253 §4.2). */
export function otherProtocol(first: Uint8Array): OtherProtocol | undefined {
  const [type = 0, version] = first
  if (type >= 20 && type <= 23 && version === 3) return 'TLS' // a record: an alert, or a handshake
  const text = new TextDecoder('latin1').decode(first.subarray(0, FIRST_OCTETS))
  if (/^(HTTP\/|GET |HEAD |POST |PUT |PRI )/.test(text)) return 'HTTP'
  return text.startsWith('SSH-') ? 'SSH' : undefined
}
