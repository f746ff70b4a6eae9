/** Every sequence of a few inputs keeps the invariants; `npx --yes pnpm@12 prove:session` goes deeper. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { searchSession } from '../tools/session-search.ts'
import { type Action, type EventName, type Machine, type Step, TABLE } from './fsm.ts'
import type { Negotiated } from './open-check.ts'
import type { SessionOptions } from './options.ts'

/** Faults with two connections. */
const fault = vi.hoisted(() => ({ noOther: false, staysPending: false }))
vi.mock(import('./connections.ts'), async original => {
  const { otherThan, ...others } = await original()
  return { ...others, otherThan: (...of) => (fault.noOther ? undefined : otherThan(...of)) }
})
vi.mock(import('./open-deadline.ts'), async original => {
  const { limitOpenWait, ...others } = await original()
  return {
    ...others,
    limitOpenWait: (...of) => {
      const after = limitOpenWait(...of)
      return fault.staysPending && after.main.side === 'incoming' ? { ...after, pending: after.main } : after
    },
  }
})
afterEach(() => {
  fault.noOther = false
  fault.staysPending = false
})

const settings: Readonly<Record<string, Partial<SessionOptions>>> = {
  'the defaults': {},
  'a passive session': { passive: true },
  'a session that may do without a hold time': { allowZeroHoldTime: true },
}

describe('every sequence of six inputs keeps the invariants', () => {
  it.each(Object.keys(settings))('with %s', name => {
    const { counterexample, depth, states } = searchSession(settings[name] ?? {}, { depth: 6 })
    expect(counterexample).toBeUndefined()
    expect(depth).toBe(6)
    expect(states).toBeGreaterThan(name === 'a passive session' ? 150 : 500)
  })
})

describe('the search finds a fault in the state machine', () => {
  type State = Machine['state']
  type Fault = (right: Step, before: Machine) => Step
  const withoutTimer = (timer: keyof Machine['timers']): Fault => {
    return ([machine, actions]) => {
      const { [timer]: _, ...timers } = machine.timers
      return [{ ...machine, timers }, actions]
    }
  }
  const negotiated = { holdTime: 90 } as Negotiated // the rest is not read here
  const withAction = (action: Action): Fault => {
    return ([machine, actions]) => [machine, [...actions, action]]
  }

  it.each<[string, State, EventName, Fault, string]>([
    ['no hold timer in OpenConfirm', 'OpenSent', 'open', withoutTimer('holdTimer'), 'a hold timer is armed'],
    ['no hold timer in Established', 'OpenConfirm', 'keepalive', withoutTimer('holdTimer'), 'a hold timer is armed'],
    ['a dial without a deadline', 'Idle', 'start', withoutTimer('connectRetryTimer'), 'a dial has a deadline'],
    ['no back-off', 'Connect', 'disconnected', withoutTimer('idleHoldTimer'), 'waits for its next dial'],
    ['a second dial', 'Idle', 'accepted', withAction({ type: 'connect' }), 'dials only without'],
    [
      'a message after the end',
      'OpenSent',
      'holdTimer',
      withAction({ type: 'send', message: { type: 'keepalive' } }),
      'sends only on a connection',
    ],
    [
      'a timer after stop()',
      'Connect',
      'stop',
      ([machine, actions]) => [{ ...machine, timers: { idleHoldTimer: 1e9 } }, actions],
      'a stopped session',
    ],
    [
      'a dial right after the last',
      'Connect',
      'disconnected',
      ([machine, actions]) => [
        { ...machine, history: { transport: 0, protocol: 0 }, timers: { idleHoldTimer: 1 } },
        actions,
      ],
      'minInterval apart',
    ],
    [
      'a KEEPALIVE without an OPEN, which establishes a second time',
      'OpenSent',
      'keepalive',
      (right, before) => (before.wasEstablished ? [{ ...before, state: 'Established', negotiated }, []] : right),
      'one connection is Established',
    ],
    [
      'an expired hold timer without effect',
      'OpenConfirm',
      'holdTimer',
      (_, before) => [{ ...before, timers: {} }, []],
      'every state can be left',
    ],
    [
      'an expired hold timer that is armed again',
      'OpenSent',
      'holdTimer',
      (_, before) => [{ ...before, timers: { holdTimer: (before.timers.holdTimer ?? 0) + 1000 } }, []],
      'every state is left after a time',
    ],
    [
      'an end that is emitted twice',
      'Connect',
      'disconnected',
      ([machine, actions]) => [machine, [...actions, ...actions]],
      'emits one end',
    ],
    ['a connection that is not closed', 'OpenSent', 'notification', ([machine]) => [machine, []], 'those of the shell'],
    ['the loser of a collision stays', 'OpenSent', 'collision', ([machine]) => [machine, []], 'accepts only what'],
    ['a connection that was not offered', 'OpenSent', 'keepalive', withAction({ type: 'accept' }), 'accepts only what'],
    [
      'an UPDATE of our own',
      'OpenConfirm',
      'keepalive',
      withAction({ type: 'send', message: { type: 'update', withdrawn: [], attributes: {}, announced: [] } }),
      'sends only the UPDATEs of the caller',
    ],
    [
      'nothing negotiated',
      'OpenConfirm',
      'keepalive',
      ([{ negotiated: _, ...machine }, actions]) => [machine, actions],
      'an Established session has negotiated',
    ],
  ])('%s', (_, state, event, fault, invariant) => {
    const row = TABLE[state] as Record<EventName, (...of: unknown[]) => Step>
    const right = row[event] ?? TABLE[state].otherwise
    row[event] = (...of) => fault(right(...of), of[0] as Machine)
    try {
      const { counterexample } = searchSession({}, { depth: 6 })
      expect(counterexample?.invariant).toContain(invariant)
      expect(counterexample?.inputs.length).toBeGreaterThan(0)
    } finally {
      row[event] = right
    }
  })

  it('no collision detection', () => {
    fault.noOther = true
    expect(searchSession({}, { depth: 6 }).counterexample?.invariant).toContain('accepts only what')
  })
  it('the winner of a collision stays pending, too', () => {
    fault.staysPending = true
    expect(searchSession({}, { depth: 6 }).counterexample?.invariant).toBe('each side has one connection')
  })
})
