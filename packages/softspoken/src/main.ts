/** The first file to run: it holds the signals before anything else is loaded. */

import { printResult } from './print.ts'
import { closeDebugger, exitCodes, printError, Shutdown } from './shutdown.ts'

const argv = process.argv.slice(2)
const onlyAsks = argv[0] === 'status' || argv.includes('--check')
const shutdown = new Shutdown(onlyAsks ? exitCodes.retryable : exitCodes.ok)

// No await at the top: the bundle is CommonJS, which Node starts sooner.
void import('./cli.ts').then(async ({ program }) => {
  await new Promise(setImmediate) // a signal that came while this was loaded is handled now, before a router is dialled
  closeDebugger()
  const code = await program({ argv, env: process.env, shutdown, print: printResult, printError })
  process.exitCode ||= code // a result that cannot be written is a failure
})
