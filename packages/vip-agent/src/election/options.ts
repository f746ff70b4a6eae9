/** Options of an election over a Lease, with the checks of client-go. */
import type { Clock, Logger } from '@softspoken/session'
import { assertInteger, assertRange, assertString, checkEnvironment, rejectUnknown } from '@softspoken/session/internal'
import { OptionError } from '@softspoken/wire'
import type { ElectionConfig } from './state.ts'

/** Options of `leaseElection()`. Durations are in seconds. */
export interface LeaseElectionOptions {
  /** The name of this candidate in the Lease, such as the name of its node. No two processes may have the same. */
  identity: string
  /** A candidate takes the Lease this long after the last change that it saw; whole seconds, 1 to 3600. Default: 15. */
  leaseDuration?: number
  /** A leader leads this long after it sent its last successful renewal; less than `leaseDuration`. Default: 10. */
  renewDeadline?: number
  /** Between two renewals, and between two looks; 0.1 or more, less than `renewDeadline` / 1.2. Default: 2. */
  retryPeriod?: number
  /** Added to `leaseDuration`: give 1 if the leader alone holds an address that the kernel removes up to 1 s late; 0 to 60. Default: 0. */
  claimDelay?: number
  /** Default: no log. Failures are logged once a minute for each reason. */
  log?: Logger
  /** Default: the monotonic clock and the timers of the system. */
  clock?: Clock
}

/** Durations in seconds. `default` is for a store that may be slow for seconds, such as etcd on a busy disk. */
export const profiles = {
  default: { leaseDuration: 15, renewDeadline: 10, retryPeriod: 2 },
  fast: { leaseDuration: 5, renewDeadline: 3, retryPeriod: 1 },
} as const

/** Of `renewDeadline`: two requests that hang leave time for a third. */
const REQUEST_TIMEOUT = 0.45
/** client-go's JitterFactor. */
const JITTER_FACTOR = 1.2
const optionNames: readonly (keyof LeaseElectionOptions)[] = [
  'identity',
  'leaseDuration',
  'renewDeadline',
  'retryPeriod',
  'claimDelay',
  'log',
  'clock',
]

/** @throws OptionError if an option is not allowed */
export function electionConfig(options: LeaseElectionOptions): ElectionConfig {
  rejectUnknown(options, optionNames, '')
  checkEnvironment({ log: options.log, clock: options.clock })
  const { identity, leaseDuration, renewDeadline, retryPeriod, claimDelay = 0 } = { ...profiles.default, ...options }
  if (assertString(identity, 'identity', 'node-1') === '') throw new OptionError('identity', identity, 'not empty')
  assertInteger(leaseDuration, 1, 3600, 'leaseDuration', ' seconds')
  assertRange(retryPeriod, 0.1, 3600, 'retryPeriod', ' seconds')
  assertRange(claimDelay, 0, 60, 'claimDelay', ' seconds')
  if (!(renewDeadline < leaseDuration && renewDeadline > JITTER_FACTOR * retryPeriod)) {
    const allowed = `less than leaseDuration, ${leaseDuration}, and more than 1.2 times retryPeriod, ${retryPeriod}`
    throw new OptionError('renewDeadline', renewDeadline, allowed)
  }
  return {
    identity,
    leaseDuration: leaseDuration * 1000,
    renewDeadline: renewDeadline * 1000,
    retryPeriod: retryPeriod * 1000,
    claimDelay: claimDelay * 1000,
    requestTimeout: renewDeadline * 1000 * REQUEST_TIMEOUT,
  }
}
