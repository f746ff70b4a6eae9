/** Why a connection ended, or an attempt at one: one row per reason. docs/errors.md is made from this table. */

/** What each reason means, in one sentence. */
export const failureReasons = {
  refused: 'The host of the peer refused the TCP connection.',
  timeout: 'The dial got no answer in time.',
  unreachable: 'There is no route to the peer, or a router on the path reported one.',
  reset: 'The peer, or a device on the path, reset the TCP connection.',
  closed: 'The TCP connection was closed without a NOTIFICATION.',
  unacknowledged: 'The peer did not acknowledge our data in time (TCP_USER_TIMEOUT).',
  'local-address-missing': 'The option local.address is not an address of this host.',
  'no-source-address': 'This host has no address or port for a connection to the peer.',
  'interface-missing': 'The network interface of the session is not on this host.',
  'own-address-lost': 'This host no longer has the address that the session uses at our end.',
  'no-descriptor': 'This process or this host has no file descriptor left.',
  'speaks-tls': 'TLS answers on the port of the peer, not BGP.',
  'speaks-http': 'HTTP answers on the port of the peer, not BGP.',
  'speaks-ssh': 'SSH answers on the port of the peer, not BGP.',
  'hold-timer': 'The peer sent nothing for the hold time (RFC 4271 §6.5). We sent a NOTIFICATION.',
  'send-hold-timer': 'The peer did not read for the send hold time (RFC 9687). We sent a NOTIFICATION.',
  'as-trans': 'The peer sent AS 23456 (AS_TRANS) without its four-octet AS number (RFC 6793). We sent a NOTIFICATION.',
  'capabilities-refused':
    'The peer refused our OPEN because of its capabilities; the next OPEN has none (RFC 5492 §3).',
  'notification-sent': 'The peer sent a message with an error, and we answered with a NOTIFICATION: see `sent`.',
  'notification-received': 'The peer ended the session with a NOTIFICATION: see `received`.',
  error: 'Another error, of the system or of this process: see `detail`.',
  stopped: 'stop() was called.',
} as const satisfies Readonly<Record<string, string>>

/** The machine-readable reason of a failure. */
export type FailureReason = keyof typeof failureReasons

/** The level of the log line `session down`. A call of stop() is no failure. The same failure again is logged as debug. */
export function failureLevel(reason: FailureReason): 'info' | 'warn' {
  return reason === 'stopped' ? 'info' : 'warn'
}
