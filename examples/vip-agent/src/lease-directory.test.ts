import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { leaseDirectory } from './lease-directory.ts'

let folder: string
let directory: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lease-'))
  directory = join(folder, 'not', 'there', 'yet')
})
afterEach(() => rm(folder, { recursive: true }))

describe('a lease in a directory', () => {
  it('is nobody’s at first', async () => {
    expect(await leaseDirectory(directory, 'a').read()).toBeUndefined()
  })

  it('is taken by one of many that take the same epoch', async () => {
    const all = Array.from({ length: 8 }, (_, i) => leaseDirectory(directory, `node ${i}`))
    const taken = await Promise.all(all.map(lease => lease.take(1)))
    expect(taken.filter(Boolean)).toHaveLength(1)
    expect(await readFile(join(directory, '1'), 'utf8')).toBe(`node ${taken.indexOf(true)}\n`)
  })

  it('is seen to be renewed by everybody, and not by itself', async () => {
    const holder = leaseDirectory(directory, 'a')
    const other = leaseDirectory(directory, 'b')
    await holder.take(1)
    const first = await other.read()
    expect(first).toMatchObject({ epoch: 1, renewal: expect.any(Number) })
    expect(await other.read()).toEqual(first)
    expect(await holder.renew(1)).toBe(true)
    expect((await other.read())?.renewal).not.toBe(first?.renewal)
  })

  it('is free once it is let go of, and counts on from there', async () => {
    const holder = leaseDirectory(directory, 'a')
    const other = leaseDirectory(directory, 'b')
    await holder.take(41)
    await holder.release(41)
    expect(await other.read()).toEqual({ epoch: 41, renewal: undefined })
    expect(await other.take(42)).toBe(true)
    expect(await other.read()).toMatchObject({ epoch: 42 })
    expect(await readdir(directory)).toEqual(['42'])
  })

  it('is not renewed by whoever was followed, nor let go of', async () => {
    const old = leaseDirectory(directory, 'a')
    const next = leaseDirectory(directory, 'b')
    await old.take(9)
    await next.take(10)
    const term = await next.read()
    expect(await old.renew(9)).toBe(false)
    await old.release(9)
    expect(await next.read()).toEqual(term)
    expect(await next.renew(10)).toBe(true)
  })

  it('is not taken with an epoch of the past whose file is gone', async () => {
    const slow = leaseDirectory(directory, 'a')
    const next = leaseDirectory(directory, 'b')
    await next.take(8)
    await next.take(9)
    expect(await slow.take(8)).toBe(false)
    expect(await next.renew(9)).toBe(true)
    expect(await slow.read()).toMatchObject({ epoch: 9 })
  })

  it('minds nothing that is no epoch', async () => {
    const lease = leaseDirectory(folder, 'a')
    await writeFile(join(folder, 'README'), 'what this is')
    expect(await lease.read()).toBeUndefined()
    await lease.take(1)
    expect(await lease.read()).toMatchObject({ epoch: 1 })
  })

  it('fails out loud where the directory cannot be one', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(leaseDirectory(join(folder, 'file'), 'a').take(1)).rejects.toThrow('EEXIST')
    await expect(leaseDirectory(join(folder, 'file'), 'a').read()).rejects.toThrow('ENOTDIR')
  })
})
