import { VirtualClock } from '@softspoken/session/testing'
import { describe, expect, it } from 'vitest'
import { electionConfig, type LeaseElectionOptions } from './options.ts'

const configured = (given: Partial<LeaseElectionOptions> = {}) => electionConfig({ identity: 'a', ...given })

describe('the durations of an election', () => {
  it('are those of client-go, in milliseconds; a request has 0.45 of renewDeadline', () => {
    expect(configured()).toEqual({
      identity: 'a',
      ...{ leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 2000, claimDelay: 0, requestTimeout: 4500 },
    })
    expect(configured({ leaseDuration: 5, renewDeadline: 3, retryPeriod: 1, claimDelay: 1 })).toEqual({
      identity: 'a',
      ...{ leaseDuration: 5000, renewDeadline: 3000, retryPeriod: 1000, claimDelay: 1000, requestTimeout: 1350 },
    })
  })
  it.each<Partial<LeaseElectionOptions>>([
    { leaseDuration: 1, renewDeadline: 0.5, retryPeriod: 0.1 },
    { leaseDuration: 3600, renewDeadline: 3599 },
    { renewDeadline: 14.9 },
    { renewDeadline: 2.5 },
    { claimDelay: 60 },
  ])('%j is allowed', given => {
    expect(() => configured(given)).not.toThrow()
  })
  it.each<[Partial<LeaseElectionOptions>, string]>([
    [{ leaseDuration: 3601 }, 'leaseDuration: 3601 is not allowed, it must be from 1 to 3600 seconds'],
    [{ retryPeriod: 0.09 }, 'retryPeriod: 0.09 is not allowed, it must be from 0.1 to 3600 seconds'],
    [{ claimDelay: 60.1 }, 'claimDelay: 60.1 is not allowed, it must be from 0 to 60 seconds'],
    [{ renewDeadline: 15 }, 'renewDeadline: 15 is not allowed, it must be less than leaseDuration, 15, and more than'],
    [{ renewDeadline: 2.4 }, 'and more than 1.2 times retryPeriod, 2'],
    [{ identity: 5 as never }, 'identity: 5 is not allowed'],
    [{ log: {} as never }, 'log.debug: '],
    [{ clock: {} as never }, 'clock.now: '],
    [{ leaseduration: 5 } as never, 'leaseduration: no such option, did you mean leaseDuration?'],
  ])('%j is refused', (given, sentence) => {
    expect(() => configured(given)).toThrow(sentence)
  })
  it('a clock and a log are allowed', () => {
    const silent = (): void => {}
    const log = { debug: silent, info: silent, warn: silent, error: silent }
    expect(() => configured({ clock: new VirtualClock(), log })).not.toThrow()
  })
})
