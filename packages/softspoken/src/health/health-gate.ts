/** The health gate of --health, over one check or several. */
import { type Check, HealthGate, type HealthGateOptions } from '@softspoken/announcer'
import { healthOptions } from '@softspoken/announcer/internal'
import { omitUndefined } from '@softspoken/session/internal'
import type { KubernetesLeaseStatus } from '@softspoken/vip-agent'
import { apiServerCheck } from '@softspoken/vip-agent/internal'
import { apiServerOptions } from '../config/agent-options.ts'
import type { OptionName, ProgramOptions } from '../config/options.ts'
import { UsageError } from '../config/usage-error.ts'
import type { GivenValues } from '../config/values.ts'
import { allOf } from './all-of.ts'
import { execHealth } from './exec-health.ts'
import { entriesOf, type HealthEntry, shownEntry } from './shown-url.ts'
import { UnreadableError, urlHealth } from './url-check.ts'

export interface HealthOptions {
  readonly gate: HealthGateOptions
  /** Of the API server, if that is checked with the kubeconfig. */
  apiServer?(): KubernetesLeaseStatus
}

/** Undefined without a health check. */
export function healthOf(options: ProgramOptions, given: GivenValues): HealthOptions | undefined {
  const health = healthCheck(options, given)
  if (health === undefined) return undefined
  const { check, apiServer } = health
  return { gate: { check, ...gateOptions(options) }, ...omitUndefined({ apiServer }) }
}

/**
 * Finds every mistake that can be found without a check. Resolves with a warning for each file that cannot be read yet.
 * @throws UsageError as healthCheck() does, and for a file with wrong content; OptionError as HealthGate does.
 */
export async function rehearseHealth(options: ProgramOptions, given: GivenValues): Promise<readonly string[]> {
  const health = checkHealth(options, given)
  if (health === undefined) return []
  try {
    await health.load()
    return []
  } catch (error) {
    if (error instanceof UnreadableError)
      return [`${error.message}; the health check fails until it can be ${error.use}`]
    throw error
  }
}

/** @throws UsageError as healthCheck() does; OptionError as HealthGate does. */
export function checkHealth(options: ProgramOptions, given: GivenValues): Health | undefined {
  const health = healthCheck(options, given)
  if (health) new HealthGate({ check: health.check, ...gateOptions(options) }).stop()
  return health
}

function gateOptions({
  healthInterval,
  healthTimeout,
  healthRise,
  healthFall,
  healthHoldDown,
}: ProgramOptions): Omit<HealthGateOptions, 'check'> {
  return omitUndefined({
    interval: healthInterval,
    timeout: healthTimeout,
    rise: healthRise,
    fall: healthFall,
    holdDown: healthHoldDown === false || healthHoldDown === undefined ? healthHoldDown : omitUndefined(healthHoldDown),
  })
}

const tlsOptions = ['healthCa', 'healthCert', 'healthKey', 'healthVerify'] as const

export interface Health {
  readonly check: Check
  /** Reads the files of the check. */
  load(): Promise<unknown>
  apiServer?(): KubernetesLeaseStatus
}
/** Where the user gave an option. */
export type PlaceOf = (name: string) => string

/** @throws UsageError for a wrong address, and for options that are not allowed with it. */
export function healthCheck(options: ProgramOptions, given: GivenValues = {}): Health | undefined {
  const place: PlaceOf = name => given[name as OptionName]?.from ?? name
  const { health } = options
  if (health === undefined) {
    const without = Object.keys(options).find(name => /^health./.test(name))
    if (without) throw new UsageError(`${place(without)}: not allowed without health, the address that is checked`)
    return undefined
  }
  const entries = entriesOf(health)
  const tls = tlsOptions.find(name => name in options)
  const [first] = entries
  if (first === undefined) throw new UsageError(`${place('health')}: the list is empty`)
  const noCheck = entries.findIndex(entry => typeof entry === 'string' && !/^(kubernetes$|exec:|\w+:\/\/)/i.test(entry))
  if (entries.length > 1 && noCheck >= 0)
    throw new UsageError(
      `${place('health')}, number ${noCheck + 1}: it is no check; a command with its arguments is a list in the list`,
    )
  if (tls && !entries.some(usesTls))
    throw new UsageError(
      first === 'kubernetes'
        ? `${place(tls)}: not allowed with health kubernetes, which uses the kubeconfig`
        : `${place(tls)}: not allowed with ${shownEntry(first)}, which has no certificate`,
    )
  const all = entries.map(entry => ({ name: shownEntry(entry), ...oneOf(entry, options, place) }))
  return all.length === 1 ? all[0] : allOf(all, timeoutOf(options))
}

function oneOf(entry: HealthEntry, options: ProgramOptions, place: PlaceOf): Health {
  if (entry === 'kubernetes') return apiServerHealth(options)
  if (typeof entry !== 'string' || entry.startsWith('exec:')) return execHealth(entry, timeoutOf(options), place)
  return urlHealth(entry, options, place)
}
function usesTls(entry: HealthEntry): boolean {
  return typeof entry === 'string' && /^https:/i.test(entry)
}

/** Of the gate, in seconds. */
export function timeoutOf({ healthInterval, healthTimeout }: ProgramOptions): number {
  const { interval, timeout } = healthOptions
  const seconds = healthInterval ?? interval.default
  return healthTimeout ?? (seconds > timeout.default ? timeout.default : seconds / 2)
}

/** `rehearse()` reads the kubeconfig. */
export function apiServerHealth(options: ProgramOptions): Health {
  const { healthTimeout = healthOptions.timeout.default } = options
  const { check, status } = apiServerCheck({ ...apiServerOptions(options), requestTimeout: healthTimeout })
  return { check, load: async () => check, apiServer: status }
}
