import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { record, refusal } from '../../tools/lease-record.ts'
import { leaseDirectory } from './directory.ts'

const { signal } = new AbortController()
const conflict = expect.objectContaining(refusal)

let folder: string
let directory: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lease-'))
  directory = join(folder, 'not', 'there', 'yet')
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

describe('a Lease in a directory', () => {
  it('a directory that does not exist has no Lease', async () => {
    expect(await leaseDirectory(directory).get(signal)).toBeUndefined()
  })

  it('returns what was stored to the millisecond, with a new version per change', async () => {
    const lease = leaseDirectory(directory)
    const created = await lease.create(record('a'), signal)
    expect(await lease.get(signal)).toEqual(created)
    expect(created).toMatchObject(record('a'))
    const updated = await lease.update(record('b', 2), created.version, signal)
    expect(updated.version).not.toBe(created.version)
    expect(await leaseDirectory(directory).get(signal)).toEqual(updated)
  })

  it('keeps the MAC address', async () => {
    const mac = '02:00:5e:00:00:02'
    await leaseDirectory(directory).create({ ...record('a'), mac }, signal)
    expect(await leaseDirectory(directory).get(signal)).toMatchObject({ mac })
  })

  it('a MAC address that is none is left out', async () => {
    await mkdir(directory, { recursive: true })
    await writeFile(join(directory, '1'), JSON.stringify({ ...record('a'), mac: 'x' }))
    const lease = await leaseDirectory(directory).get(signal)
    expect(lease).toMatchObject(record('a'))
    expect(lease).not.toHaveProperty('mac')
  })

  it('one of eight candidates creates it, and one of eight updates a version', async () => {
    const all = Array.from({ length: 8 }, (_, i) => ({ lease: leaseDirectory(directory), name: `node ${i}` }))
    const created = await Promise.allSettled(all.map(({ lease, name }) => lease.create(record(name), signal)))
    const [first, ...others] = created.filter(({ status }) => status === 'fulfilled')
    expect(others).toEqual([])
    expect(created.filter(({ status }) => status === 'rejected').map(one => 'reason' in one && one.reason)).toEqual(
      Array(7).fill(conflict),
    )
    const { version } = first && 'value' in first ? first.value : { version: '' }
    const updated = await Promise.allSettled(all.map(({ lease, name }) => lease.update(record(name), version, signal)))
    expect(updated.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('create() of a Lease that exists, and update() of an old version, are conflicts', async () => {
    const lease = leaseDirectory(directory)
    const { version } = await lease.create(record('a'), signal)
    await lease.update(record('a'), version, signal)
    await expect(lease.create(record('b'), signal)).rejects.toEqual(conflict)
    await expect(lease.update(record('b'), version, signal)).rejects.toEqual(conflict)
    await expect(leaseDirectory(join(folder, 'empty')).update(record('b'), version, signal)).rejects.toEqual(conflict)
  })

  it('keeps two files, and no temporary one', async () => {
    const lease = leaseDirectory(directory)
    let { version } = await lease.create(record('a'), signal)
    for (let i = 0; i < 5; i++) version = (await lease.update(record('a'), version, signal)).version
    expect((await readdir(directory)).sort()).toEqual(['5', '6'])
  })

  it('files of other programs stay, though their names are numbers', async () => {
    await mkdir(directory, { recursive: true })
    const others = { '3': 'a queue', '17': '', '41': '{"holder":"a"}' }
    for (const [name, text] of Object.entries(others)) await writeFile(join(directory, name), text)
    const lease = leaseDirectory(directory)
    let { version } = await lease.create(record('a'), signal)
    for (let renewals = 0; renewals < 3; renewals++)
      version = (await lease.update(record('a'), version, signal)).version
    expect((await readdir(directory)).sort()).toEqual(['17', '3', '41', '44', '45'])
    for (const [name, text] of Object.entries(others)) expect(await readFile(join(directory, name), 'utf8')).toBe(text)
  })
  it('a directory that was emptied has other versions than before', async () => {
    const lease = leaseDirectory(directory)
    const { version } = await lease.create(record('a'), signal)
    await rm(directory, { recursive: true })
    await lease.create(record('b'), signal)
    await expect(lease.update(record('a'), version, signal)).rejects.toEqual(conflict)
  })

  it.each(['README', '007', '0', '-1', '+5', '1e3', '1.0', ' 5', '٣', '1000000000000', '9'.repeat(200), '.x'])(
    'a file named %j is ignored',
    async name => {
      await writeFile(join(folder, name), '{}')
      const lease = leaseDirectory(folder)
      expect(await lease.get(signal)).toBeUndefined()
      const { version } = await lease.create(record('a'), signal)
      await lease.update(record('a'), version, signal)
      expect((await readdir(folder)).sort()).toEqual([name, '1', '2'].sort())
    },
  )

  it.each<[string, (path: string) => Promise<unknown>]>([
    ['an empty file', path => writeFile(path, '')],
    ['half a Lease', path => writeFile(path, JSON.stringify(record('x')).slice(0, 30))],
    ['a Lease with a wrong time', path => writeFile(path, JSON.stringify({ ...record('x'), renewedAt: 'now' }))],
    ['a Lease with another wrong time', path => writeFile(path, JSON.stringify({ ...record('x'), acquiredAt: 'now' }))],
    ['a Lease whose holder is a number', path => writeFile(path, JSON.stringify({ ...record('x'), holder: 7 }))],
    ['a Lease with half a second', path => writeFile(path, JSON.stringify({ ...record('x'), duration: 0.5 }))],
    ['a Lease with a negative duration', path => writeFile(path, JSON.stringify({ ...record('x'), duration: -1 }))],
    ['a Lease with a negative epoch', path => writeFile(path, JSON.stringify({ ...record('x'), epoch: -1 }))],
    ['a Lease with an epoch above 2^31', path => writeFile(path, JSON.stringify({ ...record('x'), epoch: 2 ** 31 }))],
    ['a pipe', async path => spawnSync('mkfifo', [path])],
    ['null', path => writeFile(path, 'null')],
    ['a directory', path => mkdir(path)],
    ['a broken link', path => symlink('no-such-file', path)],
    ['a link to itself', path => symlink('5', path)],
  ])('%s with the highest number is passed over, and the Lease goes on', async (_, make) => {
    const lease = leaseDirectory(folder)
    const created = await lease.create(record('a', 7), signal)
    await make(join(folder, '5'))
    const seen = await lease.get(signal)
    expect(seen).toMatchObject({ holder: 'a', epoch: 7 })
    await expect(lease.update(record('a', 7), created.version, signal)).rejects.toEqual(conflict)
    await lease.update(record('a', 8), seen?.version ?? '', signal)
    expect(await lease.get(signal)).toMatchObject({ holder: 'a', epoch: 8 })
    expect(await readdir(folder)).toContain('6')
  })

  it('an update whose signal was aborted changes nothing', async () => {
    const lease = leaseDirectory(directory)
    const { version } = await lease.create(record('a'), signal)
    await expect(lease.update(record('b'), version, AbortSignal.abort())).rejects.toMatchObject({ reason: 'timeout' })
    expect(await readdir(directory)).toEqual(['1'])
  })

  it('an epoch and a duration of 0, and the largest epoch, are allowed', async () => {
    for (const [i, given] of [{ epoch: 0, duration: 0 }, { epoch: 2 ** 31 - 1 }].entries()) {
      await writeFile(join(folder, `${i + 1}`), JSON.stringify({ ...record('a'), ...given }))
      expect(await leaseDirectory(folder).get(signal)).toMatchObject(given)
    }
  })

  it('the last number is used, then reported, because no other follows', async () => {
    await writeFile(join(folder, '999999999998'), '')
    const lease = leaseDirectory(folder)
    const { version } = await lease.create(record('a'), signal)
    await expect(lease.update(record('a'), version, signal)).rejects.toMatchObject({
      reason: 'server-error',
      detail: `${folder}: no number is left after 999999999999: remove that file`,
    })
  })

  it.runIf(process.getuid?.() !== 0)('a file that may not be read is forbidden', async () => {
    const lease = leaseDirectory(folder)
    await lease.create(record('a'), signal)
    await chmod(join(folder, '1'), 0)
    await expect(lease.get(signal)).rejects.toMatchObject({ reason: 'forbidden' })
  })

  it.runIf(existsSync('/sys'))('a directory in which no file can be made is forbidden', async () => {
    await expect(leaseDirectory('/sys').create(record('a'), signal)).rejects.toMatchObject({ reason: 'forbidden' })
  })

  it('a directory that is a file is reported with its system error', async () => {
    await writeFile(join(folder, 'file'), '')
    const lease = leaseDirectory(join(folder, 'file'))
    const error = await lease.get(signal).catch(error => error)
    expect(error).toMatchObject({ reason: 'server-error', detail: expect.stringContaining('ENOTDIR') })
    expect(error.cause).toMatchObject({ code: 'ENOTDIR' })
    expect(await readFile(join(folder, 'file'), 'utf8')).toBe('')
  })

  it.each(['', undefined, 7, 'a\0b'])('leaseDirectory(%j) throws an OptionError', given => {
    expect(() => leaseDirectory(given as string)).toThrow(
      expect.objectContaining({ name: 'OptionError', option: 'directory' }),
    )
  })
})
