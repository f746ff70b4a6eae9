/** The health check of --health, and its files. */
import { readFile } from 'node:fs/promises'
import {
  type Check,
  HealthGate,
  type HealthGateOptions,
  type HttpCheckOptions,
  httpCheck,
  tcpCheck,
} from '@softspoken/announcer'
import { healthOptions } from '@softspoken/announcer/internal'
import { omitUndefined } from '@softspoken/session/internal'
import type { KubernetesLeaseStatus } from '@softspoken/vip-agent'
import { apiServerCheck } from '@softspoken/vip-agent/internal'
import { apiServerOptions } from '../config/agent-options.ts'
import type { OptionName, ProgramOptions } from '../config/options.ts'
import { UsageError } from '../config/usage-error.ts'
import type { GivenValues } from '../config/values.ts'
import { shownUrl } from './shown-url.ts'

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
    if (error instanceof UnreadableError) return [`${error.message}; the health check fails until it can be read`]
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

interface Health {
  readonly check: Check
  /** Reads the files of the check. */
  load(): Promise<unknown>
  apiServer?(): KubernetesLeaseStatus
}

/** @throws UsageError for a wrong address, and for options that are not allowed with it. */
export function healthCheck(options: ProgramOptions, given: GivenValues = {}): Health | undefined {
  const place = (name: string): string => given[name as OptionName]?.from ?? name
  const { health, healthVerify } = options
  if (health === undefined) {
    const without = Object.keys(options).find(name => /^health./.test(name))
    if (without) throw new UsageError(`${place(without)}: not allowed without health, the address that is checked`)
    return undefined
  }
  const shown = shownUrl(health)
  if (health === 'kubernetes') return apiServerHealth(options, place)
  const url = URL.canParse(health) ? new URL(health) : undefined
  const tls = tlsOptions.find(name => name in options)
  if ((url?.protocol === 'http:' || url?.protocol === 'https:') && url.port !== '0') {
    if (tls && url.protocol === 'http:')
      throw new UsageError(`${place(tls)}: not allowed with ${shown}, which has no certificate`)
    const { healthCert, healthKey, healthCa } = options
    if ((healthCert === undefined) !== (healthKey === undefined))
      throw new UsageError(
        `${place(healthCert ? 'healthCert' : 'healthKey')}: give both healthCert and healthKey, or neither`,
      )
    if (healthVerify && healthCa) throw new UsageError(`${place('healthCa')}: not used with healthVerify none`)
    return checkWithFiles(health, options, place)
  }
  if (url?.protocol !== 'tcp:' || !(Number(url.port) > 0) || !/^tcp:\/\/[^/?#@]+\/?$/i.test(health))
    throw new UsageError(`${place('health')}: ${shown} is not allowed, it must be ${examples}`)
  if (tls) throw new UsageError(`${place(tls)}: not allowed with ${shown}, which has no certificate`)
  const check = tcpCheck({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) })
  return { check, load: async () => check }
}
const examples = 'kubernetes, or a URL such as tcp://127.0.0.1:6443 or https://127.0.0.1:6443/livez'

/** `rehearse()` reads the kubeconfig. @throws UsageError for options of another health check. */
function apiServerHealth(options: ProgramOptions, place: (name: string) => string): Health {
  const unused = tlsOptions.find(name => name in options)
  if (unused) throw new UsageError(`${place(unused)}: not allowed with health kubernetes, which uses the kubeconfig`)
  const { healthTimeout = healthOptions.timeout.default } = options
  const { check, status } = apiServerCheck({ ...apiServerOptions(options), requestTimeout: healthTimeout })
  return { check, load: async () => check, apiServer: status }
}

/** Reads the files at each check, so that a renewed certificate needs no restart, and the program does not exit if a file is missing at the start. */
function checkWithFiles(health: string, options: ProgramOptions, place: (name: string) => string): Health {
  const verify = options.healthVerify && { verify: options.healthVerify }
  const files = Object.entries({ ca: 'healthCa', cert: 'healthCert', key: 'healthKey' } as const).flatMap(
    ([option, name]) => {
      const file = options[name]
      return file === undefined ? [] : [{ option, name, file }]
    },
  )
  let last: { readonly texts: string; readonly check: Check } | undefined
  const load = async (): Promise<Check> => {
    const read = files.map(async ({ option, name, file }) => [option, await textOf(file, place(name))] as const)
    const pem: Partial<Record<string, string>> = Object.fromEntries(await Promise.all(read))
    const texts = JSON.stringify(pem)
    if (last?.texts !== texts) {
      for (const { option, name, file } of files) {
        const text = pem[option] ?? ''
        if (option === 'key') requireKey(text, `${place(name)}: ${file}`)
        else requireCertificates(text, `${place(name)}: ${file}`)
      }
      last = { texts, check: checkWith(health, { ...pem, ...verify }, place) }
    }
    return last.check
  }
  return { load, check: async signal => (await load())(signal) }
}

/** The certificates were checked before, so an error of Node is about the key: it is wrong, or is of another certificate. */
function checkWith(health: string, files: HttpCheckOptions, place: (name: string) => string): Check {
  try {
    return httpCheck(health, files)
  } catch (error) {
    if (files.cert === undefined) throw error
    const detail = error instanceof Error ? error.message : String(error)
    throw new UsageError(
      `${place('healthCert')} and ${place('healthKey')}: they must hold a certificate and its key, ${detail}`,
    )
  }
}

/** Node treats an empty text like a missing option: it would trust its own authorities, or send no certificate. */
function requireCertificates(pem: string, from: string): void {
  const { X509Certificate } = process.getBuiltinModule('node:crypto') // loaded at the first check, not before the first route
  const found = pem.match(/-----BEGIN (X509 )?CERTIFICATE-----[^-]*-----END (X509 )?CERTIFICATE-----/g)
  if (found === null) throw new UsageError(`${from} has no certificate in it`)
  try {
    for (const one of found) new X509Certificate(one)
  } catch {
    throw new UsageError(`${from} has a certificate in it that cannot be read`)
  }
}

function requireKey(pem: string, from: string): void {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) throw new UsageError(`${from} has no private key in it`)
}

/** The file may be readable later. */
class UnreadableError extends Error {}

async function textOf(file: string, from: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error
    throw new UnreadableError(`${from}: ${file} cannot be read, ${code}`)
  }
}
