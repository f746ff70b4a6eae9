/** The command line and the environment, read into what the announcer takes. The library judges the values. */
import { Command, CommanderError, Option } from 'commander'

export interface ProgramOptions {
  prefix: string
  localAs: number
  routerId: string
  peer: string
  peerAs: number
  port?: number
  localAddress?: string
  nextHop?: string
  med?: number
  community?: string[]
  logLevel: string
}

/** The person's mistake, in one sentence. */
export class UsageError extends Error {}

/** One row per option: its flag, what it is, and the library's name for it, as the library's errors use it. */
const table = [
  { flag: '--prefix <route>', text: 'host route to announce: a /32 or a /128', field: 'prefix', required: true },
  { flag: '--local-as <as>', text: 'our AS number', field: 'local.as', required: true, number: true },
  { flag: '--router-id <id>', text: 'our BGP Identifier, different on every node', field: 'local.id', required: true },
  { flag: '--peer <address>', text: 'address of the router', field: 'peer.address', required: true },
  { flag: '--peer-as <as>', text: 'AS number of the router', field: 'peer.as', required: true, number: true },
  { flag: '--port <port>', text: 'TCP port of the router (default: 179)', field: 'peer.port', number: true },
  { flag: '--local-address <address>', text: 'address to dial from', field: 'local.address' },
  { flag: '--next-hop <address>', text: 'where traffic goes (default: our own address)', field: 'nextHop' },
  { flag: '--med <number>', text: 'MULTI_EXIT_DISC, the lower is preferred', field: 'med', number: true },
  { flag: '--community <a:b...>', text: 'communities, such as 65000:100', field: 'communities', list: true },
  {
    flag: '--log-level <level>',
    text: 'error, warn, info or debug (default: info)',
    field: 'logLevel',
    allowed: ['error', 'warn', 'info', 'debug'],
  },
] as const satisfies readonly Row[]

interface Row {
  flag: string
  text: string
  field: string
  required?: true
  number?: true
  list?: true
  allowed?: readonly string[]
}

/**
 * @throws UsageError in plain words; CommanderError with exit code 0 after --help.
 */
export function parseOptions(argv: readonly string[], env: NodeJS.ProcessEnv): ProgramOptions {
  const command = makeCommand()
  try {
    command.parse(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode !== 0)
      throw new UsageError(error.message.replace(/^error: /, '').replaceAll('\n', ' '))
    throw error
  }
  const given: Record<string, unknown> = {}
  for (const row of table as readonly Row[]) {
    const name = new Option(row.flag).attributeName()
    const fromFlag: unknown = command.getOptionValue(name)
    const fromEnv = env[variable(row)] || undefined
    const texts = fromFlag ?? (row.list ? fromEnv?.split(/[\s,]+/) : fromEnv)
    if (texts !== undefined) given[name] = readValue(row, texts, fromFlag === undefined)
    else if (row.required) throw new UsageError(`${flagName(row)} is missing: ${row.text} (or set ${variable(row)})`)
  }
  return { logLevel: 'info', ...given } as ProgramOptions // every required row has been seen
}

/** Puts the option's name, as the person gave it, in the place of the library's. */
export function inWordsOfOptions(error: Error, env: NodeJS.ProcessEnv, argv: readonly string[]): UsageError {
  const row = (table as readonly Row[]).find(({ field }) => error.message.startsWith(`${field}:`))
  if (row === undefined) return new UsageError(error.message)
  const byFlag = argv.some(word => word === flagName(row) || word.startsWith(`${flagName(row)}=`))
  return new UsageError(
    (byFlag || !env[variable(row)] ? flagName(row) : variable(row)) + error.message.slice(row.field.length),
  )
}

function makeCommand(): Command {
  const command = new Command('single-prefix-announcer')
    .usage('<options>')
    .description('Announces one host route over BGP, and withdraws it on SIGTERM or SIGINT.')
    .addHelpText(
      'after',
      '\nThe first five are needed. Each may come from the environment instead:\n--local-as as SOFTSPOKEN_LOCAL_AS, and so on. Exits with 0 once stopped,\nwith 2 on wrong input.',
    )
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .helpOption('-h, --help', 'show this')
    .allowExcessArguments(false)
  for (const row of table) command.addOption(new Option(row.flag, row.text))
  return command
}

function readValue(row: Row, given: unknown, fromEnv: boolean): unknown {
  const name = fromEnv ? variable(row) : flagName(row)
  if (row.number) {
    if (!/^\d+$/.test(String(given)))
      throw new UsageError(`${name}: '${given}' is not allowed, it must be a whole number`)
    return Number(given)
  }
  if (row.allowed && !row.allowed.includes(String(given)))
    throw new UsageError(`${name}: '${given}' is not allowed, it must be one of ${row.allowed.join(', ')}`)
  return given
}

function flagName({ flag }: Row): string {
  return flag.replace(/ .*/, '')
}
function variable(row: Row): string {
  return `SOFTSPOKEN_${flagName(row).slice(2).toUpperCase().replaceAll('-', '_')}`
}
