import { describe, expect, it } from 'vitest'
import {
  type BackOff,
  delayAfter,
  earliestDial,
  type FailureClass,
  type History,
  longestDelay,
  noHistory,
  recordFailure,
  resetFailures,
} from './backoff.ts'

const defaults: BackOff = {
  minInterval: 5,
  transportCap: 120,
  protocolInitial: 60,
  administrative: 300,
  resetAfter: 300,
}

/** The waits after each of these failures in a row, in seconds. */
function waits(failures: readonly FailureClass[], backOff: BackOff = defaults): number[] {
  let history: History = noHistory
  return failures.map(failureClass => {
    history = recordFailure(history, failureClass)
    return delayAfter(history, failureClass, backOff, 1)
  })
}
function times<item>(count: number, item: item): item[] {
  return new Array<item>(count).fill(item)
}

describe('the transport track, for a peer that cannot be reached', () => {
  it('the transport track waits 5, 10, 20, 40, 80, then 120 s', () => {
    expect(waits(times(8, 'transport'))).toEqual([5, 10, 20, 40, 80, 120, 120, 120])
  })
  it('the transport track ends at transportCap', () => {
    expect(waits(times(5, 'transport'), { ...defaults, transportCap: 30 })).toEqual([5, 10, 20, 30, 30])
  })
  it('the transport track stays at 120 s for as long as it takes', () => {
    expect(waits(times(5000, 'transport')).at(-1)).toBe(120)
  })
})

describe('the protocol track, for a peer that answers and rejects us', () => {
  it('the protocol track waits 60, 120, 240, then 300 s', () => {
    expect(waits(times(6, 'protocol'))).toEqual([60, 120, 240, 300, 300, 300])
  })
  it('the protocol track begins at protocolInitial', () => {
    expect(waits(times(6, 'protocol'), { ...defaults, protocolInitial: 30 })).toEqual([30, 60, 120, 240, 300, 300])
  })
  it('the delay is never shorter than protocolInitial, even if that is above the cap', () => {
    expect(waits(times(3, 'protocol'), { ...defaults, protocolInitial: 900 })).toEqual([900, 900, 900])
  })
  it('the protocol track stays at 300 s for as long as it takes', () => {
    expect(waits(times(5000, 'protocol')).at(-1)).toBe(300)
  })
})

describe('jitter (RFC 4271 §10)', () => {
  it('jitter shortens each delay by a quarter at most', () => {
    for (const [failureClass, seconds] of [
      ['transport', 5],
      ['protocol', 60],
      ['administrative', 300],
    ] as const)
      expect(delayAfter(recordFailure(noHistory, failureClass), failureClass, defaults, 0.75)).toBe(0.75 * seconds)
  })
})

describe('an administrative Cease (RFC 4486)', () => {
  it('an administrative Cease waits 300 s at once', () => {
    expect(waits(times(4, 'administrative'))).toEqual([300, 300, 300, 300])
  })
  it('a Cease waits backOff.administrative, or the protocol delay if that is longer', () => {
    expect(waits(times(4, 'administrative'), { ...defaults, administrative: 60 })).toEqual([60, 120, 240, 300])
    expect(waits(times(4, 'administrative'), { ...defaults, administrative: 1800 })).toEqual([1800, 1800, 1800, 1800])
  })
  it('an administrative Cease counts on the protocol track', () => {
    expect(waits(['administrative', 'protocol', 'protocol'])).toEqual([300, 120, 240])
  })
})

describe('a router that may only be restarted (Cease 6/2 or 6/3 of a stable session)', () => {
  it('a restart waits 30 to 60 s, depending on the jitter', () => {
    const history = recordFailure(noHistory, 'restart')
    expect([0.75, 0.8, 0.875, 1].map(jitter => delayAfter(history, 'restart', defaults, jitter))).toEqual([
      30,
      expect.closeTo(36),
      45,
      60,
    ])
  })
  it('a restart counts as one failure of the protocol track', () => {
    expect(recordFailure(noHistory, 'restart')).toEqual({ transport: 0, protocol: 1 })
    expect(waits(['restart', 'protocol', 'administrative'])).toEqual([60, 120, 300])
  })
})

describe('an operator who resets a stable session (Cease 6/4)', () => {
  it('a reset waits 10 s, and counts on both tracks', () => {
    expect(recordFailure(noHistory, 'reset')).toEqual({ transport: 1, protocol: 1 })
    expect(waits(['reset', 'transport', 'protocol'])).toEqual([10, 10, 120])
  })
})

describe('the longest delay', () => {
  it.each<[Partial<BackOff>, number]>([
    [{}, 300],
    [{ administrative: 900 }, 900],
    [{ transportCap: 1200 }, 1200],
    [{ protocolInitial: 2400 }, 2400],
    [{ transportCap: 5, protocolInitial: 5, administrative: 5 }, 300],
  ])('no delay is longer, whatever the failures are: %j', (options, longest) => {
    const backOff = { ...defaults, ...options }
    expect(longestDelay(backOff)).toBe(longest)
    expect(
      Math.max(
        ...waits([...times<FailureClass>(9, 'transport'), ...times<FailureClass>(9, 'administrative')], backOff),
      ),
    ).toBe(longest)
  })
})

describe('the history of failures', () => {
  it('each track has its own count', () => {
    expect(waits(['transport', 'protocol', 'transport', 'protocol'])).toEqual([5, 60, 10, 120])
  })
  it('resetFailures() keeps the time of the last dial only', () => {
    const history = { transport: 4, protocol: 2, dialledAt: 1000, retryAt: 9000 }
    expect(resetFailures(history)).toEqual({ transport: 0, protocol: 0, dialledAt: 1000 })
    expect(resetFailures(noHistory)).toStrictEqual(noHistory) // no key without a value
  })
  it('recordFailure() returns a new history', () => {
    const history = Object.freeze({ transport: 1, protocol: 1 })
    expect(recordFailure(history, 'transport')).toEqual({ transport: 2, protocol: 1 })
    expect(recordFailure(history, 'administrative')).toEqual({ transport: 1, protocol: 2 })
  })
})

describe('the earliest time of a dial', () => {
  it('the first dial is not delayed', () => {
    expect(earliestDial(7, noHistory, defaults)).toBe(7)
  })
  it('a dial is at least minInterval after the last one', () => {
    expect(earliestDial(1001, { ...noHistory, dialledAt: 1000 }, defaults)).toBe(6000)
    expect(earliestDial(6001, { ...noHistory, dialledAt: 1000 }, defaults)).toBe(6001)
  })
  it('a dial does not shorten a delay that has begun', () => {
    expect(earliestDial(1001, { ...noHistory, dialledAt: 1000, retryAt: 60_000 }, defaults)).toBe(60_000)
  })
})
