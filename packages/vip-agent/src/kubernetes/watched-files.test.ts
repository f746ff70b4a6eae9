import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WatchedFiles } from './watched-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watched-files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))
const at = (name: string): string => join(folder, name)

describe('what is read', () => {
  it('is the file, up to 1 MiB', async () => {
    writeFileSync(at('most'), 'x'.repeat(1 << 20))
    expect((await new WatchedFiles().read(at('most'), 'the token')).length).toBe(1 << 20)
    appendFileSync(at('most'), 'x')
    await expect(new WatchedFiles().read(at('most'), 'the token')).rejects.toMatchObject({
      reason: 'credentials',
      detail: 'the token must be a regular file of at most 1 MiB',
    })
  })
  it.each(['missing', 'folder', '/dev/zero'])('is not %s, and the error has its name and not its path', async name => {
    mkdirSync(at('folder'))
    const read = new WatchedFiles().read(name.startsWith('/') ? name : at(name), 'the token')
    await expect(read).rejects.toMatchObject({
      reason: 'credentials',
      detail: expect.stringMatching(/^the token (must be a regular file|cannot be read: ENOENT$)/),
    })
  })
})

describe('a change', () => {
  const watching = async (): Promise<WatchedFiles> => {
    writeFileSync(at('a'), 'one')
    writeFileSync(at('b'), 'two')
    const files = new WatchedFiles()
    await files.read(at('a'), 'a')
    await files.read(at('b'), 'b')
    return files
  }
  it.each<[string, () => void]>([
    ['in place', () => writeFileSync(at('b'), 'other')],
    ['in place, with the same length', () => writeFileSync(at('b'), 'TWO')],
    [
      'by another file with the same text',
      () => {
        writeFileSync(at('new'), 'two')
        renameSync(at('new'), at('b'))
      },
    ],
    ['by its removal', () => unlinkSync(at('b'))],
  ])('of one of several files is seen: %s', async (_, change) => {
    const files = await watching()
    expect(await files.changed()).toBe(false)
    change()
    expect(await files.changed()).toBe(true)
  })
  it('of a link is seen, as of a mounted Secret', async () => {
    await watching()
    symlinkSync('a', at('link'))
    const files = new WatchedFiles()
    await files.read(at('link'), 'link')
    symlinkSync('b', at('new'))
    renameSync(at('new'), at('link'))
    expect(await files.changed()).toBe(true)
  })
  it('is a file that could not be read, and can be now', async () => {
    const files = new WatchedFiles()
    await expect(files.read(at('later'), 'later')).rejects.toThrow('ENOENT')
    expect(await files.changed()).toBe(false)
    writeFileSync(at('later'), '')
    expect(await files.changed()).toBe(true)
  })
  it('is a folder that becomes a file', async () => {
    mkdirSync(at('folder'))
    const files = new WatchedFiles()
    await expect(files.read(at('folder'), 'x')).rejects.toThrow('regular file')
    expect(await files.changed()).toBe(false)
    rmSync(at('folder'), { recursive: true })
    writeFileSync(at('folder'), '')
    expect(await files.changed()).toBe(true)
  })
  it('is none if nothing was read', async () => {
    expect(await new WatchedFiles().changed()).toBe(false)
  })
})
