import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lookAt } from './look-at.ts'
import { shownText } from './shown-text.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'softspoken-look-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string): string => join(folder, name)

describe('lookAt()', () => {
  it('a file has its mtime and its text', async () => {
    writeFileSync(at('drained'), 'kernel upgrade\n')
    utimesSync(at('drained'), 1_800_000_000, 1_800_000_000)
    expect(await lookAt(at('drained'))).toEqual({ exists: true, since: 1_800_000_000_000, text: 'kernel upgrade\n' })
  })
  it('a file without text drains, too', async () => {
    writeFileSync(at('empty'), '')
    expect(await lookAt(at('empty'))).toMatchObject({ exists: true, text: '' })
  })
  it('no more than 1 KiB of a text is read', async () => {
    writeFileSync(at('long'), 'a'.repeat(1 << 20))
    expect(await lookAt(at('long'))).toMatchObject({ text: 'a'.repeat(1024) })
  })
  it('a directory, a link and a pipe exist, and none of them is read', async () => {
    mkdirSync(at('directory'))
    writeFileSync(at('secret'), 'secret')
    symlinkSync('secret', at('link'))
    symlinkSync('nothing', at('dangling'))
    execFileSync('mkfifo', [at('pipe')])
    for (const name of ['directory', 'link', 'dangling', 'pipe'])
      expect(await lookAt(at(name))).toMatchObject({ exists: true, text: '' })
  })
  it('no file, and no folder, are two things', async () => {
    expect(await lookAt(at('nothing'))).toEqual({ exists: false, hasFolder: true })
    expect(await lookAt(at('nothing/drained'))).toEqual({ exists: false, hasFolder: false })
  })
  it('a file that may not be read exists', async () => {
    writeFileSync(at('unreadable'), 'text')
    chmodSync(at('unreadable'), 0)
    expect(await lookAt(at('unreadable'))).toMatchObject({ exists: true })
  })
  it('it rejects if it cannot be known whether there is a file', async () => {
    await expect(lookAt(at('empty/drained'))).rejects.toThrow('ENOTDIR')
    symlinkSync('loop', at('loop'))
    await expect(lookAt(at('loop/drained'))).rejects.toThrow('ELOOP')
  })
})

describe('shownText()', () => {
  it.each([
    ['a text in one line', ' kernel\r\n  upgrade\t\n', 'kernel upgrade'],
    ['no control character', 'a\u001b[2Jb\u009bc\u202ed\u0000', 'a\ufffd[2Jb\ufffdc\ufffdd\ufffd'],
    ['all of 200 characters', 'x'.repeat(200), 'x'.repeat(200)],
    ['200 characters at most', '\u{1f427}'.repeat(300), `${'\u{1f427}'.repeat(200)} …`],
  ])('it has %s', (_, text, shown) => {
    expect(shownText(text)).toBe(shown)
  })
})
