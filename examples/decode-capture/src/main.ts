/** Prints the BGP messages in a capture. */
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { CommanderError } from 'commander'
import { readCapture } from './capture.ts'
import { type Entry, InputError, PassedOver } from './entry.ts'
import { readHex } from './hex.ts'
import { toJson } from './json.ts'
import { type ProgramOptions, parseOptions } from './options.ts'
import { toTree } from './tree.ts'

const inWords: { readonly [code: string]: string } = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read',
}

// Whoever reads us may stop before the end.
process.stdout.on('error', error => {
  if (codeOf(error) !== 'EPIPE') throw error
})
try {
  await run(parseOptions(process.argv.slice(2)))
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode // --help
  else if (error instanceof InputError) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  } else if (codeOf(error) !== 'EPIPE') throw error
}

async function run(options: ProgramOptions): Promise<void> {
  const { file, json, port } = options
  const passedOver = new PassedOver()
  const entries = await open(options, passedOver)
  let count = 0
  let wrong: InputError | undefined
  await pipeline(Readable.from(lines()), process.stdout, { end: false })

  const rest = passedOver.inWords()
  if (rest !== '') process.stderr.write(`passed over: ${rest}\n`)
  if (count === 0) wrong ??= new InputError(`there is no BGP message in it (port ${port})`)
  if (wrong) throw new InputError(`${file === '-' ? 'standard input' : file}: ${wrong.message}`)

  function* lines(): Generator<string> {
    const width = process.stdout.columns ?? 100
    const colours = process.stdout.isTTY && !process.env.NO_COLOR
    try {
      for (const entry of entries) {
        count++
        yield json ? toJson(entry) : toTree(entry, { width, colours })
      }
    } catch (error) {
      // Told at the end: what came before it is still on its way.
      if (!(error instanceof InputError)) throw error
      wrong = error
    }
  }
}

async function open({ file, port, twoOctetAs }: ProgramOptions, passedOver: PassedOver): Promise<Iterable<Entry>> {
  if (file === '-') return readHex(await text(process.stdin), !twoOctetAs)
  return readCapture(await contents(file), { port, fourOctetAs: !twoOctetAs }, passedOver)
}

async function contents(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (error) {
    const words = inWords[codeOf(error) ?? '']
    if (words === undefined) throw error
    throw new InputError(`${file}: ${words}`)
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
