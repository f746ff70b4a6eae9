/** Prints the BGP messages in a capture. */
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CommanderError } from 'commander'
import { Capture } from './capture.ts'
import { type Entry, InputError, Skipped } from './entry.ts'
import { HexReader } from './hex-reader.ts'
import { toJson } from './json.ts'
import { type ProgramOptions, parseOptions } from './options.ts'
import { escapeControls } from './text.ts'
import { toTree } from './tree.ts'
import { unpacked } from './unpack.ts'

/** Octets that are read at a time. */
const CHUNK = 256 * 1024
/** Characters that are written at a time, or a few more. */
const BATCH = 64 * 1024

const fileErrors: { readonly [code: string]: string } = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
}

// The reader of a pipe may stop early, and a disk may be full.
let isWritable = true
for (const stream of [process.stdout, process.stderr])
  stream.on('error', error => {
    if (isWritable && stream === process.stdout && codeOf(error) !== 'EPIPE') {
      process.stderr.write(`the output cannot be written: ${error.message}\n`)
      process.exitCode = 2
    }
    isWritable = false
  })
try {
  await run(parseOptions(process.argv.slice(2)))
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode // --help
  else if (error instanceof InputError) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  } else if (isWritable) throw error
}

async function run(options: ProgramOptions): Promise<void> {
  const { file, json, port } = options
  const skipped = new Skipped()
  let count = 0
  let wrong: InputError | undefined
  await pipeline(Readable.from(lines()), process.stdout, { end: false })

  const rest = skipped.toText()
  if (rest !== '') process.stderr.write(`not decoded: ${rest}\n`)
  if (count === 0) wrong ??= new InputError(`it contains no BGP message (port ${port})`)
  const name = file === '-' ? 'standard input' : escapeControls(file)
  if (wrong) throw new InputError(`${name}: ${wrong.message}`)

  async function* lines(): AsyncGenerator<string> {
    const width = process.stdout.columns ?? 100
    const colours = process.stdout.isTTY && !process.env.NO_COLOR
    let text = ''
    try {
      for await (const entries of file === '-' ? hex(options) : capture(options, skipped)) {
        for (const entry of entries) {
          count++
          text += json ? toJson(entry) : toTree(entry, { width, colours })
          if (text.length < BATCH) continue
          yield text
          text = ''
        }
        if (text !== '') yield text // the next chunk of a pipe may come much later
        text = ''
      }
    } catch (error) {
      // Reported at the end, after the entries before it.
      wrong = asInputError(error)
      yield text
    }
  }
}

/** The entries that each chunk of the file completes, decoded on demand. */
async function* capture(options: ProgramOptions, skipped: Skipped): AsyncGenerator<Iterable<Entry>> {
  const { file, port, twoOctetAs } = options
  const reader = new Capture({ port, fourOctetAs: !twoOctetAs }, skipped)
  for await (const chunk of unpacked(createReadStream(file, { highWaterMark: CHUNK }))) yield reader.push(chunk)
  yield reader.end()
}

async function* hex({ twoOctetAs }: ProgramOptions): AsyncGenerator<Iterable<Entry>> {
  const reader = new HexReader(!twoOctetAs)
  for await (const text of process.stdin.setEncoding('utf8')) yield reader.push(text)
  yield reader.end()
}

/** A file that cannot be read is an InputError; any other error is thrown again. */
function asInputError(error: unknown): InputError {
  if (error instanceof InputError) return error
  const code = codeOf(error)
  if (code === undefined || !(error instanceof Error) || !('syscall' in error)) throw error
  return new InputError(fileErrors[code] ?? `it cannot be read: ${error.message}`)
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
