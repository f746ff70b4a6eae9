/** All options, from flags, then the environment, then kube-vip's names, then a file: an earlier source wins. */
import { existsSync } from 'node:fs'
import { shownHealth } from '../health/shown-url.ts'
import { withHealth } from './election-options.ts'
import { fromSystemd, readEnvironment } from './environment.ts'
import { readConfigFile } from './file.ts'
import type { Flags } from './flags.ts'
import { keyWarnings, readKeyFiles } from './keys.ts'
import { fromKubeVip, type KubeVipContext } from './kube-vip.ts'
import type { OptionName, ProgramOptions } from './options.ts'
import { UsageError } from './usage-error.ts'
import { validate, validateOne } from './validate.ts'
import type { GivenValues, SourceValues } from './values.ts'

export interface Configuration {
  readonly options: ProgramOptions
  /** The values that the user gave, and their places. */
  readonly given: GivenValues
  /** Warnings about options that are ignored or risky, one sentence each. */
  readonly warnings: readonly string[]
}

/**
 * No error and no warning shows a secret, or what may hold one.
 * @throws UsageError for a wrong value; RetryableError for a file that cannot be read.
 */
export async function readConfiguration(flags: GivenFlags, env: NodeJS.ProcessEnv): Promise<Configuration> {
  const { given, missing, warnings } = await readSources(flags, env)
  const options = withHealth(await readKeyFiles(validate(given, missing), given))
  return { options, given, warnings: [...warnings, ...keyWarnings(options, given), ...verifyWarnings(options)] }
}

type GivenFlags = Pick<Flags, 'values' | 'config'>
interface Sources {
  readonly given: GivenValues
  /** The options whose value is that of the file. */
  readonly inFile: ReadonlySet<OptionName>
  /** The path of the file. */
  readonly file: string | undefined
  /** kube-vip's names of the required options, if its names are used. */
  readonly missing: Partial<Record<OptionName, string>>
  readonly warnings: readonly string[]
}

/**
 * All given values, each of its kind, but not checked against each other.
 */
export async function readSources(
  { values: flags, config }: GivenFlags,
  env: NodeJS.ProcessEnv,
  context: KubeVipContext = { exists: existsSync, nameOf: name => name },
): Promise<Sources> {
  const environment = readEnvironment(env)
  const file = configFile(config, env)
  const own = { ...environment.values, ...flags }
  const kubeVip = fromKubeVip(env, own, context)
  const inFile = file === undefined ? {} : await readConfigFile(file)
  const values: SourceValues = {
    ...fromSystemd(env),
    ...kubeVip.implied,
    ...inFile,
    ...kubeVip.values,
    ...own,
  }
  if (values.address && values.replaceAddress === kubeVip.implied.replaceAddress) delete values.replaceAddress
  const given = readAll(values)
  const names = Object.keys(values) as OptionName[] // each source has only these
  return {
    given,
    inFile: new Set(names.filter(name => values[name] === inFile[name])),
    file,
    missing: kubeVip.missing,
    warnings: [...environment.warnings, ...kubeVip.warnings],
  }
}

/**
 * The one option of drain and resume, which need no other.
 * @throws as readConfiguration()
 */
export async function readDisabledBy(
  { values: flags, config }: Pick<Flags, 'values' | 'config'>,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const file = configFile(config, env)
  const own = flags.disabledBy ?? readEnvironment(env).values.disabledBy
  const found = own ?? (file === undefined ? undefined : (await readConfigFile(file)).disabledBy)
  if (found === undefined)
    throw new UsageError(
      'disabledBy is missing: the file that takes this node out of service (--disabled-by <file>, SOFTSPOKEN_DISABLED_BY, or a line of the file of --config)',
    )
  return validateOne('disabledBy', { from: found.from, value: found.read() })
}

function configFile(config: string | undefined, { SOFTSPOKEN_CONFIG }: NodeJS.ProcessEnv): string | undefined {
  const file = config ?? SOFTSPOKEN_CONFIG
  if (file === '') throw new UsageError('SOFTSPOKEN_CONFIG: it is empty; leave it out, or give it a value')
  return file
}

function readAll(values: SourceValues): GivenValues {
  return Object.fromEntries(Object.entries(values).map(([name, { from, read }]) => [name, { from, value: read() }]))
}

function verifyWarnings({ health, healthVerify }: ProgramOptions): readonly string[] {
  if (health === undefined || healthVerify !== 'none') return []
  return [
    `healthVerify: none, so any host that answers at ${shownHealth(health)} decides whether we announce; healthCa would verify it`,
  ]
}
