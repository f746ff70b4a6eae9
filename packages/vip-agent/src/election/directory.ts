/**
 * A lease for the processes of one machine: a directory with one file per epoch. The file's name is the epoch, its text the
 * holder, its modification time the last renewal. One file for all epochs would need a file system that replaces a file
 * only if no other process has done so. Here each step is one system call, and only the holder changes its own file.
 *
 * The directory may contain other files. A name that is not an epoch as this module writes it (`007`, `1e3`, 2^53) is
 * ignored. A name that is an epoch, but not of a plain file (a directory, a broken link), counts as an epoch that was
 * released: the next holder gets the next number.
 */
import { lstat, mkdir, open, readdir, unlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { assertPath, assertString } from '@softspoken/session/internal'
import { OptionError } from '@softspoken/wire'
import { shown } from '@softspoken/wire/internal'
import type { LeaseStore } from './lease-election.ts'

/** The modification time that marks a lease as released. */
const RELEASED = 0
/** A leader's MED is made from its epoch, and has 32 bits. */
const LAST_EPOCH = 0xffff_ffff

/**
 * A lease store in a directory, which is made if it does not exist. All candidates on this machine use the same directory;
 * keep it over restarts, because an epoch that starts again at 1 loses against a route that a router still has. `holder` is
 * written into the file, for people who look at it.
 * @throws OptionError if one of the two is not a string, or the directory is not a path.
 */
export function leaseDirectory(directory: string, holder: string): LeaseStore {
  assertPath(directory, 'directory')
  assertString(holder, 'holder')
  const file = (epoch: number): string => join(directory, String(epoch))
  const isLast = async (epoch: number): Promise<boolean> => (await epochs(directory)).at(-1) === epoch
  return {
    async read() {
      const epoch = (await epochs(directory)).at(-1)
      if (epoch === undefined) return undefined
      // If the file was removed since the directory was read, its epoch is over or an operator removed it. Either way it has
      // no holder, and acquire() finds out whether a later epoch has one.
      const stat = await undefinedIf('ENOENT', () => lstat(file(epoch)))
      const renewal = stat?.isFile() ? stat.mtimeMs : RELEASED
      return { epoch, renewal: renewal === RELEASED ? undefined : renewal }
    },
    async acquire(epoch) {
      if (typeof epoch !== 'number' || !isEpoch(String(epoch))) {
        const allowed = `from 1 to ${LAST_EPOCH}`
        const detail = `${shown(epoch)} is not allowed, it must be ${allowed}; check the file names in ${directory}`
        throw new OptionError('epoch', epoch, allowed, detail)
      }
      await mkdir(directory, { recursive: true })
      const isOurs = await undefinedIf('EEXIST', async () => {
        await using created = await open(file(epoch), 'wx')
        await created.writeFile(`${holder}\n`).catch(() => {}) // the disk is full: the name is enough, the text is for people
        return true
      })
      // A process that was stopped for a long time may create the file of an earlier epoch again.
      if (!isOurs || !(await isLast(epoch))) return false
      // A file that cannot be removed does no harm, because only the last epoch counts.
      for (const earlier of await epochs(directory)) if (earlier < epoch) await unlink(file(earlier)).catch(() => {})
      return true
    },
    async renew(epoch) {
      const now = new Date()
      const exists = await undefinedIf('ENOENT', async () => {
        await utimes(file(epoch), now, now)
        return true
      })
      return exists === true && isLast(epoch)
    },
    async release(epoch) {
      await undefinedIf('ENOENT', () => utimes(file(epoch), RELEASED, RELEASED))
    },
  }
}

/** The epochs in the directory, in ascending order. */
async function epochs(directory: string): Promise<number[]> {
  const names = (await undefinedIf('ENOENT', () => readdir(directory))) ?? []
  return names
    .filter(isEpoch)
    .map(Number)
    .sort((a, b) => a - b)
}

/** Whether the name is a number as acquire() writes it. Any other spelling would be read as a file that does not exist. */
function isEpoch(name: string): boolean {
  const number = Number(name)
  return Number.isInteger(number) && number >= 1 && number <= LAST_EPOCH && String(number) === name
}

/** The result, or undefined if it fails with this error code. */
async function undefinedIf<T>(code: string, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === code) return undefined
    throw error
  }
}
