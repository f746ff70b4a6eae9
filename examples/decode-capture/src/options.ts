/** The command line as options of the program. */
import { Command, CommanderError } from 'commander'
import { InputError } from './entry.ts'

export interface ProgramOptions {
  file: string
  json: boolean
  port: number
  twoOctetAs: boolean
}

/**
 * @throws InputError if the command line is wrong; CommanderError with exit code 0 after --help.
 */
export function parseOptions(argv: readonly string[]): ProgramOptions {
  const command = makeCommand()
  try {
    command.parse(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode !== 0)
      throw new InputError(error.message.replace(/^error: /, '').replaceAll('\n', ' '))
    throw error
  }
  const [file] = command.args
  if (file === undefined) throw new InputError('a file is missing: pcap, pcapng or MRT, or - for hex on standard input')
  const { json = false, port, twoOctetAs = false } = command.opts<{ json?: true; port: string; twoOctetAs?: true }>()
  if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65535)
    throw new InputError(`--port: '${port}' is not allowed, it must be a whole number from 1 to 65535`)
  return { file, json, port: Number(port), twoOctetAs }
}

function makeCommand(): Command {
  return new Command('decode')
    .usage('[options] <file>')
    .description('Prints the BGP messages in a capture: as a tree, or one line of JSON each.')
    .argument('[file]', 'pcap, pcapng or MRT, plain or gzip; - is hex on standard input')
    .option('--json', 'one line of JSON per message')
    .option('--port <port>', 'TCP port of BGP', '179')
    .option('--two-octet-as', 'AS numbers have two octets if no OPEN shows it; default: four')
    .helpOption('-h, --help', 'show this help')
    .addHelpText(
      'after',
      '\nTimes are UTC. A malformed message is shown with the NOTIFICATION that answers\nit, and its position. Exits with 2 on wrong input.',
    )
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .allowExcessArguments(false)
}
