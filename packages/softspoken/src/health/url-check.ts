/** The health check of a URL (tcp, http, https), and its files. */
import { type Check, type HttpCheckOptions, httpCheck, tcpCheck } from '@softspoken/announcer'
import type { ProgramOptions } from '../config/options.ts'
import { readSmallFile, whyUnreadable } from '../config/small-file.ts'
import { UsageError } from '../config/usage-error.ts'
import type { Health, PlaceOf } from './health-gate.ts'
import { shownUrl } from './shown-url.ts'

const examples =
  'kubernetes, exec: and a command, or a URL such as tcp://127.0.0.1:6443 or https://127.0.0.1:6443/livez'

/** @throws UsageError for a wrong address, and for options that are not allowed with it. */
export function urlHealth(health: string, options: ProgramOptions, place: PlaceOf): Health {
  const url = URL.canParse(health) ? new URL(health) : undefined
  if ((url?.protocol === 'http:' || url?.protocol === 'https:') && url.port !== '0') {
    const { healthCert, healthKey, healthCa, healthVerify } = options
    if ((healthCert === undefined) !== (healthKey === undefined))
      throw new UsageError(
        `${place(healthCert ? 'healthCert' : 'healthKey')}: give both healthCert and healthKey, or neither`,
      )
    if (healthVerify && healthCa) throw new UsageError(`${place('healthCa')}: not used with healthVerify none`)
    if (url.protocol === 'https:') return checkWithFiles(health, options, place)
    const check = httpCheck(health)
    return { check, load: async () => check }
  }
  if (url?.protocol !== 'tcp:' || !(Number(url.port) > 0) || !/^tcp:\/\/[^/?#@]+\/?$/i.test(health))
    throw new UsageError(`${place('health')}: ${shownUrl(health)} is not allowed, it must be ${examples}`)
  const check = tcpCheck({ host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) })
  return { check, load: async () => check }
}

/** Reads the files at each check, so that a renewed certificate needs no restart, and the program does not exit if a file is missing at the start. */
function checkWithFiles(health: string, options: ProgramOptions, place: PlaceOf): Health {
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
function checkWith(health: string, files: HttpCheckOptions, place: PlaceOf): Check {
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

/** The file may be there later. */
export class UnreadableError extends Error {
  /** What cannot be done with it now. */
  readonly use: 'read' | 'run'
  constructor(message: string, use: 'read' | 'run' = 'read') {
    super(message)
    this.use = use
  }
}

async function textOf(file: string, from: string): Promise<string> {
  try {
    return (await readSmallFile(file)).toString()
  } catch (error) {
    throw new UnreadableError(`${from}: ${file} cannot be read, ${whyUnreadable(error)}`)
  }
}
