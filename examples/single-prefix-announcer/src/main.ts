/** The first file to run: it holds the signals before anything else is loaded. */
import { complain, Ending, exitCodes } from './ending.ts'

const argv = process.argv.slice(2)
const onlyAsks = argv[0] === 'status' || argv.includes('--check')
const ending = new Ending(onlyAsks ? exitCodes.mayHelp : exitCodes.inOrder)

process.stdout.on('error', () => {}) // what reads it has gone: there is no other place for it

// No await at the top: the bundle is CommonJS, which Node starts sooner.
void import('./program.ts').then(async ({ program }) => {
  const print = (text: string): void => void process.stdout.write(text)
  process.exitCode = await program({ argv, env: process.env, ending, print, complain })
})
