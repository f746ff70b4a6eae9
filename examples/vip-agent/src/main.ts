/**
 * The agent as a program, with flags. SIGTERM, SIGINT and SIGHUP end it gracefully; a second one ends it at once.
 * Exit code 2: the flags are wrong, and standard error says in one sentence how. 1: something failed, with its stack.
 */
import type { Logger } from '@softspoken/session'
import { runAgent } from '@softspoken/vip-agent'
import { readFlags } from './flags.ts'

/** Octets of the log that wait for a reader at most. */
const LOG_BUFFER = 1024 * 1024

const ending = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => ending.abort())

try {
  await runAgent({ ...readFlags(process.argv.slice(2)), log: log() }, ending.signal)
} catch (error) {
  const isWrongValue = error instanceof RangeError
  process.exitCode = isWrongValue ? 2 : 1
  console.error(isWrongValue ? error.message : error)
}

/**
 * One line of JSON each, as pino would. A line that cannot be written is dropped: on a full disk, where the reader of a pipe
 * is gone, or does not read.
 */
function log(): Logger {
  process.stdout.on('error', () => {})
  const write = (level: string) => (fields: object, text: string) => {
    if (process.stdout.writableLength > LOG_BUFFER) return
    process.stdout.write(`${JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg: text })}\n`)
  }
  return { debug: () => {}, info: write('info'), warn: write('warn'), error: write('error') }
}
