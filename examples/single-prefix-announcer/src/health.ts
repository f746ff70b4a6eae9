/** --health: what is checked before the route is announced, and as long as it is. */
import { readFileSync } from 'node:fs'
import { type Check, HealthGate, type HealthGateOptions, http, tcp } from '@softspoken/announcer'
import { given } from './announcer-options.ts'
import type { Settings } from './settings.ts'
import { notAllowed, UsageError } from './usage-error.ts'

/** Undefined where nobody asked for one. Its checks run from now on: close it. */
export function healthGate(settings: Settings, log: NonNullable<HealthGateOptions['log']>): HealthGate | undefined {
  const check = healthCheck(settings)
  return check && new HealthGate({ check, log, ...healthNumbers(settings) })
}

/** What the gate is told of time and number. */
export function healthNumbers({
  healthInterval,
  healthTimeout,
  healthRise,
  healthFall,
}: Settings): Omit<HealthGateOptions, 'check'> {
  return given({ interval: healthInterval, timeout: healthTimeout, rise: healthRise, fall: healthFall })
}

/** @throws UsageError for what is no address to check; RangeError or TypeError for what does not go with it. */
export function healthCheck(settings: Settings): Check | undefined {
  const { health, healthCa, healthCert, healthKey, healthVerify } = settings
  const files = Object.entries({ healthCa, healthCert, healthKey, healthVerify }).filter(([, value]) => value)
  if (health === undefined) {
    const useless = Object.keys(settings).find(name => /^health./.test(name))
    if (useless) throw new UsageError(`${useless}: not allowed without health`)
    return undefined
  }
  if (!URL.canParse(health)) throw notAllowed('health', health, examples)
  const { protocol, hostname, port } = new URL(health)
  if (protocol === 'http:' || protocol === 'https:')
    return http(health, {
      ...(healthCa !== undefined && { ca: read('healthCa', healthCa) }),
      ...(healthCert !== undefined && { cert: read('healthCert', healthCert) }),
      ...(healthKey !== undefined && { key: read('healthKey', healthKey) }),
      ...(healthVerify !== undefined && { verify: healthVerify }),
    })
  if (protocol !== 'tcp:' || port === '') throw notAllowed('health', health, examples)
  if (files[0]) throw new UsageError(`${files[0][0]}: not allowed with ${health}, which has no certificate`)
  return tcp({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) })
}
const examples = 'such as tcp://127.0.0.1:6443 or https://127.0.0.1:6443/livez'

function read(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`${name}: ${file} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
}
