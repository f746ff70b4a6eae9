/** A Lease in a directory while the disk is full, and while other processes change the directory between two calls. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { record, refusal } from '../../tools/lease-record.ts'
import { leaseDirectory } from './directory.ts'

/** What the disk does at the next calls. */
const disk = vi.hoisted(() => ({
  isFull: false,
  beforeLink: async () => {},
  listed: undefined as string[] | undefined,
}))
vi.mock('node:fs/promises', async actual => {
  const real = await actual<typeof import('node:fs/promises')>()
  const noSpace = () => Promise.reject(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }))
  const open: typeof real.open = async (...given) =>
    Object.assign(await real.open(...given), disk.isFull && { writeFile: noSpace })
  const link: typeof real.link = async (...given) => {
    await disk.beforeLink()
    return real.link(...given)
  }
  const readdir = async (path: string) => {
    const { listed } = disk
    disk.listed = undefined
    return listed ?? real.readdir(path)
  }
  return { ...real, open, link, readdir }
})

const { signal } = new AbortController()
const conflict = expect.objectContaining(refusal)

let folder: string
let directory: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lease-'))
  directory = join(folder, 'not', 'there', 'yet')
})
afterEach(async () => {
  Object.assign(disk, { isFull: false, beforeLink: async () => {}, listed: undefined })
  await rm(folder, { recursive: true })
})

it('a process that was stopped before its link changes nothing', async () => {
  const stopped = leaseDirectory(directory)
  const other = leaseDirectory(directory)
  const { version } = await stopped.create(record('a'), signal)
  let last = ''
  disk.beforeLink = async () => {
    disk.beforeLink = async () => {}
    last = version
    for (let i = 0; i < 5; i++) last = (await other.update(record('b', 2), last, signal)).version
  }
  await expect(stopped.update(record('a'), version, signal)).rejects.toEqual(conflict)
  expect(await stopped.get(signal)).toMatchObject({ holder: 'b', version: last })
  expect((await readdir(directory)).sort()).toEqual(['5', '6'])
})

it('a list that misses the newest file is no empty Lease', async () => {
  const lease = leaseDirectory(directory)
  const { version } = await lease.create(record('a'), signal)
  await lease.update(record('b'), version, signal)
  disk.listed = ['1']
  expect(await lease.get(signal)).toMatchObject({ holder: 'a' })
  disk.listed = []
  await expect(lease.create(record('c'), signal)).rejects.toEqual(conflict)
  expect(await lease.get(signal)).toMatchObject({ holder: 'b' })
  expect((await readdir(directory)).sort()).toEqual(['1', '2'])
})

it('a list with a file that is gone is read again', async () => {
  const lease = leaseDirectory(directory)
  await lease.create(record('a'), signal)
  disk.listed = ['7']
  expect(await lease.get(signal)).toMatchObject({ holder: 'a' })
})

it('a full disk fails an update, and changes nothing', async () => {
  const lease = leaseDirectory(directory)
  const { version } = await lease.create(record('a'), signal)
  disk.isFull = true
  await expect(lease.update(record('b'), version, signal)).rejects.toMatchObject({
    name: 'LeaseStoreError',
    reason: 'server-error',
    detail: `${directory}: ENOSPC: no space left`,
  })
  expect(await lease.get(signal)).toMatchObject({ holder: 'a', version })
  expect(await readdir(directory)).toEqual(['1'])
  disk.isFull = false
  expect(await lease.update(record('b'), version, signal)).toMatchObject({ holder: 'b' })
})
