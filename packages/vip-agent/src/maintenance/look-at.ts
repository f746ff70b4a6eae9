/** One look at the file that drains a node. It never waits for a writer of a pipe, and follows no link out of the folder. */
import { constants } from 'node:fs'
import { lstat, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

export type Look =
  /** Anything of that name counts, such as a directory. `since`: its mtime, in milliseconds since 1970. */
  | { readonly exists: true; readonly since: number; readonly text: string }
  | { readonly exists: false; readonly hasFolder: boolean }

const MOST_READ = 1024 // octets

/** Rejects if it cannot be known whether the file exists, such as with EACCES or EIO. */
export async function lookAt(file: string): Promise<Look> {
  try {
    const found = await lstat(file)
    return { exists: true, since: found.mtimeMs, text: found.isFile() ? await beginningOf(file) : '' }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    return { exists: false, hasFolder: await isThere(dirname(file)) }
  }
}

/** Empty if it cannot be read: that the file exists is enough. */
async function beginningOf(file: string): Promise<string> {
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants // it may have been replaced since by a pipe or a link
  try {
    await using handle = await open(file, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MOST_READ), 0, MOST_READ, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } catch {
    return ''
  }
}
async function isThere(folder: string): Promise<boolean> {
  try {
    await stat(folder)
    return true
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    return false
  }
}
function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code // fs throws no other
}
