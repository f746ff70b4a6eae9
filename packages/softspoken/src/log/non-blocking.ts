/** To write to standard output or standard error without waiting, whatever it is. */
import { constants, fstatSync, openSync, readFileSync, write, writeSync } from 'node:fs'
import type { Write } from './line-output.ts'

const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants

/**
 * Writes to descriptor 1 or 2. A pipe, a terminal or another device is opened once more: not to wait is a property of what
 * was opened, and other processes share that. A socket cannot be opened again; Node makes most of them so. To write to a
 * file waits for its disk whatever was asked for, so a thread of Node's does it, as it does for whatever else may wait.
 */
export function nonBlockingWriter(descriptor: 1 | 2): Write {
  const stat = fstatSync(descriptor)
  if (stat.isFIFO() || stat.isCharacterDevice())
    try {
      return immediateWriter(openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY))
    } catch {} // it is another user's, or there is no /proc
  void (descriptor === 1 ? process.stdout : process.stderr) // Node makes a pipe or stream socket non-blocking with this object
  return waits(descriptor) ? (octets, done) => write(descriptor, octets, done) : immediateWriter(descriptor)
}

function waits(descriptor: number): boolean {
  try {
    const [, flags = ''] = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8')) ?? []
    return fstatSync(descriptor).isFile() || (Number.parseInt(flags, 8) & O_NONBLOCK) === 0
  } catch {
    return true
  }
}

/** For a descriptor that does not block. */
export function immediateWriter(descriptor: number): Write {
  return (octets, done) => {
    let written = 0
    try {
      written = writeSync(descriptor, octets)
    } catch (error) {
      return done(error as NodeJS.ErrnoException, 0) // fs throws no other
    }
    done(null, written)
  }
}
