/** Results on standard output. */
import { writeSync } from 'node:fs'
import { exitCodes, printError } from './shutdown.ts'

/** Standard output accepts nothing more. */
let ended = false

/**
 * Writes all of the text, and waits for a slow reader. If it cannot be written, there is an error on standard error and the
 * exit code is 1. A reader that stops early, such as head, is no error.
 */
export function printResult(text: string): void {
  if (ended) return
  try {
    writeAll(1, text)
  } catch (error) {
    ended = true
    const { code, message } = error as NodeJS.ErrnoException // fs throws no other
    if (code === 'EPIPE') return
    printError(`standard output cannot be written: ${message}`)
    process.exitCode = exitCodes.retryable
  }
}

function writeAll(descriptor: number, text: string): void {
  let rest: Uint8Array = Buffer.from(text)
  while (rest.length > 0)
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error // fs throws no other
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20) // another process has made it non-blocking
    }
}
