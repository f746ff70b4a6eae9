/** The options of a health gate: types, defaults and bounds. */
import type { Clock, Logger } from '@softspoken/session'
import {
  checkEnvironment,
  numberOption,
  type OptionTable,
  optionNames,
  partsOption,
  rejectUnknown,
} from '@softspoken/session/internal'
import { OptionError } from '@softspoken/wire'
import type { GateConfig } from './machine.ts'

/**
 * Resolves if the service is healthy, and rejects with the error if not. The signal is aborted at the timeout, and then the
 * check has failed. If it does not end, the next check does not start for ten intervals. An error with `reason: 'misconfigured'`
 * fails like any other, and is logged as an error: only a person can help.
 */
export type Check = (signal: AbortSignal) => Promise<void>

/** What is checked, how often, and how many results change the gate. */
export interface HealthGateOptions {
  /** One check of the service; `httpCheck()` and `tcpCheck()` make two kinds. */
  check: Check
  /** Seconds from one check to the next. Default 5; 1 to 3600. */
  interval?: number
  /** Seconds after which a check has failed: 0.1 to less than `interval`. Default 3, or half the interval if that is at most 3. */
  timeout?: number
  /** Passed checks in a row until the gate goes up. Default 3; 1 to 100. */
  rise?: number
  /** Failed checks in a row until it goes down. Default 3; 1 to 100. */
  fall?: number
  /**
   * Seconds for which the result of a check counts: the lease of each announcement with this gate. At least two intervals, at
   * most 7200. Default 20, or two intervals if that is more.
   */
  ttl?: number
  /** How long a gate stays down that goes down again and again: a flapping route costs every router a computation. False: never. */
  holdDown?: false | HoldDown
  log?: Logger
  clock?: Clock
}

/** After it went down `withdrawals` times `within` seconds, the gate stays down for `stayDown`. */
export interface HoldDown {
  /** Default 3; 2 to 100. */
  withdrawals?: number
  /** Seconds. Default 600; 10 to 86400. */
  within?: number
  /** Seconds. Default 300; 10 to 86400. */
  stayDown?: number
}

/** docs/defaults.md is tested against it. */
export const healthOptions = {
  interval: { type: 'number', default: 5, min: 1, max: 3600, unit: ' seconds' },
  timeout: { type: 'number', default: 3, min: 0.1, max: 3600, unit: ' seconds' },
  rise: { type: 'integer', default: 3, min: 1, max: 100 },
  fall: { type: 'integer', default: 3, min: 1, max: 100 },
  ttl: { type: 'number', default: 20, min: 2, max: 7200, unit: ' seconds' },
  'holdDown.withdrawals': { type: 'integer', default: 3, min: 2, max: 100 },
  'holdDown.within': { type: 'number', default: 600, min: 10, max: 86_400, unit: ' seconds' },
  'holdDown.stayDown': { type: 'number', default: 300, min: 10, max: 86_400, unit: ' seconds' },
} as const satisfies OptionTable<Omit<HealthGateOptions, 'check' | 'log' | 'clock'>>

/** @throws OptionError */
export function gateConfig(options: HealthGateOptions): GateConfig {
  rejectUnknown(options, ['check', ...optionNames(healthOptions), 'log', 'clock'], '')
  const { check, clock, log } = options
  if (typeof check !== 'function') throw new OptionError('check', check, 'a function')
  checkEnvironment({ log, clock })
  const interval = numberOption(healthOptions, 'interval', options.interval)
  const { default: defaultTimeout } = healthOptions.timeout
  const { timeout: given = interval > defaultTimeout ? defaultTimeout : interval / 2 } = options
  const timeout = numberOption(healthOptions, 'timeout', given)
  if (timeout >= interval) throw new OptionError('timeout', timeout, `less than interval, ${interval} seconds`)
  const { ttl: lease = Math.max(healthOptions.ttl.default, 2 * interval), holdDown = {} } = options
  const ttl = numberOption(healthOptions, 'ttl', lease)
  if (ttl < 2 * interval) throw new OptionError('ttl', ttl, `at least two intervals, ${2 * interval} seconds`)
  return {
    interval: interval * 1000,
    timeout: timeout * 1000,
    ttl: ttl * 1000,
    rise: numberOption(healthOptions, 'rise', options.rise),
    fall: numberOption(healthOptions, 'fall', options.fall),
    holdDown: holdDown === false ? undefined : holdDownOf(holdDown),
  }
}
function holdDownOf(given: HoldDown): GateConfig['holdDown'] {
  const { withdrawals, within, stayDown } = partsOption(healthOptions, 'holdDown', given)
  return { withdrawals, within: within * 1000, stayDown: stayDown * 1000 }
}
