/** What a health gate may be told: types, defaults and bounds. */
import type { Clock, Logger } from '@softspoken/session'
import { assertInteger, assertRange, checkEnvironment, rejectUnknown } from '@softspoken/session/internal'
import { OptionError } from '@softspoken/wire'
import type { GateConfig } from './machine.ts'

/** One row per option that is a number; times are in seconds. docs/defaults.md is tested against it. */
export const healthOptions = {
  interval: { min: 1, max: 3600, default: 5 },
  timeout: { min: 0.1, max: 3600, default: 3 },
  rise: { min: 1, max: 100, default: 3 },
  fall: { min: 1, max: 100, default: 3 },
  ttl: { min: 2, max: 7200, default: 20 },
  'holdDown.withdrawals': { min: 2, max: 100, default: 3 },
  'holdDown.within': { min: 10, max: 86_400, default: 600 },
  'holdDown.stayDown': { min: 10, max: 86_400, default: 300 },
} as const

/**
 * Resolves where the service is well, and rejects with what is wrong. The signal is aborted at the timeout: a check
 * that goes on after that keeps the next one from starting, for ten intervals, and has failed all the same.
 */
export type Check = (signal: AbortSignal) => Promise<void>

/** What is checked, how often, and how many results change the gate's position. */
export interface HealthGateOptions {
  check: Check
  /** Seconds from one check to the next. Default 5; 1 to 3600. */
  interval?: number
  /** Seconds after which a check has failed. Default 3, or half the interval where that is no longer than 3; 0.1 to less than `interval`. */
  timeout?: number
  /** Passed checks in a row that open the gate. Default 3; 1 to 100. */
  rise?: number
  /** Failed checks in a row that close it. Default 3; 1 to 100. */
  fall?: number
  /**
   * Seconds that the result of a check counts: the lease of each announcement that the gate drives. At least two
   * intervals, up to 7200. Default 20, or two intervals where that is more.
   */
  ttl?: number
  /** What a gate does that closes again and again. False: nothing. A flapping route costs every router a computation. */
  holdDown?: false | HoldDown
  log?: Logger
  clock?: Clock
}

/** Closed so often within so long, the gate stays closed. */
export interface HoldDown {
  /** Default 3; 2 to 100. */
  withdrawals?: number
  /** Seconds. Default 600; 10 to 86400. */
  within?: number
  /** Seconds. Default 300; 10 to 86400. */
  stayDown?: number
}

/** @throws OptionError */
export function gateConfig(options: HealthGateOptions): GateConfig {
  rejectUnknown(options, ['check', 'interval', 'timeout', 'rise', 'fall', 'ttl', 'holdDown', 'log', 'clock'], '')
  const { check, clock, log } = options
  if (typeof check !== 'function') throw new OptionError('check', check, 'a function')
  checkEnvironment({ log, clock })
  const interval = setting('interval', options.interval)
  const usual = healthOptions.timeout.default
  const { timeout: given = interval > usual ? usual : interval / 2 } = options
  const timeout = setting('timeout', given)
  if (timeout >= interval) throw new OptionError('timeout', timeout, `less than interval, ${interval} seconds`)
  const { ttl: lease = Math.max(healthOptions.ttl.default, 2 * interval), holdDown = {} } = options
  const ttl = setting('ttl', lease)
  if (ttl < 2 * interval) throw new OptionError('ttl', ttl, `at least two intervals, ${2 * interval} seconds`)
  return {
    interval: interval * 1000,
    timeout: timeout * 1000,
    ttl: ttl * 1000,
    rise: whole('rise', options.rise),
    fall: whole('fall', options.fall),
    holdDown: holdDown === false ? undefined : holdDownOf(holdDown),
  }
}
function holdDownOf(given: HoldDown): GateConfig['holdDown'] {
  rejectUnknown(given, ['withdrawals', 'within', 'stayDown'], 'holdDown')
  return {
    withdrawals: whole('holdDown.withdrawals', given.withdrawals),
    within: setting('holdDown.within', given.within) * 1000,
    stayDown: setting('holdDown.stayDown', given.stayDown) * 1000,
  }
}
function setting(name: keyof typeof healthOptions, value: number = healthOptions[name].default): number {
  return assertRange(value, healthOptions[name].min, healthOptions[name].max, name, ' seconds')
}
function whole(name: keyof typeof healthOptions, value: number = healthOptions[name].default): number {
  return assertInteger(value, healthOptions[name].min, healthOptions[name].max, name)
}
