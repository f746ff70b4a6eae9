/** Writes to standard output or standard error without waiting, even if they are full or slow. */
import { constants, fstatSync, openSync, readFileSync, write, writeSync } from 'node:fs'
import type { Write } from './line-output.ts'

const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants

/**
 * A writer for descriptor 1 or 2. A pipe, a terminal or another device is opened again, because O_NONBLOCK is a property of
 * the open file, which other processes share. A socket cannot be opened again; Node makes most sockets non-blocking. A write
 * to a regular file always waits for the disk, so one of Node's threads does it, as for anything else that may wait.
 */
export function nonBlockingWriter(descriptor: 1 | 2): Write {
  const stat = fstatSync(descriptor)
  if (stat.isFIFO() || stat.isCharacterDevice())
    try {
      return immediateWriter(openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY))
    } catch {} // another user owns it, or there is no /proc
  void (descriptor === 1 ? process.stdout : process.stderr) // this getter makes a pipe or a stream socket non-blocking
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

/** For a non-blocking descriptor. */
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
