/**
 * A Lease for the processes of one machine, in a directory. Each state of the Lease is a file with a number for a name, and
 * the highest number is the state now. To change the Lease is to create the next number, which only one process can
 * do: a file is written under another name first, and then linked, so no reader sees half of it.
 *
 * Two files are kept, because readdir() may miss one that is created meanwhile. Other files are ignored. If
 * the highest file is not a Lease, the one before it counts, and the next number is higher than both.
 */
import { constants } from 'node:fs'
import { link, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { assertPath, errorText } from '@softspoken/session/internal'
import {
  isMac,
  type LeaseRecord,
  type LeaseStore,
  LeaseStoreError,
  MAX_EPOCH,
  type StoredLease,
} from './lease-store.ts'

/** Names with more digits are not ours: at one change per second, twelve last for 30,000 years. */
const NAME = /^[1-9]\d{0,11}$/
const LAST = 999_999_999_999
/** Without waiting for the writer of a pipe. */
const READ = { encoding: 'utf8', flag: constants.O_RDONLY | constants.O_NONBLOCK } as const
/** How often a list of files is read again if a file on it is gone. */
const TRIES = 10

/**
 * A Lease in a local directory, which is made if it does not exist. All candidates on this machine use the same one. Keep it
 * over restarts, because the epoch is in it: a route with an epoch that starts again at 1 loses against an earlier one.
 * @throws OptionError if `directory` is not a path.
 */
export function leaseDirectory(directory: string): LeaseStore {
  assertPath(directory, 'directory')
  return {
    get: async () => (await attempt(directory, () => newest(directory))).lease,
    create: (record, signal) => attempt(directory, () => put(directory, record, undefined, signal)),
    update: (record, version, signal) => attempt(directory, () => put(directory, record, version, signal)),
  }
}

/** Replaces the state that has this version, undefined for none. */
async function put(
  directory: string,
  record: LeaseRecord,
  version: string | undefined,
  signal: AbortSignal,
): Promise<StoredLease> {
  const { last, lease } = await newest(directory)
  if (lease?.version !== version) throw conflict()
  const number = last + 1
  if (number > LAST) throw new Error(`no number is left after ${last}: remove that file`)
  await mkdir(directory, { recursive: true })
  const text = `${JSON.stringify(record)}\n`
  const written = join(directory, `.${crypto.randomUUID()}`)
  try {
    await writeDurably(written, text)
    if (signal.aborted) throw new LeaseStoreError('timeout', `${directory}: the request was given up`)
    await link(written, join(directory, String(number)))
  } catch (error) {
    throw codeOf(error) === 'EEXIST' ? conflict() : error
  } finally {
    await unlink(written).catch(() => {})
  }
  const numbers = await list(directory)
  // This process was stopped before the link, and others went on: the number had been used, and its file removed.
  if (numbers.some(other => other > number)) {
    await unlink(join(directory, String(number))).catch(() => {})
    throw conflict()
  }
  // A file that cannot be removed does no harm, because only the highest number counts.
  for (const old of numbers) if (old < number - 1) await removeRecord(join(directory, String(old))).catch(() => {})
  return { ...record, version: versionOf(number, text) }
}

/** The Lease, and the highest number that was used. */
async function newest(directory: string): Promise<{ readonly last: number; readonly lease: StoredLease | undefined }> {
  for (let tries = 1; ; tries++) {
    const numbers = await list(directory)
    const last = numbers[0] ?? 0
    let isGone = false
    for (const number of numbers) {
      const text = await read(join(directory, String(number)))
      const record = text === undefined ? undefined : parse(text)
      if (text !== undefined && record) return { last, lease: { ...record, version: versionOf(last, text) } }
      isGone ||= text === undefined
    }
    if (!isGone || tries === TRIES) return { last, lease: undefined }
  }
}

/** Highest first. */
async function list(directory: string): Promise<number[]> {
  try {
    const names = await readdir(directory)
    return names
      .filter(name => NAME.test(name))
      .map(Number)
      .sort((a, b) => b - a)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Undefined if the file was removed; '' if it cannot be the file of a Lease. */
async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, READ)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') return undefined
    if (code === 'EISDIR' || code === 'ELOOP') return ''
    throw error
  }
}

/** A numbered file without a record is none of ours. */
async function removeRecord(path: string): Promise<void> {
  if (parse((await read(path)) ?? '')) await unlink(path)
}

function parse(text: string): LeaseRecord | undefined {
  try {
    const { holder, duration, epoch, acquiredAt, renewedAt, mac } = JSON.parse(text)
    const times = [acquiredAt, renewedAt].map(time => new Date(time))
    const [acquired, renewed] = times
    const isLease =
      typeof holder === 'string' &&
      [duration, epoch].every(value => Number.isSafeInteger(value) && value >= 0) &&
      epoch <= MAX_EPOCH &&
      times.every(time => !Number.isNaN(time.getTime()))
    return isLease && acquired && renewed
      ? { holder, duration, epoch, acquiredAt: acquired, renewedAt: renewed, ...(isMac(mac) && { mac }) }
      : undefined
  } catch {
    return undefined
  }
}

/** If the files are removed, numbers are used again: so the text is a part of the version. */
function versionOf(number: number, text: string): string {
  const { createHash } = process.getBuiltinModule('node:crypto') // loaded only by this election
  return `${number}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
}

async function writeDurably(path: string, text: string): Promise<void> {
  await using file = await open(path, 'wx')
  await file.writeFile(text)
  await file.sync() // after a power failure the epoch must not go back
}

async function attempt<result>(directory: string, act: () => Promise<result>): Promise<result> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof LeaseStoreError) throw error
    const isForbidden = ['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error) ?? '')
    const detail = `${directory}: ${errorText(error)}`
    throw new LeaseStoreError(isForbidden ? 'forbidden' : 'server-error', detail, { cause: error })
  }
}
function conflict(): LeaseStoreError {
  return new LeaseStoreError('conflict', 'the Lease has changed')
}
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
