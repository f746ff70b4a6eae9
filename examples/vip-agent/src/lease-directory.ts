/**
 * A lease for the processes of one machine: a directory with a file for each term. Its name is the epoch, its text the
 * holder, its modification time the last renewal. One file for all terms would need what file systems lack: to replace
 * it only where nobody else has. Here each step is one system call, and only a term's holder ever touches its file.
 */
import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lease } from './lease-election.ts'

/** The time of a renewal that is none: the holder let go. */
const RELEASED = 0

export function leaseDirectory(directory: string, holder: string): Lease {
  const file = (epoch: number): string => join(directory, String(epoch))
  const isLast = async (epoch: number): Promise<boolean> => (await epochs(directory)).at(-1) === epoch
  return {
    async read() {
      for (;;) {
        const epoch = (await epochs(directory)).at(-1)
        if (epoch === undefined) return undefined
        const renewal = await unless('ENOENT', async () => (await stat(file(epoch))).mtimeMs)
        // A term's file goes only once there is a later one.
        if (renewal !== undefined) return { epoch, renewal: renewal === RELEASED ? undefined : renewal }
      }
    },
    async take(epoch) {
      await mkdir(directory, { recursive: true })
      const isOurs = await unless('EEXIST', async () => {
        await writeFile(file(epoch), `${holder}\n`, { flag: 'wx' })
        return true
      })
      // Whoever was stopped for long may take a term of the past, whose file is gone.
      if (!isOurs || !(await isLast(epoch))) return false
      for (const past of await epochs(directory)) if (past < epoch) await rm(file(past), { force: true })
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
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
}

/** Undefined where it fails with this code. */
async function unless<T>(code: string, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === code) return undefined
    throw error
  }
}
