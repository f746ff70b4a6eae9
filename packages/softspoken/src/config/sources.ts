/** Where options come from: a flag goes before the environment, that before kube-vip's names, those before a file. */
import * as v from 'valibot'
import { shownUrl } from '../health/shown-url.ts'
import { fromSystemd, readEnvironment } from './environment.ts'
import { noSuchName, readConfigFile } from './file.ts'
import { readFlags } from './flags.ts'
import { fromKubeVip } from './kube-vip.ts'
import {
  type OptionName,
  type OptionRow,
  optionTable,
  type ProgramOptions,
  peerOptionNames,
  schema,
} from './options.ts'
import { notAllowed, RetryableError, secretNotAllowed, UsageError } from './usage-error.ts'
import type { GivenValues, SourceValues } from './values.ts'

export interface Configuration {
  readonly options: ProgramOptions
  readonly given: GivenValues
  /** What was understood in another way than it was meant, and what is risky; one sentence each. */
  readonly warnings: readonly string[]
  /** Show it, announce nothing. */
  readonly check: boolean
}

/**
 * No error and no warning shows a secret, or what may hold one.
 * @throws UsageError in plain words; RetryableError for a file that cannot be read; CommanderError with exit code 0 after --help.
 */
export async function readConfiguration(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Configuration> {
  const { offers: flags, config, check } = readFlags(argv)
  const environment = readEnvironment(env)
  const file = config ?? env.SOFTSPOKEN_CONFIG
  if (file === '') throw new UsageError('SOFTSPOKEN_CONFIG: it is empty; leave it out, or give it a value')
  const own = { ...environment.offers, ...flags }
  const kubeVip = fromKubeVip(env, own)
  const given = readAll({
    ...fromSystemd(env),
    ...(file === undefined ? {} : await readConfigFile(file)),
    ...kubeVip.offers,
    ...own,
  })
  const options = settle(given, kubeVip.missing)
  return {
    options,
    given,
    warnings: [...environment.warnings, ...kubeVip.warnings, ...oddKeys(given), ...unverified(options)],
    check,
  }
}

function readAll(offers: SourceValues): GivenValues {
  return Object.fromEntries(Object.entries(offers).map(([name, { from, read }]) => [name, { from, value: read() }]))
}

/** All that was given against the schema. */
function settle(given: GivenValues, otherNames: Partial<Record<OptionName, string>>): ProgramOptions {
  const missing = optionTable.find(({ name, required }) => required && given[name] === undefined) ?? missingPeer(given)
  if (missing) {
    const names = [missing.variable, otherNames[missing.name]].filter(name => name !== undefined).join(', or ')
    throw new UsageError(`${missing.flag} is missing: ${missing.text} (or set ${names})`)
  }
  for (const name of ['peer', 'peerAs', 'port'] as const)
    if (given.peers && given[name])
      throw new UsageError(`${given[name].from}: not beside ${given.peers.from}, which says it for each router`)
  const values = Object.fromEntries(Object.entries(given).map(([name, { value }]) => [name, value]))
  const { success, output, issues } = v.safeParse(schema, values)
  if (success) return output
  throw inWords(issues[0], given)
}

function inWords({ path, input, message, expected }: v.BaseIssue<unknown>, given: GivenValues): UsageError {
  const [first, at, ...rest] = (path ?? []).map(({ key }) => key)
  const from = given[first as OptionName]?.from ?? String(first) // a path begins at an option
  const router = typeof at === 'number' ? `${from}, number ${at + 1}` : from
  if (expected === 'never')
    return new UsageError(`${router}: ${noSuchName(String(rest[0]), path?.at(-1)?.value, peerOptionNames)}`)
  const where = [router, ...rest].join(', ')
  if (input === undefined) return new UsageError(`${where} is missing, there must be ${message}`)
  const isSecret = first === 'peers' || secrets.includes(String(first)) // a router's key may stand in any place of it
  return isSecret ? secretNotAllowed(where, message) : notAllowed(where, input, message)
}
const secrets: readonly string[] = optionTable.filter(({ secret }) => secret).map(({ name }) => name)

/** A key is taken octet by octet, so what came along with it changes it. */
function oddKeys({ tcpMd5Key, peers }: GivenValues): readonly string[] {
  const routers = (peers?.value ?? []) as readonly { tcpMd5Key?: string }[] // as the schema has it
  const keys = [
    { from: tcpMd5Key?.from, key: tcpMd5Key?.value },
    ...routers.map((router, at) => ({ from: `${peers?.from}, number ${at + 1}, tcpMd5Key`, key: router.tcpMd5Key })),
  ]
  return keys.flatMap(({ from, key }) => {
    if (typeof key !== 'string') return []
    if (key.trim() !== key) return [`${from}: white space at its beginning or end is taken as a part of the key`]
    if (/[\p{Cc}\p{Cf}]/u.test(key))
      return [`${from}: a character in it that cannot be seen is taken as a part of the key`]
    const quotes = [key.slice(0, 1), key.slice(-1)].filter(end => /["'`\p{Pi}\p{Pf}]/u.test(end))
    if (quotes.length === 2 && key.length > 1) return [`${from}: the quotes around it are taken as a part of the key`]
    return quotes.length > 0 ? [`${from}: the quote at its beginning or end is taken as a part of the key`] : []
  })
}

function unverified({ health, healthVerify }: ProgramOptions): readonly string[] {
  return health !== undefined && healthVerify === 'none'
    ? [
        `healthVerify: none, so any host that answers at ${shownUrl(health)} decides whether we announce; healthCa would verify it`,
      ]
    : []
}
function missingPeer(given: GivenValues): OptionRow | undefined {
  return given.peers
    ? undefined
    : optionTable.find(({ name }) => (name === 'peer' || name === 'peerAs') && !given[name])
}

/**
 * What the library says of an option, with the name that the person used in the place of the library's. Anything else is
 * returned as it is: a fault of the program.
 */
export function toUsageError(error: unknown, given: GivenValues): unknown {
  if (!(error instanceof Error) || error instanceof UsageError || error instanceof RetryableError) return error
  const [, field, rest] = /^([a-z][\w.]*)((?: and [\w.]+)?: .*)$/is.exec(error.message) ?? []
  return field === undefined ? error : new UsageError(`${placeOf(field, given)}${rest}`)
}

/** Where the option of the library came from, or where it could be given. */
function placeOf(field: string, given: GivenValues): string {
  const peers = given.peers?.from
  const [, capability] = /^capabilities\.(\w+)$/.exec(field) ?? []
  if (capability !== undefined && given.withoutCapabilities) return `${given.withoutCapabilities.from}, ${capability}`
  const [row] = optionTable.filter(row => row.field === (field === 'peers' && peers === undefined ? 'peer' : field))
  const own = row && given[row.name]?.from
  if (own !== undefined) return own
  if (peers !== undefined && (field.startsWith('peer.') || peerOptionNames.includes(field)))
    return `${peers}, ${field.replace('peer.', '')}`
  if (field.startsWith('peer.')) return given.peer?.from ?? '--peer'
  return row === undefined ? field : row.value ? row.flag : row.variable
}
