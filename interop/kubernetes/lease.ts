/** The Lease as an administrator sees and changes it. */
import assert from 'node:assert/strict'
import type { ApiServer } from './api.ts'
import { until } from './until.ts'

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

/** Undefined if there is none. It asks until the API server answers. */
export async function readLease(api: ApiServer): Promise<Lease | undefined> {
  let status = 0
  let lease: unknown
  const isAnswered = async () => {
    ;({ status, body: lease } = await api.request('GET', LEASE))
    return status === 200 || status === 404
  }
  await until(isAnswered, 30, () => `the API server says whether there is a Lease (${status})`)
  return status === 200 ? (lease as Lease) : undefined
}

export async function deleteLease(api: ApiServer): Promise<void> {
  const { status } = await api.request('DELETE', LEASE)
  assert.equal(status, 200)
}

/** Writes into the Lease whatever its version is, as a person does. */
export async function overwriteLease(api: ApiServer, spec: LeaseSpec): Promise<void> {
  const patched = await api.request('PATCH', LEASE, { spec })
  if (patched.status !== 404) return assert.equal(patched.status, 200)
  const metadata = { name: 'plndr-cp-lock', namespace: 'kube-system' }
  const object = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec }
  await api.create(LEASES, object)
}
