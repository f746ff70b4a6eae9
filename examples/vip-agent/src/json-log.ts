/** A log on standard output: one line of JSON per call, as pino writes it. */
import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import type { Logger } from '@softspoken/session'

/** Octets that may wait in the stream of a file or socket. */
const MAX_WAITING = 1024 * 1024

/**
 * A line that cannot be written at once is dropped: the agent must not wait for a reader that has stopped, because it would
 * withdraw no route then.
 */
export function jsonLog(): Logger {
  const write = writeWithoutWaiting()
  const at = (level: string) => (fields: object, text: string) =>
    write(`${JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg: text })}\n`)
  return { debug: () => {}, info: at('info'), warn: at('warn'), error: at('error') }
}

function writeWithoutWaiting(): (line: string) => void {
  const stat = fstatSync(1)
  if (stat.isFIFO() || stat.isCharacterDevice())
    try {
      // Node waits for a full pipe and a stopped terminal. Non-blocking mode belongs to what was opened, so it is opened again.
      const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants
      const descriptor = openSync('/proc/self/fd/1', O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY)
      return line => {
        try {
          writeSync(descriptor, line)
        } catch {} // it is full, or has no reader
      }
    } catch {} // another user's, or no /proc
  process.stdout.on('error', () => {}) // the reader is gone, or the disk is full
  return line => {
    if (process.stdout.writableLength < MAX_WAITING) process.stdout.write(line)
  }
}
