/**
 * Reads a file that the user named. Node's readFile() waits for a pipe without a writer in a thread that Node cannot end,
 * and reads a device such as /dev/zero until the memory is full.
 */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

const MAX_FILE = 1 << 20 // octets; a file of many authorities has some 250 KiB
const PART = 1 << 16
/** Milliseconds that the writer of a pipe has. */
const PATIENCE = 5000
const PAUSE = 20

/** It can hold no options, keys or certificates. */
class UnsuitableFileError extends Error {}

/**
 * Also from a pipe, as in `--config <(command)`.
 * Rejects as fs does, and for a device, for what is too long, and for a pipe that does not end within `patience`.
 */
export async function readSmallFile(file: string, patience = PATIENCE): Promise<Buffer> {
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  const found = await handle.stat()
  const isPipe = found.isFIFO()
  if (!isPipe && !found.isFile() && !found.isDirectory())
    throw new UnsuitableFileError('it is neither a file nor a pipe')
  const end = performance.now() + patience
  let octets = Buffer.alloc(0)
  while (octets.length <= MAX_FILE) {
    const part = await next(handle)
    if (part?.length === 0 && (!isPipe || octets.length > 0)) return octets
    if (part) octets = Buffer.concat([octets, part])
    if (part?.length) continue
    if (performance.now() > end)
      throw new UnsuitableFileError(`it is a pipe that has not ended within ${patience / 1000} s`)
    await new Promise(done => setTimeout(done, PAUSE)) // its writer has not opened it yet, or has not written yet
  }
  throw new UnsuitableFileError(`it has more than ${MAX_FILE} octets`)
}

/** Undefined if a pipe has nothing now. */
async function next(handle: FileHandle): Promise<Buffer | undefined> {
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(PART), 0, PART, null)
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined // fs throws no other
    throw error
  }
}

/** Why it cannot be read: a sentence, or the code of the system. */
export function whyUnreadable(error: unknown): string {
  return error instanceof UnsuitableFileError ? error.message : String((error as NodeJS.ErrnoException).code ?? error)
}
