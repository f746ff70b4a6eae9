/**
 * IANA's "BGP Error (Notification) Codes" and "BGP Error Subcodes": one row per code, one line per subcode, from which
 * the named numbers and the texts of describeNotification() are made. To add a subcode: its line here.
 * RFC 4271 §4.5, 4486, 5492, 6608, 7313, 8538, 9234, 9384, 9687, 9815.
 */
const codes = {
  header: {
    code: 1,
    text: 'Message Header Error',
    subcodes: {
      unspecific: [0, 'Unspecific'],
      connectionNotSynchronized: [1, 'Connection Not Synchronized'],
      badMessageLength: [2, 'Bad Message Length'],
      badMessageType: [3, 'Bad Message Type'],
    },
  },
  open: {
    code: 2,
    text: 'OPEN Message Error',
    subcodes: {
      unspecific: [0, 'Unspecific'],
      unsupportedVersionNumber: [1, 'Unsupported Version Number'],
      badPeerAs: [2, 'Bad Peer AS'],
      badBgpIdentifier: [3, 'Bad BGP Identifier'],
      unsupportedOptionalParameter: [4, 'Unsupported Optional Parameter'],
      authenticationFailure: [5, 'Authentication Failure (deprecated)'],
      unacceptableHoldTime: [6, 'Unacceptable Hold Time'],
      unsupportedCapability: [7, 'Unsupported Capability'],
      roleMismatch: [11, 'Role Mismatch'],
    },
  },
  update: {
    code: 3,
    text: 'UPDATE Message Error',
    subcodes: {
      unspecific: [0, 'Unspecific'],
      malformedAttributeList: [1, 'Malformed Attribute List'],
      unrecognizedWellKnownAttribute: [2, 'Unrecognized Well-known Attribute'],
      missingWellKnownAttribute: [3, 'Missing Well-known Attribute'],
      attributeFlagsError: [4, 'Attribute Flags Error'],
      attributeLengthError: [5, 'Attribute Length Error'],
      invalidOrigin: [6, 'Invalid ORIGIN Attribute'],
      asRoutingLoop: [7, 'AS Routing Loop (deprecated)'],
      invalidNextHop: [8, 'Invalid NEXT_HOP Attribute'],
      optionalAttributeError: [9, 'Optional Attribute Error'],
      invalidNetworkField: [10, 'Invalid Network Field'],
      malformedAsPath: [11, 'Malformed AS_PATH'],
    },
  },
  holdTimer: { code: 4, text: 'Hold Timer Expired', subcodes: {} },
  fsm: {
    code: 5,
    text: 'Finite State Machine Error',
    subcodes: {
      unspecified: [0, 'Unspecified Error'],
      unexpectedInOpenSent: [1, 'Receive Unexpected Message in OpenSent State'],
      unexpectedInOpenConfirm: [2, 'Receive Unexpected Message in OpenConfirm State'],
      unexpectedInEstablished: [3, 'Receive Unexpected Message in Established State'],
    },
  },
  cease: {
    code: 6,
    text: 'Cease',
    subcodes: {
      maximumPrefixes: [1, 'Maximum Number of Prefixes Reached'],
      administrativeShutdown: [2, 'Administrative Shutdown'],
      peerDeconfigured: [3, 'Peer De-configured'],
      administrativeReset: [4, 'Administrative Reset'],
      connectionRejected: [5, 'Connection Rejected'],
      otherConfigurationChange: [6, 'Other Configuration Change'],
      connectionCollision: [7, 'Connection Collision Resolution'],
      outOfResources: [8, 'Out of Resources'],
      hardReset: [9, 'Hard Reset'],
      bfdDown: [10, 'BFD Down'],
    },
  },
  routeRefresh: {
    code: 7,
    text: 'ROUTE-REFRESH Message Error',
    subcodes: { invalidMessageLength: [1, 'Invalid Message Length'] },
  },
  sendHoldTimer: { code: 8, text: 'Send Hold Timer Expired', subcodes: {} },
  lsdb: { code: 9, text: 'Loss of LSDB Synchronization', subcodes: {} },
} as const

type Codes = typeof codes
interface CodeRow {
  readonly code: number
  readonly text: string
  readonly subcodes: { readonly [name: string]: readonly [subcode: number, text: string] }
}

/** The error codes of NOTIFICATION by name (RFC 4271 §4.5): `notificationCode.cease` is 6. */
export const notificationCode = mapValues<CodeRow>(codes, ({ code }) => code) as {
  readonly [name in keyof Codes]: Codes[name]['code']
}

/**
 * The subcodes of each error code by name: `subcode.cease.administrativeShutdown` is 2. A code without subcodes is sent
 * with 0.
 */
export const subcode = mapValues<CodeRow>(codes, ({ subcodes }) => mapValues(subcodes, ([number]) => number)) as {
  readonly [name in keyof Codes]: SubcodeNumbers<Codes[name]['subcodes']>
}
type SubcodeNumbers<rows> = {
  readonly [name in keyof rows]: rows[name] extends readonly [infer code, string] ? code : never
}

/** Their texts in IANA's registries: that of the code, and that of the subcode; undefined for one that has none. */
export function textsOf(code: number, subcode: number): [code: string | undefined, subcode: string | undefined] {
  const row = Object.values<CodeRow>(codes).find(row => row.code === code)
  return [row?.text, Object.values(row?.subcodes ?? {}).find(([number]) => number === subcode)?.[1]]
}

function mapValues<row>(rows: { readonly [name: string]: row }, map: (row: row) => unknown): object {
  return Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, map(row)]))
}
