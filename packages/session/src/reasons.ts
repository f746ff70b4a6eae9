/** Why a connection ended, or an attempt at one: one row per reason. docs/errors.md is made from this table. */

interface Row {
  /** One sentence. */
  readonly meaning: string
  /** The level of the log line `session down`; the same failure again is logged as debug. */
  readonly level: 'info' | 'warn'
}

/** Every reason, with its meaning and the level of its log line. docs/errors.md is made from this table. */
export const failureReasons = {
  refused: { meaning: 'The host of the peer refused the TCP connection.', level: 'warn' },
  timeout: { meaning: 'The dial got no answer in time.', level: 'warn' },
  unreachable: { meaning: 'There is no route to the peer, or a router on the path reported one.', level: 'warn' },
  reset: { meaning: 'The peer, or a device on the path, reset the TCP connection.', level: 'warn' },
  closed: { meaning: 'The TCP connection was closed without a NOTIFICATION.', level: 'warn' },
  unacknowledged: { meaning: 'The peer did not acknowledge our data in time (TCP_USER_TIMEOUT).', level: 'warn' },
  'local-address-missing': { meaning: 'The option local.address is not an address of this host.', level: 'warn' },
  'no-source-address': { meaning: 'This host has no address or port for a connection to the peer.', level: 'warn' },
  'interface-missing': { meaning: 'The network interface of the session is not on this host.', level: 'warn' },
  'own-address-lost': {
    meaning: 'This host no longer has the address that the session uses at our end.',
    level: 'warn',
  },
  'no-descriptor': { meaning: 'This process or this host has no file descriptor left.', level: 'warn' },
  'speaks-tls': { meaning: 'TLS answers on the port of the peer, not BGP.', level: 'warn' },
  'speaks-http': { meaning: 'HTTP answers on the port of the peer, not BGP.', level: 'warn' },
  'speaks-ssh': { meaning: 'SSH answers on the port of the peer, not BGP.', level: 'warn' },
  'hold-timer': {
    meaning: 'The peer sent nothing for the hold time (RFC 4271 §6.5). We sent a NOTIFICATION.',
    level: 'warn',
  },
  'send-hold-timer': {
    meaning: 'The peer did not read for the send hold time (RFC 9687). We sent a NOTIFICATION.',
    level: 'warn',
  },
  'as-trans': {
    meaning: 'The peer sent AS 23456 (AS_TRANS) without its four-octet AS number (RFC 6793). We sent a NOTIFICATION.',
    level: 'warn',
  },
  'capabilities-refused': {
    meaning: 'The peer refused our OPEN because of its capabilities; the next OPEN has none (RFC 5492 §3).',
    level: 'warn',
  },
  'notification-sent': {
    meaning: 'The peer sent a message with an error, and we answered with a NOTIFICATION: see `sent`.',
    level: 'warn',
  },
  'notification-received': {
    meaning: 'The peer ended the session with a NOTIFICATION: see `received`.',
    level: 'warn',
  },
  collision: { meaning: 'Another connection with the same peer was kept (RFC 4271 §6.8).', level: 'warn' },
  error: { meaning: 'Another error, of the system or of this process: see `detail`.', level: 'warn' },
  stopped: { meaning: 'stop() was called.', level: 'info' },
} as const satisfies Readonly<Record<string, Row>>

/** The machine-readable reason of a failure. */
export type FailureReason = keyof typeof failureReasons
