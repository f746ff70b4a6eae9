/** What a node may hold, and until when, in single states. */
import { describe, expect, it, test } from 'vitest'
import { newSegment } from '../segment/state.ts'
import { kernelDeadline, lifetimeEnd, mayBeThere, whyNotServing, whyWithheld } from './leases.ts'
import { type AddressState, type AgentConfig, type AgentState, newAgent } from './state.ts'

const config: AgentConfig = {
  ...{ mode: 'standby', managesAddress: true, requireAddress: false, destroyConnections: true, segment: undefined },
  ...{ hasSessions: true, sessionGrace: 3000, drainTime: 3000, gracefulShutdownTime: 0, lastResortTime: undefined },
}
/** A node that serves until 20 s, and has the VIP until 15 s. */
function node(change: Partial<AgentState> = {}, address: Partial<AddressState> = {}): AgentState {
  const fresh = newAgent(config)
  return {
    ...fresh,
    ...{ clean: true, sessions: 1, lastSessionAt: undefined },
    health: { up: true, until: 20_000, detail: 'no check has ended in time' },
    ...change,
    address: { ...fresh.address, status: 'present', until: 15_000, requested: 15_500, heldUntil: 15_500, ...address },
  }
}

describe('a node serves', () => {
  it.each<[string, number, Partial<AgentState>, string]>([
    ['its last passed check is too old', 20_000, {}, 'unhealthy'],
    ['its VIP could not be added', 2000, {}, 'address-failed'],
    ['it had no session for the grace', 3000, { lastSessionAt: 0 }, 'no-session'],
    ['it had no carrier for a second', 1000, { lastCarrierAt: 0 }, 'no-carrier'],
  ])('until %s', (_, at, change, reason) => {
    const cause = { reason: 'address-failed', detail: 'EPERM' } as const
    const one = node(change, { blockedUntil: reason === 'address-failed' ? at + 1 : 0, cause })
    if (reason !== 'address-failed') expect(whyNotServing(one, at - 1)).toBeUndefined()
    expect(whyNotServing(one, at)?.reason).toBe(reason)
  })
  it.each(['blocked', 'unsendable'])('again when the pause of a node that is %s is over', why => {
    const cause = { reason: 'address-failed', detail: 'EPERM' } as const
    const pause = { detail: 'no IPv6', until: 2000 }
    const one = why === 'blocked' ? node({}, { blockedUntil: 2000, cause }) : node({ unsendable: pause })
    expect(whyNotServing(one, 1999)).toBeDefined()
    expect(whyNotServing(one, 2000)).toBeUndefined()
  })
})

describe('a node does not advertise because', () => {
  it.each<[string, AgentState, number, object]>([
    ['its route has ended', node(), 0, { reason: 'lease-ended' }],
    ['the lifetime of the VIP has ended', node(), 15_000, { reason: 'lease-ended' }],
    ['the VIP is not there yet', node({}, { status: 'absent' }), 0, { reason: 'address-pending' }],
    [
      'another node has the VIP',
      node(
        { segment: { ...newSegment({ claimInUse: false, claimDelay: 0 }), blockedBy: '02::02' } },
        { status: 'absent' },
      ),
      0,
      { reason: 'address-in-use', detail: expect.stringContaining('02::02') },
    ],
  ])('%s', (_, state, now, expected) => {
    expect(whyWithheld(state, now)).toMatchObject(expected)
  })
})

test('the VIP may be on the interface until a second after its lifetime', () => {
  for (const status of ['present', 'unknown'] as const) {
    expect(mayBeThere(node({}, { status }), 16_499)).toBe(true)
    expect(mayBeThere(node({}, { status }), 16_500)).toBe(false)
  }
})

test('a lifetime has the whole seconds that are left of the lease', () => {
  expect(lifetimeEnd(10_500, 3200)).toBe(10_200)
  expect(lifetimeEnd(10_200, 3200)).toBe(10_200)
})

describe('the kernel ends the process', () => {
  const route = { med: 1, until: 12_000 }
  const leadership = { epoch: 1, until: 9000, previous: undefined }
  it.each<[string, AgentState, number | undefined]>([
    ['when the route of a node without a VIP of its own ends', node({ route }, { heldUntil: -1e9 }), 12_000],
    ['when the leadership of a node that advertises ends', node({ route, leadership }), 9000],
    ['when the lifetime of the VIP ends', node(), 15_000],
    ['when a shorter lifetime ends that is being set', node({}, { requested: 7000 }), 7000],
    ['when a VIP that may be there goes', node({}, { status: 'unknown', requested: undefined }), 15_500],
    ['not because of a leadership without a route', node({ leadership }, { heldUntil: -1e9 }), undefined],
    ['not after the end', node({ route, ending: { phase: 'done', by: 0 } }), undefined],
  ])('%s', (_, state, expected) => {
    expect(kernelDeadline(state, 0)).toBe(expected)
  })
  it('5 s later at the earliest, as long as the VIP may be there', () => {
    expect(kernelDeadline(node(), 16_499)).toBe(21_499)
    expect(kernelDeadline(node(), 16_500)).toBeUndefined()
  })
})
