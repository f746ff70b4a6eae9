/** Why a request to a store of Leases failed, and why a candidate cannot lead: one row per reason. docs/errors.md is made from this. */

/** Why a request failed. */
export type LeaseStoreReason =
  | 'conflict'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'timeout'
  | 'unreachable'
  | 'certificate'
  | 'server-error'
  | 'bad-answer'
  | 'credentials'

/** Why a candidate cannot lead. */
export type ElectionReason = LeaseStoreReason | 'identity-in-use'

/** What each reason means, in one sentence. */
export const leaseStoreReasons = {
  conflict: 'The Lease has changed since it was read, or another candidate has made it.',
  unauthorized: 'The API server does not accept the credentials (401).',
  forbidden: 'The API server, or the file system, does not allow it (403): see the Role in deploy/kubernetes.',
  'not-found': 'The API server has no such namespace or Lease (404).',
  timeout: 'No answer came in time.',
  unreachable: 'No connection to the API server could be made, or it was lost.',
  certificate: 'The certificate of the API server, or ours, is not accepted.',
  'server-error': 'The API server answered 429 or with a 5xx status, or the store failed in another way.',
  'bad-answer': 'The answer is not that of an API server, or has no Lease.',
  credentials: 'The kubeconfig, or a file or command that it names, cannot be used.',
} as const satisfies Readonly<Record<LeaseStoreReason, string>>

export const electionReasons = {
  ...leaseStoreReasons,
  'identity-in-use': 'Another process campaigns with the identity of this node.',
  failed: "The caller's own election threw.",
} as const satisfies Readonly<Record<ElectionReason | 'failed', string>>
