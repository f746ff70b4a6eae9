/** The Lease as an administrator sees and changes it. */
import type { ApiServer } from './api.ts'

export const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases'
export const LEASE = `${LEASES}/plndr-cp-lock`

export interface LeaseSpec {
  readonly holderIdentity?: string
  readonly leaseDurationSeconds?: number
  readonly leaseTransitions?: number
  readonly acquireTime?: string
  readonly renewTime?: string
}
export interface Lease {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string }
  readonly spec: LeaseSpec
}

/** Undefined if there is none. */
export async function readLease(api: ApiServer): Promise<Lease | undefined> {
  const { status, body } = await api.request('GET', LEASE)
  return status === 200 ? (body as Lease) : undefined
}

export async function deleteLease(api: ApiServer): Promise<void> {
  await api.request('DELETE', LEASE)
}

/** Writes the whole Lease, as a person does who ignores the version. */
export async function overwriteLease(api: ApiServer, spec: LeaseSpec): Promise<void> {
  const lease = await readLease(api)
  const body = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: 'plndr-cp-lock',
      namespace: 'kube-system',
      ...(lease && { resourceVersion: lease.metadata.resourceVersion }),
    },
    spec: { ...lease?.spec, ...spec },
  }
  if (lease === undefined) await api.request('POST', LEASES, body)
  else await api.request('PUT', LEASE, body)
}
