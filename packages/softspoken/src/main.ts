/** The first file to run: it handles signals before anything else is loaded. */
import { isAnnounce } from './announce-name.ts'
import { printResult } from './print.ts'
import { closeDebugger, exitCodes, printError, Shutdown } from './shutdown.ts'

const argv = process.argv.slice(2)
const announces = isAnnounce(argv[0]) && !argv.includes('--check')
const shutdown = new Shutdown(announces ? exitCodes.ok : exitCodes.retryable)

// No await at the top level: the bundle is CommonJS, which Node starts faster.
void import('./cli.ts').then(async ({ main }) => {
  await new Promise(setImmediate) // handles a signal that arrived during loading, before a router is dialled
  closeDebugger()
  const code = await main(argv, process.env, { shutdown, print: printResult, printError })
  process.exitCode ||= code // printResult sets it when the result cannot be written
})
