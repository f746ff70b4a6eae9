/** The Lease of the API server and the record of the election, both ways. */
import { describe, expect, it } from 'vitest'
import type { LeaseRecord } from '../election/lease-store.ts'
import { leaseBody, parseLease } from './lease-object.ts'

const name = { namespace: 'kube-system', name: 'vip' }
const MAC = '02:00:5e:00:00:02'
const time = '2026-01-31T12:00:00.123456Z'
const spec = {
  ...{ holderIdentity: 'node1', leaseDurationSeconds: 15, leaseTransitions: 3 },
  ...{ acquireTime: time, renewTime: '2026-01-31T12:00:02.000000Z' },
}
const metadata = { ...name, resourceVersion: '7' }
const object = { kind: 'Lease', metadata, spec }
const parsed = (given: unknown) => parseLease(given, name, 'server').stored

describe('parseLease()', () => {
  it('reads the record and its version, and keeps the object', () => {
    expect(parseLease(object, name, 'server')).toStrictEqual({
      stored: {
        ...{ version: '7', holder: 'node1', duration: 15, epoch: 3 },
        acquiredAt: new Date('2026-01-31T12:00:00.123Z'),
        renewedAt: new Date('2026-01-31T12:00:02Z'),
      },
      object,
    })
  })
  it.each([
    ['no spec', { kind: 'Lease', metadata }],
    ['an empty spec', { ...object, spec: {} }],
    ['null everywhere', { ...object, spec: { holderIdentity: null, leaseTransitions: null, renewTime: null } }],
  ])('a Lease with %s is free since 1970', (_, given) => {
    const zero = new Date(0)
    expect(parsed(given)).toStrictEqual({
      ...{ version: '7', holder: '', duration: 0, epoch: 0, acquiredAt: zero, renewedAt: zero },
    })
  })
  it.each([
    ['of this epoch', { 'softspoken/mac': MAC, 'softspoken/mac-epoch': '3' }, MAC],
    ['none, claimed by no one', { 'softspoken/mac': 'none', 'softspoken/mac-epoch': '3' }, 'none'],
    ['of another epoch', { 'softspoken/mac': MAC, 'softspoken/mac-epoch': '2' }, undefined],
    ['without an epoch', { 'softspoken/mac': MAC }, undefined],
    ['that is none', { 'softspoken/mac': 'x', 'softspoken/mac-epoch': '3' }, undefined],
    ['in annotations that are no map', [MAC], undefined],
  ])('a MAC address %s', (_, annotations, mac) => {
    expect(parsed({ ...object, metadata: { ...metadata, annotations } }).mac).toBe(mac)
  })
  it.each<[string, unknown, string]>([
    ['null', null, 'kind must be Lease'],
    ['a list', [object], 'kind must be Lease'],
    ['another kind', { ...object, kind: 'Status' }, 'kind must be Lease'],
    ['no metadata', { ...object, metadata: null }, 'metadata must have the name vip and the namespace kube-system'],
    ['another name', { ...object, metadata: { ...metadata, name: 'other' } }, 'metadata must have the name vip'],
    ['another namespace', { ...object, metadata: { ...metadata, namespace: 'x' } }, 'metadata must have the name vip'],
    ['no version', { ...object, metadata: name }, 'metadata.resourceVersion must be a string'],
    ['an empty version', { ...object, metadata: { ...metadata, resourceVersion: '' } }, 'metadata.resourceVersion'],
    [
      'a version that is a number',
      { ...object, metadata: { ...metadata, resourceVersion: 7 } },
      'resourceVersion must',
    ],
    ['a spec that is a list', { ...object, spec: [] }, 'spec must be an object'],
    ['a holder that is a number', { ...object, spec: { holderIdentity: 5 } }, 'spec.holderIdentity must be a string'],
    [
      'a broken duration',
      { ...object, spec: { leaseDurationSeconds: 1.5 } },
      'spec.leaseDurationSeconds must be a whole number from 0 to 2147483647',
    ],
    ['an epoch below 0', { ...object, spec: { leaseTransitions: -1 } }, 'spec.leaseTransitions must be'],
    ['an epoch of 2^31', { ...object, spec: { leaseTransitions: 2 ** 31 } }, 'spec.leaseTransitions must be'],
    ['an epoch that is a text', { ...object, spec: { leaseTransitions: '1' } }, 'spec.leaseTransitions must be'],
    ['no time', { ...object, spec: { renewTime: 'soon' } }, 'spec.renewTime must be a time'],
    ['a time that is a number', { ...object, spec: { acquireTime: 5 } }, 'spec.acquireTime must be a time'],
  ])('%s is a bad answer', (_, given, what) => {
    expect(() => parsed(given)).toThrow(
      expect.objectContaining({
        reason: 'bad-answer',
        detail: expect.stringMatching(new RegExp(`^server answered with something that is not the Lease: .*${what}`)),
      }),
    )
  })
  it('the largest epoch is read', () => {
    expect(parsed({ ...object, spec: { leaseTransitions: 2 ** 31 - 1 } }).epoch).toBe(2_147_483_647)
  })
})

describe('leaseBody()', () => {
  const at = new Date('2026-01-31T12:00:00.123Z')
  const record: LeaseRecord = { holder: 'node1', duration: 15, epoch: 4, acquiredAt: at, renewedAt: new Date(0) }
  const body = (given: Partial<LeaseRecord> = {}, base?: object) =>
    JSON.parse(leaseBody({ ...record, ...given }, name, base as never))

  it('a new Lease has the record and its name alone', () => {
    expect(body()).toStrictEqual({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: name,
      spec: {
        ...{ holderIdentity: 'node1', leaseDurationSeconds: 15, leaseTransitions: 4 },
        ...{ acquireTime: '2026-01-31T12:00:00.123000Z', renewTime: '1970-01-01T00:00:00.000000Z' },
      },
    })
  })
  it('an update keeps what is not ours, and leaves out managedFields', () => {
    const labels = { a: 'b' }
    const annotations = { 'kube-vip.io/x': '1', 'softspoken/mac': MAC, 'softspoken/mac-epoch': '3' }
    const before = {
      metadata: { ...metadata, uid: 'u', labels, annotations, managedFields: [1] },
      spec: { ...spec, strategy: 'Oldest' },
      status: {},
    }
    const written = body({}, before)
    expect(written.metadata).toStrictEqual({ ...metadata, uid: 'u', labels, annotations: { 'kube-vip.io/x': '1' } })
    expect(written.spec).toMatchObject({ strategy: 'Oldest', holderIdentity: 'node1', leaseTransitions: 4 })
    expect(Object.keys(written)).toEqual(['apiVersion', 'kind', 'metadata', 'spec'])
  })
  it('a MAC address is an annotation with its epoch', () => {
    const annotations = { 'softspoken/mac': MAC, 'softspoken/mac-epoch': '4' }
    expect(body({ mac: MAC }).metadata).toStrictEqual({ ...name, annotations })
    expect(body({ mac: MAC }, { metadata: { annotations: { a: 'b' } } }).metadata.annotations).toEqual({
      a: 'b',
      ...annotations,
    })
  })
  it('what is parsed and written again is the same record', () => {
    const base = { ...object, metadata: { ...metadata, annotations: 'no map' } }
    const { stored } = parseLease(
      { ...body({ mac: MAC }, base), metadata: { ...body({ mac: MAC }).metadata, resourceVersion: '8' } },
      name,
      'server',
    )
    expect(stored).toEqual({ ...record, mac: MAC, version: '8' })
  })
})
