/** The command line. A flag that takes one value is given once. */
import { Command, CommanderError, Option } from 'commander'
import { printResult } from '../print.ts'
import { nearest } from './nearest.ts'
import { optionTable } from './options.ts'
import { parseText } from './parse-text.ts'
import { UsageError } from './usage-error.ts'
import type { SourceValues } from './values.ts'

export interface Flags {
  readonly offers: SourceValues
  readonly config: string | undefined
  readonly check: boolean
}

/** @throws UsageError, which shows no value of an unknown flag; CommanderError with exit code 0 after --help. */
export function readFlags(argv: readonly string[]): Flags {
  const command = makeCommand()
  try {
    command.parse(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode !== 0)
      throw new UsageError(error.message.replace(/^error: /, '').replaceAll('\n', ' '))
    throw error
  }
  const unknown = command.args.find(arg => arg.startsWith('-') && !argv.includes('--'))
  if (unknown !== undefined) throw unknownFlag(unknown)
  if (command.args.length > 0)
    throw new UsageError('a word that belongs to no flag is not allowed, options are given as --prefix and so on')
  const given = (flag: string): unknown => command.getOptionValue(new Option(`${flag} <value>`).attributeName())
  const offers = optionTable.flatMap(row => {
    const value = given(row.flag)
    return value === undefined ? [] : [[row.name, { from: row.flag, read: () => parseText(row, value, row.flag) }]]
  })
  const config = given('--config')
  if (config === '') throw new UsageError('--config: it is empty')
  return {
    offers: Object.fromEntries(offers),
    config: typeof config === 'string' ? config : undefined,
    check: given('--check') === true,
  }
}

function makeCommand(): Command {
  const command = new Command('single-prefix-announcer')
    .usage('<options>')
    .description('Announces one host route over BGP, and withdraws it on SIGTERM or SIGINT.')
    .addHelpText('after', 'The first five are needed. --local-as may be SOFTSPOKEN_LOCAL_AS, and so on.')
    .exitOverride()
    .configureOutput({ outputError: () => {}, writeOut: printResult })
    .helpOption('-h, --help', 'show this')
    .allowExcessArguments()
    .allowUnknownOption() // commander's own error repeats its value, which may be a secret
  for (const { flag, value, text } of optionTable)
    if (value) command.addOption(once(new Option(`${flag} ${value}`, text)))
  command.addOption(once(new Option('--config <file>', 'options by name, in YAML or JSON')))
  command.addOption(new Option('--check', 'show what would be sent; announce nothing'))
  return command
}
function once(option: Option): Option {
  if (option.variadic) return option
  return option.argParser((value, before) => {
    if (before !== undefined) throw new UsageError(`${option.long}: it is given twice, and takes one value`)
    return value
  })
}

function unknownFlag(arg: string): UsageError {
  const [name = ''] = arg.split('=')
  const row = optionTable.find(({ flag }) => flag === name)
  if (row?.inFileOnly) return new UsageError(`${name}: there is no such flag, ${row.name} is set in a file`)
  if (row) return new UsageError(`${name}: there is no such flag, set ${row.variable}, or ${row.name} in a file`)
  const near = nearest(name, [
    ...optionTable.filter(({ value }) => value).map(({ flag }) => flag),
    '--config',
    '--check',
    '--help',
  ])
  const shown = /^--[a-z][a-z0-9-]*$/i.test(name) ? name : 'a flag that begins otherwise than all others'
  return new UsageError(`${shown}: there is no such flag${near ? `, did you mean ${near}?` : '; --help lists them'}`)
}
