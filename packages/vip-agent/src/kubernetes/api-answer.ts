/** What an answer of the API server means: a Lease, or a failure with a reason. */
import type { IncomingHttpHeaders } from 'node:http'
import { LeaseStoreError } from '../election/lease-store.ts'
import type { LeaseStoreReason } from '../election/reasons.ts'
import { isMap, printable } from './json.ts'

export interface Answer {
  /** The name of the server in sentences. */
  readonly place: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Undefined if it is not JSON. */
  readonly body: unknown
  /** The token that was sent. A server may repeat it. */
  readonly secret?: string | undefined
}

/** Statuses whose reason is not `bad-answer`; from 500 on it is `server-error`. */
const reasons: Readonly<Record<number, LeaseStoreReason>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  429: 'server-error',
}

export function failureOf({ place, status, headers, body, secret }: Answer): LeaseStoreError {
  const shown = (text: string): string => printable(secret ? text.replaceAll(secret, '(secret)') : text)
  const reason = reasons[status] ?? (status >= 500 ? 'server-error' : 'bad-answer')
  const message = isMap(body) && typeof body.message === 'string' ? `: ${shown(body.message)}` : ''
  const wait = headers['retry-after']
  const asks = wait === undefined ? '' : ` (Retry-After: ${shown(wait)})` // the election has its own retry period
  return new LeaseStoreError(reason, `${place} answered ${status}${asks}${message}`)
}

/** A 404 of something that is no API server must not look like a Lease that is missing. */
export function isMissingLease({ status, body }: Answer): boolean {
  if (status !== 404 || !isMap(body) || body.kind !== 'Status' || body.reason !== 'NotFound') return false
  return isMap(body.details) && body.details.kind === 'leases'
}
