/**
 * A lease for the processes of one machine: a directory with a file for each term. Its name is the epoch, its text the
 * holder, its modification time the last renewal. One file for all terms would need what file systems lack: to replace
 * it only if no other process has. Here each step is one system call, and only a term's holder ever touches its file.
 *
 * The directory may hold other things. A name that is no epoch as this file writes it (`007`, `1e3`, 2^53) is passed
 * over. A name that is one, but not of a plain file (a folder, a link that leads nowhere), is a term that has no holder:
 * the next term gets the next number.
 */
import { lstat, mkdir, open, readdir, unlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lease } from './lease-election.ts'

/** The time of a renewal that is none: the holder let go. */
const RELEASED = 0
/** A leader's MED is made from its epoch, and has 32 bits. */
const LAST_EPOCH = 0xffff_ffff

export function leaseDirectory(directory: string, holder: string): Lease {
  const file = (epoch: number): string => join(directory, String(epoch))
  const isLast = async (epoch: number): Promise<boolean> => (await epochs(directory)).at(-1) === epoch
  return {
    async read() {
      const epoch = (await epochs(directory)).at(-1)
      if (epoch === undefined) return undefined
      // A file that is gone since the directory was read belongs to a term of the past, or was removed by hand: either
      // way that term has no holder, and take() finds out whether a later one has.
      const found = await unless('ENOENT', () => lstat(file(epoch)))
      const renewal = found?.isFile() ? found.mtimeMs : RELEASED
      return { epoch, renewal: renewal === RELEASED ? undefined : renewal }
    },
    async take(epoch) {
      if (!isEpoch(String(epoch)))
        throw new RangeError(
          `epoch: ${epoch} is not allowed, it must be from 1 to ${LAST_EPOCH}; look at the names in ${directory}`,
        )
      await mkdir(directory, { recursive: true })
      const isOurs = await unless('EEXIST', async () => {
        await using made = await open(file(epoch), 'wx')
        await made.writeFile(`${holder}\n`).catch(() => {}) // the disk is full: the name is the term, the text is for people
        return true
      })
      // A process that was stopped for long may take a term of the past, whose file is gone.
      if (!isOurs || !(await isLast(epoch))) return false
      // What cannot be removed does no harm: only the last term counts.
      for (const past of await epochs(directory)) if (past < epoch) await unlink(file(past)).catch(() => {})
      return true
    },
    async renew(epoch) {
      const now = new Date()
      const isThere = await unless('ENOENT', async () => {
        await utimes(file(epoch), now, now)
        return true
      })
      return isThere === true && isLast(epoch)
    },
    async release(epoch) {
      await unless('ENOENT', () => utimes(file(epoch), RELEASED, RELEASED))
    },
  }
}

/** In order, the last one last. */
async function epochs(directory: string): Promise<number[]> {
  const names = (await unless('ENOENT', () => readdir(directory))) ?? []
  return names
    .filter(isEpoch)
    .map(Number)
    .sort((a, b) => a - b)
}

/** Is the name a number as take() writes it? Any other would be read as the name of a file that does not exist. */
function isEpoch(name: string): boolean {
  const number = Number(name)
  return Number.isInteger(number) && number >= 1 && number <= LAST_EPOCH && String(number) === name
}

/** Undefined if it fails with this code. */
async function unless<T>(code: string, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === code) return undefined
    throw error
  }
}
