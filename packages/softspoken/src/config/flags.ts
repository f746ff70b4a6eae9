/** The flags of `announce` and `check`. A flag that takes one value is given once. */
import { nearest } from '@softspoken/wire/internal'
import { type Command, Option } from 'commander'
import { type OptionRow, optionTable } from './options.ts'
import { parseText } from './parse-text.ts'
import { UsageError } from './usage-error.ts'
import type { SourceValues } from './values.ts'

export const OPTIONS_PAGE = 'https://github.com/softspoken/softspoken/blob/main/packages/softspoken/OPTIONS.md'

/** A heading in --help. */
export const OTHER = 'Other:'

export interface Flags {
  readonly values: SourceValues
  readonly config: string | undefined
  readonly check: boolean
}

const rowsWithFlag = optionTable.filter(({ hasFlag }) => hasFlag)
export const flagNames: readonly string[] = [
  ...rowsWithFlag.map(({ flag }) => flag),
  ...['--config', '--check', '--help'],
]

/** Adds the flags of `drain` and `resume`. */
export function withDisabledBy(command: Command): Command {
  return command
    .allowExcessArguments()
    .allowUnknownOption()
    .helpOption('-h, --help', 'show this help')
    .addOption(takesOneValue(new Option('--disabled-by <file>', 'the file, as the agent has it')))
    .addOption(takesOneValue(new Option('--config <file>', 'file of options, in YAML or JSON')))
    .addHelpText('after', '\nThe file can also be SOFTSPOKEN_DISABLED_BY, or disabledBy in the file of options.')
}

/** Adds a flag for each option. --help shows the most used flags, by group. */
export function withOptions(command: Command): Command {
  command
    .usage('[options]')
    .allowExcessArguments()
    .allowUnknownOption() // commander's own error repeats the value, which may be a secret
    .addHelpOption(new Option('-h, --help', 'show this help').helpGroup(OTHER))
  for (const row of rowsWithFlag) command.addOption(optionOf(row))
  return command
    .addOption(takesOneValue(new Option('--config <file>', 'file of options, in YAML or JSON').helpGroup(OTHER)))
    .addHelpText('after', `\nEach flag can be a variable or a line of the file instead. All options:\n${OPTIONS_PAGE}`)
}
function optionOf({ flag, placeholder, kind, text, group, requirement }: OptionRow): Option {
  const value =
    placeholder ??
    {
      list: '<value...>',
      map: '<name=number...>',
      number: '<value>',
      boolean: '<true|false>',
      text: '<value>',
      checks: '<check...>',
    }[kind]
  const option = new Option(`${flag} ${value}`, `${text}${requirement}`)
  if (placeholder === undefined) option.hideHelp()
  if (group !== undefined) option.helpGroup(`${group}:`)
  return takesOneValue(option)
}
export function takesOneValue(option: Option): Option {
  if (option.variadic) return option
  return option.argParser((value, before) => {
    if (before !== undefined) throw new UsageError(`${option.long}: it is given twice, and takes one value`)
    return value
  })
}

/**
 * The options on the command line. `rest`: what commander has left over.
 * @throws UsageError, which shows no value of an unknown flag.
 */
export function readFlags(command: Command, rest: readonly string[] = command.args): Flags {
  const given = (flag: string): unknown => command.getOptionValue(new Option(`${flag} <value>`).attributeName())
  for (const flag of flagNames)
    if ([given(flag)].flat().some(part => flagNames.includes(`${part}`))) throw withoutValue(flag)
  const unknown = rest.find(arg => arg.startsWith('-'))
  if (unknown !== undefined) throw unknownFlag(unknown, command.name())
  if (rest.length > 0 && command.name() !== 'drain')
    throw new UsageError('an argument is not the value of a flag; give an option as --prefix 198.51.100.10/32')
  const values = rowsWithFlag.flatMap(row => {
    const value = given(row.flag)
    return value === undefined ? [] : [[row.name, { from: row.flag, read: () => parseText(row, value, row.flag) }]]
  })
  const config = given('--config')
  if (config === '') throw new UsageError('--config: it is empty')
  return {
    values: Object.fromEntries(values),
    config: typeof config === 'string' ? config : undefined,
    check: given('--check') === true,
  }
}

/** The next argument of the flag is a flag, or there is none. */
export function withoutValue(flag: string): UsageError {
  return new UsageError(`${flag}: it has no value`)
}

function unknownFlag(arg: string, command: string): UsageError {
  const [name = ''] = arg.split('=')
  if (command === 'drain' || command === 'resume')
    return new UsageError(`${command}: it takes no other flag than --disabled-by and --config`)
  if (name === '--check' && command === 'announce') return new UsageError('--check: it takes no value')
  if (name === '--check') return new UsageError('--check: it belongs to announce; the command check does the same')
  const row = optionTable.find(({ flag }) => flag === name)
  if (row?.fileOnly) return new UsageError(`${name}: no such flag, ${row.name} is set in a file`)
  if (row)
    return new UsageError(
      `${name}: no such flag, because flags are visible to all users of the host; set ${row.variable}, or ${row.name} in a file`,
    )
  const near = nearest(name, flagNames)
  const shown = /^--[a-z][a-z0-9-]*$/i.test(name) ? name : 'an argument begins with a hyphen'
  return new UsageError(`${shown}: no such flag${near ? `, did you mean ${near}?` : '; --help lists them'}`)
}
