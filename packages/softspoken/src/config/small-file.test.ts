import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readSmallFile } from './small-file.ts'

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
  it.each([
    [pipe, /^it is a pipe that has not ended within 0\.05 s$/],
    ['/dev/zero', /^it is neither a file nor a pipe$/],
    [long, /^it has more than 1048576 octets$/],
    [folder, /^EISDIR/],
    [join(folder, 'none'), /^ENOENT/],
  ])('does not wait for what cannot be read: %s', async (file, message) => {
    await expect(readSmallFile(file, 50)).rejects.toThrow(message)
  })
})
