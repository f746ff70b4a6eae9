/** What a step of the address brought, in single states. */
import { describe, expect, it } from 'vitest'
import {
  addressFailed,
  addressGone,
  addressRemoved,
  addressSet,
  changeAddress,
  removePlanned,
} from './change-address.ts'
import { type AddressState, type AgentConfig, type AgentState, newAgent } from './state.ts'

const config: AgentConfig = {
  ...{ mode: 'all-nodes', managesAddress: true, requireAddress: false, destroyConnections: true, segment: undefined },
  ...{ hasSessions: true, sessionGrace: 3000, drainTime: 3000, gracefulShutdownTime: 0, lastResortTime: undefined },
}
const cause = { reason: 'address-removed', detail: 'removed' } as const
/** A node that has the VIP until 15 s. */
function node(address: Partial<AddressState>, change: Partial<AgentState> = {}): AgentState {
  const fresh = newAgent(config)
  const present = { status: 'present', until: 15_000, requested: 15_500, heldUntil: 15_500 } as const
  return { ...fresh, clean: true, ...change, address: { ...fresh.address, ...present, ...address } }
}
const healthy = { health: { up: true, until: 25_000, detail: 'too old' } }

describe('a VIP that was set', () => {
  it('is held until the lease that was asked for; what failed before is forgotten', () => {
    const before = { busy: 'set', until: 9000, requested: 9500, failures: 2, cause } as const
    expect(addressSet(node(before), 9000).address).toMatchObject({
      ...{ busy: undefined, status: 'present', until: 9000, heldUntil: 9500, failures: 0, cause: undefined },
    })
  })
  it('is held until its lifetime ends if it was removed meanwhile', () => {
    expect(addressSet(node({ busy: 'set', requested: undefined }), 9000).address.heldUntil).toBe(9000)
  })
  it('does not count if no step runs', () => {
    const one = node({ status: 'absent' })
    expect(addressSet(one, 9000)).toBe(one)
  })
})

describe('a VIP that was removed', () => {
  it('keeps the cause of a pause until that is over', () => {
    const one = node({ failures: 2, blockedUntil: 5000, cause })
    expect(addressRemoved(one, 4999).address).toMatchObject({ failures: 2, cause })
    expect(addressRemoved(one, 5000).address).toMatchObject({ failures: 0, cause: undefined })
  })
})

describe('a VIP whose step failed', () => {
  it('is there until its lifetime ends, unless another program removed it', () => {
    const statusOf = (address: Partial<AddressState>, now: number) =>
      addressFailed(node({ busy: 'set', ...address }), 'EPERM', now).address
    expect(statusOf({}, 14_999)).toMatchObject({ status: 'present', blockedUntil: Number.NEGATIVE_INFINITY })
    expect(statusOf({}, 15_000)).toMatchObject({ status: 'unknown', blockedUntil: 16_000 })
    expect(statusOf({ gone: true }, 0)).toMatchObject({ status: 'unknown', blockedUntil: 1000 })
  })
  it('is removed again at the time of the next try, and not sooner', () => {
    const failed = addressFailed(node({ busy: 'remove', status: 'unknown' }), 'EBUSY', 1000)
    expect(changeAddress(failed, 1999)[1]).toEqual([])
    expect(changeAddress(failed, 2000)[1]).toEqual([{ type: 'remove-address' }])
  })
  it('is removed at once if it was set again after a removal that failed', () => {
    expect(changeAddress(node({ removeAt: 9000 }), 1000)[1]).toEqual([{ type: 'remove-address' }])
  })
})

describe('a VIP that is gone', () => {
  it('is added again', () => {
    const [state, actions] = changeAddress(addressGone(node({}, healthy), 5000), 5000)
    expect(actions).toEqual([{ type: 'set-address', until: 25_000 }])
    expect(state.address).toMatchObject({ gone: true, readded: [5000] })
  })
  it('was removed by the kernel if its lifetime has ended', () => {
    expect(addressGone(node({}), 14_999).address.status).toBe('present')
    expect(addressGone(node({}), 15_000).address).toMatchObject({ status: 'absent', readded: [] })
  })
  it('does not count if it was not there', () => {
    const one = node({ status: 'unknown' })
    expect(addressGone(one, 0)).toBe(one)
  })
  it('a minute later it counts no more', () => {
    const readded = [0, 1, 2]
    const long = { readded, until: 99_000 }
    expect(addressGone(node(long), 59_999).address).toMatchObject({
      status: 'absent',
      cause: { reason: 'address-removed', detail: expect.stringContaining(' 4 times') },
    })
    expect(addressGone(node(long), 60_000).address).toMatchObject({ status: 'present', readded: [1, 2, 60_000] })
  })
})

describe('a lease', () => {
  it.each([
    [5999, []],
    [6000, [{ type: 'set-address', until: 6000 }]],
  ])('that ends at %i ms sets a lifetime of at least a second from 5 s on', (until, actions) => {
    const one = node({ status: 'absent' }, { health: { ...healthy.health, until } })
    expect(changeAddress(one, 5000)[1]).toEqual(actions)
  })
})

describe('a planned removal', () => {
  it.each([
    [true, 'present', ['destroy-connections', 'remove-address']],
    [true, 'unknown', ['remove-address']],
    [false, 'present', ['remove-address']],
  ] as const)('with destroyConnections %s and the VIP %s is %j', (destroyConnections, status, expected) => {
    const one = node({ status }, { config: { ...config, destroyConnections } })
    expect(removePlanned(one)[1].map(({ type }) => type)).toEqual(expected)
  })
})
