import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { leaseDirectory } from './directory.ts'

const vanishing = vi.hoisted(() => ({ name: '' }))
const disk = vi.hoisted(() => ({ full: false }))
vi.mock('node:fs/promises', async actual => {
  const real = await actual<typeof import('node:fs/promises')>()
  const lstat = (path: string) =>
    path === vanishing.name ? Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' })) : real.lstat(path)
  const noSpace = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }))
  const open: typeof real.open = async (...given) =>
    Object.assign(await real.open(...given), disk.full && { writeFile: noSpace })
  return { ...real, lstat, open }
})

let folder: string
let directory: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lease-'))
  directory = join(folder, 'not', 'there', 'yet')
})
afterEach(() => rm(folder, { recursive: true }))

describe('a lease in a directory', () => {
  it('a directory that does not exist has no record', async () => {
    expect(await leaseDirectory(directory, 'a').read()).toBeUndefined()
  })

  it('one of eight candidates acquires the same epoch', async () => {
    const all = Array.from({ length: 8 }, (_, i) => leaseDirectory(directory, `node ${i}`))
    const acquired = await Promise.all(all.map(lease => lease.acquire(1)))
    expect(acquired.filter(Boolean)).toHaveLength(1)
    expect(await readFile(join(directory, '1'), 'utf8')).toBe(`node ${acquired.indexOf(true)}\n`)
  })

  it('a lease is acquired on a full disk, with an empty file', async () => {
    const holder = leaseDirectory(directory, 'a')
    disk.full = true
    expect(await holder.acquire(1)).toBe(true)
    disk.full = false
    expect(await holder.renew(1)).toBe(true)
    expect(await readFile(join(directory, '1'), 'utf8')).toBe('')
  })

  it('another candidate sees a renewal, and no change without one', async () => {
    const holder = leaseDirectory(directory, 'a')
    const other = leaseDirectory(directory, 'b')
    await holder.acquire(1)
    const first = await other.read()
    expect(first).toMatchObject({ epoch: 1, renewal: expect.any(Number) })
    expect(await other.read()).toEqual(first)
    expect(await holder.renew(1)).toBe(true)
    expect((await other.read())?.renewal).not.toBe(first?.renewal)
  })

  it('a released lease is acquired with the next epoch', async () => {
    const holder = leaseDirectory(directory, 'a')
    const other = leaseDirectory(directory, 'b')
    await holder.acquire(41)
    await holder.release(41)
    expect(await other.read()).toEqual({ epoch: 41, renewal: undefined })
    expect(await other.acquire(42)).toBe(true)
    expect(await other.read()).toMatchObject({ epoch: 42 })
    expect(await readdir(directory)).toEqual(['42'])
  })

  it('an earlier holder can neither renew nor release a later epoch', async () => {
    const old = leaseDirectory(directory, 'a')
    const next = leaseDirectory(directory, 'b')
    await old.acquire(9)
    await next.acquire(10)
    const term = await next.read()
    expect(await old.renew(9)).toBe(false)
    await old.release(9)
    expect(await next.read()).toEqual(term)
    expect(await next.renew(10)).toBe(true)
  })

  it('an earlier epoch whose file was removed is not acquired', async () => {
    const slow = leaseDirectory(directory, 'a')
    const next = leaseDirectory(directory, 'b')
    await next.acquire(8)
    await next.acquire(9)
    expect(await slow.acquire(8)).toBe(false)
    expect(await next.renew(9)).toBe(true)
    expect(await slow.read()).toMatchObject({ epoch: 9 })
  })

  it.each([
    'README',
    '007',
    '00',
    '0',
    '-1',
    '+5',
    '1e3',
    '0x10',
    '1.0',
    ' 5',
    '5 ',
    '٣',
    '4294967296',
    `${2 ** 53}`,
    '9'.repeat(200),
  ])('a file named %j is ignored, because the name is not an epoch', async name => {
    const lease = leaseDirectory(folder, 'a')
    await writeFile(join(folder, name), 'what this is')
    expect(await lease.read()).toBeUndefined()
    expect(await lease.acquire(1)).toBe(true)
    expect(await lease.read()).toMatchObject({ epoch: 1, renewal: expect.any(Number) })
    expect(await lease.renew(1)).toBe(true)
    expect((await readdir(folder)).sort()).toEqual([name, '1'].sort())
  })

  it.each([
    ['a directory', (path: string) => mkdir(path)],
    ['a directory that is not empty', (path: string) => mkdir(join(path, 'x'), { recursive: true })],
    ['a broken link', (path: string) => symlink('no-such-file', path)],
    ['a link to itself', (path: string) => symlink('5', path)],
    ['a link to a file', (path: string) => symlink(fileURLToPath(import.meta.url), path)],
  ])('%s named 5 is an epoch without a holder', async (_, make) => {
    await make(join(folder, '5'))
    const lease = leaseDirectory(folder, 'a')
    expect(await lease.read()).toEqual({ epoch: 5, renewal: undefined })
    expect(await lease.acquire(5)).toBe(false)
    expect(await lease.acquire(6)).toBe(true)
    expect(await lease.renew(6)).toBe(true)
    expect(await leaseDirectory(folder, 'b').read()).toMatchObject({ epoch: 6, renewal: expect.any(Number) })
  })

  it('a file that may not be read, or has any time, is a record', async () => {
    const lease = leaseDirectory(folder, 'a')
    const other = leaseDirectory(folder, 'b')
    await lease.acquire(3)
    await chmod(join(folder, '3'), 0)
    for (const year of [1969, 2100]) {
      const time = new Date(Date.UTC(year, 5))
      await utimes(join(folder, '3'), time, time)
      expect(await other.read()).toEqual({ epoch: 3, renewal: time.getTime() })
    }
    expect(await lease.renew(3)).toBe(true)
    expect((await other.read())?.renewal).toBeLessThan(Date.UTC(2100, 5))
  })

  it('a record has no holder if its file vanishes during read()', async () => {
    const lease = leaseDirectory(folder, 'a')
    await lease.acquire(3)
    vanishing.name = join(folder, '3') // readdir() lists it, and lstat() does not find it, each time
    expect(await lease.read()).toEqual({ epoch: 3, renewal: undefined })
    vanishing.name = ''
    await rm(join(folder, '3'))
    expect(await lease.renew(3)).toBe(false)
    await lease.release(3)
    expect(await lease.read()).toBeUndefined()
  })

  it('an epoch above 32 bits is rejected with an OptionError', async () => {
    await writeFile(join(folder, '4294967295'), '')
    const lease = leaseDirectory(folder, 'a')
    expect(await lease.read()).toMatchObject({ epoch: 4294967295 })
    await expect(lease.acquire(4294967296)).rejects.toThrow(
      `epoch: 4294967296 is not allowed, it must be from 1 to 4294967295; check the file names in ${folder}`,
    )
  })

  it.each([
    ['', 'a', 'directory'],
    [undefined, 'a', 'directory'],
    ['/run/vip', 5, 'holder'],
  ])('leaseDirectory(%j, %j) throws an OptionError for %s', (directory, holder, option) => {
    expect(() => leaseDirectory(directory as string, holder as string)).toThrow(
      expect.objectContaining({ name: 'OptionError', option }),
    )
  })

  it('a directory that is a file is reported with its system error', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(leaseDirectory(join(folder, 'file'), 'a').acquire(1)).rejects.toThrow('EEXIST')
    await expect(leaseDirectory(join(folder, 'file'), 'a').read()).rejects.toThrow('ENOTDIR')
  })
})
