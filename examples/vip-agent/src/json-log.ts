/** A log on standard output: one line of JSON per call, as pino writes it. */
import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import type { Logger } from '@softspoken/session'

/**
 * A line that cannot be written at once is dropped: an agent that waits for a stopped reader cannot
 * withdraw. A file is the exception, because each write to a file waits for its disk.
 */
export function jsonLog(): Logger {
  const descriptor = openNonBlocking()
  let isCut = false
  const at = (level: string) => (fields: object, text: string) => {
    const line = JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg: text })
    const octets = Buffer.from(`${isCut ? '\n' : ''}${line}\n`)
    try {
      isCut = writeSync(descriptor, octets) < octets.length
    } catch {} // full, or without a reader
  }
  return { debug: () => {}, info: at('info'), warn: at('warn'), error: at('error') }
}

/** Standard output, non-blocking. A pipe or terminal is opened again, because other processes share the mode of this one. */
function openNonBlocking(): number {
  const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants
  const stat = fstatSync(1)
  if (stat.isFIFO() || stat.isCharacterDevice())
    try {
      return openSync('/proc/self/fd/1', O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY)
    } catch {} // another user's, or there is no /proc
  void process.stdout // Node makes a socket or pipe non-blocking when it creates this stream
  return 1
}
