/** A Lease as the API server has it (coordination.k8s.io/v1), and the record that the election has of it. */
import { isMac, type LeaseRecord, LeaseStoreError, type StoredLease } from '../election/lease-store.ts'
import { isMap, type JsonMap } from './json.ts'

/** Which Lease. */
export interface LeaseName {
  readonly namespace: string
  readonly name: string
}

/** The record, and the object that it was read from, whose other fields an update keeps. */
export interface LeaseObject {
  readonly stored: StoredLease
  readonly object: JsonMap
}

const MAX_INT32 = 2 ** 31 - 1
/** The MAC address of the holder's frames, and its epoch: another program that takes the Lease keeps both annotations. */
const MAC = 'softspoken/mac'
const MAC_EPOCH = 'softspoken/mac-epoch'

/**
 * Missing fields of `spec` are zero, as in client-go (LeaseSpecToLeaderElectionRecord): kubectl can create such a Lease.
 * @throws LeaseStoreError with reason `bad-answer`
 */
export function parseLease(object: unknown, lease: LeaseName, place: string): LeaseObject {
  const wrong = (what: string) =>
    new LeaseStoreError('bad-answer', `${place} answered with something that is not the Lease: ${what}`)
  if (!isMap(object) || object.kind !== 'Lease') throw wrong('kind must be Lease')
  const { metadata, spec = {} } = object
  if (!isMap(metadata) || metadata.name !== lease.name || metadata.namespace !== lease.namespace)
    throw wrong(`metadata must have the name ${lease.name} and the namespace ${lease.namespace}`)
  const version = metadata.resourceVersion
  if (typeof version !== 'string' || version === '') throw wrong('metadata.resourceVersion must be a string')
  if (!isMap(spec)) throw wrong('spec must be an object')

  const integer = (name: string): number => {
    const value = spec[name] ?? 0
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > MAX_INT32)
      throw wrong(`spec.${name} must be a whole number from 0 to ${MAX_INT32}`)
    return value as number
  }
  const time = (name: string): Date => {
    const value = spec[name] ?? new Date(0).toISOString()
    const milliseconds = typeof value === 'string' ? Date.parse(value) : Number.NaN
    if (Number.isNaN(milliseconds)) throw wrong(`spec.${name} must be a time`)
    return new Date(milliseconds)
  }
  const holder = spec.holderIdentity ?? ''
  if (typeof holder !== 'string') throw wrong('spec.holderIdentity must be a string')
  const annotations = isMap(metadata.annotations) ? metadata.annotations : {}
  const mac = annotations[MAC]
  const epoch = integer('leaseTransitions')
  const stored = {
    version,
    holder,
    duration: integer('leaseDurationSeconds'),
    epoch,
    acquiredAt: time('acquireTime'),
    renewedAt: time('renewTime'),
    ...(isMac(mac) && annotations[MAC_EPOCH] === String(epoch) && { mac }),
  }
  return { stored, object }
}

/**
 * `base` is the Lease that is updated. Its uid and resourceVersion make the update fail if another program has changed the
 * Lease, or deleted it and created it again; without a base it is created.
 */
export function leaseBody(record: LeaseRecord, { namespace, name }: LeaseName, base: JsonMap = {}): string {
  // The API server keeps managedFields itself; they are the larger part of a Lease.
  const { managedFields: _, annotations: before, ...metadata } = isMap(base.metadata) ? base.metadata : {}
  const { [MAC]: _mac, [MAC_EPOCH]: _epoch, ...others } = isMap(before) ? before : {}
  const { mac } = record
  const annotations = { ...others, ...(mac !== undefined && { [MAC]: mac, [MAC_EPOCH]: String(record.epoch) }) }
  const isAnnotated = Object.keys(annotations).length > 0
  return JSON.stringify({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...metadata, ...(isAnnotated && { annotations }), namespace, name },
    spec: {
      ...(isMap(base.spec) ? base.spec : {}),
      holderIdentity: record.holder,
      leaseDurationSeconds: record.duration,
      acquireTime: microTime(record.acquiredAt),
      renewTime: microTime(record.renewedAt),
      leaseTransitions: record.epoch,
    },
  })
}

/** Kubernetes' MicroTime has exactly six digits behind the second; with three the answer is 400. */
function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z')
}
