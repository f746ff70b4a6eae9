/** The command line: `softspoken <command> [options]`. Each command is loaded when it is run. */
import { omitUndefined } from '@softspoken/session/internal'
import { nearest } from '@softspoken/wire/internal'
import { Command, CommanderError, Option } from 'commander'
import { isAnnounce } from './announce-name.ts'
import {
  flagNames,
  OPTIONS_PAGE,
  OTHER,
  readFlags,
  takesOneValue,
  withDisabledBy,
  withOptions,
  withoutValue,
} from './config/flags.ts'
import { fromKubeVipFlags } from './config/kube-vip-flags.ts'
import { readConfiguration, readDisabledBy, readSources } from './config/sources.ts'
import { RetryableError, UsageError } from './config/usage-error.ts'
import { validateSome } from './config/validate.ts'
import { escapeControls } from './log/escape-controls.ts'
import { kindOf, manifestOptions, withManifestOptions } from './manifest/manifest-options.ts'
import { exitCodes, type Shutdown } from './shutdown.ts'
import { version } from './version.ts'

/** What a command needs from its process. */
export interface Io {
  readonly shutdown: Shutdown
  /** To standard output. */
  print(text: string): void
  /** One line to standard error. */
  printError(text: string): void
}

/** Resolves with the exit code: after an answer was printed, or once the route is being announced. */
export async function main(argv: readonly string[], env: NodeJS.ProcessEnv, io: Io): Promise<number> {
  try {
    await commandLine(argv, env, io)
    return exitCodes.ok
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok // --help, --version
    const known = error instanceof CommanderError ? fromCommander(error, argv) : error
    if (!(known instanceof UsageError || known instanceof RetryableError)) throw error
    io.printError(escapeControls(known.message)) // it may show what the user typed
    return known instanceof UsageError ? exitCodes.usage : exitCodes.retryable
  }
}

async function commandLine(argv: readonly string[], env: NodeJS.ProcessEnv, io: Io): Promise<void> {
  if (argv[0] === 'manifest') {
    const { argv: rest, env: variables, nameOf } = fromKubeVipFlags(argv.slice(1))
    await commands({ ...env, ...variables }, io, nameOf).parseAsync(['manifest', ...rest], { from: 'user' })
    return
  }
  const words = isAnnounce(argv[0]) ? ['announce', ...argv.slice(1)] : argv
  await commands(env, io).parseAsync(words, { from: 'user' })
}

function commands(env: NodeJS.ProcessEnv, io: Io, nameOf = (variable: string): string => variable): Command {
  const root = new Command('softspoken')
    .description('Announces one host route over BGP while its service is healthy, and withdraws it when it is not.')
    .usage('<command> [options]')
    .exitOverride()
    .configureOutput({ outputError: () => {}, writeOut: io.print })
    .configureHelp({ helpWidth: 100 })
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help; also after a command')
    .helpCommand(false)
    .allowExcessArguments() // commander's own errors repeat the argument, which may be a secret
    .allowUnknownOption()
    .action((_options, command: Command) => {
      throw noCommand(command.args[0], names)
    })
    .addHelpText('after', `\nAll options of announce and check:\n${OPTIONS_PAGE}`)

  withOptions(root.command('announce'))
    .description('Announce the route until SIGTERM or SIGINT. Then withdraw it and end the session.')
    .addOption(new Option('--check', 'do what the command check does').helpGroup(OTHER))
    .action(async (_options, command: Command) => {
      const { check, ...flags } = readFlags(command)
      const configuration = await readConfiguration(flags, env)
      if (check) await runCheck(configuration, io)
      else await (await import('./commands/announce.ts')).announce(configuration, env, io.shutdown)
    })
  withOptions(root.command('check'))
    .description('Check the options and show what each router would be sent. Announce nothing.')
    .addOption(new Option('--pool <prefix...>', 'warn if a VIP lies in this pool of another program').hideHelp())
    .addOption(takesOneValue(new Option('--vip <url>', 'ask the VIP, from another host than a node').helpGroup(OTHER)))
    .action(async (given: CheckFlags, command: Command) => {
      if (given.vip !== undefined) return probe(given.vip, command, io)
      const { isQuestion, whoHas } = await import('./commands/who-has.ts')
      const flags = readFlags(command)
      if (isQuestion(given.arp)) printLines(await whoHas(given.arp, given.interface), io)
      else await runCheck(await readConfiguration(flags, env), io, given.pool)
    })
  withManifestOptions(withOptions(root.command('manifest')))
    .description('Print a manifest or a unit that runs announce with these options.')
    .argument('[kind]')
    .action(async (kind = '', _options, command: Command) => {
      const options = manifestOptions(kindOf(kind), command)
      const { text, warnings } = await (await import('./manifest/manifest.ts')).manifest(
        readFlags(command, command.args.slice(1)),
        env,
        options,
        nameOf,
      )
      for (const warning of warnings) io.printError(escapeControls(warning))
      io.print(text)
    })
  root
    .command('status')
    .description(
      'Show whether a program that runs with --http announces, and if not, why; then its routes, sessions and health.',
    )
    .usage('[--json] [address]')
    .argument('[address]', 'the address and port of its --http, also as a URL', '127.0.0.1:9179')
    .option('--json', 'print the answer of /status as it is')
    .helpOption('-h, --help', 'show this help')
    .allowExcessArguments()
    .allowUnknownOption()
    .addHelpText('after', '\nIt exits with 0 if the program answers, 1 if it does not, and 2 for a wrong address.')
    .action(async (address: string, { json }: { json?: true }, command: Command) => {
      if (command.args.length > 1 || address.startsWith('-'))
        throw new UsageError('status: give at most one address and port, such as 127.0.0.1:9179')
      io.print(await (await import('./commands/status.ts')).status(address, omitUndefined({ json })))
    })
  withDisabledBy(root.command('drain'))
    .description('Take this node out of service: create the file of disabledBy. The agent hands over, and runs on.')
    .usage('[options] [reason]')
    .argument('[reason...]', 'why, for the log and the page')
    .action(async (reason: string[], _options, command: Command) => {
      const file = await readDisabledBy(readFlags(command), env)
      await answer((await import('./commands/drain.ts')).drain(file, reason.join(' ')), io)
    })
  withDisabledBy(root.command('resume'))
    .description('Put this node into service again: remove the file of disabledBy.')
    .action(async (_options, command: Command) => {
      const file = await readDisabledBy(readFlags(command), env)
      await answer((await import('./commands/drain.ts')).resume(file), io)
    })
  root
    .command('version')
    .description('Show the versions of this program and of Node.')
    .helpOption('-h, --help', 'show this help')
    .allowExcessArguments()
    .allowUnknownOption()
    .action((_options, command: Command) => {
      if (command.args.length > 0) throw new UsageError('version: it takes no argument')
      io.print(`softspoken ${version}, Node ${process.versions.node}, ${process.platform} ${process.arch}\n`)
    })
  const names = root.commands.map(command => command.name())
  return root
}

async function answer(sentence: Promise<string>, { print }: Io): Promise<void> {
  print(`${escapeControls(await sentence)}\n`)
}

/** What the command check itself reads. */
interface CheckFlags {
  readonly arp?: unknown
  readonly interface?: readonly string[]
  readonly pool?: readonly string[]
  readonly vip?: string
}
async function probe(vip: string, command: Command, io: Io): Promise<void> {
  const { given } = await readSources(readFlags(command), {})
  const { probeVip } = await import('./commands/probe-vip.ts')
  const { answers, lines } = await probeVip(vip, validateSome(given))
  printLines(lines.map(line => `${line}\n`).join(''), io)
  if (!answers) throw new RetryableError('the VIP does not answer as asked')
}

async function runCheck(
  configuration: Awaited<ReturnType<typeof readConfiguration>>,
  { print }: Io,
  pools?: readonly string[],
): Promise<void> {
  const { check } = await import('./commands/check.ts')
  printLines(await check(configuration, pools), { print })
}
function printLines(text: string, { print }: Pick<Io, 'print'>): void {
  print(text.split('\n').map(escapeControls).join('\n'))
}

/** The first argument is shown only if it looks like a command or is a flag of ours: it may be a secret. */
function noCommand(word: string | undefined, names: readonly string[]): UsageError {
  const list = `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
  if (word === undefined) return new UsageError(`a command is missing: ${list}; softspoken --help explains them`)
  const [flag = ''] = word.split('=')
  if (flagNames.includes(flag))
    return new UsageError(`${flag}: a command comes first, such as softspoken announce ${flag}`)
  const near = /^[a-z]{1,12}$/i.test(word) ? nearest(word, names) : undefined
  if (near !== undefined) return new UsageError(`${word}: no such command, did you mean ${near}?`)
  return new UsageError(`the first argument is not a command: it must be ${list}; softspoken --help explains them`)
}

/** Commander accepts any argument as the value of a flag, so only the last argument can be a flag without a value. */
function fromCommander({ code, message }: CommanderError, argv: readonly string[]): UsageError {
  if (code === 'commander.optionMissingArgument') return withoutValue(`${argv.at(-1)}`)
  return new UsageError(message.replace(/^error: /, '').replaceAll('\n', ' '))
}
