import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Action,
  type Gate,
  type GateConfig,
  type Input,
  isUp,
  newGate,
  nextDeadline,
  step,
  whyDown,
} from './machine.ts'

const config: GateConfig = {
  interval: 5000,
  timeout: 3000,
  rise: 3,
  fall: 3,
  ttl: 20_000,
  holdDown: { withdrawals: 3, within: 600_000, stayDown: 300_000 },
}

/** A gate with a clock. The test ends each check. */
class Bench {
  now = 0
  gate: Gate
  readonly actions: string[] = []
  constructor(given: Partial<GateConfig> = {}) {
    this.gate = newGate({ ...config, ...given })
    this.feed({ type: 'start' })
  }
  feed(input: Input): void {
    const [gate, actions] = step(this.gate, input, this.now)
    this.gate = gate
    this.actions.push(...actions.map(textOf))
  }
  /** Runs each deadline up to then, at its millisecond. */
  pass(seconds: number): void {
    const until = this.now + seconds * 1000
    for (let at = nextDeadline(this.gate); at !== undefined && at <= until; at = nextDeadline(this.gate)) {
      this.now = Math.max(this.now, at)
      this.feed({ type: 'tick' })
    }
    this.now = until
  }
  /** Ends the next checks at once: one passes for each `+`, and fails for each `-`. */
  checks(results: string): void {
    for (const result of results) {
      this.feed(result === '+' ? { type: 'passed' } : { type: 'failed', error: 'refused' })
      this.pass(5)
    }
  }
  get up(): boolean {
    return isUp(this.gate, this.now)
  }
}
function textOf(action: Action): string {
  return action.type === 'down' ? `down: ${action.cause.detail}` : action.type
}

describe('a gate', () => {
  test('a gate starts down and checks at once', () => {
    const bench = new Bench()
    expect(bench.up).toBe(false)
    expect(whyDown(bench.gate, 0)?.detail).toBe('no check has passed yet')
    expect(bench.actions).toEqual(['check'])
  })

  test.each([
    ['', false],
    ['++', false],
    ['+++', true],
    ['++-++', false],
    ['++-+++', true],
    ['+++--', true],
    ['+++--+--', true],
    ['+++---', false],
    ['+++---++', false],
    ['+++---+++', true],
  ])('a gate after the results %s is up: %s', (results, up) => {
    const bench = new Bench()
    bench.checks(results)
    expect(bench.up).toBe(up)
  })

  test('a gate that goes down has the error and the number of failures', () => {
    const bench = new Bench()
    bench.checks('+++---')
    expect(bench.actions.filter(action => action !== 'check')).toEqual(['up', 'down: refused (3 checks in a row)'])
    expect(whyDown(bench.gate, bench.now)?.detail).toBe('refused (3 checks in a row)')
  })

  test('a gate that is down has the same cause until another one', () => {
    const bench = new Bench()
    bench.checks('+++---')
    const cause = whyDown(bench.gate, bench.now)
    bench.checks('--')
    expect(whyDown(bench.gate, bench.now)).toBe(cause)
    bench.feed({ type: 'failed', error: 'reset' })
    expect(whyDown(bench.gate, bench.now)?.detail).toBe('reset')
  })

  test('a gate starts one check per interval', () => {
    const bench = new Bench()
    const startedAt = [0]
    for (let i = 0; i < 4; i++) {
      bench.pass(2)
      bench.feed({ type: 'passed' })
      const before = bench.actions.filter(action => action === 'check').length
      bench.pass(2.999)
      expect(bench.actions.filter(action => action === 'check')).toHaveLength(before)
      bench.pass(0.001)
      expect(bench.actions.filter(action => action === 'check')).toHaveLength(before + 1)
      startedAt.push(bench.now / 1000)
    }
    expect(startedAt).toEqual([0, 5, 10, 15, 20])
  })
})

describe('a gate that has been up for long', () => {
  test('a gate that was up for long is held down after three withdrawals too', () => {
    const bench = new Bench({ rise: 1, fall: 1 })
    bench.checks('+'.repeat(720)) // an hour
    const ups = [...'-+-+-+-+'].map(result => {
      bench.checks(result)
      return bench.up
    })
    expect(ups).toEqual([false, true, false, true, false, false, false, false])
  })

  test('a gate stays up while fewer than `fall` checks fail in a row', () => {
    const bench = new Bench({ rise: 1, fall: 10 })
    bench.checks('+---------') // 45 s of failures, longer than the ttl of 20 s
    expect(bench.up).toBe(true)
    bench.checks('-')
    expect(bench.up).toBe(false)
    expect(whyDown(bench.gate, bench.now)?.detail).toBe('refused (10 checks in a row)')
  })
})

describe('a check that hangs', () => {
  test('a hanging check fails before the next starts, if both are due at once', () => {
    const bench = new Bench({ rise: 1, fall: 1 })
    bench.checks('+')
    bench.now += 12_000 // the timeout and the interval are both over
    bench.feed({ type: 'tick' })
    expect(bench.actions.slice(-2)).toEqual(['abort', 'down: no answer within 3 s'])
    bench.feed({ type: 'tick' })
    expect(bench.actions.filter(action => action === 'check')).toHaveLength(2)
  })

  test('a hanging check fails at its timeout, and its signal is aborted', () => {
    const bench = new Bench({ rise: 1, fall: 1 })
    bench.checks('+')
    bench.pass(2.999)
    expect(bench.up).toBe(true)
    bench.pass(0.001)
    expect(bench.actions).toEqual(['check', 'up', 'check', 'abort', 'down: no answer within 3 s'])
  })

  test('a hanging check stops other checks, and fails once for each of them', () => {
    const bench = new Bench()
    bench.checks('+++')
    bench.pass(2.999) // the third failure counts at 15 + 3 + 5 + 5
    bench.pass(10)
    expect(bench.up).toBe(true)
    bench.pass(0.001)
    expect(bench.up).toBe(false)
    bench.pass(35)
    expect(bench.actions.slice(-3)).toEqual(['check', 'abort', 'down: no answer within 3 s (3 checks in a row)'])
  })

  test('a hanging check is abandoned ten intervals after its timeout', () => {
    const bench = new Bench({ rise: 1 })
    bench.pass(54.999) // its timeout was at 3
    expect(bench.actions).toEqual(['check', 'abort'])
    bench.pass(0.001)
    expect(bench.actions).toEqual(['check', 'abort', 'check'])
    bench.feed({ type: 'passed' })
    expect(bench.up).toBe(true)
  })

  test('a hanging check that returns late has failed, and the next check starts', () => {
    const bench = new Bench({ rise: 1 })
    bench.pass(4)
    bench.feed({ type: 'passed' })
    expect(bench.up).toBe(false)
    bench.pass(1)
    expect(bench.actions).toEqual(['check', 'abort', 'check'])
    bench.feed({ type: 'passed' })
    expect(bench.up).toBe(true)
  })

  test('a check fails if both its result and its timeout are late', () => {
    const bench = new Bench({ rise: 1 })
    bench.now = 3000
    bench.feed({ type: 'passed' })
    bench.feed({ type: 'tick' })
    expect(bench.up).toBe(false)
    expect(whyDown(bench.gate, bench.now)?.detail).toBe('no answer within 3 s')
  })
})

describe('a result', () => {
  test('a result older than ttl does not count, before any timer has run', () => {
    const bench = new Bench()
    bench.checks('++')
    bench.feed({ type: 'passed' })
    bench.now += 19_999
    expect(bench.up).toBe(true)
    bench.now += 1
    expect(bench.up).toBe(false)
    expect(whyDown(bench.gate, bench.now)?.detail).toBe('no check has ended for 20 s')
  })

  test.each<Input>([{ type: 'tick' }, { type: 'passed' }, { type: 'failed', error: 'refused' }])(
    'a late $type does not renew a result that is too old',
    input => {
      const bench = new Bench()
      bench.checks('+++')
      bench.now += 60_000
      bench.feed(input)
      expect(bench.actions).toContain('down: no check has ended for 20 s')
      bench.pass(0)
      expect(bench.up).toBe(false)
      if (bench.gate.check === 'overdue') bench.checks('+') // returns too late
      bench.checks('++')
      expect(bench.up).toBe(false)
      bench.checks('+')
      expect(bench.up).toBe(true)
    },
  )
})

describe('the hold-down', () => {
  test('the hold-down keeps a gate down for 5 min after 3 downs in 10 min', () => {
    const bench = new Bench()
    for (let i = 0; i < 3; i++) bench.checks('+++---')
    expect(bench.gate.downAt).toHaveLength(3)
    const downAt = bench.gate.downAt.at(-1)!
    while (bench.now < downAt + 300_000) {
      expect(bench.up).toBe(false)
      bench.checks('+')
    }
    bench.checks('+')
    expect(bench.up).toBe(true)
  })

  test('the hold-down does not count a change to down that is longer ago', () => {
    const bench = new Bench()
    for (let i = 0; i < 6; i++) {
      bench.checks('+++---')
      expect(bench.gate.heldUntil).toBe(0)
      bench.checks('-'.repeat(60))
    }
  })

  test('the hold-down can be switched off', () => {
    const bench = new Bench({ holdDown: undefined })
    for (let i = 0; i < 20; i++) bench.checks('+++---')
    expect(bench.actions.filter(action => action === 'up')).toHaveLength(20)
  })
})

test('stop() aborts the running check, and leaves no deadline', () => {
  const bench = new Bench()
  bench.checks('+++')
  bench.feed({ type: 'stop' })
  expect(bench.actions.slice(-2)).toEqual(['abort', 'down: the health gate was stopped'])
  expect(nextDeadline(bench.gate)).toBeUndefined()
  bench.feed({ type: 'stop' })
  expect(bench.actions.filter(action => action.startsWith('down'))).toHaveLength(1)
})

// ---- any sequence of events

type Event =
  | { readonly type: 'pass' | 'stall'; readonly time: number }
  | { readonly type: 'end'; readonly passes: boolean }
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('end' as const), passes: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('pass' as const), time: fc.integer({ min: 1, max: 8000 }) }) },
  // The process is stopped, and timers run late.
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('stall' as const), time: fc.integer({ min: 1, max: 60_000 }) }),
  },
)

test('after any events one check runs, and up needs rise and a fresh result', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 120 }), events => {
      const bench = new Bench()
      let running = false // according to the actions
      let startedAt = 0
      let passes = 0
      let lastResult = Number.NEGATIVE_INFINITY
      let checked = 0
      const downTimes: number[] = []
      const checkActions = (): void => {
        for (const action of bench.actions.slice(checked)) {
          if (action === 'check') {
            if (running) expect(bench.now - startedAt, 'one check at a time').toBeGreaterThan(10 * config.interval)
            running = true
            startedAt = bench.now
          }
          if (action === 'up') {
            expect(passes, 'enough checks have passed').toBeGreaterThanOrEqual(config.rise)
            const recent = downTimes.slice(-3)
            if (recent.length === 3 && recent[2]! - recent[0]! < 600_000)
              expect(bench.now, 'the hold-down is over').toBeGreaterThanOrEqual(recent[2]! + 300_000)
          }
          if (action.startsWith('down')) {
            passes = 0
            downTimes.push(bench.now)
          }
        }
        checked = bench.actions.length
        if (bench.up) expect(bench.now - lastResult, 'the last result is fresh').toBeLessThan(config.ttl)
      }
      checkActions()
      for (const event of events) {
        if (event.type === 'end') {
          if (!running) continue
          running = false
          lastResult = bench.now
          passes = event.passes ? passes + 1 : 0
          bench.feed(event.passes ? { type: 'passed' } : { type: 'failed', error: 'refused' })
        } else if (event.type === 'stall') {
          bench.now += event.time
        } else {
          const until = bench.now + event.time
          for (let at = nextDeadline(bench.gate); at !== undefined && at <= until; at = nextDeadline(bench.gate)) {
            bench.now = Math.max(bench.now, at)
            if (bench.gate.timers.timeoutTimer === at) lastResult = bench.now // a timeout is a result
            bench.feed({ type: 'tick' })
            checkActions()
          }
          bench.now = Math.max(bench.now, until)
        }
        checkActions()
      }
    }),
    { numRuns: 500 },
  )
})

describe('the check of a gate', () => {
  test('nothing happens before a timer is due', () => {
    const bench = new Bench()
    const before = bench.gate
    bench.now = 2999
    bench.feed({ type: 'tick' })
    expect(bench.gate).toBe(before)
    expect(bench.actions).toEqual(['check'])
  })
  test('a check that runs is not started again', () => {
    const bench = new Bench()
    bench.feed({ type: 'start' })
    expect(bench.actions).toEqual(['check'])
  })
  test('a check that does not end is replaced exactly ten intervals after its timeout', () => {
    const bench = new Bench()
    bench.pass(52.999)
    expect(bench.gate.check).toBe('overdue')
    bench.now = 53_000
    bench.feed({ type: 'start' })
    expect(bench.gate.check).toBe('running')
  })
  test('a late result ends the check, and the timeout after it starts none', () => {
    const bench = new Bench()
    bench.pass(4)
    bench.feed({ type: 'passed' })
    expect(bench.gate.check).toBe('none')
    bench.feed({ type: 'start' })
    bench.feed({ type: 'passed' })
    expect(bench.gate.check).toBe('none')
  })
  test.each([
    ['running', new Bench(), ['check', 'abort']],
    ['none', passed(), ['check']],
  ])('stop() aborts the check if there is one: %s', (check, bench, actions) => {
    expect(bench.gate.check).toBe(check)
    bench.feed({ type: 'stop' })
    expect(bench.gate.check).toBe('none')
    expect(bench.actions).toEqual(actions)
  })
})
function passed(): Bench {
  const bench = new Bench()
  bench.feed({ type: 'passed' })
  return bench
}

test('a withdrawal does not count for the hold-down exactly `within` later', () => {
  const bench = new Bench({ rise: 1, fall: 1, holdDown: { withdrawals: 2, within: 10_000, stayDown: 60_000 } })
  bench.checks('+-')
  expect(bench.gate.downAt).toEqual([5000])
  bench.checks('+')
  bench.now = 15_000
  bench.feed({ type: 'failed', error: 'refused' })
  expect([bench.gate.downAt, bench.gate.heldUntil]).toEqual([[15_000], 0])
})
test('without a hold-down no withdrawal is counted', () => {
  const bench = new Bench({ rise: 1, fall: 1, holdDown: undefined })
  bench.checks('+-')
  expect([bench.up, bench.gate.downAt]).toEqual([false, []])
})
