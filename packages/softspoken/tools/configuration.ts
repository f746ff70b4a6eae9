/** For tests: the configuration that `softspoken announce` makes of these flags and variables. */
import { Command } from 'commander'
import { readFlags, withOptions } from '../src/config/flags.ts'
import { type Configuration, readConfiguration as read } from '../src/config/sources.ts'

export async function readConfiguration(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Configuration> {
  const command = withOptions(new Command()).exitOverride().parse(argv, { from: 'user' })
  return read(readFlags(command), env)
}
