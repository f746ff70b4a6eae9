/** Lists objects of a kind that a cluster may not have. */
import { LeaseStoreError } from '../election/lease-store.ts'
import { failureOf } from './api-answer.ts'
import { ApiClient } from './api-client.ts'
import { isMap, type JsonMap } from './json.ts'
import { configure, type KubernetesLeaseOptions } from './options.ts'

/**
 * `path`: of the collection. Undefined if the API server does not know it.
 * @throws OptionError; LeaseStoreError, with the reason `forbidden` if the credentials may not list them
 */
export async function listObjects(
  options: KubernetesLeaseOptions,
  path: string,
  signal: AbortSignal,
): Promise<readonly JsonMap[] | undefined> {
  const answer = await new ApiClient(configure(options)).request({ method: 'GET', path }, signal)
  const { status, place, body } = answer
  if (status === 404) return undefined
  if (status < 200 || status > 299) throw failureOf(answer)
  if (!isMap(body) || !Array.isArray(body.items))
    throw new LeaseStoreError('bad-answer', `${place} answered with something else than a list`)
  return body.items.filter(isMap)
}
