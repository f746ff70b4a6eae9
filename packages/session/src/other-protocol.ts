/** Another protocol on the peer's port, recognized by its first octets. */
import type { Explanation } from './connection-error.ts'

/** The octets that are enough to recognize it. */
export const FIRST_OCTETS = 5

/** A BGP message begins with an octet of 255; none of these does (RFC 8446 §5.1, RFC 9112 §2.3, RFC 4253 §4.2). */
export function otherProtocol(first: Uint8Array): Explanation | undefined {
  const [type = 0, version] = first
  if (type >= 20 && type <= 23 && version === 3) return explain('speaks-tls', 'TLS') // a record: an alert or a handshake
  const text = new TextDecoder('latin1').decode(first.subarray(0, FIRST_OCTETS))
  if (/^(HTTP\/|GET |HEAD |POST |PUT |PRI )/.test(text)) return explain('speaks-http', 'HTTP')
  return text.startsWith('SSH-') ? explain('speaks-ssh', 'SSH') : undefined
}
/** For a message that cannot be decoded: the protocol that it belongs to, or the fault in it. */
export function explainMalformed(first: Uint8Array, fault: string): Explanation {
  return otherProtocol(first) ?? { reason: 'notification-sent', detail: `the peer sent what cannot be read: ${fault}` }
}
function explain(reason: Explanation['reason'], name: string): Explanation {
  return { reason, detail: `the peer speaks ${name}, not BGP` }
}
