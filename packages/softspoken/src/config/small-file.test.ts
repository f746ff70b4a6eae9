import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readSmallFile, whyUnreadable } from './small-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'small-file-'))
afterAll(() => rmSync(folder, { recursive: true }))
const [text, pipe, empty, long] = ['text', 'pipe', 'empty', 'long'].map(name => join(folder, name)) as [
  ...[string, string, string, string],
]
writeFileSync(text, 'x'.repeat(100_000))
writeFileSync(empty, '')
writeFileSync(long, '')
truncateSync(long, 2 ** 20 + 1)
execFileSync('mkfifo', [pipe])

describe('readSmallFile()', () => {
  it('reads a file, an empty file, and a file of /proc, whose size is 0', async () => {
    expect((await readSmallFile(text)).toString()).toBe('x'.repeat(100_000))
    expect(await readSmallFile(empty)).toHaveLength(0)
    expect((await readSmallFile('/proc/self/status')).toString()).toMatch(/^Name:/)
  })
  it('reads a pipe until its writer has closed it', async () => {
    spawn('sh', ['-c', 'exec >"$1"; echo one; echo two', 'sh', pipe], { stdio: 'ignore' })
    expect((await readSmallFile(pipe)).toString()).toBe('one\ntwo\n')
  })
  it('reads a pipe whose writer writes now and then', async () => {
    const read = readSmallFile(pipe)
    const writer = await writerOf(pipe)
    for (const word of ['one', 'two']) {
      await new Promise(setImmediate)
      writeSync(writer, word)
    }
    closeSync(writer)
    expect((await read).toString()).toBe('onetwo')
  })
  it('does not wait for a pipe whose writer does not write', async () => {
    const writer = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
    await expect(readSmallFile(pipe, 50)).rejects.toThrow('it is a pipe that has not ended within 0.05 s')
    closeSync(writer)
  })
  it('has no time limit for a file', async () => {
    expect(await readSmallFile(text, 0)).toHaveLength(100_000)
  })
  it.each([
    ['a pipe without a writer', pipe, /^it is a pipe that has not ended within 0\.05 s$/],
    ['a device', '/dev/zero', /^it is neither a file nor a pipe$/],
    ['a long file', long, /^it has more than 1048576 octets$/],
    ['a folder', folder, /^EISDIR/],
    ['a file that is not there', join(folder, 'none'), /^ENOENT/],
  ])('does not wait for what cannot be read: %s', async (_, file, message) => {
    await expect(readSmallFile(file, 50)).rejects.toThrow(message)
  })
})

it('whyUnreadable() is a sentence of ours, or the code of the system', async () => {
  const why = (file: string) => readSmallFile(file, 50).catch(whyUnreadable)
  expect(await why('/dev/zero')).toBe('it is neither a file nor a pipe')
  expect(await why(join(folder, 'none'))).toBe('ENOENT')
  expect(whyUnreadable('text')).toBe('text')
})

/** Opens a pipe once it has a reader. */
async function writerOf(file: string): Promise<number> {
  for (;;)
    try {
      return openSync(file, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch {
      await new Promise(setImmediate) // ENXIO: it has none yet
    }
}
