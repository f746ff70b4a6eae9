/** What our credentials may do, as the API server sees it (authorization.k8s.io/v1). A review is asked for and not stored. */
import { LeaseStoreError } from '../election/lease-store.ts'
import { type Answer, failureOf } from './api-answer.ts'
import { ApiClient } from './api-client.ts'
import { isMap } from './json.ts'
import { configure, type KubernetesLeaseOptions } from './options.ts'

/** One action on one resource, in the words of a SelfSubjectAccessReview. */
export interface Right {
  readonly verb: string
  readonly group: string
  readonly resource: string
  /** Of a resource that has one. */
  readonly namespace?: string
  /** Without it: any. */
  readonly name?: string
}

const PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'

/**
 * Which of these rights the credentials of the Lease do not have.
 * @throws OptionError; LeaseStoreError if one of them is not known
 */
export async function missingRights(
  options: KubernetesLeaseOptions,
  rights: readonly Right[],
  signal: AbortSignal,
): Promise<readonly Right[]> {
  const client = new ApiClient(configure(options))
  const allowed = await Promise.all(
    rights.map(async right =>
      isAllowed(await client.request({ method: 'POST', path: PATH, body: review(right) }, signal)),
    ),
  )
  return rights.filter((_, at) => !allowed[at])
}

function review(resourceAttributes: Right): string {
  const kind = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' }
  return JSON.stringify({ ...kind, spec: { resourceAttributes } })
}

/** @throws LeaseStoreError */
export function isAllowed(answer: Answer): boolean {
  const { status, place, body } = answer
  if (status < 200 || status > 299) throw failureOf(answer)
  if (!isMap(body) || !isMap(body.status) || typeof body.status.allowed !== 'boolean')
    throw new LeaseStoreError('bad-answer', `${place} answered with something else than an access review`)
  return body.status.allowed
}
