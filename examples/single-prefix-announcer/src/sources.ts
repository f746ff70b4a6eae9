/** Where settings come from: a flag goes before the environment, that before kube-vip's names, those before a file. */
import { readFile } from 'node:fs/promises'
import { Command, CommanderError, Option } from 'commander'
import { distance } from 'fastest-levenshtein'
import * as v from 'valibot'
import { fromKubeVip } from './kube-vip.ts'
import { printResult } from './print.ts'
import { ofOneRouter, type Row, rows, type SettingName, type Settings, schema } from './settings.ts'
import { NotYetError, notAllowed, UsageError } from './usage-error.ts'

/** A value, and how the person who gave it would call the place. */
interface Given {
  readonly value: unknown
  readonly from: string
}
export type AllGiven = Partial<Record<SettingName, Given>>

export interface Configuration {
  readonly settings: Settings
  readonly given: AllGiven
  /** What was understood in another way than it was meant, and what is risky; one sentence each. */
  readonly warnings: readonly string[]
  /** Show it, announce nothing. */
  readonly check: boolean
}

/** @throws UsageError in plain words; CommanderError with exit code 0 after --help. */
export async function configuration(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Configuration> {
  const command = makeCommand()
  try {
    command.parse(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode !== 0)
      throw new UsageError(error.message.replace(/^error: /, '').replaceAll('\n', ' '))
    throw error
  }
  const file = command.getOptionValue('config') ?? (env.SOFTSPOKEN_CONFIG || undefined)
  const kubeVip = fromKubeVip(env)
  const given: AllGiven = {
    ...(typeof file === 'string' ? await fromFile(file) : {}),
    ...kubeVip.given,
    ...fromEnvironment(env),
    ...fromFlags(command),
  }
  const settings = settle(given)
  return {
    settings,
    given,
    warnings: [...kubeVip.warnings, ...unverified(settings)],
    check: command.getOptionValue('check') === true,
  }
}

function fromFlags(command: Command): AllGiven {
  return collect(({ flag, ...row }) => {
    const value: unknown = command.getOptionValue(new Option(`${flag} <value>`).attributeName())
    return value === undefined ? undefined : { value: fromText(row.kind, value, flag), from: flag }
  })
}

function fromEnvironment(env: NodeJS.ProcessEnv): AllGiven {
  const known = [...rows.filter(({ inFileOnly }) => !inFileOnly).map(({ variable }) => variable), 'SOFTSPOKEN_CONFIG']
  for (const name of Object.keys(env).filter(name => name.startsWith('SOFTSPOKEN_') && !known.includes(name))) {
    const near = nearest(name, known)
    // What is like none of ours is somebody else's: Kubernetes sets variables of its own for a service of this name.
    if (near) throw new UsageError(`${name}: there is no such variable, did you mean ${near}?`)
  }
  return collect(({ inFileOnly, kind, variable }) => {
    const value = (!inFileOnly && env[variable]) || undefined
    const parts = kind === 'list' ? value?.split(/[\s,]+/) : value
    return parts === undefined ? undefined : { value: fromText(kind, parts, variable), from: variable }
  })
}

async function fromFile(file: string): Promise<AllGiven> {
  const content = await parseFile(file)
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new UsageError(`${file}: it must hold settings by name, such as prefix: 198.51.100.10/32`)
  const names = rows.map(({ name }) => name)
  for (const name of Object.keys(content)) {
    const near = nearest(name, names)
    if (!(names as string[]).includes(name))
      throw new UsageError(
        `${file}: ${name} is no setting, ${near ? `did you mean ${near}?` : `there are ${names.join(', ')}`}`,
      )
  }
  return collect(({ name, kind }) => {
    const value: unknown = (content as Partial<Record<SettingName, unknown>>)[name]
    if (value === undefined || value === null) return undefined
    // One router or one community needs no list.
    return { value: kind === 'list' && typeof value === 'string' ? [value] : value, from: `${name} in ${file}` }
  })
}
async function parseFile(file: string): Promise<unknown> {
  try {
    const text = await readFile(file, 'utf8')
    // JSON is YAML, but the library for YAML takes its time to load.
    return file.endsWith('.json') ? JSON.parse(text) : (await import('yaml')).parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw new UsageError(`${file}: cannot be read: ${why}`)
  }
}

function collect(read: (row: Row) => Given | undefined): AllGiven {
  return Object.fromEntries(
    rows.flatMap(row => {
      const given = read(row)
      return given ? [[row.name, given]] : []
    }),
  )
}
function fromText(kind: Row['kind'], value: unknown, where: string): unknown {
  if (kind !== 'number') return value
  if (!/^\d+$/.test(String(value))) throw notAllowed(where, value, 'a whole number')
  return Number(value)
}

/** All that was given against the schema. */
function settle(given: AllGiven): Settings {
  const missing = rows.find(({ name, required }) => required && given[name] === undefined) ?? missingPeer(given)
  if (missing) throw new UsageError(`${missing.flag} is missing: ${missing.text} (or set ${missing.variable})`)
  for (const name of ['peer', 'peerAs', 'port'] as const)
    if (given.peers && given[name])
      throw new UsageError(`${given[name].from}: not beside ${given.peers.from}, which says it for each router`)
  const values = Object.fromEntries(Object.entries(given).map(([name, { value }]) => [name, value]))
  const { success, output, issues } = v.safeParse(schema, values)
  if (success) return output
  const [{ path = [], input, message, expected }] = issues
  const [first, ...rest] = path.map(({ key }) => key)
  const from = given[first as SettingName]?.from ?? String(first) // a path begins at a setting
  const where = rest.length > 0 ? `${from}, ${rest.join('.')}` : from
  if (expected === 'never') throw new UsageError(`${where}: there is no such setting of a router`)
  if (input === undefined) throw new UsageError(`${where} is missing, there must be ${message}`)
  throw notAllowed(where, input, message)
}
function unverified({ health, healthVerify }: Settings): readonly string[] {
  return healthVerify === 'none'
    ? [`healthVerify: none, so whoever answers at ${health} decides whether we announce; healthCa would verify it`]
    : []
}
function missingPeer(given: AllGiven): Row | undefined {
  return given.peers ? undefined : rows.find(({ name }) => (name === 'peer' || name === 'peerAs') && !given[name])
}

/**
 * What the library says of a setting, with the name that the person used in the place of the library's. Anything else is
 * returned as it is: a fault of the program.
 */
export function inWordsOfOptions(error: unknown, given: AllGiven): unknown {
  if (!(error instanceof Error) || error instanceof UsageError || error instanceof NotYetError) return error
  const [, field, rest] = /^([a-z][\w.]*)((?: and [\w.]+)?: .*)$/is.exec(error.message) ?? []
  return field === undefined ? error : new UsageError(`${placeOf(field, given)}${rest}`)
}

/** Where the option of the library came from, or where it could be given. */
function placeOf(field: string, given: AllGiven): string {
  const peers = given.peers?.from
  const [row] = rows.filter(row => row.field === (field === 'peers' && peers === undefined ? 'peer' : field))
  const own = row && given[row.name]?.from
  if (own !== undefined) return own
  if (peers !== undefined && (field.startsWith('peer.') || ofOneRouter.includes(field)))
    return `${peers}, ${field.replace('peer.', '')}`
  if (field.startsWith('peer.')) return given.peer?.from ?? '--peer'
  return row === undefined ? field : row.value ? row.flag : row.variable
}

function nearest<name extends string>(word: string, names: readonly name[]): name | undefined {
  const near = [...names].sort((a, b) => closeness(word, a) - closeness(word, b))[0]
  return near !== undefined && closeness(word, near) <= 3 ? near : undefined
}
function closeness(a: string, b: string): number {
  return distance(a.toLowerCase(), b.toLowerCase())
}

function makeCommand(): Command {
  const command = new Command('single-prefix-announcer')
    .usage('<options>')
    .description('Announces one host route over BGP, and withdraws it on SIGTERM or SIGINT.')
    .addHelpText('after', 'The first five are needed. --local-as may be SOFTSPOKEN_LOCAL_AS, and so on.')
    .exitOverride()
    .configureOutput({ outputError: () => {}, writeOut: printResult })
    .helpOption('-h, --help', 'show this')
    .allowExcessArguments(false)
  for (const { flag, value, text } of rows) if (value) command.addOption(new Option(`${flag} ${value}`, text))
  command.addOption(new Option('--config <file>', 'settings by name, in YAML or JSON'))
  command.addOption(new Option('--check', 'show what would be sent; announce nothing'))
  return command
}
