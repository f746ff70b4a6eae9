/** What holds on any sequence of inputs. */
import type { Message } from '@softspoken/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeAction, given, inputs, nothing, open } from '../tools/machine-play.ts'
import { configure, type SessionConfig } from './config.ts'
import type { SessionState } from './events.ts'
import { type Action, type Input, type Machine, newMachine, nextDeadline, step, type Timer } from './fsm.ts'

describe('on any sequence of inputs', () => {
  const anyOpen = fc
    .record({
      as: fc.constantFrom(65001, 65002, 65003),
      id: fc.constantFrom('192.0.2.1', '192.0.2.2'),
      holdTime: fc.constantFrom(0, 3, 30, 90),
      capabilities: fc.constantFrom(open.capabilities, []),
    })
    .map((change): Message => ({ ...open, ...change }))
  const anyNotification = fc
    .record({ code: fc.constantFrom(2, 3, 4, 5, 6), subcode: fc.nat(10) })
    .map((change): Message => ({ type: 'notification', ...change, data: nothing }))
  const anyInput: fc.Arbitrary<Input> = fc.oneof(
    // The usual ones often, so that runs get as far as Established.
    { weight: 8, arbitrary: fc.constantFrom(inputs.start, inputs.connected, inputs.open, inputs.keepalive) },
    // Without a lost collision: it is the last input of a machine, which is dropped after it.
    {
      weight: 4,
      arbitrary: fc.constantFrom(...Object.values(inputs).filter(({ type }) => type !== 'collision')),
    },
    {
      weight: 2,
      arbitrary: fc.oneof(anyOpen, anyNotification).map((message): Input => ({ type: 'message', message })),
    },
    { weight: 2, arbitrary: fc.constant<Input>({ type: 'tick' }) },
  )
  const anyRun = fc.record({
    settings: fc.record({
      passive: fc.boolean(),
      allowZeroHoldTime: fc.boolean(),
      firstDialDelay: fc.constantFrom(0, 7),
      peer: fc.constantFrom({ as: 65001, address: '192.0.2.2' }, { as: 65002, address: '192.0.2.2' }),
      backOff: fc.constantFrom({}, { minInterval: 1 }, { minInterval: 100 }),
    }),
    steps: fc.array(
      fc.tuple(fc.oneof(fc.constant(0), fc.nat(400_000)), fc.double({ min: 0.75, max: 1, noNaN: true }), anyInput),
      { maxLength: 80 },
    ),
  })

  const timersOf: Record<SessionState, readonly Timer[]> = {
    Idle: ['idleHoldTimer'],
    Connect: ['connectRetryTimer'],
    Active: [],
    OpenSent: ['holdTimer'],
    OpenConfirm: ['holdTimer', 'keepaliveTimer'],
    Established: ['holdTimer', 'keepaliveTimer', 'sendHoldTimer'],
  }
  const connected: readonly SessionState[] = ['OpenSent', 'OpenConfirm', 'Established']

  it('a session has one connection from the first message to its end', () => {
    run(({ before, input, actions, after, config }) => {
      let held: 'nothing' | 'dial' | 'connection' = holds(before.state)
      if (input.type === 'connected' && held === 'dial') held = 'connection'
      for (const action of actions) {
        if (action.type === 'connect' || action.type === 'accept') {
          if (held !== 'nothing') throw new Error(`a second connection, in ${before.state}`)
          if (action.type === 'connect' && config.passive) throw new Error('a passive session dials')
          held = action.type === 'connect' ? 'dial' : 'connection'
        }
        if (action.type === 'send' && held !== 'connection')
          throw new Error(`sends in ${before.state}, without a connection`)
        if (action.type === 'close') held = 'nothing'
      }
      expect(held).toBe(holds(after.state))
    })
  })
  it('each state runs its own timers only, and none is overdue when it is set', () => {
    run(({ before, after, now }) => {
      for (const [timer, at] of Object.entries(after.timers)) {
        expect(timersOf[after.state]).toContain(timer)
        if (before.timers[timer as Timer] !== at) expect(at).toBeGreaterThanOrEqual(now) // its own keys are timers
      }
    })
  })
  it('a timer runs unless it is stopped, passive or without a hold time', () => {
    let started = false
    run(
      ({ input, after, config }) => {
        if (input.type === 'start') started = true
        if (input.type === 'stop') started = false
        const mayWait =
          (after.state === 'Idle' && !started) || after.state === 'Active' || after.negotiated?.holdTime === 0
        if (after.state === 'Active') expect(config.passive).toBe(true)
        expect(nextDeadline(after) === undefined).toBe(mayWait)
      },
      () => {
        started = false
      },
    )
  })
  it('`negotiated` is set from the OPEN to the end of the session only', () => {
    run(({ after }) => {
      expect(after.negotiated !== undefined).toBe(after.state === 'OpenConfirm' || after.state === 'Established')
    })
  })
  it('a change of state sets `since` to the time of the step, and nothing else does', () => {
    run(({ before, after, now }) => {
      expect(after.since).toBe(before.state === after.state ? before.since : now)
    })
  })
  it('a connection that ends emits `down` once, and is closed after its last message', () => {
    run(({ before, after, actions }) => {
      const words = actions.map(describeAction)
      const downs = words.filter(word => word === 'emit down').length
      const ended = connected.includes(before.state) && after.state === 'Idle'
      if (ended) expect(words.slice(-2)).toEqual([expect.stringMatching(/^close/), 'emit down'])
      expect(downs).toBeLessThanOrEqual(1)
      if (downs === 1) expect([before.state === 'Idle', after.state]).toEqual([false, 'Idle'])
    })
  })
  it('UPDATEs are sent only if the caller sends them in Established', () => {
    run(({ before, input, actions }) => {
      const sent = actions.some(action => action.type === 'send' && action.message.type === 'update')
      expect(sent).toBe((input.type === 'send' || input.type === 'resend') && before.state === 'Established')
    })
  })
  it('two dials are at least minInterval apart', () => {
    let last = Number.NEGATIVE_INFINITY
    run(
      ({ actions, now, config }) => {
        if (!actions.some(action => action.type === 'connect')) return
        expect(now - last).toBeGreaterThanOrEqual(config.backOff.minInterval * 1000)
        last = now
      },
      () => {
        last = Number.NEGATIVE_INFINITY
      },
    )
  })

  function holds(state: SessionState): 'nothing' | 'dial' | 'connection' {
    return connected.includes(state) ? 'connection' : state === 'Connect' ? 'dial' : 'nothing'
  }
  interface Seen {
    readonly config: SessionConfig
    readonly before: Machine
    readonly input: Input
    readonly actions: readonly Action[]
    readonly after: Machine
    readonly now: number
  }
  function run(check: (seen: Seen) => void, reset: () => void = () => {}): void {
    fc.assert(
      fc.property(anyRun, ({ settings, steps }) => {
        reset()
        const config = configure({ ...given, ...settings })
        let machine = newMachine(config, 0)
        let now = 0
        for (const [wait, jitter, input] of steps) {
          now += wait
          const before = machine
          const [after, actions] = step(before, input, { now, jitter })
          machine = after
          check({ config, before, input, actions, after, now })
        }
      }),
      { numRuns: Number(process.env.RUNS ?? 300) },
    )
  }
})
