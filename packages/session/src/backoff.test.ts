import { describe, expect, it } from 'vitest'
import {
  type BackOff,
  delayAfter,
  earliestDial,
  type FailureClass,
  type History,
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

describe('the quick track: the peer does not answer', () => {
  it('waits 5, 10, 20, 40, 80, then 120 s', () => {
    expect(waits(times(8, 'transport'))).toEqual([5, 10, 20, 40, 80, 120, 120, 120])
  })
  it('ends at transportCap', () => {
    expect(waits(times(5, 'transport'), { ...defaults, transportCap: 30 })).toEqual([5, 10, 20, 30, 30])
  })
  it('stays there for as long as it takes', () => {
    expect(waits(times(5000, 'transport')).at(-1)).toBe(120)
  })
})

describe('the slow track: the peer answers and refuses us', () => {
  it('waits 60, 120, 240, then 300 s', () => {
    expect(waits(times(6, 'protocol'))).toEqual([60, 120, 240, 300, 300, 300])
  })
  it('begins at protocolInitial', () => {
    expect(waits(times(6, 'protocol'), { ...defaults, protocolInitial: 30 })).toEqual([30, 60, 120, 240, 300, 300])
  })
  it('never falls below protocolInitial, where that is longer than the track', () => {
    expect(waits(times(3, 'protocol'), { ...defaults, protocolInitial: 900 })).toEqual([900, 900, 900])
  })
  it('stays there for as long as it takes', () => {
    expect(waits(times(5000, 'protocol')).at(-1)).toBe(300)
  })
})

describe('jitter (RFC 4271 §10)', () => {
  it('shortens each wait by up to a quarter', () => {
    for (const [failureClass, seconds] of [
      ['transport', 5],
      ['protocol', 60],
      ['administrative', 300],
    ] as const)
      expect(delayAfter(recordFailure(noHistory, failureClass), failureClass, defaults, 0.75)).toBe(0.75 * seconds)
  })
})

describe('a person who said no (RFC 4486)', () => {
  it('waits 300 s at once', () => {
    expect(waits(times(4, 'administrative'))).toEqual([300, 300, 300, 300])
  })
  it('causes a wait of backOff.administrative, or of the slow track if that is longer', () => {
    expect(waits(times(4, 'administrative'), { ...defaults, administrative: 60 })).toEqual([60, 120, 240, 300])
    expect(waits(times(4, 'administrative'), { ...defaults, administrative: 1800 })).toEqual([1800, 1800, 1800, 1800])
  })
  it('counts on the slow track', () => {
    expect(waits(['administrative', 'protocol', 'protocol'])).toEqual([300, 120, 240])
  })
})

describe('a router that may only be restarted (Cease 6/2 or 6/3 of a stable session)', () => {
  it('waits 30 to 60 s, as the jitter falls', () => {
    const history = recordFailure(noHistory, 'restart')
    expect([0.75, 0.8, 0.875, 1].map(jitter => delayAfter(history, 'restart', defaults, jitter))).toEqual([
      30,
      expect.closeTo(36),
      45,
      60,
    ])
  })
  it('counts as one failure of the slow track', () => {
    expect(recordFailure(noHistory, 'restart')).toEqual({ transport: 0, protocol: 1 })
    expect(waits(['restart', 'protocol', 'administrative'])).toEqual([60, 120, 300])
  })
})

describe('the record', () => {
  it('counts each track for itself', () => {
    expect(waits(['transport', 'protocol', 'transport', 'protocol'])).toEqual([5, 60, 10, 120])
  })
  it('is cleared by forget(), but for the last dial', () => {
    const history = { transport: 4, protocol: 2, dialledAt: 1000, retryAt: 9000 }
    expect(resetFailures(history)).toEqual({ transport: 0, protocol: 0, dialledAt: 1000 })
    expect(resetFailures(noHistory)).toEqual(noHistory)
  })
  it('is not changed where it stands', () => {
    const history = Object.freeze({ transport: 1, protocol: 1 })
    expect(recordFailure(history, 'transport')).toEqual({ transport: 2, protocol: 1 })
    expect(recordFailure(history, 'administrative')).toEqual({ transport: 1, protocol: 2 })
  })
})

describe('the earliest moment for a dial', () => {
  it('is when it is wanted, where nothing was dialled yet', () => {
    expect(earliestDial(7, noHistory, defaults)).toBe(7)
  })
  it('is at least minInterval after the last dial', () => {
    expect(earliestDial(1001, { ...noHistory, dialledAt: 1000 }, defaults)).toBe(6000)
    expect(earliestDial(6001, { ...noHistory, dialledAt: 1000 }, defaults)).toBe(6001)
  })
  it('is no sooner than a wait that was begun', () => {
    expect(earliestDial(1001, { ...noHistory, dialledAt: 1000, retryAt: 60_000 }, defaults)).toBe(60_000)
  })
})
