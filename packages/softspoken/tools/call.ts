/** Runs a command that dials nothing, in this process: its exit code, and what it prints. For tests. */
import { main } from '../src/cli.ts'
import { Shutdown } from '../src/shutdown.ts'

export async function call(options: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const output = { out: '', err: '' }
  const code = await main(options, env, {
    shutdown: new Shutdown(0, { on() {}, exit() {}, printError() {} }),
    print: text => void (output.out += text),
    printError: text => void (output.err += `${text}\n`),
  })
  return { code, ...output }
}
