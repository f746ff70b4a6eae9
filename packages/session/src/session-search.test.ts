/** Every sequence of a few inputs keeps the invariants; `npx --yes pnpm@12 prove:session` goes deeper. */
import { describe, expect, it } from 'vitest'
import { searchSession } from '../tools/session-search.ts'
import { type Action, type EventName, type Machine, type Step, TABLE } from './fsm.ts'
import type { SessionOptions } from './options.ts'

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
  type Fault = (right: Step) => Step
  const withoutTimer = (timer: keyof Machine['timers']): Fault => {
    return ([machine, actions]) => {
      const { [timer]: _, ...timers } = machine.timers
      return [{ ...machine, timers }, actions]
    }
  }
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
  ])('%s', (_, state, event, fault, invariant) => {
    const row = TABLE[state] as Record<EventName, (...of: unknown[]) => Step>
    const right = row[event] ?? TABLE[state].otherwise
    row[event] = (...of) => fault(right(...of))
    try {
      const { counterexample } = searchSession({}, { depth: 6 })
      expect(counterexample?.invariant).toContain(invariant)
      expect(counterexample?.inputs.length).toBeGreaterThan(0)
    } finally {
      row[event] = right
    }
  })
})
